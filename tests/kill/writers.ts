/**
 * Ten writers and the books that are kept of them, for the tests that kill a server or a database.
 *
 * Each writer is a Yjs replica on a raw socket. One edit is one transaction: it creates a task, writes a
 * counter register over its earlier value, and now and then deletes a field of an earlier task; then a receipt
 * is asked for. What counts as told: a receipt with status 0. What counts as received: that any other replica
 * holds it. Whether it is there afterwards is judged by content, in the document of a fresh client.
 *
 * No clock and no sleep: the moment of the kill is counted in receipts, and in turns of the event loop after.
 */
import * as Y from 'yjs';
import type { TestAccount } from '../support/account.ts';
import { connectRawClient, FROM_SERVER, type RawClient } from '../support/raw-client.ts';

export interface Writer {
  readonly name: string;
  readonly spaceId: string;
  readonly doc: Y.Doc;
  client: RawClient | undefined;
  /** Number of edits made, and the edits whose receipt said: committed. */
  made: number;
  readonly told: Set<number>;
}

export interface Crew {
  readonly writers: Writer[];
  /** Connects every writer, uploads what the server lacks, and resolves when all of it is durable. */
  connect(url: string): Promise<void>;
  /** Writes until `receipts` more have come in all, then resolves; the writing goes on until the sockets close. */
  writeUntil(receipts: number): Promise<void>;
  /** Makes no further edits; resolves when every receipt asked for has come or its socket has closed. */
  settle(): Promise<void>;
  /** Resolves when the other side has closed every socket; what was on its way is read first. */
  untilCutOff(): Promise<void>;
  /** Ends the sockets from this side, however they stand. */
  disconnect(): Promise<void>;
  /** What is missing or wrong in documents that fresh clients read; empty when nothing was lost. */
  missing(fresh: ReadonlyMap<string, Y.Doc>, which: 'told or received' | 'all'): string[];
  readonly toldCount: number;
  readonly receivedCount: number;
}

const WINDOW = 6;
const SEED_STAMP = Date.UTC(2026, 10, 1) * 1024;

export function createCrew(account: TestAccount, spaceIds: readonly string[], writersPerSpace: number): Crew {
  const writers: Writer[] = spaceIds.flatMap((spaceId, space) =>
    Array.from({ length: writersPerSpace }, (_, n) => ({
      name: `s${space}w${n}`,
      spaceId,
      doc: new Y.Doc(),
      client: undefined,
      made: 0,
      told: new Set<number>(),
    })),
  );
  for (const writer of writers) {
    writer.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== FROM_SERVER) writer.client?.sendUpdate(update);
    });
  }

  let stopped = true;
  let receipts = 0;
  let awaited: { receipts: number; resolve(): void; reject(error: Error): void } | undefined;
  let running: Promise<void>[] = [];

  const onReceipt = (): void => {
    receipts += 1;
    if (awaited !== undefined && receipts >= awaited.receipts) awaited.resolve();
  };

  async function run(writer: Writer): Promise<void> {
    const { client } = writer;
    if (client === undefined) throw new Error(`${writer.name} is not connected`);
    const open = new Set<Promise<void>>();
    let isClosed = false;
    void client.closed.then(() => {
      isClosed = true;
    });
    while (!stopped && !isClosed) {
      const edit = makeEdit(writer);
      const asked = client.receipt().then(
        ({ status, text }) => {
          if (status !== 0) throw new Error(`${writer.name}: edit ${edit} was refused: ${text ?? ''}`);
          for (let n = 0; n <= edit; n++) writer.told.add(n);
          onReceipt();
        },
        // The socket closed before: nothing was told.
        () => undefined,
      );
      open.add(asked);
      void asked.finally(() => open.delete(asked)).catch(() => undefined);
      if (open.size >= WINDOW) await Promise.race(open);
    }
    await Promise.all(open);
  }

  async function untilCutOff(): Promise<void> {
    stopped = true;
    for (const writer of writers) await writer.client?.closed;
    await Promise.all(running);
    for (const writer of writers) writer.client = undefined;
  }

  return {
    writers,
    connect: async (url) => {
      await Promise.all(
        writers.map(async (writer) => {
          const client = await connectRawClient({
            url: `${url.replace(/^http/, 'ws')}/sync/${writer.spaceId}`,
            token: account.token,
            doc: writer.doc,
          });
          await client.synced;
          await client.answered;
          const { status, text } = await client.receipt();
          if (status !== 0) throw new Error(`${writer.name} was refused: ${text ?? ''}`);
          for (let n = 0; n < writer.made; n++) writer.told.add(n);
          writer.client = client;
        }),
      );
    },
    writeUntil: (count) => {
      stopped = false;
      receipts = 0;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      awaited = { receipts: count, resolve, reject };
      running = writers.map((writer) => run(writer));
      // A writer that fails, or all of them being cut off, must not leave the test waiting.
      void Promise.all(running).then(
        () => reject(new Error(`All sockets closed after ${receipts} of ${count} receipts`)),
        reject,
      );
      if (count === 0) resolve();
      return promise;
    },
    settle: async () => {
      stopped = true;
      await Promise.all(running);
    },
    untilCutOff,
    disconnect: async () => {
      for (const writer of writers) writer.client?.terminate();
      await untilCutOff();
    },
    missing: (fresh, which) => {
      const faults: string[] = [];
      for (const writer of writers) {
        const doc = fresh.get(writer.spaceId);
        if (doc === undefined) throw new Error(`No fresh document of ${writer.spaceId}`);
        const received = receivedBy(writers, writer);
        for (let edit = 0; edit < writer.made; edit++) {
          const reason = writer.told.has(edit) ? 'told durable' : received.has(edit) ? 'received' : 'made';
          if (which === 'told or received' && reason === 'made') continue;
          const fault = faultOf(doc, writer, edit);
          if (fault !== undefined)
            faults.push(`${writer.name} edit ${edit} of ${writer.made} (${reason}): ${fault}`);
        }
      }
      return faults;
    },
    get toldCount() {
      return writers.reduce((sum, writer) => sum + writer.told.size, 0);
    },
    get receivedCount() {
      return writers.reduce((sum, writer) => sum + receivedBy(writers, writer).size, 0);
    },
  };
}

/** What a client that never was there before reads of each space. */
export async function readFresh(
  url: string,
  account: TestAccount,
  spaceIds: readonly string[],
): Promise<Map<string, Y.Doc>> {
  const documents = new Map<string, Y.Doc>();
  for (const spaceId of spaceIds) {
    const doc = new Y.Doc();
    const client = await connectRawClient({
      url: `${url.replace(/^http/, 'ws')}/sync/${spaceId}`,
      token: account.token,
      doc,
    });
    await client.synced;
    await client.close();
    documents.set(spaceId, doc);
  }
  return documents;
}

/** Lets the event loop turn this often: a moment that no clock measures. */
export async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
}

function makeEdit(writer: Writer): number {
  const edit = writer.made;
  const tasks = writer.doc.getMap('tasks');
  const by = writer.doc.clientID.toString(36);
  const t = SEED_STAMP + edit;
  writer.doc.transact(() => {
    tasks.set(`${writer.name}-${edit}/born`, { t, by });
    tasks.set(`${writer.name}-${edit}/title@${by}`, { v: `edit ${edit}`, t });
    tasks.set(`counter/title@${by}`, { v: edit, t });
    if (deletesAt(edit)) tasks.delete(`${writer.name}-${edit - 3}/title@${by}`);
  });
  writer.made += 1;
  return edit;
}

function deletesAt(edit: number): boolean {
  return edit % 5 === 4;
}

function faultOf(doc: Y.Doc, writer: Writer, edit: number): string | undefined {
  const tasks = doc.getMap('tasks');
  const by = writer.doc.clientID.toString(36);
  if (!tasks.has(`${writer.name}-${edit}/born`)) return 'the task is missing';
  const counter = tasks.get(`counter/title@${by}`) as { v: number } | undefined;
  if (counter === undefined || counter.v < edit) return `the counter stands at ${counter?.v ?? 'nothing'}`;
  if (deletesAt(edit) && tasks.has(`${writer.name}-${edit - 3}/title@${by}`)) return 'a deletion is missing';
  const title = tasks.get(`${writer.name}-${edit}/title@${by}`) as { v: string } | undefined;
  if (title !== undefined) return title.v === `edit ${edit}` ? undefined : `the title is ${title.v}`;
  const wasDeleted = deletesAt(edit + 3) && tasks.has(`${writer.name}-${edit + 3}/born`);
  return wasDeleted ? undefined : 'the title is missing';
}

function receivedBy(writers: readonly Writer[], author: Writer): Set<number> {
  const received = new Set<number>();
  for (const other of writers) {
    if (other === author || other.spaceId !== author.spaceId) continue;
    const tasks = other.doc.getMap('tasks');
    for (let edit = 0; edit < author.made; edit++) {
      if (tasks.has(`${author.name}-${edit}/born`)) received.add(edit);
    }
  }
  return received;
}
