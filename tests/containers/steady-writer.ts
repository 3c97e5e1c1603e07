/**
 * A device that goes on working while servers come and go under it: it edits, asks for receipts, and when its socket closes it
 * comes back, as the app does.
 *
 * Promise: its books say what was made, what was told durable, and how long it was away each time, from the close of a socket
 * to the server's answer on the next. Nothing is sent twice but what the server says it lacks.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { connectRawClient } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';

export interface SteadyWriter {
  readonly name: string;
  readonly doc: Y.Doc;
  readonly made: number;
  /** Edits that a receipt covers. */
  readonly told: number;
  /** For each time that it was away. */
  readonly absencesMs: readonly number[];
  readonly closeCodes: readonly number[];
  /** What was refused or should never happen. */
  readonly faults: readonly string[];
  /** Makes no further edits, sees the last receipt come in, and leaves. */
  finish(): Promise<void>;
}

export interface SteadyWriterOptions {
  readonly name: string;
  readonly url: string;
  readonly spaceId: string;
  readonly token: string;
}

const EDIT_EVERY_MS = 40;
/** The app begins at once and draws its waits from a growing range; this is near its first ones. */
const RETRY_MS = 150;
const FINISH_WITHIN_MS = 20_000;
const STAMP = Date.UTC(2026, 10, 1) * 1024;

export async function startSteadyWriter(options: SteadyWriterOptions): Promise<SteadyWriter> {
  const { name, spaceId, token } = options;
  const url = `${options.url.replace(/^http/, 'ws')}/sync/${spaceId}`;
  const doc = new Y.Doc();
  const by = doc.clientID.toString(36);
  const tasks = doc.getMap('tasks');
  const absencesMs: number[] = [];
  const closeCodes: number[] = [];
  const faults: string[] = [];
  let made = 0;
  let told = 0;
  let client: RawClient | undefined;
  let isFinishing = false;
  let closedAt: number | undefined;
  doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, { local }: Y.Transaction) => {
    if (local) client?.sendUpdate(update);
  });

  function edit(): void {
    const id = `${name}-${made}`;
    doc.transact(() => {
      tasks.set(`${id}/born`, { t: STAMP + made, by });
      tasks.set(`${id}/title@${by}`, { v: id, t: STAMP + made });
    });
    made += 1;
  }

  /** Resolves with whether everything that was made until now is durable. */
  async function confirm(asked: RawClient): Promise<boolean> {
    const upTo = made;
    try {
      const { status, text } = await asked.receipt();
      if (status !== 0) faults.push(`${name}: refused: ${text ?? ''}`);
      else told = Math.max(told, upTo);
      return status === 0;
    } catch {
      return false;
    }
  }

  async function connect(): Promise<RawClient> {
    for (;;) {
      try {
        const next = await connectRawClient({ url, token, doc });
        await Promise.all([next.synced, next.answered]);
        if (closedAt !== undefined) absencesMs.push(performance.now() - closedAt);
        closedAt = undefined;
        void next.closed.then(({ code }) => {
          client = undefined;
          closedAt = performance.now();
          closeCodes.push(code);
        });
        return next;
      } catch {
        if (isFinishing && closedAt !== undefined && performance.now() - closedAt > FINISH_WITHIN_MS) {
          throw new Error(`${name} could not come back within ${FINISH_WITHIN_MS} ms`);
        }
        await delay(RETRY_MS);
      }
    }
  }

  async function work(): Promise<void> {
    let confirming: Promise<unknown> = Promise.resolve();
    while (!isFinishing) {
      client ??= await connect();
      edit();
      const open = client;
      confirming = confirming.then(() => confirm(open));
      await delay(EDIT_EVERY_MS);
    }
    await confirming;
    while (told < made) {
      client ??= await connect();
      await confirm(client);
    }
    await client?.close();
  }

  client = await connect();
  const working = work();
  working.catch((error: unknown) => faults.push(`${name}: ${String(error)}`));
  return {
    name,
    doc,
    absencesMs,
    closeCodes,
    faults,
    get made() {
      return made;
    },
    get told() {
      return told;
    },
    finish: async () => {
      isFinishing = true;
      await working;
    },
  };
}
