/** A raw client that asks for a receipt after every edit, for longer than any limit of tickets that wait. */
import * as Y from 'yjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAccount, type TestAccount } from '../support/account.ts';
import { startApp, type App } from '../support/app.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { connectRawClient } from '../support/raw-client.ts';

let database: TestDatabase;
let app: App;
let account: TestAccount;

beforeEach(async () => {
  database = await testDatabase();
  app = await startApp({ databaseUrl: database.url, env: { RATE_LIMITS: 'off' } });
  account = await createAccount(app.url);
});

afterEach(async () => {
  await app.stop();
  await database.drop();
});

test('[PEER5] every receipt is answered, the eighteen thousandth of a socket like the first', async () => {
  const doc = new Y.Doc();
  const client = await connectRawClient({
    url: `${app.url.replace(/^http/, 'ws')}/sync/${account.spaceId}`,
    token: account.token,
    doc,
  });
  await client.synced;
  doc.on('update', (update: Uint8Array) => client.sendUpdate(update));
  for (let batch = 0; batch < 18; batch++) {
    // Three of four batches have nothing to wait for: they are answered at once.
    if (batch % 4 === 0) doc.getMap('tasks').set('counter/title@me', { v: batch, t: batch + 1 });
    const receipts = await Promise.all(Array.from({ length: 1_000 }, () => client.receipt()));
    expect(receipts.every(({ status }) => status === 0)).toBe(true);
  }
  await client.close();
});
