/** Devices and their client ids: registration, the live lock, and who learns how far the others are. */
import { announceOnce } from '@holdfast/db/space-events.ts';
import { readLog } from '@holdfast/db/update-log.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { author } from './authors.ts';
import { manualClock } from './manual-clock.ts';
import type { ManualClock } from './manual-clock.ts';
import { openSocket } from './raw-socket.ts';
import type { RawSocket } from './raw-socket.ts';
import { startSyncProcess } from './sync-process.ts';
import type { SyncProcess } from './sync-process.ts';

let database: TestDatabase;
let server: SyncProcess;
let spaceId: string;
let clock: ManualClock;
let sockets: RawSocket[] = [];
/** What is asked of the database, by the name of the statement. */
let statements: string[];
/** Set: the next time that progress is saved, this is waited for first. */
let heldSave: { readonly begun: () => void; readonly until: Promise<void> } | null;
/** Resolved when progress was saved. */
let saved: PromiseWithResolvers<void>;

beforeEach(async () => {
  database = await testDatabase();
  clock = manualClock();
  statements = [];
  heldSave = null;
  saved = Promise.withResolvers();
  server = await startSyncProcess({
    databaseUrl: database.url,
    clock,
    database: (real) => ({
      ...real,
      async run<Row>(statement: { name: string; text: string }, values: readonly unknown[]) {
        statements.push(statement.name);
        if (statement.name !== 'save-progress') return real.run<Row>(statement, values);
        const held = heldSave;
        heldSave = null;
        held?.begun();
        await held?.until;
        const rows = await real.run<Row>(statement, values);
        saved.resolve();
        return rows;
      },
    }),
  });
  spaceId = await server.createSpace();
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  sockets = [];
  await server.stop();
  await database.drop();
});

async function connect(user: string, at: SyncProcess = server): Promise<RawSocket> {
  const socket = await openSocket(at, spaceId, user);
  sockets.push(socket);
  return socket;
}

function hello(device: string, clientIds: number[], writing: number | null = null): unknown {
  return { protocol: 1, device: { id: device, name: `The ${device}` }, clientIds, writing };
}

describe('hello', () => {
  test('[SD1] it is answered with where the server is: head, clocks, epoch, time', async () => {
    const ann = await connect('ann');
    const { doc, edit } = author(77);
    expect(await ann.hello(hello('phone', [77], 77))).toMatchObject({
      head: 0,
      clocks: { 77: 0 },
      refused: [],
    });
    ann.update(edit('a', 1));
    ann.update(edit('b', 2));
    await ann.settled();
    expect(await ann.hello(hello('phone', [77, 78], 77))).toEqual({
      protocol: 1,
      epoch: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      serverTime: clock.now(),
      head: 2,
      clocks: { 77: Y.getState(doc.store, 77), 78: 0 },
      refused: [],
      name: 'The phone',
    });
  });

  test('[SD2] a device that is too old gets 4409, a malformed hello 4400', async () => {
    const old = await connect('ann');
    old.hello({ ...(hello('phone', []) as object), protocol: 0 }).catch(() => undefined);
    expect(await old.closed).toMatchObject({ code: 4409 });
    for (const said of [
      null,
      {},
      hello('', []),
      hello('phone', [-1]),
      hello('phone', [1.5]),
      hello('a b', []),
    ]) {
      const socket = await connect('ann');
      socket.hello(said).catch(() => undefined);
      expect(await socket.closed).toMatchObject({ code: 4400 });
    }
  });

  test('[SD3] after each batch a device is told up to where it has everything, before its receipts', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    await ann.hello(hello('phone', []));
    await ben.hello(hello('laptop', []));
    const { edit } = author();
    ann.update(edit('a', 1));
    ann.update(edit('b', 2));
    await ann.settled();
    const kinds = ann.frames.map((frame) => frame.kind);
    expect(kinds.lastIndexOf('head')).toBeLessThan(kinds.indexOf('receipt'));
    expect(ann.frames.findLast((frame) => frame.kind === 'head')).toEqual({ kind: 'head', seq: 2 });
    const benKinds = (): string[] => ben.frames.map((frame) => frame.kind);
    while (ben.frames.findLast((frame) => frame.kind === 'head')?.seq !== 2) await ben.next('head');
    expect(benKinds().lastIndexOf('update')).toBeLessThan(benKinds().lastIndexOf('head'));
  });
});

describe('client ids', () => {
  test('[SC1] a client id that another device registered is refused, and nothing of it is stored', async () => {
    const [ann, eve] = [await connect('ann'), await connect('eve')];
    await ann.hello(hello('phone', [77], 77));
    const { edit } = author(77);
    const forged = author(77);
    eve.update(forged.edit('a', 'forged'));
    const receipt = await eve.receipt(1);
    expect(receipt.status).toBe(1);
    expect(receipt.text).toMatch(/77 belongs to another device/);
    ann.update(edit('a', 'true'));
    expect((await ann.receipt(1)).status).toBe(0);
    expect(await readLog(server.database, spaceId, 0, 10)).toHaveLength(1);
    expect((await eve.hello(hello('tablet', [77], 77))).refused).toEqual([77]);
    // Another device of the same person is another device.
    const laptop = await connect('ann');
    expect((await laptop.hello(hello('laptop', [77], 77))).refused).toEqual([77]);
    // The forger is not cut off for it.
    eve.update(author(99).edit('b', 1));
    expect((await eve.receipt(2)).status).toBe(0);
  });

  test('[SC2] what is known already may come from anyone: relaying is no forgery', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    await ann.hello(hello('phone', [77], 77));
    const writer = author(77);
    ann.update(writer.edit('a', 1));
    await ann.settled();
    const relayed = author(99);
    Y.applyUpdate(relayed.doc, Y.encodeStateAsUpdate(writer.doc));
    relayed.edit('b', 2);
    ben.step2(Y.encodeStateAsUpdate(relayed.doc));
    expect((await ben.receipt(1)).status).toBe(0);
  });

  test('[SC3] content binds an id to nobody: it cannot be claimed later, and stays open', async () => {
    const [stock, eve] = [await connect('ann'), await connect('eve')];
    const { edit } = author(55);
    stock.update(edit('a', 1));
    await stock.settled();
    expect((await eve.hello(hello('tablet', [55], 55))).refused).toEqual([55]);
    stock.update(edit('b', 2));
    expect((await stock.receipt(1)).status).toBe(0);
  });

  test('[SC4] an id that is live on another socket is refused, until that socket is gone', async () => {
    const first = await connect('ann');
    expect((await first.hello(hello('phone', [77], 77))).refused).toEqual([]);
    const second = await connect('ann');
    // The server asks the first socket for a sign of life, and gets it.
    expect((await second.hello(hello('phone', [77], 77))).refused).toEqual([77]);
    await first.next('awareness');
    first.close();
    await first.closed;
    expect((await second.hello(hello('phone', [77], 77))).refused).toEqual([]);
  });

  test('[SC5] a socket that is dead without knowing it loses its id to the next', async () => {
    const dead = await connect('ann');
    await dead.hello(hello('phone', [77], 77));
    dead.pauseReading();
    const next = await connect('ann');
    const waiting = clock.planned();
    const asked = next.hello(hello('phone', [77], 77));
    await waiting;
    clock.advance(3000);
    expect((await asked).refused).toEqual([]);
  });

  test('[SC6] an id is live on one process only, and free again when that process is gone', async () => {
    const other = await startSyncProcess({ databaseUrl: database.url, clock });
    try {
      const here = await connect('ann');
      expect((await here.hello(hello('phone', [77], 77))).refused).toEqual([]);
      const there = await connect('ann', other);
      expect((await there.hello(hello('phone', [77], 77))).refused).toEqual([77]);
      // A process that dies lets go of its lock; nobody has to tidy up after it.
      await server.fanout.close();
      expect((await there.hello(hello('phone', [77], 77))).refused).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});

describe('devices', () => {
  test('[SV1] every device learns how far the others have come, and who is there', async () => {
    const [phone, laptop] = [await connect('ann'), await connect('ann')];
    await phone.hello(hello('phone', []));
    await laptop.hello(hello('laptop', []));
    phone.update(author().edit('a', 1));
    await phone.settled();
    await laptop.next('update');
    laptop.send(103, 1);
    phone.send(103, 1);
    const seen = async (): Promise<Record<string, unknown>> => {
      clock.advance(1000);
      const { devices } = await phone.next('devices');
      return Object.fromEntries(devices.map((device) => [device.id, device]));
    };
    await Promise.all([phone.settled(), laptop.settled()]);
    let devices = await seen();
    expect(devices['laptop']).toMatchObject({ name: 'The laptop', applied: 1, connected: true });
    // A device cannot claim to have more than there is.
    laptop.send(103, 1000);
    await laptop.settled();
    laptop.close();
    await laptop.closed;
    while (server.endpoint.stats().connections > 1) await new Promise(setImmediate);
    devices = await seen();
    expect(devices['laptop']).toMatchObject({ applied: 1, connected: false });
  });

  test('[SV2] devices of one person that call themselves the same are told apart by a number', async () => {
    const as = async (user: string, device: string, name: string): Promise<string> =>
      (await (await connect(user)).hello({ ...(hello(device, []) as object), device: { id: device, name } }))
        .name;
    expect(await as('ann', 'one', 'Chrome on Linux')).toBe('Chrome on Linux');
    expect(await as('ann', 'two', 'Chrome on Linux')).toBe('Chrome on Linux 2');
    expect(await as('ann', 'three', 'CHROME on Linux')).toBe('CHROME on Linux 3');
    expect(await as('ben', 'four', 'Chrome on Linux')).toBe('Chrome on Linux');
    // Whether it took the number or says its own name again, it keeps it.
    expect(await as('ann', 'two', 'Chrome on Linux 2')).toBe('Chrome on Linux 2');
    expect(await as('ann', 'two', 'Chrome on Linux')).toBe('Chrome on Linux 2');
    expect(await as('ann', 'one', 'Chrome on Linux')).toBe('Chrome on Linux');
    // A name that a person gave makes room for the next.
    expect(await as('ann', 'two', 'Kitchen')).toBe('Kitchen');
    expect(await as('ann', 'five', 'Chrome on Linux')).toBe('Chrome on Linux 2');
    const witness = await connect('ann');
    await witness.hello(hello('six', []));
    clock.advance(1000);
    const names = (await witness.next('devices')).devices.map((device) => device.name).sort();
    expect(names).toEqual([
      'CHROME on Linux 3',
      'Chrome on Linux',
      'Chrome on Linux',
      'Chrome on Linux 2',
      'Kitchen',
      'The six',
    ]);
  });

  test('[SV1] what a device reports while the reports before are being saved is told too', async () => {
    const [phone, laptop] = [await connect('ann'), await connect('ann')];
    await phone.hello(hello('phone', []));
    await laptop.hello(hello('laptop', []));
    const { edit } = author();
    phone.update(edit('a', 1));
    phone.update(edit('b', 2));
    await Promise.all([phone.settled(), laptop.settled()]);
    laptop.send(103, 1);
    await laptop.settled();

    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    heldSave = { begun: begun.resolve, until: release.promise };
    clock.advance(1000);
    await begun.promise;
    // The database has the report of 1 in its hands; now comes the next.
    laptop.send(103, 2);
    await laptop.settled();
    release.resolve();
    const appliedByLaptop = async (): Promise<number | undefined> =>
      (await phone.next('devices')).devices.find((device) => device.id === 'laptop')?.applied;
    expect(await appliedByLaptop()).toBe(1);

    // The next save is followed at once by the question what to tell; without it the wait below had no end.
    saved = Promise.withResolvers();
    statements = [];
    clock.advance(1000);
    await saved.promise;
    await new Promise(setImmediate);
    expect(statements.filter((name) => name.includes('progress'))).toEqual(['save-progress', 'progress']);
    expect(await appliedByLaptop()).toBe(2);
  });
});

describe('something new to tell', () => {
  test('[SN1] devices of the user that said hello are told, on every process, and nobody else', async () => {
    const other = await startSyncProcess({ databaseUrl: database.url });
    try {
      await Promise.all([server.fanout.ready(), other.fanout.ready()]);
      const [phone, elsewhere] = [await connect('ann'), await connect('ann', other)];
      const [stock, ben] = [await connect('ann'), await connect('ben')];
      await phone.hello(hello('phone', []));
      await elsewhere.hello(hello('laptop', []));
      await ben.hello(hello('bens', []));
      server.endpoint.notify('ann');
      await Promise.all([phone.next('notify'), elsewhere.next('notify')]);
      // As the workers of a deployment of their own do it.
      await announceOnce(server.database, { kind: 'notify', spaceId: 'ann' });
      await Promise.all([phone.next('notify'), elsewhere.next('notify')]);
      await Promise.all([stock.settled(), ben.settled()]);
      expect([...stock.frames, ...ben.frames].filter(({ kind }) => kind === 'notify')).toEqual([]);
    } finally {
      for (const socket of sockets) socket.terminate();
      await other.stop();
    }
  });
});
