/**
 * The two servers speak the same Yjs sync messages in two envelopes: Holdfast the plain y-websocket one (the
 * document is in the URL), Hocuspocus its own (the document's name before each message, and an authentication
 * message first). A dialect hides that; everything else of the bench is the same for both.
 */
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { MESSAGE, receiptFrame, SYNC } from '../../support/wire.ts';
import { clientFrame } from './fast-socket.ts';

export type DialectName = 'holdfast' | 'hocuspocus';

/** Where one document is to be found. */
export interface Endpoint {
  dialect: DialectName;
  /** http://host:port/path of the upgrade request */
  url: string;
  document: string;
  headers: Record<string, string>;
}

export type Incoming =
  | { kind: 'ready' }
  | { kind: 'step1' }
  | { kind: 'step2' | 'update'; update: Uint8Array }
  | { kind: 'receipt'; upTo: number; status: number }
  | { kind: 'saved'; status: number }
  | { kind: 'other' };

export interface Dialect {
  /** Frames to be sent before anything else; `ready` comes when they are taken. */
  readonly opening: Buffer[];
  readonly waitsForReady: boolean;
  frame(step: keyof typeof SYNC, body: Uint8Array): Buffer;
  /** Asks to be told when the server has taken everything sent so far; null where it tells so unasked. */
  receipt(ticket: number): Buffer | null;
  read(payload: Buffer): Incoming;
}

/** Hocuspocus' message types (server/src/types.ts of 4.7). */
const HOCUSPOCUS = { sync: 0, auth: 2, syncReply: 4, syncStatus: 8 } as const;

export function dialectFor(endpoint: Endpoint): Dialect {
  return endpoint.dialect === 'holdfast' ? holdfastDialect() : hocuspocusDialect(endpoint.document);
}

function holdfastDialect(): Dialect {
  return {
    opening: [],
    waitsForReady: false,
    frame: (step, body) => clientFrame(message(undefined, step, body)),
    receipt: (ticket) => clientFrame(receiptFrame(ticket)),
    read: (payload) => {
      const decoder = decoding.createDecoder(payload);
      const type = decoding.readVarUint(decoder);
      if (type === MESSAGE.sync) return readSync(decoder);
      if (type === MESSAGE.receipt) {
        const upTo = decoding.readVarUint(decoder);
        return { kind: 'receipt', upTo, status: decoding.readVarUint(decoder) };
      }
      return { kind: 'other' };
    },
  };
}

function hocuspocusDialect(document: string): Dialect {
  const nameLength = encoding.encode((encoder) => encoding.writeVarString(encoder, document)).length;
  return {
    opening: [
      clientFrame(
        encoding.encode((encoder) => {
          encoding.writeVarString(encoder, document);
          encoding.writeVarUint(encoder, HOCUSPOCUS.auth);
          encoding.writeVarUint(encoder, 0);
          encoding.writeVarString(encoder, 'bench');
          encoding.writeVarString(encoder, '4.7.0');
        }),
      ),
    ],
    waitsForReady: true,
    frame: (step, body) => clientFrame(message(document, step, body)),
    receipt: () => null,
    read: (payload) => {
      const decoder = decoding.createDecoder(payload);
      decoder.pos = nameLength;
      const type = decoding.readVarUint(decoder);
      if (type === HOCUSPOCUS.sync || type === HOCUSPOCUS.syncReply) return readSync(decoder);
      if (type === HOCUSPOCUS.auth) {
        const verdict = decoding.readVarUint(decoder);
        if (verdict !== 2) throw new Error(`Hocuspocus refused the connection to ${document} (${verdict})`);
        return { kind: 'ready' };
      }
      if (type === HOCUSPOCUS.syncStatus) {
        return { kind: 'saved', status: decoding.readVarUint(decoder) === 1 ? 0 : 1 };
      }
      return { kind: 'other' };
    },
  };
}

function readSync(decoder: decoding.Decoder): Incoming {
  const step = decoding.readVarUint(decoder);
  if (step === SYNC.step1) return { kind: 'step1' };
  return { kind: step === SYNC.step2 ? 'step2' : 'update', update: decoding.readVarUint8Array(decoder) };
}

function message(document: string | undefined, step: keyof typeof SYNC, body: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    if (document !== undefined) encoding.writeVarString(encoder, document);
    encoding.writeVarUint(encoder, MESSAGE.sync);
    encoding.writeVarUint(encoder, SYNC[step]);
    encoding.writeVarUint8Array(encoder, body);
  });
}
