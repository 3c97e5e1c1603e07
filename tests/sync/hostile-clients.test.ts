/** Clients that do not behave: each ends its own session, with a code and a reason, and disturbs no other. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { readLog } from '@holdfast/db/update-log.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { author } from './authors.ts';
import { openSocket, uint } from './raw-socket.ts';
import type { RawSocket } from './raw-socket.ts';
import { startSyncProcess } from './sync-process.ts';
import type { SyncProcess, SyncProcessOptions } from './sync-process.ts';

const SEED = Number(process.env['HOLDFAST_PROPERTY_SEED'] ?? 20261123);
const RUNS = Number(process.env['HOLDFAST_PROPERTY_RUNS'] ?? 60);

let database: TestDatabase;
let server: SyncProcess;
let spaceId: string;
let sockets: RawSocket[] = [];

beforeEach(async () => {
  database = await testDatabase();
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  sockets = [];
  await server.stop();
  await database.drop();
});

async function start(limits: SyncProcessOptions['limits'] = {}): Promise<void> {
  server = await startSyncProcess({ databaseUrl: database.url, limits });
  spaceId = await server.createSpace();
}

async function connect(user: string): Promise<RawSocket> {
  const socket = await openSocket(server, spaceId, user);
  sockets.push(socket);
  return socket;
}

describe('hostile clients', () => {
  test.each<[string, (socket: RawSocket) => void]>([
    ['an empty message', (socket) => socket.send(new Uint8Array(0))],
    ['a sync message that is cut off', (socket) => socket.send(0, 2, 200, new Uint8Array(3))],
    ['a sync step that does not exist', (socket) => socket.send(0, 9, 0)],
    ['an update that allocates 232 MB', (socket) => socket.update(Uint8Array.of(1, 128, 136, 234, 13, 1, 0))],
    ['a state vector that lies', (socket) => socket.step1(Uint8Array.of(255, 255, 255, 127))],
    ['an awareness state that is no JSON', (socket) => socket.send(1, 5, Uint8Array.of(1, 1, 1, 1, 0x7b))],
    ['an awareness update that lies', (socket) => socket.send(1, 3, Uint8Array.of(255, 255, 127))],
    ['a number without an end', (socket) => socket.send(new Uint8Array(20).fill(255))],
  ])('[SH1] %s is answered with 4400 and a reason', async (_name, send) => {
    await start();
    const [good, bad] = [await connect('ann'), await connect('eve')];
    send(bad);
    const { code, reason } = await bad.closed;
    expect(code).toBe(4400);
    expect(reason).toMatch(/^Not understood: ./);
    good.update(author().edit('a', 1));
    expect((await good.receipt(1)).status).toBe(0);
  });

  test('[SH2] a frame that is too large gets 4400, a text frame too', async () => {
    await start({ maxFrameBytes: 1000 });
    for (const bytes of [1001, 5000, 100_000]) {
      const large = await connect('eve');
      large.send(new Uint8Array(bytes));
      expect(await large.closed).toEqual({
        code: 4400,
        reason: 'A message may have 1000 bytes; send less at once.',
      });
    }
    const text = await connect('eve');
    text.sendText('hello');
    expect(await text.closed).toMatchObject({ code: 4400 });
  });

  test('[SH2] a frame is refused for the length that it announces, also in fragments', async () => {
    await start();
    const good = await connect('ann');
    // FIN and binary, masked, 64 bits of length: a tebibyte, then more than a number holds; nothing follows.
    const announced = [1n << 40n, (1n << 63n) - 1n].map((length) => {
      const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
      header.writeBigUInt64BE(length, 2);
      return header;
    });
    // Binary without FIN, one byte; then a continuation of 32 MiB.
    const second = Buffer.from([0x80, 0xff, 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 3, 4]);
    const fragments = Buffer.concat([Buffer.from([0x02, 0x81, 0, 0, 0, 0, 7]), second]);
    for (const bytes of [...announced, fragments]) {
      const large = await connect('eve');
      large.sendRaw(bytes);
      const { code, reason } = await large.closed;
      expect(code).toBe(4400);
      expect(reason).toMatch(/^A message may have 33554432 bytes/);
    }
    expect(server.closes).toEqual([4400, 4400, 4400]);
    while (server.endpoint.stats().connections > 1) await new Promise(setImmediate);
    good.update(author().edit('a', 1));
    expect((await good.receipt(1)).status).toBe(0);
  });

  test('[SH3] too fast is 1013, with a bucket for honest bursts', async () => {
    await start({ frames: { burst: 50, perSecond: 1 } });
    const fast = await connect('eve');
    for (let i = 0; i < 40; i++) fast.send(3);
    await fast.settled();
    for (let i = 0; i < 40; i++) fast.send(3);
    expect(await fast.closed).toMatchObject({ code: 1013, reason: expect.stringMatching(/fast/) as string });
    const heavy = await startSyncProcess({
      databaseUrl: database.url,
      limits: { bytes: { burst: 5000, perSecond: 1 } },
    });
    try {
      const socket = await openSocket(heavy, spaceId, 'eve');
      for (let i = 0; i < 10; i++) socket.update(author().edit('a', 'x'.repeat(1000)));
      expect(await socket.closed).toMatchObject({ code: 1013 });
    } finally {
      await heavy.stop();
    }
  });

  test('[SH4] a reader that does not read is 1013, and the others go on', async () => {
    await start({ maxOutgoingBytes: 200_000 });
    const [ann, slow, ben] = [await connect('ann'), await connect('slow'), await connect('ben')];
    await slow.next('step1');
    slow.pauseReading();
    const { edit } = author();
    for (let i = 0; server.endpoint.stats().connections === 3 && i < 400; i++) {
      ann.update(edit(`k${i}`, 'x'.repeat(100_000)));
      await ann.settled();
      // The closing handshake waits behind what is not read: that the session has ended shows in the log of closes.
      if (server.closes.includes(1013)) break;
    }
    expect(server.closes).toContain(1013);
    ann.update(edit('last', 1));
    await ann.settled();
    ben.step1();
    await ben.next('step2');
    slow.terminate();
  });

  test('[SH4] asking for the state again and again without reading it is 1013', async () => {
    await start({ maxOutgoingBytes: 1_000_000 });
    const ann = await connect('ann');
    ann.update(author().edit('a', 'x'.repeat(2_000_000)));
    await ann.settled();
    const slow = await connect('slow');
    await slow.next('step1');
    slow.pauseReading();
    for (let i = 0; i < 20; i++) slow.step1();
    while (!server.closes.includes(1013)) await new Promise(setImmediate);
    slow.terminate();
  });

  test('[SH5] a state that is large is no slowness: a fresh client may take its time', async () => {
    await start({ maxOutgoingBytes: 100_000 });
    const ann = await connect('ann');
    const { edit } = author();
    for (let i = 0; i < 10; i++) ann.update(edit(`k${i}`, 'x'.repeat(100_000)));
    await ann.settled();
    const fresh = await connect('ben');
    fresh.step1();
    await fresh.next('step2');
    expect(server.closes).toEqual([]);
  });

  test('[SH6] new client ids and root names are bounded per connection and room', async () => {
    await start({ maxNewClientsPerSocket: 3, maxRootNames: 5 });
    const many = await connect('eve');
    for (let i = 0; i < 3; i++) many.update(author(100 + i).edit('a', i));
    expect((await many.receipt(1)).status).toBe(0);
    many.update(author(200).edit('a', 1));
    expect(await many.closed).toMatchObject({ code: 4400 });
    const roots = await connect('eve');
    const doc = new Y.Doc();
    const vector = Y.encodeStateVector(doc);
    for (let i = 0; i < 6; i++) doc.getMap(`root${i}`).set('a', 1);
    roots.update(Y.encodeStateAsUpdate(doc, vector));
    expect(await roots.closed).toMatchObject({ code: 4400 });
    // What was refused left no trace: the same client may begin anew.
    const after = await connect('ann');
    after.update(author(300).edit('b', 1));
    expect((await after.receipt(1)).status).toBe(0);
  });

  test('[SH7] awareness belongs to the socket that brought it', async () => {
    await start();
    const [ann, eve, ben] = [await connect('ann'), await connect('eve'), await connect('ben')];
    const state = (client: number, clock: number, json: string): Uint8Array => {
      const text = new TextEncoder().encode(json);
      return Buffer.concat([uint(1), uint(client), uint(clock), uint(text.length), text]);
    };
    const say = (socket: RawSocket, update: Uint8Array): void => socket.send(1, uint(update.length), update);
    say(ann, state(7, 1, '{"name":"Ann"}'));
    expect((await ben.next('awareness')).body).toEqual(new Uint8Array(state(7, 1, '{"name":"Ann"}')));
    say(eve, state(7, 99, '{"name":"not Ann"}'));
    say(eve, state(7, 99, 'null'));
    say(eve, state(8, 1, '{"name":"Eve"}'));
    expect((await ben.next('awareness')).body).toEqual(new Uint8Array(state(8, 1, '{"name":"Eve"}')));
    ann.close();
    expect((await ben.next('awareness')).body).toEqual(new Uint8Array(state(7, 2, 'null')));
    // A late echo of what was does not bring it back.
    say(eve, state(7, 1, '{"name":"Ann"}'));
    eve.close();
    expect((await ben.next('awareness')).body).toEqual(new Uint8Array(state(8, 2, 'null')));
  });

  test('[SH8] whatever a client sends, the server stays up, the log stays readable, and others are served', async () => {
    await start();
    const good = await connect('ann');
    const { doc, edit } = author();
    const valid = [
      ...[1, 2, 3].map((i) =>
        Buffer.concat([Uint8Array.of(0, 2), framed(author(i + 1000).edit('x', { v: i }))]),
      ),
      Buffer.concat([Uint8Array.of(0, 1), framed(Y.encodeStateAsUpdate(author(9).doc))]),
      Buffer.from([0, 0, 1, 0]),
      Buffer.concat([Uint8Array.of(1), framed(Uint8Array.of(1, 5, 1, 2, 0x7b, 0x7d))]),
      Buffer.from([100, 1]),
      Buffer.concat([
        Uint8Array.of(101),
        framed(Buffer.from('{"protocol":1,"device":{"id":"d","name":"n"},"clientIds":[1],"writing":null}')),
      ]),
      Buffer.from([103, 5]),
      Buffer.from([105, 1]),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.nat(valid.length - 1),
            fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
            fc.nat(300),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        fc.nat(1000),
        async (messages, round) => {
          const bad = await connect('eve');
          for (const [which, damage, cut] of messages) {
            const message = Buffer.from(valid[which] as Buffer);
            for (const [at, byte] of damage) message[at % message.length] = byte;
            bad.send(cut < 40 ? message.subarray(0, cut % message.length) : message);
          }
          good.update(edit('good', round));
          expect((await good.receipt(round)).status).toBe(0);
          bad.terminate();
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
    expect(server.log.filter((line) => line.level === 'error')).toEqual([]);
    const read = new Y.Doc();
    for (const row of await readLog(server.database, spaceId, 0, 10_000)) Y.applyUpdate(read, row.body);
    expect(read.getMap('tasks').get('good')).toEqual(doc.getMap('tasks').get('good'));
    expect(read.store.pendingStructs).toBeNull();
  });
});

function framed(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([uint(bytes.length), bytes]);
}
