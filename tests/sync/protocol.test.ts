/** The wire, frame by frame: what is relayed, confirmed, refused and closed, and with which words. */
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

beforeEach(async () => {
  database = await testDatabase();
  clock = manualClock();
  server = await startSyncProcess({ databaseUrl: database.url, clock });
  spaceId = await server.createSpace();
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  sockets = [];
  await server.stop();
  await database.drop();
});

async function connect(user: string | null, space = spaceId): Promise<RawSocket> {
  const socket = await openSocket(server, space, user);
  sockets.push(socket);
  return socket;
}

async function rows(): Promise<number> {
  return (await readLog(server.database, spaceId, 0, 10_000)).length;
}

describe('relay and receipts', () => {
  test('[SW1] an edit goes to everyone but its sender, once, as it was sent', async () => {
    const [ann, ben, cleo] = [await connect('ann'), await connect('ben'), await connect('cleo')];
    const update = author().edit('a', 1);
    ann.update(update);
    expect((await ben.next('update')).body).toEqual(update);
    expect((await cleo.next('update')).body).toEqual(update);
    await ann.settled();
    expect(ann.frames.filter((frame) => frame.kind === 'update')).toEqual([]);
  });

  test('[SW2] a receipt says that everything sent before it is in the database', async () => {
    const ann = await connect('ann');
    const { edit } = author();
    for (let i = 0; i < 25; i++) ann.update(edit(`k${i}`, i));
    expect(await ann.receipt(7)).toEqual({ kind: 'receipt', ticket: 7, status: 0, text: null });
    expect(await rows()).toBe(25);
  });

  test('[SW3] who never asks for a receipt never gets one, nor any other message of ours', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    await ben.hello({ protocol: 1, device: { id: 'd', name: 'Phone' }, clientIds: [], writing: null });
    const { edit } = author();
    ann.update(edit('a', 1));
    await ben.next('update');
    await ben.next('head');
    clock.advance(5000);
    ann.step1();
    await ann.next('step2');
    const kinds = new Set(ann.frames.map((frame) => frame.kind));
    expect([...kinds].filter((kind) => !['step1', 'step2', 'update', 'awareness'].includes(kind))).toEqual(
      [],
    );
  });

  test('[SW4] an update that is known already is confirmed and not stored again', async () => {
    const ann = await connect('ann');
    const { doc, edit } = author();
    const [first, second] = [edit('a', 1), edit('a', 2)];
    ann.update(first);
    ann.update(second);
    ann.update(first);
    ann.step2(Y.encodeStateAsUpdate(doc));
    await ann.settled();
    expect(await rows()).toBe(2);
  });

  test('[SW5] a client that returns with its whole delete set adds only what is new of it', async () => {
    const ann = await connect('ann');
    const { doc, edit } = author();
    for (let i = 0; i < 40; i++) ann.update(edit(`k${i % 3}`, i));
    ann.update(edit('k1', undefined));
    await ann.settled();
    const before = await rows();
    const ben = await connect('ben');
    ben.step2(Y.encodeStateAsUpdate(doc));
    await ben.settled();
    expect(await rows()).toBe(before);
    // Deletions alone move no state vector, and are edits all the same.
    edit('k2', undefined);
    ben.step2(Y.encodeStateAsUpdate(doc));
    await ben.settled();
    const log = await readLog(server.database, spaceId, before, 10);
    expect(log).toHaveLength(1);
    expect(log[0]?.body.length).toBeLessThan(20);
    const cleo = await connect('cleo');
    cleo.step1();
    await cleo.next('step2');
    const read = new Y.Doc();
    for (const frame of cleo.frames) if (frame.kind === 'update') Y.applyUpdate(read, frame.body);
    expect(read.getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
  });
});

describe('sync steps', () => {
  test('[SW6] a client that has nothing gets rows as they lie and an empty step 2 last', async () => {
    const ann = await connect('ann');
    const { edit } = author();
    const updates = [edit('a', 1), edit('b', 2)];
    for (const update of updates) ann.update(update);
    await ann.settled();
    const ben = await connect('ben');
    ben.step1();
    expect((await ben.next('step2')).body).toEqual(new Uint8Array([0, 0]));
    expect(ben.frames.flatMap((frame) => (frame.kind === 'update' ? [frame.body] : []))).toEqual(updates);
  });

  test('[SW7] a client that has a part gets the rest, deletions included', async () => {
    const ann = await connect('ann');
    const { doc, edit } = author();
    for (let i = 0; i < 10; i++) ann.update(edit(`k${i}`, i));
    await ann.settled();
    const part = new Y.Doc();
    Y.applyUpdate(part, Y.encodeStateAsUpdate(doc));
    for (let i = 0; i < 5; i++) ann.update(edit(`k${i}`, 'later'));
    ann.update(edit('k9', undefined));
    await ann.settled();
    const ben = await connect('ben');
    ben.step1(Y.encodeStateVector(part));
    await ben.next('step2');
    const sent = ben.frames.filter((frame) => frame.kind === 'update');
    expect(sent.length).toBeLessThan(16);
    for (const frame of sent) Y.applyUpdate(part, frame.body);
    expect(part.getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
    expect(Y.encodeStateVector(part)).toEqual(Y.encodeStateVector(doc));
  });

  test('[SW8] an update with a gap is not stored; the client is asked for all, and nothing is lost', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    const { doc, edit } = author();
    ann.update(edit('a', 1));
    await ann.next('step1');
    edit('b', 2);
    ann.update(edit('c', 3));
    const asked = await ann.next('step1');
    const later = edit('d', 4);
    ann.update(later);
    const receipt = ann.receipt(1);
    ann.step2(Y.encodeStateAsUpdate(doc, asked.body));
    expect((await receipt).status).toBe(0);
    // Asked once: what came meanwhile was not looked at.
    expect(ann.frames.filter((frame) => frame.kind === 'step1')).toHaveLength(2);
    const read = new Y.Doc();
    for (const row of await readLog(server.database, spaceId, 0, 10)) Y.applyUpdate(read, row.body);
    expect(read.getMap('tasks').toJSON()).toEqual({ a: 1, b: 2, c: 3, d: 4 });
    expect(read.store.pendingStructs).toBeNull();
    await ben.settled();
  });

  test('[SW9] an update that refers to what nobody sent is a gap; what does not is taken all the same', async () => {
    const ann = await connect('ann');
    const elsewhere = author(111);
    const mine = author(222);
    Y.applyUpdate(mine.doc, elsewhere.edit('x', 1));
    mine.edit('own', 1);
    const onTop = mine.edit('x', 2);
    ann.update(onTop);
    await ann.next('step1');
    const asked = await ann.next('step1');
    // The client answers, but leaves out the other client's structs.
    const all = Y.encodeStateAsUpdate(mine.doc, asked.body);
    const without = Y.diffUpdate(all, Y.encodeStateVector(elsewhere.doc));
    ann.step2(without);
    const receipt = await ann.receipt(5);
    expect(receipt.status).toBe(1);
    expect(receipt.text).toMatch(/missing here/);
    const read = new Y.Doc();
    for (const row of await readLog(server.database, spaceId, 0, 10)) Y.applyUpdate(read, row.body);
    expect(read.store.pendingStructs).toBeNull();
    expect(read.getMap('tasks').toJSON()).toEqual({ own: 1 });
  });

  test('[SW10] the content hash is that of the content, and the same for whoever holds it', async () => {
    const { contentHash } = await import('@holdfast/core/canonical.ts');
    const ann = await connect('ann');
    const { doc, edit } = author();
    ann.update(edit('a', { v: 1, t: 2 }));
    await ann.settled();
    ann.send(105, 9);
    const answer = await ann.next('hash');
    expect(answer).toEqual({ kind: 'hash', ticket: 9, seq: 1, hash: await contentHash(doc) });
  });
});

describe('who may', () => {
  test('[SP1] who is not signed in gets 4401, who is no member 4403, after the upgrade, with a reason', async () => {
    server.roles.set('eve', null);
    expect(await (await connect(null)).closed).toEqual({ code: 4401, reason: 'Sign in.' });
    expect(await (await connect('eve')).closed).toMatchObject({ code: 4403 });
    expect(await (await connect('ann', 'no-uuid')).closed).toMatchObject({ code: 4403 });
    expect(await (await connect('ann', crypto.randomUUID())).closed).toMatchObject({ code: 4403 });
  });

  test('[SP2] a viewer reads on while its edits are refused by receipt', async () => {
    server.roles.set('vic', 'viewer');
    const [ann, vic] = [await connect('ann'), await connect('vic')];
    vic.update(author().edit('mine', 1));
    const receipt = await vic.receipt(1);
    expect(receipt.status).toBe(1);
    expect(receipt.text).toMatch(/not change/);
    expect((await vic.receipt(2)).status).toBe(0);
    ann.update(author().edit('a', 1));
    await vic.next('update');
    expect(await rows()).toBe(1);
  });

  test('[SP3] a session that ends closes its socket at once when told, and within a minute when not', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    await Promise.all([ann.next('step1'), ben.next('step1')]);
    server.signedOut.add('ann');
    server.endpoint.revalidate('ann');
    expect(await ann.closed).toMatchObject({ code: 4401 });
    server.roles.set('ben', null);
    for (let minute = 0; minute < 2; minute++) {
      clock.advance(35_000);
      ben.send(3);
      ben.step1();
      await ben.next('step2').catch(() => undefined);
    }
    expect(await ben.closed).toMatchObject({ code: 4403 });
  });

  test('[SP4] a member who becomes a viewer may not write any more', async () => {
    const ann = await connect('ann');
    const { edit } = author();
    ann.update(edit('a', 1));
    await ann.settled();
    server.roles.set('ann', 'viewer');
    server.endpoint.revalidate('ann');
    ann.step1();
    await ann.next('step2');
    ann.update(edit('b', 2));
    expect((await ann.receipt(1)).status).toBe(1);
  });
});

describe('the life of a socket', () => {
  test('[SL1] a silent socket is sent something every 15 s, and one that answers nothing is dropped', async () => {
    const ann = await connect('ann');
    await ann.next('step1');
    clock.advance(20_000);
    expect((await ann.next('awareness')).body).toEqual(new Uint8Array([0]));
    const mute = await connect('mute');
    await mute.next('step1');
    mute.pauseReading();
    for (let i = 0; i < 4; i++) {
      clock.advance(20_000);
      ann.step1();
      await ann.next('step2');
    }
    mute.resumeReading();
    expect(await mute.closed).toMatchObject({ code: 1006 });
    expect(server.endpoint.stats().connections).toBe(1);
  });

  test('[SL2] a drain commits and confirms what was sent, then says 1012', async () => {
    const [ann, ben] = [await connect('ann'), await connect('ben')];
    await ann.next('step1');
    const { edit } = author();
    ann.update(edit('a', 1));
    const receipt = ann.receipt(1);
    await ben.next('update');
    const drained = server.endpoint.drain();
    expect((await receipt).status).toBe(0);
    expect(await ann.closed).toMatchObject({ code: 1012 });
    await drained;
    expect(await (await connect('late')).closed).toMatchObject({ code: 1012 });
  });

  test('[SL3] an idle room is put away, and what it held is there again', async () => {
    const ann = await connect('ann');
    ann.update(author().edit('a', 1));
    await ann.settled();
    ann.close();
    await ann.closed;
    expect(server.endpoint.stats().rooms).toBe(1);
    for (let i = 0; i < 20 && server.endpoint.stats().rooms > 0; i++) clock.advance(10_000);
    expect(server.endpoint.stats().rooms).toBe(0);
    const ben = await connect('ben');
    ben.step1();
    await ben.next('step2');
    expect(ben.frames.filter((frame) => frame.kind === 'update')).toHaveLength(1);
  });
});
