/** What most device tests begin with: a browser, a real server, and the harness between them. */
import { afterAll, beforeAll } from 'vitest';
import { startApp } from '../support/app.ts';
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
  readonly databaseUrl: string;
  app: App;
  /** A browser profile of its own: one device. */
  newDevice(): Promise<BrowserContext>;
  /** Another process on the same database, at another port, reached by the same address. */
  restartServer(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** Call at the top of a test file. */
export function world(options: { withServer: boolean; args?: readonly string[] }): World {
  const cleanUp: (() => Promise<unknown>)[] = [];
  const made = {} as { -readonly [Key in keyof World]: World[Key] };

  beforeAll(async () => {
    made.browser = await launchChromium(options.args ? { args: options.args } : {});
    cleanUp.push(() => made.browser.close());
    if (options.withServer) {
      const database = await testDatabase();
      cleanUp.unshift(() => database.drop());
      made.databaseUrl = database.url;
      made.app = await startApp({ databaseUrl: database.url });
      cleanUp.unshift(() => made.app.stop());
    }
    made.harness = await serveHarness(options.withServer ? made.app.url : null);
    cleanUp.unshift(() => made.harness.close());
    made.url = made.harness.url;
    made.newDevice = () => made.browser.newContext();
    made.restartServer = async (signal) => {
      await made.app.kill(signal);
      made.harness.passTo(null);
      made.app = await startApp({ databaseUrl: made.databaseUrl });
      made.harness.passTo(made.app.url);
    };
  });

  afterAll(async () => {
    // The browser first: what still runs in it has nobody to talk to any more.
    for (const step of cleanUp.reverse()) await step();
  });

  return made;
}
