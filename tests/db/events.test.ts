/** The contract of events between processes, by each transport with its real server. */
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { createBusEvents, installationId } from '@holdfast/db/bus-events.ts';
import { packEvents, readMessage } from '@holdfast/db/event-format.ts';
import type { EventConnection, SpaceEvents } from '@holdfast/db/event-stream.ts';
import { createSpaceEvents } from '@holdfast/db/space-events.ts';
import type { SpaceEvent } from '@holdfast/db/space-events.ts';
import { busTransport, openEvents } from '@holdfast/deploy/bus/open-events.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import { createMetrics } from '@holdfast/sync-server/metrics.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openLine } from '../support/cuttable-line.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { BUSES, busAddress, openTestEvents, TRANSPORTS } from '../support/transports.ts';
import type { TestTransport } from '../support/transports.ts';

let made: TestDatabase;
let database: Database;
let transport: TestTransport;
let opened: SpaceEvents[] = [];

beforeEach(async () => {
  made = await testDatabase({ migrated: false });
  database = createDatabase({ url: made.url, onError: () => undefined, maxConnections: 2 });
});

afterEach(async () => {
  await Promise.all(opened.map((events) => events.close()));
  opened = [];
  await database.close();
  await made.drop();
});

/** A process that listens, and what it heard; hellos aside. */
interface Listener {
  readonly events: SpaceEvents;
  readonly heard: SpaceEvent[];
  readonly counts: Record<string, number>;
  readonly log: string[];
  /** Resolves when it holds, looked at whenever something happened here. */
  until(holds: () => boolean): Promise<void>;
}

async function listener(options: Partial<Parameters<typeof openTestEvents>[2]> = {}): Promise<Listener> {
  const heard: SpaceEvent[] = [];
  const counts: Record<string, number> = {};
  const log: string[] = [];
  const waiting = new Set<() => void>();
  const happened = (): void => waiting.forEach((look) => look());
  const logger = createLogger({
    level: 'debug',
    destination: {
      write: (line) => {
        log.push(line);
        happened();
      },
    },
  });
  const events = openTestEvents(transport, database, {
    logger,
    metrics: {
      counter: () => ({
        add: (amount = 1, labels) => {
          const outcome = labels?.['outcome'] ?? '';
          counts[outcome] = (counts[outcome] ?? 0) + amount;
          happened();
        },
      }),
      gauge: () => undefined,
    },
    ...options,
  });
  opened.push(events);
  events.subscribe((event) => {
    if (event.kind === 'hello') return;
    heard.push(event);
    happened();
  });
  return {
    events,
    heard,
    counts,
    log,
    until: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

async function two(): Promise<[Listener, Listener]> {
  const both = [await listener(), await listener()] as [Listener, Listener];
  await Promise.all(both.map(({ events }) => events.ready()));
  return both;
}

const awareness = (spaceId: string, size: number): SpaceEvent => ({
  kind: 'awareness',
  spaceId,
  data: Buffer.alloc(size, 7),
});

/** Sends a text as it is, past our own packing. */
async function rawConnection(): Promise<EventConnection> {
  if (!transport.bus) {
    return {
      maxMessageBytes: 0,
      send: async (text) => {
        await database.run({ name: '', text: `SELECT pg_notify('holdfast', $1)` }, [text]);
      },
      probe: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  return busTransport(busAddress(transport.bus.url), () => installationId(database)).connect({
    message: () => undefined,
    lost: () => undefined,
  });
}

/** Ends every connection of the transport, as a restart of its server does. */
async function breakTransport(): Promise<void> {
  if (transport.bus) {
    await transport.bus.kill();
    await transport.bus.restart();
    return;
  }
  const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'holdfast events' AND datname = current_database()`;
  await database.run({ name: '', text }, []);
}

for (const { name, isHere, start } of TRANSPORTS) {
  describe.skipIf(!isHere)(`events by ${name}`, () => {
    beforeAll(async () => {
      transport = await start();
    });
    afterAll(() => transport.stop());

    test('[EV1] each hears what others say, once and in order, and not itself; of a space only the newest head', async () => {
      const [one, other] = await two();
      one.events.announce({ kind: 'head', spaceId: 'x', seq: 1 });
      one.events.announce({ kind: 'head', spaceId: 'x', seq: 2 });
      one.events.announce({ kind: 'snapshot', spaceId: 'ü "quoted"', seq: 9 });
      one.events.announce({ kind: 'awareness', spaceId: 'x', data: Buffer.from([1, 2, 255]) });
      one.events.announce({ kind: 'notify', spaceId: 'ann' });
      await other.until(() => other.heard.length === 4);
      other.events.announce({ kind: 'devices', spaceId: 'y' });
      await one.until(() => one.heard.length > 0);
      expect(other.heard).toEqual([
        { kind: 'head', spaceId: 'x', seq: 2 },
        { kind: 'snapshot', spaceId: 'ü "quoted"', seq: 9 },
        { kind: 'awareness', spaceId: 'x', seq: 0, data: Buffer.from([1, 2, 255]) },
        { kind: 'notify', spaceId: 'ann' },
      ]);
      expect(one.heard).toEqual([{ kind: 'devices', spaceId: 'y' }]);
    });

    test('[EV2] after a loss both come back, are told that they may have missed something, and hear each other', async () => {
      const [one, other] = await two();
      const restored = [one, other].map(
        ({ events }) => new Promise<void>((resolve) => void events.onRestored(resolve)),
      );
      await breakTransport();
      await Promise.all(restored);
      one.events.announce({ kind: 'head', spaceId: 'x', seq: 3 });
      other.events.announce({ kind: 'head', spaceId: 'y', seq: 4 });
      await other.until(() => other.heard.some(({ spaceId }) => spaceId === 'x'));
      await one.until(() => one.heard.some(({ spaceId }) => spaceId === 'y'));
    });

    test('[EV3] more than one message holds goes in several; what fits in none is dropped and counted', async () => {
      const [one, other] = await two();
      for (let n = 0; n < 100; n++) one.events.announce(awareness(`s${n}`, 5000));
      one.events.announce(awareness('too large', 300 * 1024));
      one.events.announce({ kind: 'devices', spaceId: 'last' });
      await other.until(() => other.heard.at(-1)?.spaceId === 'last');
      expect(other.heard.map(({ spaceId }) => spaceId)).toEqual([
        ...Array.from({ length: 100 }, (_, n) => `s${n}`),
        'last',
      ]);
      expect(one.counts['dropped']).toBe(1);
    });

    test('[EV4] what is malformed is counted, logged by its number and ignored; what follows is heard', async () => {
      const [one, other] = await two();
      const raw = await rawConnection();
      const bad = ['no JSON', '{}', '[]', '["x",[0,"s"]]', '[0,7,[0,5],[0,"s",-1],[0,"s",0,9],[4.5,"s"]]'];
      for (const text of bad) await raw.send(text);
      // Of a newer version.
      await raw.send('[0,[99,"s"],[0,"fine",7]]');
      await other.until(() => other.heard.length > 0);
      expect(other.heard).toEqual([{ kind: 'head', spaceId: 'fine', seq: 7 }]);
      expect(other.counts['malformed']).toBe(9);
      const lines = other.log.filter((line) => line.includes('malformed messages'));
      expect(lines.map((line) => (JSON.parse(line) as { malformed: number }).malformed)).toEqual([1]);

      // Malformed only to who reads it further.
      const end = other.events.subscribe((event) => {
        if (event.spaceId === 'poison') throw new Error('cannot be read');
      });
      one.events.announce({ kind: 'head', spaceId: 'poison', seq: 1 });
      one.events.announce({ kind: 'head', spaceId: 'after', seq: 1 });
      await other.until(() => other.heard.at(-1)?.spaceId === 'after');
      expect(other.counts['malformed']).toBe(10);
      end();
      await raw.close();
    });

    test('[EV5] what waits to be sent is bounded: the oldest is dropped and counted', async () => {
      const [one, other] = await two();
      // After the hello of the start, which would be the oldest.
      one.events.announce({ kind: 'devices', spaceId: 'first' });
      await other.until(() => other.heard.length > 0);
      for (let n = 0; n < 3000; n++) one.events.announce(awareness(`s${n}`, 3000));
      await other.until(() => other.heard.at(-1)?.spaceId === 's2999');
      const dropped = one.counts['dropped'] ?? 0;
      expect(dropped).toBeGreaterThan(1000);
      expect(other.heard[1]?.spaceId).toBe(`s${dropped}`);
      expect(other.heard).toHaveLength(1 + 3000 - dropped);
    });
  });
}

for (const { name, isHere, start } of BUSES) {
  describe.skipIf(!isHere)(`a bus by ${name}`, () => {
    beforeAll(async () => {
      transport = await start();
    });
    afterAll(() => transport.stop());

    test('[EV6] a connection that stopped without a word is given up and made anew', async () => {
      const [, other] = await two();
      const bus = busAddress(transport.bus?.url ?? '');
      const line = await openLine(`http://127.0.0.1:${bus.port}`);
      const stalling = createBusEvents({
        database: createSpaceEvents({ url: made.url, onError: () => undefined }),
        transport: {
          ...busTransport({ ...bus, port: Number(new URL(line.url).port) }, () => installationId(database)),
          patienceMs: 250,
        },
        retryDelayMs: () => 5,
        onError: () => undefined,
      });
      opened.push(stalling);
      await stalling.ready();
      const restored = new Promise<void>((resolve) => void stalling.onRestored(resolve));
      line.stall();
      await restored;
      stalling.announce({ kind: 'devices', spaceId: 'back' });
      await other.until(() => other.heard.length > 0);
      expect(other.heard[0]?.spaceId).toBe('back');
      await line.close();
    });

    test('[EV7] installations that share a bus do not hear each other', async () => {
      const [one, other] = await two();
      const strange = await testDatabase({ migrated: false });
      const theirs = createDatabase({ url: strange.url, onError: () => undefined, maxConnections: 1 });
      const stranger = openTestEvents(transport, theirs);
      const neighbour = openTestEvents(transport, theirs);
      await Promise.all([stranger.ready(), neighbour.ready()]);
      const arrived = new Promise<void>((resolve) => {
        neighbour.subscribe(({ spaceId }) => {
          if (spaceId === 'strange') resolve();
        });
      });
      stranger.announce({ kind: 'devices', spaceId: 'strange' });
      // The bus has passed it on to whoever it is for; what follows comes after it.
      await arrived;
      one.events.announce({ kind: 'devices', spaceId: 'own' });
      await other.until(() => other.heard.length > 0);
      expect(other.heard.map(({ spaceId }) => spaceId)).toEqual(['own']);
      await Promise.all([stranger.close(), neighbour.close()]);
      await theirs.close();
      await strange.drop();
    });

    test('[EV8] while the bus is away, events go through the database; a change of rights goes both ways always', async () => {
      const [one, other] = await two();
      one.events.announce({ kind: 'user', spaceId: 'ann' });
      await other.until(() => other.heard.length === 2);
      expect(other.heard.map(({ kind }) => kind)).toEqual(['user', 'user']);

      await transport.bus?.kill();
      await one.until(() => one.log.some((line) => line.includes('cannot be heard')));
      await other.until(() => other.log.some((line) => line.includes('cannot be heard')));
      one.events.announce({ kind: 'head', spaceId: 'x', seq: 5 });
      await other.until(() => other.heard.length === 3);
      expect(other.heard[2]).toEqual({ kind: 'head', spaceId: 'x', seq: 5 });
      await transport.bus?.restart();
      await one.until(() => one.log.some((line) => line.includes('are heard')));
      // Once when it began, however often it was tried, and once when it ended.
      const told = one.log.map((line) => JSON.parse(line) as { level: string; msg: string });
      expect(told.filter(({ level }) => level === 'warn')).toHaveLength(1);
      expect(told.filter(({ level }) => level === 'info')).toHaveLength(1);
    });
  });

  describe.skipIf(!isHere)(`a bus with a password by ${name}`, () => {
    const password = 'correct/horse@battery:%staple';
    beforeAll(async () => {
      transport = await start({ password });
    });
    afterAll(() => transport.stop());

    test('[EV9] who is let in is heard; who is not says so in one line, without the password, and is heard by the database', async () => {
      const [one, other] = await two();
      one.events.announce({ kind: 'devices', spaceId: 'x' });
      await other.until(() => other.heard.length > 0);

      const metrics = createMetrics();
      const url = (transport.bus?.url ?? '').replace(encodeURIComponent(password), 'hunter2-of-old');
      const shut = await listener({ bus: busAddress(url), metrics });
      await shut.until(() => shut.log.filter((line) => line.includes('cannot be heard')).length > 2);
      expect(shut.log.filter((line) => line.includes('"level":"warn"'))).toHaveLength(1);
      expect(shut.log.join('')).toContain(`127.0.0.1:${transport.bus?.port}`);
      expect(shut.log.join('')).not.toContain('hunter2');
      expect(await metrics.text()).toContain('holdfast_bus_connected 0');
      // It is tried again and again; meanwhile the database comes to stand.
      await shut.until(() => shut.events.connected);
      shut.events.announce({ kind: 'devices', spaceId: 'by the database' });
      await other.until(() => other.heard.length > 1);
      expect(other.heard[1]?.spaceId).toBe('by the database');
      metrics.close();
    });
  });
}

describe('the format', () => {
  test('[EV3] a message is never longer than allowed, in bytes', () => {
    const encoded = Array.from({ length: 50 }, (_, n) => JSON.stringify([0, 'ü'.repeat(n)]));
    const { messages, tooLarge } = packEvents(5, encoded, 80);
    expect(messages.every(({ text }) => Buffer.byteLength(text) <= 80)).toBe(true);
    expect(messages.reduce((sum, { events }) => sum + events, 0) + tooLarge).toBe(50);
    expect(messages.some(({ text }) => Buffer.byteLength(text) > 75)).toBe(true);
  });

  test('[EV4] a message that is far too long is not even parsed', () => {
    expect(readMessage(`[1,[0,"${'x'.repeat(3_000_000)}",1]]`)).toEqual({ sender: null, malformed: 1 });
  });

  test('[EV1] without a bus, Postgres is the way, and the measure says that it stands', async () => {
    const metrics = createMetrics();
    const events = openEvents({
      database,
      bus: undefined,
      logger: createLogger({ level: 'silent' }),
      metrics,
    });
    opened.push(events);
    await events.ready();
    expect(await metrics.text()).toContain('holdfast_bus_connected 1');
    metrics.close();
  });
});
