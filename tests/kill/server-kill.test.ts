/**
 * The server, a real process, is ended at random moments under ten writers. What it told and what it relayed
 * must be there for a client that never was there before, judged by content, before any writer comes back.
 *
 * HOLDFAST_KILL_ROUNDS and HOLDFAST_KILL_SEED choose how often and from which seed; a failure names its seed.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAccount, type TestAccount } from '../support/account.ts';
import { startApp, type App } from '../support/app.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { killBudget } from './budget.ts';
import { createCrew, readFresh, turns, type Crew } from './writers.ts';

const { rounds, seed } = killBudget('HOLDFAST_KILL_ROUNDS', 3);
const ROUND_TIMEOUT_MS = 30_000;

let database: TestDatabase;
let app: App;
let account: TestAccount;
let spaceIds: string[];
let crew: Crew;

beforeEach(async () => {
  database = await testDatabase();
  app = await startApp({ databaseUrl: database.url, env: { RATE_LIMITS: 'off' } });
  account = await createAccount(app.url);
  spaceIds = [account.spaceId, await account.newSpace('Shared')];
  crew = createCrew(account, spaceIds, 5);
  await crew.connect(app.url);
});

afterEach(async () => {
  await crew.disconnect();
  await app.stop();
  await database.drop();
});

test(
  '[DUR1] kill -9 of the server loses no edit that was told durable and none that another client had received',
  { timeout: ROUND_TIMEOUT_MS * (rounds + 1) },
  async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < rounds; round++) {
      await crew.writeUntil(Math.floor(random() * 300));
      await turns(Math.floor(random() * 50));
      await app.kill('SIGKILL');
      await crew.untilCutOff();

      app = await startApp({ databaseUrl: database.url, env: { RATE_LIMITS: 'off' } });
      const fresh = await readFresh(app.url, account, spaceIds);
      expect(crew.missing(fresh, 'told or received'), `round ${round} of HOLDFAST_KILL_SEED=${seed}`).toEqual(
        [],
      );
      await crew.connect(app.url);
    }
    const fresh = await readFresh(app.url, account, spaceIds);
    expect(crew.missing(fresh, 'all'), `after all rounds of HOLDFAST_KILL_SEED=${seed}`).toEqual([]);
    expect(crew.toldCount).toBeGreaterThan(0);
    expect(crew.receivedCount).toBeGreaterThan(0);
  },
);

test(
  '[DUR3] SIGTERM under writers ends with 0, and all that was told or relayed is there afterwards',
  { timeout: 2 * ROUND_TIMEOUT_MS },
  async () => {
    const random = seededRandom(seed + 1);
    await crew.writeUntil(100 + Math.floor(random() * 200));
    await turns(Math.floor(random() * 50));
    const ended = app.kill('SIGTERM');
    await crew.untilCutOff();
    expect(await ended).toEqual({ code: 0, signal: null });

    app = await startApp({ databaseUrl: database.url, env: { RATE_LIMITS: 'off' } });
    const fresh = await readFresh(app.url, account, spaceIds);
    expect(crew.missing(fresh, 'told or received'), `HOLDFAST_KILL_SEED=${seed}`).toEqual([]);
    await crew.connect(app.url);
    expect(crew.missing(await readFresh(app.url, account, spaceIds), 'all')).toEqual([]);
  },
);
