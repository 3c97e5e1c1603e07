/**
 * Group commit: one batch in flight, and all that arrives meanwhile joins the next.
 *
 * Promise: an entry is reported committed only after the database said so; entries of one writer are
 * committed in the order in which they came; a database that is away is waited for, with its entries held
 * here; a batch whose outcome is unknown is looked up before it is sent again.
 * Limits: what is held is counted (`pendingBytes`), not bounded: whoever accepts from clients stops
 * accepting when it grows. Entries that the database refuses for what they are (not for being away) are
 * retried space by space, so that one bad space costs no other its edits, and are then reported refused.
 * Why: one fsync per batch instead of one per edit; the slower the disk, the larger the batches.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import { appendBatch, appendBatchAgain } from './update-log.ts';
import type { LogEntry } from './update-log.ts';

/** Whoever writes to one space through this process. */
export interface LogWriter<Entry extends LogEntry> {
  readonly spaceId: string;
  /** A sequence that the space had reached before any entry that is still pending. */
  readonly knownHead: number;
  /** `firstSeq` is the sequence of the first entry; the others follow without gaps. */
  onCommitted(entries: readonly Entry[], firstSeq: number): void;
  onRefused(entries: readonly Entry[], error: Error): void;
}

export interface GroupCommitOptions {
  readonly database: Database;
  /** Told of each failure that is being waited out. */
  readonly onTrouble: (error: Error, attempt: number) => void;
  readonly onBatch?: (batch: { rows: number; bytes: number; durationMs: number }) => void;
  /** Rows of one batch at most; default 2000. */
  readonly maxRows?: number;
  /** Bytes of one batch at most, unless one entry alone is larger; default 8 MiB. */
  readonly maxBytes?: number;
  /** Default 20,000: longer means the connection hangs. */
  readonly timeoutMs?: number;
  /** Waits before attempt n (from 1). Resolves early when `signal` aborts. */
  readonly wait?: (attempt: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds, for durations only. */
  readonly now?: () => number;
}

export interface GroupCommit<Entry extends LogEntry> {
  append(writer: LogWriter<Entry>, entry: Entry): void;
  readonly pendingBytes: number;
  /** Whether the last attempt failed because the database was away. */
  readonly troubled: boolean;
  /** Resolves when nothing is pending. */
  flushed(): Promise<void>;
  /** Gives up what is pending: reported refused. Call `flushed` first where that may take its time. */
  close(): Promise<void>;
}

export function createGroupCommit<Entry extends LogEntry>(options: GroupCommitOptions): GroupCommit<Entry> {
  return new Committer<Entry>(options);
}

interface Share<Entry extends LogEntry> {
  readonly writer: LogWriter<Entry>;
  readonly spaceId: string;
  knownHead: number;
  readonly entries: Entry[];
}

class Committer<Entry extends LogEntry> implements GroupCommit<Entry> {
  pendingBytes = 0;
  troubled = false;
  readonly #options: GroupCommitOptions;
  readonly #maxRows: number;
  readonly #maxBytes: number;
  readonly #timeoutMs: number;
  readonly #wait: (attempt: number, signal: AbortSignal) => Promise<void>;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  #waiting = new Map<LogWriter<Entry>, Entry[]>();
  #running = false;
  #idleListeners: (() => void)[] = [];

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#maxRows = options.maxRows ?? 2000;
    this.#maxBytes = options.maxBytes ?? 8 * 1024 * 1024;
    this.#timeoutMs = options.timeoutMs ?? 20_000;
    this.#wait = options.wait ?? waitWithBackOff;
    this.#now = options.now ?? (() => performance.now());
  }

  append(writer: LogWriter<Entry>, entry: Entry): void {
    this.pendingBytes += entry.body.length;
    const waiting = this.#waiting.get(writer);
    if (waiting) waiting.push(entry);
    else this.#waiting.set(writer, [entry]);
    if (this.#running) return;
    this.#running = true;
    // After this turn of the event loop: everything that sockets have to say now joins the batch.
    setImmediate(() => void this.#run());
  }

  flushed(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.flushed();
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) await this.#flush(this.#take());
    this.#running = false;
    for (const listener of this.#idleListeners.splice(0)) listener();
  }

  #take(): Share<Entry>[] {
    const shares: Share<Entry>[] = [];
    const taken = new Set<string>();
    let rows = 0;
    let bytes = 0;
    for (const [writer, entries] of this.#waiting) {
      // Two writers of one space exist for a moment while a room is replaced: one batch takes one of them.
      if (taken.has(writer.spaceId)) continue;
      let count = 0;
      while (count < entries.length) {
        const size = (entries[count] as Entry).body.length;
        if (rows > 0 && (rows >= this.#maxRows || bytes + size > this.#maxBytes)) break;
        rows++;
        bytes += size;
        count++;
      }
      if (count === 0) break;
      taken.add(writer.spaceId);
      shares.push({
        writer,
        spaceId: writer.spaceId,
        knownHead: writer.knownHead,
        entries: entries.splice(0, count),
      });
      if (entries.length > 0) break;
      this.#waiting.delete(writer);
    }
    return shares;
  }

  async #flush(shares: Share<Entry>[]): Promise<void> {
    const batchId = randomUUID();
    const startedAt = this.#now();
    for (let attempt = 0; ; attempt++) {
      try {
        const bases =
          attempt === 0
            ? await appendBatch(this.#options.database, batchId, shares, this.#timeoutMs)
            : await appendBatchAgain(this.#options.database, batchId, shares);
        this.troubled = false;
        this.#report(shares, bases, startedAt);
        return;
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        if (!isAway(error)) return this.#flushApart(shares, error);
        this.troubled = true;
        this.#options.onTrouble(error, attempt);
        if (!this.#closing.signal.aborted) await this.#wait(attempt + 1, this.#closing.signal);
        if (this.#closing.signal.aborted) {
          for (const share of shares) this.#refuse(share, error);
          return;
        }
      }
    }
  }

  /** The database refuses the batch for its content: each space on its own, so that only the bad one pays. */
  async #flushApart(shares: Share<Entry>[], error: Error): Promise<void> {
    if (shares.length === 1) {
      this.#refuse(shares[0] as Share<Entry>, error);
      return;
    }
    for (const share of shares) await this.#flush([share]);
  }

  #report(shares: Share<Entry>[], bases: ReadonlyMap<string, number>, startedAt: number): void {
    let rows = 0;
    let bytes = 0;
    for (const share of shares) {
      const firstSeq = bases.get(share.spaceId);
      if (firstSeq === undefined) {
        this.#refuse(
          share,
          new Error(`There is no space ${share.spaceId} any more; its edits were not taken.`),
        );
        continue;
      }
      const size = bytesOf(share.entries);
      this.pendingBytes -= size;
      rows += share.entries.length;
      bytes += size;
      share.writer.onCommitted(share.entries, firstSeq);
    }
    this.#options.onBatch?.({ rows, bytes, durationMs: this.#now() - startedAt });
  }

  #refuse(share: Share<Entry>, error: Error): void {
    this.pendingBytes -= bytesOf(share.entries);
    share.writer.onRefused(share.entries, error);
  }
}

/**
 * Whether the database, and not the statement, is at fault, so that the same batch may succeed later:
 * connection errors (no SQLSTATE), classes 08, 53 (no room, no memory), 57 (shutdown), 58 (system error),
 * serialization and deadlock, and a server that is read only for the moment (a standby before its promotion).
 */
function isAway(error: Error): boolean {
  const code = (error as Error & { code?: unknown }).code;
  // Every SQLSTATE has a digit; the system's own names, such as EPIPE, have none.
  if (typeof code !== 'string' || !/^(?=.*\d)[0-9A-Z]{5}$/.test(code)) return true;
  return /^(08|53|57|58)/.test(code) || code === '40001' || code === '40P01' || code === '25006';
}

function bytesOf(entries: readonly LogEntry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.body.length;
  return bytes;
}

/** 50 ms, doubling, 2 s at most. */
function waitWithBackOff(attempt: number, signal: AbortSignal): Promise<void> {
  const delayMs = Math.min(2000, 50 * 2 ** Math.min(attempt - 1, 10));
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
  });
}
