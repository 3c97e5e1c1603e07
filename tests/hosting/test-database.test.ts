import { createDatabase } from '@holdfast/db/database.ts';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';

test('[HO20] a test gets a migrated database of its own on a durable Postgres 18', async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
  expect(one.url).not.toBe(two.url);
  const database = createDatabase({ url: one.url, onError: () => undefined });
  const rows = await database.run<{ version: string; fsync: string; commit: string; spaces: number }>(
    {
      name: '',
      text: `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
               current_setting('synchronous_commit') AS commit, (SELECT count(*) FROM space) AS spaces`,
    },
    [],
  );
  expect(rows).toEqual([{ version: expect.stringMatching(/^18\./), fsync: 'on', commit: 'on', spaces: 0 }]);
  await database.close();
  await Promise.all([one.drop(), two.drop()]);
  const gone = createDatabase({ url: one.url, onError: () => undefined });
  await expect(gone.run({ name: '', text: 'SELECT 1' }, [])).rejects.toThrow(/does not exist/);
  await gone.close();
});
