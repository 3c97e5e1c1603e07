/** Two whole servers, real processes, with a real bus between them that dies, stalls and comes back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLine } from '../support/cuttable-line.ts';
import { createAccount } from '../support/account.ts';
import { startApp } from '../support/app.ts';
import type { App } from '../support/app.ts';
import type { BusServer } from '../support/bus-servers.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { connectStockClient, untilDoc } from '../support/stock-client.ts';
import type { StockClient } from '../support/stock-client.ts';
import { BUSES } from '../support/transports.ts';

const PASSWORD = 'not-to-be-seen-anywhere';

/** Tells of every library of a bus that the server loads. */
const LOAD_WATCH = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (/^@(redis|nats-io)[/]/.test(specifier)) process.stderr.write('LOADED ' + specifier + '\\n');
      return next(specifier, context);
    },
  });
`)}`;

async function measure(app: App, name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const value = new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1];
  return Number(value ?? Number.NaN);
}

/** Asks until it is so; the test's own time limit ends it otherwise. */
async function untilMeasure(
  apps: readonly App[],
  name: string,
  holds: (value: number) => boolean,
): Promise<void> {
  for (const app of apps) while (!holds(await measure(app, name)));
}

for (const { name, isHere, start } of BUSES) {
  describe.skipIf(!isHere)(`two servers and a bus by ${name}`, () => {
    let bus: BusServer;
    let database: TestDatabase;
    beforeAll(async () => {
      const transport = await start({ password: PASSWORD });
      if (!transport.bus) throw new Error('A bus has a server');
      bus = transport.bus;
      database = await testDatabase();
    });
    afterAll(async () => {
      await bus.stop();
      await database.drop();
    });

    test('[SF10] the bus is killed in a stream of edits and comes back, then stalls: both hold everything, and no server was restarted', async () => {
      const line = await openLine(`http://127.0.0.1:${bus.port}`);
      const through = new URL(bus.url);
      through.port = new URL(line.url).port;
      const env = { RATE_LIMITS: 'off', LOG_LEVEL: 'debug', NODE_OPTIONS: LOAD_WATCH };
      const one = await startApp({ databaseUrl: database.url, env: { ...env, BUS_URL: bus.url } });
      const two = await startApp({ databaseUrl: database.url, env: { ...env, BUS_URL: through.href } });
      const apps = [one, two];
      const account = await createAccount(one.url);
      const clients = apps.map(({ url }) =>
        connectStockClient({ url, spaceId: account.spaceId, token: account.token }),
      );
      await Promise.all(clients.map((client) => client.synced()));
      const [ann, ben] = clients as [StockClient, StockClient];
      let written = 0;
      const write = (edits: number): void => {
        for (let n = 0; n < edits; n++) {
          const { doc } = written % 2 === 0 ? ann : ben;
          doc.getMap('tasks').set(`key${written++}`, n);
        }
      };
      const bothHoldAll = async (): Promise<void> => {
        await Promise.all(
          clients.map(({ doc }) => untilDoc(doc, () => doc.getMap('tasks').size === written)),
        );
      };

      await untilMeasure(apps, 'holdfast_bus_connected', (value) => value === 1);
      write(50);
      await bothHoldAll();
      const received = `holdfast_bus_events_total{transport="${bus.kind}",outcome="received"}`;
      await untilMeasure(apps, received, (value) => value > 0);

      write(50);
      const killed = bus.kill();
      write(50);
      await killed;
      await untilMeasure(apps, 'holdfast_bus_connected', (value) => value === 0);
      for (const { url } of apps) expect((await fetch(`${url}/readyz`)).status).toBe(200);
      write(50);
      await bothHoldAll();
      write(50);
      await bus.restart();
      write(50);
      await untilMeasure(apps, 'holdfast_bus_connected', (value) => value === 1);
      await bothHoldAll();

      // Nobody is told that nothing arrives any more: the poll of the heads has to find what was said.
      line.stall();
      write(50);
      await bothHoldAll();
      await line.cut();
      await line.mend();
      await untilMeasure(apps, 'holdfast_bus_connected', (value) => value === 1);
      const before = await Promise.all(apps.map((app) => measure(app, received)));
      write(50);
      await bothHoldAll();
      for (const [n, app] of apps.entries()) {
        await untilMeasure([app], received, (value) => value > (before[n] ?? 0));
      }

      for (const client of clients) client.destroy();
      for (const app of apps) {
        expect(await app.stop()).toEqual({ code: 0, signal: null });
        expect(app.logs()).toContain('LOADED @');
        expect(app.logs()).not.toContain(PASSWORD);
      }
      await line.close();
    });

    test('[SF11] the role workers hears of edits over the bus, and starts without it', async () => {
      await bus.kill();
      const env = { RATE_LIMITS: 'off', BUS_URL: bus.url };
      const workers = await startApp({ databaseUrl: database.url, args: ['--role=workers'], env });
      const sync = await startApp({ databaseUrl: database.url, args: ['--role=sync'], env });
      expect(await measure(workers, 'holdfast_bus_connected')).toBe(0);
      await bus.restart();
      await untilMeasure([workers, sync], 'holdfast_bus_connected', (value) => value === 1);
      const account = await createAccount(sync.url);
      const client = connectStockClient({ url: sync.url, spaceId: account.spaceId, token: account.token });
      await client.synced();
      client.doc.getMap('tasks').set('key', 1);
      const received = `holdfast_bus_events_total{transport="${bus.kind}",outcome="received"}`;
      await untilMeasure([workers], received, (value) => value > 0);
      client.destroy();
    });
  });
}

test('[SF12] without BUS_URL no library of a bus is loaded', async () => {
  const database = await testDatabase();
  const app = await startApp({ databaseUrl: database.url, env: { NODE_OPTIONS: LOAD_WATCH } });
  expect(await measure(app, 'holdfast_bus_connected')).toBe(1);
  await app.stop();
  expect(app.logs()).not.toContain('LOADED');
  await database.drop();
});
