/**
 * A simulated device of the airplane lab: a document of its own in memory, a clock that may be wrong, and a line to cut.
 *
 * Promise: the document is core's, with its commands, conflicts and undo; what it says of itself is a `SyncStatus` like that
 * of a real device and is counted in the same way: an edit waits until a receipt covers it.
 *
 * Limits: "stored on this device" means kept in memory, since nothing of the lab outlives its page; there is one tab and no
 * account.
 */

import { openDocument, type EpochMs, type HoldfastDocument } from '@holdfast/core/document.ts';
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import type { OtherDevice, SyncStatus } from '../device/status.ts';
import {
  MESSAGE,
  SYNC,
  helloFrame,
  numberFrame,
  readDevices,
  readHelloAnswer,
  readReceipt,
  syncFrame,
} from '../device/wire.ts';
import type { Line, Relay } from './relay.ts';

export interface LabDevice {
  readonly id: string;
  readonly name: string;
  readonly document: HoldfastDocument;
  readonly status: SyncStatus;
  readonly isJoined: boolean;
  /** What its clock shows, in milliseconds since 1970. */
  readonly now: number;
  /** How far its clock is ahead of the right time, in milliseconds; negative: behind. */
  clockOffsetMs: number;
  join(): void;
  cut(): void;
  subscribe(listener: () => void): () => void;
  close(): void;
}

export interface LabDeviceOptions {
  readonly id: string;
  readonly name: string;
  readonly relay: Relay;
  /** The right time. */
  readonly now: () => number;
  readonly random: () => number;
  /** What the device holds when it begins. */
  readonly from: Uint8Array;
}

const FROM_LINE = Symbol('from the line');
/** As of a real device: less is not worth telling. */
const MAX_SKEW_MS = 2 * 60_000;

export function createLabDevice({ id, name, relay, now, random, from }: LabDeviceOptions): LabDevice {
  const doc = new Y.Doc();
  doc.clientID = Math.floor(random() * 2 ** 32);
  Y.applyUpdate(doc, from, FROM_LINE);
  let clockOffsetMs = 0;
  const ownNow = (): EpochMs => (now() + clockOffsetMs) as EpochMs;
  const document = openDocument({ doc, now: ownNow, random, device: { id, name } });

  const listeners = new Set<() => void>();
  /** Edits that no receipt covers, oldest first. */
  let unsent: { readonly number: number; readonly at: EpochMs }[] = [];
  let made = 0;
  /** How many edits each ticket covers. */
  const tickets = new Map<number, number>();
  let lastTicket = 0;
  let line: Line | null = null;
  /** The server has said what it lacks, and was answered. */
  let hasAnswered = false;
  let isSynced = false;
  let seenBy: readonly OtherDevice[] = [];
  let skewMs: number | null = null;
  let head = 0;

  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== FROM_LINE) {
      made += 1;
      unsent.push({ number: made, at: ownNow() });
      if (line && hasAnswered) sendEdits(SYNC.update, update);
    }
    changed();
  });

  function sendEdits(step: 1 | 2, update: Uint8Array): void {
    lastTicket += 1;
    tickets.set(lastTicket, made);
    line?.send(syncFrame(step, update));
    line?.send(numberFrame(MESSAGE.receipt, lastTicket));
  }

  function sayHello(): void {
    line?.send(helloFrame({ protocol: 1, device: { id, name }, clientIds: [], writing: null }));
  }

  function receive(frame: Uint8Array): void {
    const decoder = decoding.createDecoder(frame);
    switch (decoding.readVarUint(decoder)) {
      case MESSAGE.sync: {
        const step = decoding.readVarUint(decoder);
        const content = decoding.readVarUint8Array(decoder);
        if (step === SYNC.step1) {
          // Receipts under way were for what is sent anew now.
          tickets.clear();
          hasAnswered = true;
          sendEdits(SYNC.step2, Y.encodeStateAsUpdate(doc, content));
        } else {
          if (step === SYNC.step2) isSynced = true;
          Y.applyUpdate(doc, content, FROM_LINE);
        }
        break;
      }
      case MESSAGE.receipt: {
        const { ticket } = readReceipt(decoder);
        const covered = tickets.get(ticket);
        tickets.delete(ticket);
        if (covered !== undefined) unsent = unsent.filter(({ number }) => number > covered);
        break;
      }
      case MESSAGE.hello: {
        const answer = readHelloAnswer(decoder);
        const skew = answer === null ? 0 : Math.round(answer.serverTime - ownNow());
        skewMs = Math.abs(skew) > MAX_SKEW_MS ? skew : null;
        break;
      }
      case MESSAGE.head:
        head = decoding.readVarUint(decoder);
        line?.send(numberFrame(MESSAGE.applied, head));
        break;
      case MESSAGE.devices:
        seenBy = (readDevices(decoder) ?? [])
          .filter((device) => device.id !== id)
          .map(({ id: other, name: called, applied, seenAt, connected }) => ({
            id: other,
            name: called,
            at: (seenAt + clockOffsetMs) as EpochMs,
            current: applied >= head,
            connected,
          }));
        break;
      default:
    }
    changed();
  }

  function changed(): void {
    for (const listener of [...listeners]) listener();
  }

  function cut(): void {
    line?.cut();
    line = null;
    hasAnswered = false;
    isSynced = false;
    tickets.clear();
    changed();
  }

  return {
    id,
    name,
    document,
    get status(): SyncStatus {
      return {
        storage: 'ok',
        connection: line === null ? 'offline' : isSynced && hasAnswered ? 'online' : 'connecting',
        ...(line === null ? { offlineReason: 'network' as const } : {}),
        unsaved: 0,
        waiting: unsent.length,
        oldestWaitingAt: unsent[0]?.at ?? null,
        saving: tickets.size > 0,
        seenBy,
        clockSkewMs: skewMs,
      };
    },
    get isJoined() {
      return line !== null;
    },
    get now() {
      return ownNow();
    },
    get clockOffsetMs() {
      return clockOffsetMs;
    },
    set clockOffsetMs(ms) {
      clockOffsetMs = ms;
      // Only the server can tell that a clock is wrong.
      sayHello();
      changed();
    },
    join() {
      if (line !== null) return;
      line = relay.connect(receive);
      sayHello();
      line.send(syncFrame(SYNC.step1, Y.encodeStateVector(doc)));
      changed();
    },
    cut,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      listeners.clear();
      cut();
      document.close();
      doc.destroy();
    },
  };
}
