/**
 * The bench of the sync server: the same frames against Holdfast and against Hocuspocus with Postgres, in one
 * run, in interleaved rounds. docs/benchmarks.md says how to read it.
 *
 * Each round starts every server anew, in an order that rotates. A ratio is taken within its round, where both
 * servers met the same state of the machine; the table gives the median over the rounds with the least and the
 * greatest.
 */
import { cpus, totalmem, type as osType, release } from 'node:os';
import { parseArgs } from 'node:util';
import { measureCold } from './measure-cold.ts';
import { measureCrash } from './measure-crash.ts';
import { measureIdle } from './measure-idle.ts';
import { measureLoad } from './measure-load.ts';
import { startLoad } from './load.ts';
import { startBenchPostgres } from './postgres.ts';
import { measurePart } from './measure.ts';
import { tableOf, type Gap, type Measurements } from './table.ts';
import { createTarget, TARGET_LABELS, type Target, type TargetName } from './targets.ts';

const PARTS = { load: measureLoad, idle: measureIdle, cold: measureCold, crash: measureCrash } as const;
type Part = keyof typeof PARTS;

export async function benchSync(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      rounds: { type: 'string', default: '5' },
      targets: { type: 'string', default: 'holdfast,hocuspocus,hocuspocus-every' },
      parts: { type: 'string', default: 'load,idle,cold,crash' },
      seed: { type: 'string', default: '1' },
    },
  });
  const rounds = Number(values.rounds);
  const names = values.targets
    .split(',')
    .map((name) => known(name, Object.keys(TARGET_LABELS)) as TargetName);
  const parts = values.parts.split(',').map((part) => known(part, Object.keys(PARTS)) as Part);
  if (process.platform !== 'linux') throw new Error('This bench reads /proc and so runs on Linux only.');

  const postgres = await startBenchPostgres();
  const load = startLoad();
  const measurements: Measurements = new Map();
  const gaps: Gap[] = [];
  console.log(
    `sync: ${osType()} ${release()}, ${cpus()[0]?.model.trim()} x ${cpus().length}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, Postgres ${postgres.version}, ` +
      `Hocuspocus 4.7.0; ${rounds} rounds`,
  );
  try {
    // A database for each part: what a server tidies up of one part must not cost it time in another.
    const targets: Record<Part, Target>[] = [];
    for (const name of names) {
      const byPart: Partial<Record<Part, Target>> = {};
      for (const part of parts) byPart[part] = await createTarget(name, postgres, part);
      targets.push(byPart as Record<Part, Target>);
    }
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < targets.length; turn++) {
        for (const part of parts) {
          const target = targets[(turn + round) % targets.length]![part];
          const startedAt = Date.now();
          const context = { target, load, postgres, round, seed: Number(values.seed) };
          const { results, closedWith } = await measurePart(PARTS[part], context);
          for (const [metric, value] of Object.entries(results))
            record(measurements, metric, part, target.name, round, value);
          if (closedWith !== null) gaps.push({ target: target.name, part, round, closedWith });
          const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
          const closed = closedWith === null ? '' : ` closed its clients: ${closedWith}`;
          console.error(
            `round ${round + 1}: ${TARGET_LABELS[target.name]}, ${part}: ${seconds} s ${JSON.stringify(results)}${closed}`,
          );
        }
      }
    }
    console.log(tableOf(measurements, gaps, names, rounds));
  } finally {
    load.close();
    await postgres.stop();
  }
}

function record(
  all: Measurements,
  metric: string,
  part: Part,
  target: TargetName,
  round: number,
  value: number,
): void {
  let row = all.get(metric);
  if (row === undefined) all.set(metric, (row = { part, byTarget: new Map() }));
  let values = row.byTarget.get(target);
  if (values === undefined) row.byTarget.set(target, (values = []));
  values[round] = value;
}

function known(name: string, names: string[]): string {
  if (!names.includes(name)) throw new Error(`'${name}' is not one of ${names.join(', ')}`);
  return name;
}
