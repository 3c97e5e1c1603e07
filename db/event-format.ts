/**
 * What processes tell each other about spaces, and how a message of several such events looks.
 *
 * A message is JSON text: `[processKey, event, event, ...]`, the number being that of its sender (0: nobody in particular).
 * An event is `[kind, id]`, `[kind, id, seq]`, `[kind, id, 0, data in base64]` or `[kind, id, seq, 0, trace]`, its kind a position in KINDS.
 * Promise: whatever bytes arrive, reading them gives events or says that they are malformed; it never throws. A kind that is not
 * known here comes from a newer version and is passed over.
 */

/**
 * - head: the space has rows up to `seq`
 * - snapshot: there is a snapshot at `seq`
 * - clients: client ids were registered
 * - devices: a device came, went or made progress
 * - awareness: `data` is a y-protocols awareness update
 * - user: the memberships or sessions of the user `spaceId` (a user id here) changed
 * - hello: a process started listening
 * - notify: there is something new to tell the user `spaceId` (a user id here)
 * - plan: the preferences of the user `spaceId`, or what is to be sent to them, changed
 */
export interface SpaceEvent {
  readonly kind:
    'head' | 'snapshot' | 'clients' | 'devices' | 'awareness' | 'user' | 'hello' | 'notify' | 'plan';
  readonly spaceId: string;
  readonly seq?: number;
  readonly data?: Uint8Array;
  /** Of head: the traceparent of the edit that was committed last, where traces are on. */
  readonly trace?: string;
}

/** Only ever added to at the end: processes of two versions talk to each other during an update. */
const KINDS = [
  'head',
  'snapshot',
  'clients',
  'devices',
  'awareness',
  'user',
  'hello',
  'notify',
  'plan',
] as const;

/** Of a message that is read at all. What is sent is far smaller. */
const MAX_READ_LENGTH = 2 * 1024 * 1024;

export function encodeEvent(event: SpaceEvent): string {
  const item: unknown[] = [KINDS.indexOf(event.kind), event.spaceId];
  if (event.data) item.push(0, Buffer.from(event.data).toString('base64'));
  else if (event.seq !== undefined) item.push(event.seq);
  // After the place of `data`, where servers before this look for nothing.
  if (event.trace !== undefined && item.length === 3) item.push(0, event.trace);
  return JSON.stringify(item);
}

/** One message of one event, for who says a single thing. */
export function messageOf(processKey: number, event: SpaceEvent): string {
  return `[${processKey},${encodeEvent(event)}]`;
}

export interface PackedMessage {
  readonly text: string;
  readonly events: number;
}

/** As few messages as `maxBytes` (of UTF-8) allows. An event that does not fit by itself is left out and counted. */
export function packEvents(
  processKey: number,
  encoded: Iterable<string>,
  maxBytes: number,
): { readonly messages: readonly PackedMessage[]; readonly tooLarge: number } {
  const messages: PackedMessage[] = [];
  const start = `[${processKey}`;
  let text = start;
  let bytes = start.length;
  let events = 0;
  let tooLarge = 0;
  const finish = (): void => {
    if (events > 0) messages.push({ text: `${text}]`, events });
    text = start;
    bytes = start.length;
    events = 0;
  };
  for (const item of encoded) {
    // With its comma; one more for the bracket at the end.
    const size = Buffer.byteLength(item) + 1;
    if (start.length + size + 1 > maxBytes) {
      tooLarge++;
      continue;
    }
    if (bytes + size + 1 > maxBytes) finish();
    text += `,${item}`;
    bytes += size;
    events++;
  }
  finish();
  return { messages, tooLarge };
}

export type ReadMessage =
  | { readonly sender: number; readonly events: readonly SpaceEvent[]; readonly malformed: number }
  | { readonly sender: null; readonly malformed: 1 };

export function readMessage(text: string): ReadMessage {
  const bad = { sender: null, malformed: 1 } as const;
  if (text.length > MAX_READ_LENGTH) return bad;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return bad;
  }
  if (!Array.isArray(parsed) || !Number.isSafeInteger(parsed[0])) return bad;
  const events: SpaceEvent[] = [];
  let malformed = 0;
  for (const item of parsed.slice(1)) {
    const event = decodeEvent(item);
    if (event === 'malformed') malformed++;
    else if (event !== 'unknown') events.push(event);
  }
  return { sender: parsed[0] as number, events, malformed };
}

function decodeEvent(item: unknown): SpaceEvent | 'malformed' | 'unknown' {
  if (!Array.isArray(item)) return 'malformed';
  const [kindNumber, spaceId, seq, data, trace] = item as unknown[];
  if (!isCount(kindNumber) || typeof spaceId !== 'string') return 'malformed';
  const kind = KINDS[kindNumber];
  if (!kind) return 'unknown';
  if (seq !== undefined && !isCount(seq)) return 'malformed';
  if (data !== undefined && data !== 0 && typeof data !== 'string') return 'malformed';
  if (trace !== undefined && typeof trace !== 'string') return 'malformed';
  return {
    kind,
    spaceId,
    ...(seq === undefined ? {} : { seq }),
    ...(typeof data === 'string' ? { data: Buffer.from(data, 'base64') } : {}),
    ...(trace === undefined ? {} : { trace }),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
