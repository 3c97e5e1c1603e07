/**
 * The file of a backup: the whole database and the keys in one, readable with zcat for ever.
 *
 * Gzip over lines of JSON. First the header: what it is, when it was taken, which migrations the database had, the
 * keys, and each table with its columns. Then for each table of the header, in that order, a line for each row (an
 * array of texts as Postgres writes them, or null) and a line with the table's name, number of rows and the SHA-256 of
 * its rows. Last a line with the SHA-256 of everything before it.
 *
 * Promise: the file appears under its name only when it is whole, flushed and was read back; it is readable by its
 * owner alone. Reading refuses whatever is cut short, altered or longer than it was, before a word of it is used.
 * Limits: the sums guard against accidents, not against somebody who makes new sums. It holds keys and password
 * hashes, so whoever copies it away encrypts it.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { DatabaseMoment, TableShape, TextRow } from '@holdfast/db/backup.ts';
import type { Keys } from './data-folder.ts';
import { renameDurably } from './durable-file.ts';
import { StartFault, errorCode, fileFault } from './fault.ts';
import { VERSION } from './version.ts';

export interface BackupHeader {
  readonly format: typeof FORMAT;
  readonly version: number;
  /** The version of Holdfast that wrote it. */
  readonly holdfast: string;
  readonly takenAt: string;
  readonly migrations: readonly string[];
  /** Null where the server kept none. */
  readonly keys: Keys | null;
  readonly tables: readonly TableShape[];
}

export interface BackupSummary {
  readonly header: BackupHeader;
  readonly rowsByTable: ReadonlyMap<string, number>;
  readonly bytes: number;
}

export interface BackupReader {
  readonly header: BackupHeader;
  /** The tables must be read in the order of the header, each to its end. */
  rowsOf(table: TableShape): AsyncGenerator<TextRow[]>;
  /** After the last table: whether the file ends as it was written. */
  finish(): Promise<void>;
  close(): void;
}

const FORMAT = 'holdfast-backup';
const FORMAT_VERSION = 1;
const BATCH_ROWS = 500;
const BATCH_BYTES = 2 * 1024 * 1024;
const NEWLINE = 10;

/** Fails, and leaves nothing behind, when the file is there already or cannot be written or read back. */
export async function writeBackup(
  file: string,
  moment: DatabaseMoment,
  keys: Keys | null,
): Promise<BackupSummary> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await refuseExisting(file);
    const target = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(linesOf(moment, keys)), createGzip(), target);
    const summary = await checkBackup(partial);
    await renameDurably(partial, file);
    return summary;
  } catch (error) {
    await rm(partial, { force: true });
    throw fileFault(file, error);
  }
}

/** Reads all of it and uses nothing. A StartFault says what is wrong with it. */
export async function checkBackup(file: string): Promise<BackupSummary> {
  const reader = await openBackup(file);
  try {
    const rowsByTable = new Map<string, number>();
    for (const table of reader.header.tables) {
      let count = 0;
      for await (const rows of reader.rowsOf(table)) count += rows.length;
      rowsByTable.set(table.name, count);
    }
    await reader.finish();
    return { header: reader.header, rowsByTable, bytes: (await stat(file)).size };
  } finally {
    reader.close();
  }
}

export async function openBackup(file: string): Promise<BackupReader> {
  const source = createReadStream(file);
  const unzipped = createGunzip({ rejectGarbageAfterEnd: true });
  // The consumer hears of a failure by its own stream.
  const whole = pipeline(source, unzipped).catch(() => undefined);
  source.once('error', (error) => unzipped.destroy(error));
  const lines = linesFrom(unzipped);
  const all = createHash('sha256');
  const damaged = (how: string): StartFault =>
    new StartFault(
      `${file} is not a whole backup of Holdfast: ${how}. Nothing was changed; use another backup.`,
    );

  async function next(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await lines.next();
      return done === true ? undefined : value;
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (/^(Z_|ERR_TRAILING|ERR_PADDING)/.test(code)) {
        throw damaged(code === 'Z_BUF_ERROR' ? 'it is cut short' : 'it was altered, or is no gzip file');
      }
      throw fileFault(file, error);
    }
  }

  async function must(): Promise<Buffer> {
    const line = await next();
    if (line === undefined) throw damaged('it is cut short');
    return line;
  }

  function close(): void {
    source.destroy();
    unzipped.destroy();
    void whole;
  }

  try {
    const first = await must();
    all.update(first);
    const header = readHeader(parse(first), file, damaged);
    return {
      header,
      async *rowsOf(table) {
        const sum = createHash('sha256');
        let count = 0;
        let batch: TextRow[] = [];
        let size = 0;
        for (;;) {
          const line = await must();
          all.update(line);
          const value = parse(line);
          if (!Array.isArray(value)) {
            checkTable(value, { table, count, sum, damaged });
            break;
          }
          sum.update(line);
          count += 1;
          if (value.length !== table.columns.length)
            throw damaged(`a row of ${table.name} has another shape`);
          batch.push(value as TextRow);
          size += line.length;
          if (batch.length < BATCH_ROWS && size < BATCH_BYTES) continue;
          yield batch;
          batch = [];
          size = 0;
        }
        if (batch.length > 0) yield batch;
      },
      async finish() {
        const last = parse(await must()) as { end?: unknown } | null;
        if (last?.end !== all.digest('hex')) throw damaged('its sum is not that of its content');
        if ((await next()) !== undefined) throw damaged('something follows its end');
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

// --- writing

async function* linesOf(moment: DatabaseMoment, keys: Keys | null): AsyncGenerator<Buffer> {
  const all = createHash('sha256');
  const told = (line: string): Buffer => {
    const bytes = Buffer.from(`${line}\n`);
    all.update(bytes);
    return bytes;
  };
  const header: BackupHeader = {
    format: FORMAT,
    version: FORMAT_VERSION,
    holdfast: VERSION,
    takenAt: moment.takenAt.toISOString(),
    migrations: moment.migrations,
    keys,
    tables: moment.tables,
  };
  yield told(JSON.stringify(header));
  for (const table of moment.tables) {
    const sum = createHash('sha256');
    let rows = 0;
    for await (const lines of moment.linesOf(table)) {
      rows += lines.length;
      const batch = told(lines.join('\n'));
      sum.update(batch);
      yield batch;
    }
    yield told(JSON.stringify({ table: table.name, rows, sha256: sum.digest('hex') }));
  }
  yield Buffer.from(`${JSON.stringify({ end: all.digest('hex') })}\n`);
}

async function refuseExisting(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw Object.assign(new Error('there already'), { code: 'EEXIST' });
}

// --- reading

type Damaged = (how: string) => StartFault;

/** Each with its newline. What follows the last newline is a line too, which no sum will fit. */
async function* linesFrom(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  // A row may be larger than many chunks: joined once, not at every chunk.
  let begun: Buffer[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      begun.push(chunk.subarray(from, at + 1));
      yield begun.length === 1 ? (begun[0] as Buffer) : Buffer.concat(begun);
      begun = [];
      from = at + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) yield Buffer.concat(begun);
  return undefined;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    // Its reader says what it expected instead.
    return undefined;
  }
}

function readHeader(value: unknown, file: string, damaged: Damaged): BackupHeader {
  const header = value as Partial<BackupHeader> | null | undefined;
  if (header?.format !== FORMAT) throw damaged('it does not begin like one');
  if (header.version !== FORMAT_VERSION) {
    throw new StartFault(
      `${file} is of version ${String(header.version)} of the format; this Holdfast reads ${FORMAT_VERSION}. ` +
        `Restore it with the version that wrote it (${String(header.holdfast)}) or a newer one. Nothing was changed.`,
    );
  }
  return header as BackupHeader;
}

function checkTable(
  value: unknown,
  found: {
    readonly table: TableShape;
    readonly count: number;
    readonly sum: Hash;
    readonly damaged: Damaged;
  },
): void {
  const { table, count, sum, damaged } = found;
  const said = value as { table?: unknown; rows?: unknown; sha256?: unknown } | null | undefined;
  if (said?.table !== table.name || said.rows !== count) throw damaged(`rows of ${table.name} are missing`);
  if (said.sha256 !== sum.digest('hex')) throw damaged(`rows of ${table.name} were altered`);
}
