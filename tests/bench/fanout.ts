/**
 * The bench of the fan-out: what it takes until one server's news is at a client of another, by Postgres notifications, by Redis
 * and by NATS. How, and what was measured where, stands in docs/benchmarks.md.
 *
 *   --rounds=N            1 unless said otherwise
 *   --servers=N           2: one takes, each of the others passes on
 *   --seconds=N           5, for each rate
 *   --parts=edits,presence
 *   --rates=200,1000      messages a second, all documents together
 *   --transports=postgres,redis,nats
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { createAccount } from '../support/account.ts';
import { busesHere, startBusServer } from '../support/bus-servers.ts';
import type { BusServer } from '../support/bus-servers.ts';
import { EMPTY_STATE_VECTOR, MESSAGE, step1Frame, SYNC, updateFrame } from '../support/wire.ts';
import { clientFrame, openFastSocket } from './sync/fast-socket.ts';
import type { FastSocket } from './sync/fast-socket.ts';
import { percentile } from './sync/measure.ts';
import { startBenchPostgres } from './sync/postgres.ts';
import type { BenchPostgres } from './sync/postgres.ts';
import { cpuSeconds, cpuSecondsOfFamily } from './sync/process-stats.ts';

const DOCUMENTS = 20;
const WARM_UP_SECONDS = 1;
const TICK_MS = 5;
const LOST_AFTER_MS = 20_000;

type Part = 'edits' | 'presence';
type Result = Record<string, number>;

export async function benchFanout(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      rounds: { type: 'string', default: '1' },
      servers: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '5' },
      parts: { type: 'string', default: 'edits,presence' },
      rates: { type: 'string', default: '200,1000' },
      transports: { type: 'string', default: 'postgres,redis,nats' },
    },
  });
  const missing = busesHere().filter(({ isHere }) => !isHere);
  const transports = values.transports
    .split(',')
    .filter((name) => !missing.some(({ kind }) => kind === name));
  const parts = values.parts.split(',') as Part[];
  const rates = values.rates.split(',').map(Number);
  const rounds = Number(values.rounds);
  console.log(
    `fanout: ${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}, load ${loadavg()[0]?.toFixed(1)}; ` +
      `${values.servers} servers, ${DOCUMENTS} documents, ${values.seconds} s at each rate`,
  );
  const found = new Map<string, Map<string, number[]>>();
  for (let round = 0; round < rounds; round++) {
    // In an order that rotates, so that none always comes first.
    for (const name of transports.map((_, n) => transports[(n + round) % transports.length] ?? '')) {
      const results = await measureTransport(name, {
        servers: Number(values.servers),
        seconds: Number(values.seconds),
        parts,
        rates,
      });
      for (const [metric, value] of Object.entries(results)) {
        const row = found.get(metric) ?? new Map<string, number[]>();
        found.set(metric, row.set(name, [...(row.get(name) ?? []), value]));
      }
      console.error(`  round ${round + 1}, ${name}: ${JSON.stringify(results)}`);
    }
  }
  console.log(tableOf(found, transports));
}

interface Plan {
  readonly servers: number;
  readonly seconds: number;
  readonly parts: readonly Part[];
  readonly rates: readonly number[];
}

async function measureTransport(name: string, plan: Plan): Promise<Result> {
  const postgres = await startBenchPostgres();
  const bus = name === 'postgres' ? undefined : await startBusServer(name as 'redis' | 'nats');
  const results: Result = {};
  const servers: Server[] = [];
  try {
    const databaseUrl = await postgres.createDatabase('fanout');
    for (let n = 0; n < plan.servers; n++) servers.push(await startServer(databaseUrl, bus?.url));
    const account = await createAccount(servers[0]?.url ?? '');
    for (const part of plan.parts) {
      for (const rate of plan.rates) {
        const spaceIds: string[] = [];
        for (let n = 0; n < DOCUMENTS; n++) spaceIds.push(await account.newSpace(`Bench ${n}`));
        const measured = await measureRate({ postgres, bus, servers, part, rate, spaceIds, account, plan });
        for (const [metric, value] of Object.entries(measured)) {
          results[`${part}, ${rate}/s: ${metric}`] = value;
        }
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await bus?.stop();
    await postgres.stop();
  }
  return results;
}

interface RateContext {
  readonly postgres: BenchPostgres;
  readonly bus: BusServer | undefined;
  readonly servers: readonly Server[];
  readonly part: Part;
  readonly rate: number;
  readonly spaceIds: readonly string[];
  readonly account: { readonly token: string };
  readonly plan: Plan;
}

/** A document: one socket writes to the first server, one on each other server observes. What is written arrives in order. */
interface Line {
  readonly writer: FastSocket;
  readonly frames: readonly Buffer[];
  /** When each frame was written, ms. */
  readonly sentAtMs: number[];
  readonly arrived: number[];
}

async function measureRate(context: RateContext): Promise<Result> {
  const { postgres, bus, servers, part, rate, spaceIds, account, plan } = context;
  const seconds = WARM_UP_SECONDS + plan.seconds;
  const perDocument = Math.ceil((rate * seconds) / DOCUMENTS);
  const warm = Math.ceil((rate * WARM_UP_SECONDS) / DOCUMENTS);
  const latencies: number[] = [];
  const sockets: FastSocket[] = [];
  const wanted = part === 'edits' ? [MESSAGE.sync, SYNC.update] : [MESSAGE.awareness];
  const open = async (
    url: string,
    spaceId: string,
    onMessage: (payload: Buffer) => void,
  ): Promise<FastSocket> => {
    const socket = await openFastSocket({
      url: `${url}/sync/${spaceId}`,
      headers: { authorization: `Bearer ${account.token}` },
      onMessage,
    });
    sockets.push(socket);
    socket.write(clientFrame(step1Frame(EMPTY_STATE_VECTOR)));
    return socket;
  };
  const [first, ...others] = servers;
  const lines: Line[] = [];
  for (const [n, spaceId] of spaceIds.entries()) {
    const frames = part === 'edits' ? editFrames(n, perDocument) : presenceFrames(n, perDocument);
    const sentAtMs: number[] = [];
    const arrived = others.map(() => 0);
    for (const [other, { url }] of others.entries()) {
      await open(url, spaceId, (payload) => {
        if (!wanted.every((byte, at) => payload[at] === byte)) return;
        const index = (arrived[other] ?? 0) as number;
        arrived[other] = index + 1;
        if (index >= warm) latencies.push(performance.now() - (sentAtMs[index] ?? Number.NaN));
      });
    }
    const writer = await open(first?.url ?? '', spaceId, () => undefined);
    lines.push({ writer, frames, sentAtMs, arrived });
  }
  await delay(500);

  let before = { servers: 0, database: 0, bus: 0 };
  const used = (): typeof before => ({
    servers: servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    database: cpuSecondsOfFamily(postgres.pid),
    bus: bus ? cpuSeconds(bus.pid()) : 0,
  });
  const startedAtMs = performance.now();
  let written = 0;
  let isWarm = false;
  while (written < perDocument * DOCUMENTS) {
    const due = Math.min(
      perDocument * DOCUMENTS,
      Math.floor(((performance.now() - startedAtMs) / 1000) * rate),
    );
    for (; written < due; written++) {
      const line = lines[written % DOCUMENTS];
      const frame = line?.frames[Math.floor(written / DOCUMENTS)];
      if (!line || !frame) continue;
      line.sentAtMs.push(performance.now());
      line.writer.write(frame);
    }
    if (!isWarm && written >= warm * DOCUMENTS) {
      isWarm = true;
      before = used();
    }
    await delay(TICK_MS);
  }
  const lastAtMs = performance.now();
  const isThere = (): boolean => lines.every(({ arrived }) => arrived.every((count) => count >= perDocument));
  while (!isThere() && performance.now() - lastAtMs < LOST_AFTER_MS) await delay(20);
  const after = used();
  const lost = lines.reduce(
    (sum, { arrived }) => sum + arrived.reduce((missing, count) => missing + perDocument - count, 0),
    0,
  );
  for (const socket of sockets) socket.destroy();
  // An edit that does not arrive is a failure and no result; of presence the newest state is enough.
  if (part === 'edits' && lost > 0) throw new Error(`${lost} edits did not arrive`);
  const thousands = ((perDocument - warm) * DOCUMENTS) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  return {
    'p50, ms': percentile(sorted, 0.5),
    'p99, ms': percentile(sorted, 0.99),
    'database CPU ms per 1,000': ((after.database - before.database) * 1000) / thousands,
    'servers CPU ms per 1,000': ((after.servers - before.servers) * 1000) / thousands,
    'bus CPU ms per 1,000': ((after.bus - before.bus) * 1000) / thousands,
    ...(lost > 0 ? { 'not arrived': lost } : {}),
  };
}

/** Each sets a field of one of ten tasks over what stood. */
function editFrames(document: number, count: number): Buffer[] {
  const doc = new Y.Doc();
  doc.clientID = 10_000 + document;
  const frames: Buffer[] = [];
  doc.on('update', (update: Uint8Array) => frames.push(clientFrame(updateFrame(update))));
  for (let n = 0; n < count; n++) {
    doc.getMap('tasks').set(`task${n % 10}/title@${doc.clientID}`, { v: `title ${n}`, t: n });
  }
  return frames;
}

function presenceFrames(document: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, n) => {
    const update = encoding.createEncoder();
    encoding.writeVarUint(update, 1);
    encoding.writeVarUint(update, 20_000 + document);
    encoding.writeVarUint(update, n + 1);
    encoding.writeVarString(update, JSON.stringify({ name: 'Ann', task: `task${n % 10}` }));
    const message = encoding.createEncoder();
    encoding.writeVarUint(message, MESSAGE.awareness);
    encoding.writeVarUint8Array(message, encoding.toUint8Array(update));
    return clientFrame(encoding.toUint8Array(message));
  });
}

interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const SERVER_FLAGS = (
  JSON.parse(readFileSync(new URL('../../deploy/node-flags.json', import.meta.url), 'utf8')) as {
    server: string[];
  }
).server;

/** Without the workers, whose work for an edit is the same whatever the hints travel by. */
async function startServer(databaseUrl: string, busUrl: string | undefined): Promise<Server> {
  const start = fileURLToPath(new URL('../../deploy/start.ts', import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, ...SERVER_FLAGS, start, '--role=sync'], {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: databaseUrl,
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'warn',
      ...(busUrl === undefined ? {} : { BUS_URL: busUrl }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const ready = /^holdfast ready (\S+)/m.exec(chunk.toString())?.[1];
      if (ready !== undefined) resolve(ready);
    });
    void ended.then(() => reject(new Error('A server did not start')));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function tableOf(
  found: ReadonlyMap<string, ReadonlyMap<string, number[]>>,
  transports: readonly string[],
): string {
  const others = transports.filter((name) => name !== 'postgres');
  const head = ['metric', ...transports, ...others.map((name) => `${name} to postgres`)];
  const lines = [head, head.map((_, n) => (n === 0 ? '---' : '---:'))];
  for (const [metric, row] of found) {
    const base = row.get('postgres') ?? [];
    const ratios = others.map((name) =>
      (row.get(name) ?? []).map((value, round) => value / (base[round] ?? Number.NaN)),
    );
    lines.push([metric, ...transports.map((name) => spread(row.get(name) ?? [])), ...ratios.map(spread)]);
  }
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Median, and least and greatest where there are several. */
function spread(values: readonly number[]): string {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return '-';
  const say = (value = 0): string => String(Number(value.toPrecision(3)));
  const median = say(sorted[Math.floor(sorted.length / 2)]);
  return sorted.length === 1 ? median : `${median} [${say(sorted[0])}, ${say(sorted.at(-1))}]`;
}
