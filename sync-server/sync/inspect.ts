/**
 * Reads the structure of a Yjs update (encoding V1) without building anything of it.
 *
 * Promise: one walk over the bytes tells which clocks of which clients the update carries, what it refers
 * to, where its delete set begins, and whether Yjs could read it at all; whatever Yjs would choke on, or
 * would answer with memory or time out of proportion, is an `UpdateRefusedError`. No number in the update
 * causes an allocation: each struct, range, key and value must be paid for with bytes that are there.
 * Limits: structure only. Whether a struct fits into the document (its parent exists, a type is used as
 * what it is) shows when it is applied; compaction sets such rows aside. The depth of nested types is exact
 * within one update; across updates it is followed through `nesting` as far as that reaches.
 * Why not Y.parseUpdateMeta: it takes about 20 us for a small update, because it builds every struct, and it
 * trusts every length. This walk takes about one, and every edit of every client passes through it.
 * Source: yjs 13.6, src/utils/encoding.js, updates.js, DeleteSet.js, structs/*; lib0 src/decoding.js.
 */

export interface InspectionLimits {
  readonly maxStructs: number;
  /** Clients that one update may carry structs or deletions of. */
  readonly maxClients: number;
  /** How far one update may move the clock of one client. */
  readonly maxClockAdvance: number;
  readonly maxDeleteRanges: number;
  readonly maxRootNameBytes: number;
  /** Distinct root names within one update. */
  readonly maxRoots: number;
  readonly maxKeyBytes: number;
  /** Depth of arrays and objects within one value. */
  readonly maxValueDepth: number;
  /** Depth of shared types within shared types. */
  readonly maxTypeDepth: number;
  /** Structs of one update that claim the same place: Yjs resolves these in quadratic time. */
  readonly maxSamePlace: number;
}

export const INSPECTION_LIMITS: InspectionLimits = {
  maxStructs: 2_000_000,
  maxClients: 20_000,
  maxClockAdvance: 2 ** 27,
  maxDeleteRanges: 500_000,
  maxRootNameBytes: 256,
  maxRoots: 64,
  maxKeyBytes: 1024,
  maxValueDepth: 64,
  maxTypeDepth: 100,
  maxSamePlace: 256,
};

/** For what is stored already: it passed its limits when it came, and a snapshot may be larger than any update. */
export const NO_INSPECTION_LIMITS: InspectionLimits = {
  maxStructs: Infinity,
  maxClients: Infinity,
  maxClockAdvance: Infinity,
  maxDeleteRanges: Infinity,
  maxRootNameBytes: Infinity,
  maxRoots: Infinity,
  maxKeyBytes: Infinity,
  maxValueDepth: 1000,
  maxTypeDepth: Infinity,
  maxSamePlace: Infinity,
};

/** The update cannot be taken; the message says why, in words that may be shown to the client. */
export class UpdateRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UpdateRefusedError';
  }
}

/** Depths of nested types that updates taken earlier made; the key is `client:clock`. Absent means 1. */
export type NestingIndex = ReadonlyMap<string, number>;

/**
 * The walker. It is reused for every update: what its fields say holds until the next `inspect`.
 * Lists are parallel arrays of which the first `...Count` places are meant, so that no update costs objects.
 */
export class UpdateInspector {
  /** Runs of clocks that the update carries: `[segmentFrom, segmentTo)` of `segmentClient`. */
  segmentCount = 0;
  readonly segmentClient: number[] = [];
  readonly segmentFrom: number[] = [];
  readonly segmentTo: number[] = [];
  /** The highest clock of each client that structs of other clients refer to. */
  referenceCount = 0;
  readonly referenceClient: number[] = [];
  readonly referenceClock: number[] = [];
  /** For each client with deletions: one past the highest clock that is deleted. */
  deletionCount = 0;
  readonly deletionClient: number[] = [];
  readonly deletionEnd: number[] = [];
  deleteRanges = 0;
  structCount = 0;
  /** Where the delete set begins, and where the update ends, in the bytes that were given. */
  deleteSetOffset = 0;
  end = 0;
  /** Hashes of the root names that occur. */
  readonly roots = new Set<number>();
  /** Types within types that the update makes, by `client:clock`, and how deep they stand. */
  readonly nestedTypes: string[] = [];
  readonly nestedDepths: number[] = [];

  readonly #limits: InspectionLimits;
  readonly #referenceIndex = new Map<number, number>();
  #places: Uint16Array | null = null;
  #counting = false;
  readonly #depthOfItem = new Map<string, number>();
  #bytes: Uint8Array = EMPTY;
  #pos = 0;
  #nesting: NestingIndex | null = null;
  #lastRoot = 0;

  constructor(limits: InspectionLimits = INSPECTION_LIMITS) {
    this.#limits = limits;
  }

  /** Walks `bytes` from `start` to `end`, which must be one whole update. Throws UpdateRefusedError. */
  inspect(bytes: Uint8Array, start = 0, end = bytes.length, nesting: NestingIndex | null = null): void {
    this.#bytes = bytes;
    this.#pos = start;
    this.end = end;
    this.#nesting = nesting;
    this.segmentCount = 0;
    this.referenceCount = 0;
    this.deletionCount = 0;
    this.deleteRanges = 0;
    this.structCount = 0;
    this.#lastRoot = 0;
    this.#counting = false;
    if (this.roots.size > 0) this.roots.clear();
    if (this.nestedTypes.length > 0) {
      this.nestedTypes.length = 0;
      this.nestedDepths.length = 0;
    }
    if (this.#referenceIndex.size > 0) this.#referenceIndex.clear();
    if (this.#depthOfItem.size > 0) this.#depthOfItem.clear();
    try {
      this.#structs();
      this.deleteSetOffset = this.#pos;
      this.#deleteSet();
      if (this.#pos !== end) throw new UpdateRefusedError(`${end - this.#pos} bytes follow the update`);
    } finally {
      // The bytes belong to a socket's buffer: holding on to them would keep it alive.
      this.#bytes = EMPTY;
      this.#nesting = null;
    }
  }

  #structs(): void {
    const limits = this.#limits;
    const clients = this.#varUint();
    if (clients > limits.maxClients)
      throw new UpdateRefusedError(`structs of ${clients} clients in one update`);
    let descending = true;
    let previous = Infinity;
    for (let i = 0; i < clients; i++) {
      const count = this.#varUint();
      const client = this.#varUint();
      const from = this.#varUint();
      if (count === 0) throw new UpdateRefusedError('a client without structs');
      // Two bytes are the least that a struct takes; a larger count is a lie, whatever follows.
      if (count > (this.end - this.#pos) / 2)
        throw new UpdateRefusedError('more structs announced than sent');
      this.structCount += count;
      if (this.structCount > limits.maxStructs)
        throw new UpdateRefusedError('too many structs in one update');
      // Yjs writes clients in descending order; only what does not keep to it pays for the check.
      if (client >= previous) descending = false;
      if (!descending) this.#refuseSecondBlock(client);
      previous = client;
      this.#structsOfClient(client, from, count);
    }
  }

  #refuseSecondBlock(client: number): void {
    for (let i = 0; i < this.segmentCount; i++) {
      if (this.segmentClient[i] === client) throw new UpdateRefusedError('one client occurs twice');
    }
  }

  #structsOfClient(client: number, from: number, count: number): void {
    const bytes = this.#bytes;
    const limits = this.#limits;
    let clock = from;
    let segmentFrom = from;
    for (let i = 0; i < count; i++) {
      if (this.#pos >= this.end) throw tooShort();
      const info = bytes[this.#pos++] as number;
      if (info === SKIP || info === GC) {
        const length = this.#varUint();
        if (length === 0) throw new UpdateRefusedError('a struct of length 0');
        if (info === SKIP) {
          if (clock > segmentFrom) this.#segment(client, segmentFrom, clock);
          segmentFrom = clock + length;
        }
        clock += length;
      } else {
        clock += this.#item(info, client, clock);
      }
      if (clock - from > limits.maxClockAdvance) {
        throw new UpdateRefusedError(`the clock of client ${client} would jump by ${clock - from}`);
      }
    }
    if (clock > Number.MAX_SAFE_INTEGER) throw new UpdateRefusedError('a clock beyond all bounds');
    if (clock > segmentFrom) this.#segment(client, segmentFrom, clock);
  }

  #segment(client: number, from: number, to: number): void {
    const i = this.segmentCount++;
    this.segmentClient[i] = client;
    this.segmentFrom[i] = from;
    this.segmentTo[i] = to;
  }

  /** One item; returns its length in clocks. */
  #item(info: number, client: number, clock: number): number {
    const content = info & 31;
    let place = 0;
    let parentDepth = 0;
    if ((info & HAS_ORIGIN) !== 0) {
      const originClient = this.#varUint();
      const originClock = this.#varUint();
      if (originClient !== client || originClock >= clock) this.#reference(originClient, originClock, client);
      place = (Math.imul(originClient, 0x9e3779b1) ^ Math.imul(originClock + 1, 0x85ebca6b)) | 0;
      if (this.#depthOfItem.size > 0)
        parentDepth = this.#depthOfItem.get(`${originClient}:${originClock}`) ?? 0;
    }
    if ((info & HAS_RIGHT_ORIGIN) !== 0) {
      const rightClient = this.#varUint();
      const rightClock = this.#varUint();
      if (rightClient !== client || rightClock >= clock) this.#reference(rightClient, rightClock, client);
      place = (place ^ Math.imul(rightClient, 0xc2b2ae35) ^ Math.imul(rightClock + 1, 0x27d4eb2f)) | 0;
      if (parentDepth === 0 && this.#depthOfItem.size > 0) {
        parentDepth = this.#depthOfItem.get(`${rightClient}:${rightClock}`) ?? 0;
      }
    }
    if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) {
      if (this.#varUint() === 1) {
        place = this.#rootName();
      } else {
        const parentClient = this.#varUint();
        const parentClock = this.#varUint();
        if (parentClient !== client || parentClock >= clock)
          this.#reference(parentClient, parentClock, client);
        place = (Math.imul(parentClient, 0x165667b1) ^ Math.imul(parentClock + 1, 0x9e3779b1)) | 0;
        const key = `${parentClient}:${parentClock}`;
        parentDepth = this.#depthOfItem.get(key) ?? this.#nesting?.get(key) ?? 1;
      }
      if ((info & HAS_PARENT_SUB) !== 0) place = this.#key(place);
    }
    if (this.structCount > this.#limits.maxSamePlace) this.#countPlace(place);
    const length = this.#content(content);
    if (length === 0) throw new UpdateRefusedError('a struct of length 0');
    if (parentDepth > 0) this.#nested(content, client, clock, length, parentDepth);
    return length;
  }

  /**
   * Buckets instead of exact places: an honest update spreads over all of them, one that aims at one place
   * fills one. The allowance grows with the average, so that size alone never refuses anything.
   */
  #countPlace(place: number): void {
    const mixed = Math.imul(place ^ (place >>> 15), 0x2c1b3c6d);
    const bucket = (mixed ^ (mixed >>> 13)) & 0xffff;
    if (!this.#places) this.#places = new Uint16Array(1 << 16);
    else if (!this.#counting) this.#places.fill(0);
    this.#counting = true;
    const count = (this.#places[bucket] as number) + 1;
    if (count > this.#limits.maxSamePlace + (this.structCount >>> 10)) {
      throw new UpdateRefusedError('too many structs at one place');
    }
    this.#places[bucket] = count;
  }

  #nested(content: number, client: number, clock: number, length: number, parentDepth: number): void {
    const isType = content === CONTENT_TYPE;
    if (isType) {
      const depth = parentDepth + 1;
      if (depth > this.#limits.maxTypeDepth) throw new UpdateRefusedError(`types nested ${depth} deep`);
      const key = `${client}:${clock}`;
      this.#depthOfItem.set(key, depth);
      this.nestedTypes.push(key);
      this.nestedDepths.push(depth);
      return;
    }
    // Neighbours written later in this update name only their neighbour, not their parent. A type's own
    // entry means its depth, so neighbours of a type are one off, on the safe side.
    this.#depthOfItem.set(`${client}:${clock + length - 1}`, parentDepth);
    if (length > 1) this.#depthOfItem.set(`${client}:${clock}`, parentDepth);
  }

  /** Content by its number; returns the length of the item. */
  #content(content: number): number {
    switch (content) {
      case 1: // deleted
        return this.#varUint();
      case 2: {
        const count = this.#varUint();
        if (count > this.end - this.#pos) throw tooShort();
        for (let i = 0; i < count; i++) this.#json(true);
        return count;
      }
      case 3: // binary
        this.#skipBytes(this.#varUint());
        return 1;
      case 4: {
        const bytes = this.#varUint();
        return this.#utf16Length(bytes);
      }
      case 5: // embed
        this.#json(false);
        return 1;
      case 6: // format
        this.#text(this.#limits.maxKeyBytes);
        this.#json(false);
        return 1;
      case CONTENT_TYPE: {
        const type = this.#varUint();
        if (type > 6) throw new UpdateRefusedError(`an unknown type ${type}`);
        if (type === 3 || type === 5) this.#text(this.#limits.maxKeyBytes);
        return 1;
      }
      case 8: {
        const count = this.#varUint();
        if (count > this.end - this.#pos) throw tooShort();
        for (let i = 0; i < count; i++) this.#any(0);
        return count;
      }
      case 9: {
        // A subdocument: its guid and its options, of which Yjs requires an object.
        this.#text(this.#limits.maxKeyBytes);
        if (this.#bytes[this.#pos] !== 118) throw new UpdateRefusedError('a subdocument without options');
        this.#any(0);
        return 1;
      }
      default:
        throw new UpdateRefusedError(`an unknown content ${content}`);
    }
  }

  #any(depth: number): void {
    if (this.#pos >= this.end) throw tooShort();
    const kind = this.#bytes[this.#pos++] as number;
    switch (kind) {
      case 127:
      case 126:
      case 121:
      case 120:
        return;
      case 125:
        this.#varInt();
        return;
      case 124:
        this.#skipBytes(4);
        return;
      case 123:
      case 122:
        this.#skipBytes(8);
        return;
      case 119:
        this.#utf16Length(this.#varUint());
        return;
      case 118: {
        if (depth >= this.#limits.maxValueDepth) throw new UpdateRefusedError('a value nested too deep');
        const count = this.#varUint();
        if (count > (this.end - this.#pos) / 2) throw tooShort();
        for (let i = 0; i < count; i++) {
          const length = this.#varUint();
          const at = this.#pos;
          this.#utf16Length(length);
          if (length === 9 && isProto(this.#bytes, at)) throw new UpdateRefusedError('a key __proto__');
          this.#any(depth + 1);
        }
        return;
      }
      case 117: {
        if (depth >= this.#limits.maxValueDepth) throw new UpdateRefusedError('a value nested too deep');
        const count = this.#varUint();
        if (count > this.end - this.#pos) throw tooShort();
        for (let i = 0; i < count; i++) this.#any(depth + 1);
        return;
      }
      case 116:
        this.#skipBytes(this.#varUint());
        return;
      default:
        throw new UpdateRefusedError(`an unknown value ${kind}`);
    }
  }

  /** A JSON text. Yjs parses it when it reads the struct, so it must parse. */
  #json(allowUndefined: boolean): void {
    const length = this.#varUint();
    const at = this.#pos;
    this.#utf16Length(length);
    const maxDepth = this.#limits.maxValueDepth;
    let depth = 0;
    let inString = false;
    for (let i = at; i < this.#pos; i++) {
      const byte = this.#bytes[i] as number;
      if (inString) {
        if (byte === 0x5c) i++;
        else if (byte === 0x22) inString = false;
      } else if (byte === 0x22) inString = true;
      else if (byte === 0x5b || byte === 0x7b) {
        if (++depth > maxDepth) throw new UpdateRefusedError('a value nested too deep');
      } else if (byte === 0x5d || byte === 0x7d) depth--;
    }
    const text = decoder.decode(this.#bytes.subarray(at, this.#pos));
    if (allowUndefined && text === 'undefined') return;
    try {
      JSON.parse(text);
    } catch {
      throw new UpdateRefusedError('a value that is no JSON');
    }
  }

  #deleteSet(): void {
    const limits = this.#limits;
    const clients = this.#varUint();
    if (clients > limits.maxClients)
      throw new UpdateRefusedError(`deletions of ${clients} clients in one update`);
    for (let i = 0; i < clients; i++) {
      const client = this.#varUint();
      const count = this.#varUint();
      if (count > (this.end - this.#pos) / 2) throw tooShort();
      this.deleteRanges += count;
      if (this.deleteRanges > limits.maxDeleteRanges)
        throw new UpdateRefusedError('too many deletions in one update');
      let highest = 0;
      for (let j = 0; j < count; j++) {
        const clock = this.#varUint();
        const length = this.#varUint();
        if (length === 0) throw new UpdateRefusedError('a deletion of length 0');
        if (clock + length > Number.MAX_SAFE_INTEGER)
          throw new UpdateRefusedError('a clock beyond all bounds');
        if (clock + length > highest) highest = clock + length;
      }
      if (count === 0) continue;
      const at = this.deletionCount++;
      this.deletionClient[at] = client;
      this.deletionEnd[at] = highest;
    }
  }

  #reference(client: number, clock: number, from: number): void {
    if (client === from)
      throw new UpdateRefusedError('a struct that refers to a later one of its own client');
    const count = this.referenceCount;
    if (count > 0 && count <= 8) {
      for (let i = 0; i < count; i++) {
        if (this.referenceClient[i] !== client) continue;
        if (clock > (this.referenceClock[i] as number)) this.referenceClock[i] = clock;
        return;
      }
    } else if (count > 8) {
      const at = this.#referenceIndex.get(client);
      if (at !== undefined) {
        if (clock > (this.referenceClock[at] as number)) this.referenceClock[at] = clock;
        return;
      }
    }
    this.referenceClient[count] = client;
    this.referenceClock[count] = clock;
    this.referenceCount = count + 1;
    if (count === 8)
      for (let i = 0; i < 8; i++) this.#referenceIndex.set(this.referenceClient[i] as number, i);
    if (count >= 8) this.#referenceIndex.set(client, count);
  }

  #rootName(): number {
    const hash = this.#text(this.#limits.maxRootNameBytes);
    if (hash !== this.#lastRoot) {
      this.#lastRoot = hash;
      this.roots.add(hash);
      if (this.roots.size > this.#limits.maxRoots)
        throw new UpdateRefusedError('too many root names in one update');
    }
    return hash;
  }

  #key(place: number): number {
    return (Math.imul(place, 31) ^ this.#text(this.#limits.maxKeyBytes)) | 0;
  }

  /** A short text; returns a hash of its bytes. */
  #text(maxBytes: number): number {
    const length = this.#varUint();
    if (length > maxBytes) throw new UpdateRefusedError(`a name of ${length} bytes`);
    const at = this.#pos;
    this.#utf16Length(length);
    let hash = 0x811c9dc5;
    for (let i = at; i < this.#pos; i++) hash = Math.imul(hash ^ (this.#bytes[i] as number), 0x01000193);
    return hash | 0;
  }

  #skipBytes(length: number): void {
    if (length > this.end - this.#pos) throw tooShort();
    this.#pos += length;
  }

  /** Passes over `length` bytes of UTF-8, which must be valid, and returns how long they are in UTF-16. */
  #utf16Length(length: number): number {
    if (length > this.end - this.#pos) throw tooShort();
    const bytes = this.#bytes;
    const end = this.#pos + length;
    let i = this.#pos;
    while (i < end && (bytes[i] as number) < 0x80) i++;
    let units = i - this.#pos;
    while (i < end) {
      const lead = bytes[i] as number;
      let more: number;
      let least: number;
      if (lead < 0x80) {
        i++;
        units++;
        continue;
      } else if (lead >= 0xc2 && lead < 0xe0) {
        more = 1;
        least = 0x80;
      } else if (lead >= 0xe0 && lead < 0xf0) {
        more = 2;
        least = lead === 0xe0 ? 0xa0 : 0x80;
      } else if (lead >= 0xf0 && lead < 0xf5) {
        more = 3;
        least = lead === 0xf0 ? 0x90 : 0x80;
      } else throw notText();
      if (i + more >= end) throw notText();
      const second = bytes[i + 1] as number;
      const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      if (second < least || second > most) throw notText();
      for (let j = 2; j <= more; j++) if (((bytes[i + j] as number) & 0xc0) !== 0x80) throw notText();
      units += more === 3 ? 2 : 1;
      i += more + 1;
    }
    this.#pos = end;
    return units;
  }

  #varUint(): number {
    const bytes = this.#bytes;
    const end = this.end;
    let pos = this.#pos;
    if (pos >= end) throw tooShort();
    let byte = bytes[pos++] as number;
    if (byte < 0x80) {
      this.#pos = pos;
      return byte;
    }
    let value = byte & 0x7f;
    let factor = 128;
    while (pos < end) {
      byte = bytes[pos++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new UpdateRefusedError('a number beyond all bounds');
        this.#pos = pos;
        return value;
      }
      factor *= 128;
      if (factor > MAX_FACTOR) throw new UpdateRefusedError('a number beyond all bounds');
    }
    throw tooShort();
  }

  /** lib0's signed integer: six bits and a sign first, then seven bits a byte. */
  #varInt(): void {
    let bytes = 0;
    for (;;) {
      if (this.#pos >= this.end) throw tooShort();
      const byte = this.#bytes[this.#pos++] as number;
      if (byte < 0x80) return;
      if (++bytes > 7) throw new UpdateRefusedError('a number beyond all bounds');
    }
  }
}

const EMPTY = new Uint8Array(0);
const GC = 0;
const SKIP = 10;
const CONTENT_TYPE = 7;
const HAS_ORIGIN = 128;
const HAS_RIGHT_ORIGIN = 64;
const HAS_PARENT_SUB = 32;
/** 128^8 > 2^53: no honest number has more bytes. */
const MAX_FACTOR = 128 ** 7;
const decoder = new TextDecoder('utf-8');
const PROTO = new TextEncoder().encode('__proto__');

function isProto(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < PROTO.length; i++) if (bytes[at + i] !== PROTO[i]) return false;
  return true;
}

function tooShort(): UpdateRefusedError {
  return new UpdateRefusedError('the update ends too early');
}

function notText(): UpdateRefusedError {
  return new UpdateRefusedError('a text that is no UTF-8');
}
