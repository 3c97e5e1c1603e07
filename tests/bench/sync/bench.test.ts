/** The bench itself: nothing of one measurement may stand in another, and a server that gives up is a result. */
import { expect, test } from 'vitest';
import { testDatabase } from '../../support/postgres.ts';
import { startSyncProcess } from '../../sync/sync-process.ts';
import { startLoad } from './load.ts';
import { measurePart } from './measure.ts';
import type { MeasureContext } from './measure.ts';
import { untilCpuRests } from './process-stats.ts';
import { tableOf } from './table.ts';
import type { Measurements } from './table.ts';

test('[BE1] a server that is still busy with what came before is not measured yet', async () => {
  // CPU seconds after each second: compaction of a large space begins in the middle of what looked like rest.
  const used = [0, 0.8, 0.81, 1.6, 2.4, 2.41, 2.42, 2.43];
  let second = 0;
  await untilCpuRests(
    () => used[second]!,
    () => Promise.resolve((second += 1)),
  );
  expect(second).toBe(6);
});

test('[BE2] a server that closes its clients under the load ends its part with its code, and what was measured stays', async () => {
  const database = await testDatabase();
  const server = await startSyncProcess({ databaseUrl: database.url });
  const load = startLoad();
  try {
    const shape = {
      documents: 1,
      writersPerDocument: 1,
      listenersPerDocument: 1,
      seedTasks: 5,
      updatesPerWriter: 1_000,
    };
    const document = await server.createSpace();
    const endpoint = {
      dialect: 'holdfast' as const,
      url: `${server.url}/sync/${document}`,
      document,
      headers: { authorization: 'Bearer ann' },
    };
    await load.prepare({ key: 'closed', shape });
    await load.seed({ key: 'closed', endpoints: [endpoint], asOne: true });
    const context = { load } as unknown as Omit<MeasureContext, 'results'>;
    const part = await measurePart(async ({ results }) => {
      await load.connect({ key: 'closed', endpoints: [endpoint], books: false });
      const flood = await load.flood({ from: 0, to: 100, window: 4, receipts: false });
      results['updates'] = flood.updates;
      const paced = load.pace({ from: 100, rate: 1, seconds: 600 });
      server.signedOut.add('ann');
      server.endpoint.revalidate('ann');
      await paced;
      results['never'] = 1;
    }, context);
    expect(part).toEqual({ results: { updates: 100 }, closedWith: '4401 Sign in.' });
    await load.disconnect({});

    // Before a client is in step, too.
    const early = await measurePart(async () => {
      await load.connect({ key: 'closed', endpoints: [endpoint], books: false });
    }, context);
    expect(early).toEqual({ results: {}, closedWith: '4401 Sign in.' });
    await load.disconnect({});

    // The load goes on with the next; a fault of the bench's own ends it.
    server.signedOut.clear();
    await load.connect({ key: 'closed', endpoints: [endpoint], books: false });
    await expect(
      measurePart(async () => {
        await load.flood({ from: 3, to: 5, window: 1, receipts: false });
      }, context),
    ).rejects.toThrow('A run starts at 3');
  } finally {
    load.close();
    await server.stop();
    await database.drop();
  }
});

test('[BE3] the table has a cell for each server, with words where one closed its clients', () => {
  const measurements: Measurements = new Map([
    [
      'small: updates',
      {
        part: 'load',
        byTarget: new Map([
          ['holdfast', [8, 12, 10]],
          ['hocuspocus', [4, undefined, 5]],
        ]),
      },
    ],
    ['large: updates', { part: 'load', byTarget: new Map([['holdfast', [3, 3, 3]]]) }],
    ['idle: KiB', { part: 'idle', byTarget: new Map([['holdfast', [1, 1, 1]]]) }],
  ] as [string, Measurements extends Map<string, infer Row> ? Row : never][]);
  const gaps = [0, 1, 2].map((round) => ({
    target: 'hocuspocus' as const,
    part: 'load',
    round,
    closedWith: '4408 Connection Timeout',
  }));
  const table = tableOf(measurements, gaps, ['holdfast', 'hocuspocus'], 3);
  const cells = table.split('\n').map((line) => line.split('|').map((text) => text.trim()));
  expect(cells[2]).toEqual([
    '',
    'small: updates',
    '10 [8, 12]',
    '4.5 [4, 5], closed its clients in 1 of 3',
    '2 [2, 2]',
    '',
  ]);
  expect(cells[3]).toEqual(['', 'large: updates', '3 [3, 3]', 'n/a, closed its clients', '-', '']);
  expect(cells[4]).toEqual(['', 'idle: KiB', '1 [1, 1]', '-', '-', '']);
  expect(table).toContain(
    'Hocuspocus (default) closed its clients in round 2, load: 4408 Connection Timeout',
  );
});
