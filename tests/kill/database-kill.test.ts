/**
 * The database, postmaster and every backend, is ended with SIGKILL under ten writers, as a power cut would.
 * The app brings it back by itself. What was told durable or relayed before must be there for a fresh client.
 *
 * HOLDFAST_DB_KILL_ROUNDS and HOLDFAST_KILL_SEED choose how often and from which seed; a failure names its seed.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAccount, type TestAccount } from '../support/account.ts';
import { postmasterPid, startApp, temporaryDataDir, type App } from '../support/app.ts';
import { killBudget } from './budget.ts';
import { createCrew, readFresh, turns, type Crew } from './writers.ts';

const { rounds, seed } = killBudget('HOLDFAST_DB_KILL_ROUNDS', 1);
const ROUND_TIMEOUT_MS = 60_000;
/** A Postgres that dies more than five times a minute is given up by the app, which is right outside of here. */
const KILLS_PER_APP = 4;

let dataDir: string;
let app: App;
let account: TestAccount;
let spaceIds: string[];
let crew: Crew;

beforeEach(async () => {
  dataDir = await temporaryDataDir();
  app = await startApp({ dataDir, env: { RATE_LIMITS: 'off' } });
  account = await createAccount(app.url);
  spaceIds = [account.spaceId, await account.newSpace('Shared')];
  crew = createCrew(account, spaceIds, 5);
  await crew.connect(app.url);
});

afterEach(async () => {
  await crew.disconnect();
  await app.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 20 });
});

test(
  '[DUR2] kill -9 of the database loses no edit that was told durable and none that another client had received',
  { timeout: ROUND_TIMEOUT_MS * (rounds + 1) },
  async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < rounds; round++) {
      if (round > 0 && round % KILLS_PER_APP === 0) await startAgain();
      await crew.writeUntil(Math.floor(random() * 300));
      await turns(Math.floor(random() * 50));
      await killDatabase(app.dataDir);
      // Every receipt asked for is answered or its socket is closed: nobody is left waiting for ever.
      await crew.settle();

      await untilReady(app.url);
      const fresh = await readFresh(app.url, account, spaceIds);
      expect(crew.missing(fresh, 'told or received'), `round ${round} of HOLDFAST_KILL_SEED=${seed}`).toEqual(
        [],
      );
      await crew.disconnect();
      await crew.connect(app.url);
    }
    const fresh = await readFresh(app.url, account, spaceIds);
    expect(crew.missing(fresh, 'all'), `after all rounds of HOLDFAST_KILL_SEED=${seed}`).toEqual([]);
    expect(crew.toldCount).toBeGreaterThan(0);
  },
);

async function startAgain(): Promise<void> {
  await crew.disconnect();
  await app.kill('SIGTERM');
  app = await startApp({ dataDir, env: { RATE_LIMITS: 'off' } });
  await crew.connect(app.url);
}

/** Ends the postmaster in this data folder and all its children, and no other process. */
async function killDatabase(dataFolder: string): Promise<void> {
  const postmaster = await postmasterPid(dataFolder);
  if (postmaster === undefined) throw new Error(`No database runs in ${dataFolder}`);
  const backends = childrenOf(postmaster);
  process.kill(postmaster, 'SIGKILL');
  for (const pid of backends) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It had ended by itself.
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    });
}

/** Asks again until the server says that it is ready; the test's own time limit ends it otherwise. */
async function untilReady(url: string): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await turns(10);
}
