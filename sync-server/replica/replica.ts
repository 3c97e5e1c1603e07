/**
 * One space's document, decoded: reads and commands for callers that have no document of their own.
 *
 * Promise: before each call it has taken everything that was given to it; a call that writes gives the update that
 * has to be committed, and none when nothing changed. Whoever holds it must forget it when such an update was not
 * committed: it holds what nobody else has.
 * Limits: it writes under the client id it is told at each call, which must be this replica's alone.
 */
import { LOCAL_ORIGIN, openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, HoldfastDocument } from '@holdfast/core/document.ts';
import * as Y from 'yjs';
import type { CallName, Caller, Calls, Outcome } from './calls.ts';
import { createNamed, editNamed, getNamed, listNamed, restoreNamed, trashNamed } from './named-calls.ts';
import {
  closeTask,
  createTask,
  deleteTask,
  editTask,
  getTask,
  listTasks,
  reopenTask,
  restoreTask,
  snoozeTask,
} from './task-calls.ts';

export interface ReplicaAnswer {
  readonly outcome: Outcome<unknown>;
  /** What the call wrote; null: nothing. */
  readonly update: Uint8Array | null;
}

/** Under which client id to write, and how far that id must have come; null: not known to this process yet. */
export interface WriteAs {
  readonly clientId: number;
  readonly clock: number | null;
}

/** The document does not hold what the client id is known to have written: it must not be written with. */
export class ClientIdUnfitError extends Error {
  override readonly name = 'ClientIdUnfitError';
}

const HANDLERS: { readonly [Name in CallName]: Handler<Name> } = {
  listTasks,
  getTask,
  createTask,
  editTask,
  deleteTask,
  closeTask,
  reopenTask,
  restoreTask,
  snoozeTask,
  listNamed,
  getNamed,
  createNamed,
  editNamed,
  trashNamed,
  restoreNamed,
};

type Handler<Name extends CallName> = (
  document: HoldfastDocument,
  input: Calls[Name]['input'],
  caller: Caller,
) => Outcome<Calls[Name]['value']>;

/** Named in conflicts and histories, beside people's devices. */
const DEVICE = { id: 'api', name: 'API' };

export class Replica {
  readonly #doc = new Y.Doc();
  #document: HoldfastDocument | null = null;
  #waiting: Uint8Array[];
  #caller: Caller = { nowMs: 0, timeZone: 'UTC' };

  constructor(updates: readonly Uint8Array[]) {
    this.#waiting = [...updates];
  }

  take(update: Uint8Array): void {
    this.#waiting.push(update);
  }

  run(name: CallName, input: unknown, caller: Caller, writeAs: WriteAs | null): ReplicaAnswer {
    this.#catchUp();
    this.#caller = caller;
    if (writeAs) this.#write(writeAs);
    const updates: Uint8Array[] = [];
    const collect = (update: Uint8Array, origin: unknown): void => {
      if (origin === LOCAL_ORIGIN) updates.push(update);
    };
    this.#doc.on('update', collect);
    try {
      const handler = HANDLERS[name] as (
        document: HoldfastDocument,
        input: unknown,
        caller: Caller,
      ) => Outcome<unknown>;
      const outcome = handler(this.#open(), input, caller);
      if (updates.length > 0 && !writeAs) throw new Error(`${name} wrote, though it only reads`);
      return { outcome, update: updates.length > 1 ? Y.mergeUpdates(updates) : (updates[0] ?? null) };
    } finally {
      this.#doc.off('update', collect);
    }
  }

  close(): void {
    this.#document?.close();
    this.#doc.destroy();
  }

  #catchUp(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#doc.transact(() => {
      for (const update of waiting) Y.applyUpdate(this.#doc, update, FROM_LOG);
    }, FROM_LOG);
  }

  /** After the first rows are in: an index that is made at once costs less than one that grows. */
  #open(): HoldfastDocument {
    return (this.#document ??= openDocument({
      doc: this.#doc,
      now: () => this.#caller.nowMs as EpochMs,
      random: Math.random,
      device: DEVICE,
      timeZone: () => this.#caller.timeZone,
    }));
  }

  #write({ clientId, clock }: WriteAs): void {
    if (clock !== null && Y.getState(this.#doc.store, clientId) !== clock) {
      throw new ClientIdUnfitError(`The document does not end where client ${clientId} does.`);
    }
    this.#doc.clientID = clientId;
  }
}

const FROM_LOG = Symbol('from the log');
