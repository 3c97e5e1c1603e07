/**
 * A server in memory for the airplane lab: one space, which lives as long as the page shows it.
 *
 * Promise: it speaks what the real server speaks on a socket (docs/sync.md, sync-server/sync/): sync step 1 on both sides,
 * step 2, updates, receipts, hello, head, applied and devices. An update that does not continue what is known is not taken
 * but asked for anew; one that is taken is relayed to everyone but its sender, and a receipt comes after all that was sent
 * before it.
 *
 * Limits: nothing is stored, nobody is refused, and there is one person. What the real one does for many, for hostile clients
 * and for crashes is not here: the lab shows merging, not durability. Its frames are built by device/wire.ts, so that both
 * ends of the lab read what a device of the app reads.
 */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { EMPTY_UPDATE, MESSAGE, SYNC, numberFrame, syncFrame } from '../device/wire.ts';

/** What a device holds of its line. */
export interface Line {
  send(frame: Uint8Array): void;
  /** What is under way is lost, in both directions. */
  cut(): void;
}

export interface Relay {
  /** How many updates were taken. */
  readonly head: number;
  /** Takes what was there before anyone came. */
  begin(update: Uint8Array): void;
  connect(receive: (frame: Uint8Array) => void): Line;
  /** All that it holds. */
  state(): Uint8Array;
}

export interface RelayOptions {
  /** Milliseconds since 1970: the server's clock. */
  readonly now: () => number;
  /** Runs what it is given later, in order: how a frame travels. */
  readonly post: (run: () => void) => void;
}

interface Session {
  readonly send: (frame: Uint8Array) => void;
  device: { readonly id: string; readonly name: string } | null;
  applied: number;
  isConnected: boolean;
  seenAt: number;
}

export function createRelay({ now, post }: RelayOptions): Relay {
  const sessions = new Set<Session>();
  /** Of devices that were here and are gone, too. */
  const known = new Map<string, Session>();
  let held: Uint8Array = EMPTY_UPDATE;
  let head = 0;

  function receive(session: Session, frame: Uint8Array): void {
    const decoder = decoding.createDecoder(frame);
    session.seenAt = now();
    switch (decoding.readVarUint(decoder)) {
      case MESSAGE.sync: {
        const step = decoding.readVarUint(decoder);
        const content = decoding.readVarUint8Array(decoder);
        if (step === SYNC.step1) {
          session.send(syncFrame(SYNC.step2, Y.diffUpdate(held, content)));
          session.send(numberFrame(MESSAGE.head, head));
        } else take(session, content);
        return;
      }
      case MESSAGE.receipt:
        session.send(receiptFrame(decoding.readVarUint(decoder)));
        return;
      case MESSAGE.hello: {
        const { device } = JSON.parse(decoding.readVarString(decoder)) as {
          device: { id: string; name: string };
        };
        session.device = device;
        known.set(device.id, session);
        const answer = { epoch: 'lab', serverTime: now(), head, clocks: {}, refused: [], name: device.name };
        session.send(textFrame(MESSAGE.hello, answer));
        tellDevices();
        return;
      }
      case MESSAGE.applied:
        session.applied = decoding.readVarUint(decoder);
        tellDevices();
        return;
      default:
      // A message that it does not know is not for it.
    }
  }

  function take(from: Session, update: Uint8Array): void {
    if (update.length === EMPTY_UPDATE.length) return;
    if (!continues(held, update)) {
      from.send(syncFrame(SYNC.step1, Y.encodeStateVectorFromUpdate(held)));
      return;
    }
    held = Y.mergeUpdates([held, update]);
    head += 1;
    for (const session of sessions) {
      if (session !== from) session.send(syncFrame(SYNC.update, update));
      session.send(numberFrame(MESSAGE.head, head));
    }
  }

  function tellDevices(): void {
    const devices = [...known.values()].map(({ device, applied, seenAt, isConnected }) => ({
      ...device,
      applied,
      seenAt,
      connected: isConnected,
    }));
    for (const session of sessions) session.send(textFrame(MESSAGE.devices, { devices }));
  }

  return {
    get head() {
      return head;
    },
    begin(update) {
      held = Y.mergeUpdates([held, update]);
      head += 1;
    },
    connect(toDevice) {
      const carry = (deliver: () => void): void => {
        post(() => {
          if (session.isConnected) deliver();
        });
      };
      const session: Session = {
        send: (frame) => {
          carry(() => {
            toDevice(frame);
          });
        },
        device: null,
        applied: 0,
        isConnected: true,
        seenAt: now(),
      };
      sessions.add(session);
      session.send(syncFrame(SYNC.step1, Y.encodeStateVectorFromUpdate(held)));
      return {
        send: (frame) => {
          carry(() => {
            receive(session, frame);
          });
        },
        cut() {
          session.isConnected = false;
          sessions.delete(session);
          tellDevices();
        },
      };
    },
    state: () => held,
  };
}

/** Whether nothing is missing between what is held and the update. */
function continues(held: Uint8Array, update: Uint8Array): boolean {
  const vector = Y.decodeStateVector(Y.encodeStateVectorFromUpdate(held));
  return [...Y.parseUpdateMeta(update).from].every(([client, clock]) => clock <= (vector.get(client) ?? 0));
}

function receiptFrame(ticket: number): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, MESSAGE.receipt);
  encoding.writeVarUint(encoder, ticket);
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

function textFrame(type: number, content: object): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, type);
  encoding.writeVarString(encoder, JSON.stringify(content));
  return encoding.toUint8Array(encoder);
}
