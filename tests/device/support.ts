/** What most device tests begin with: a browser, a real server, and the harness between them. */
import { afterAll, beforeAll } from 'vitest';
import { rm } from 'node:fs/promises';
import { startApp, temporaryDataDir } from '../support/app.ts';
import type { App } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, BrowserContext } from '../support/chromium.ts';
import { testDatabase } from '../support/postgres.ts';
import { serveHarness } from './harness.ts';
import type { HarnessServer } from './harness.ts';

export interface World {
  readonly browser: Browser;
  readonly harness: HarnessServer;
  readonly url: string;
  app: App;
  /** A browser profile of its own: one device. */
  newDevice(): Promise<BrowserContext>;
  /** Another process on the same database, at another port, reached by the same address. */
  restartServer(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** Call at the top of a test file. */
export function world(options: { withServer: boolean; args?: readonly string[] }): World {
  /** Newest first. */
  const cleanUp: (() => Promise<unknown>)[] = [];
  let start: () => Promise<App>;
  const made = {} as { -readonly [Key in keyof World]: World[Key] };

  beforeAll(async () => {
    if (options.withServer) {
      const database = await testDatabase();
      cleanUp.unshift(() => database.drop());
      // Kept over restarts: the keys of the sessions lie in it.
      const dataDir = await temporaryDataDir();
      cleanUp.unshift(() => rm(dataDir, { recursive: true, force: true }));
      start = () => startApp({ databaseUrl: database.url, dataDir, lasting: true });
      made.app = await start();
      cleanUp.unshift(() => made.app.stop());
    }
    made.harness = await serveHarness(options.withServer ? made.app.url : null);
    cleanUp.unshift(() => made.harness.close());
    made.url = made.harness.url;
    // Last, so that it goes first: what still runs in it then has nobody to talk to.
    made.browser = await launchChromium(options.args ? { args: options.args } : {});
    cleanUp.unshift(() => made.browser.close());
    made.newDevice = () => made.browser.newContext();
    made.restartServer = async (signal) => {
      await made.app.kill(signal);
      made.harness.passTo(null);
      made.app = await start();
      made.harness.passTo(made.app.url);
    };
  });

  afterAll(async () => {
    for (const step of cleanUp) await step();
  });

  return made;
}
