/**
 * One table of all measurements: median [least, greatest] per server, and Holdfast's ratio to each other one.
 *
 * What a server could not be measured in, because it closed its clients, is a gap: told in its cell and below.
 */
import { TARGET_LABELS, type TargetName } from './targets.ts';

/** By metric, by server, by round. */
export type Measurements = Map<
  string,
  { readonly part: string; readonly byTarget: Map<TargetName, number[]> }
>;

/** A server closed its clients in a part of a round. */
export interface Gap {
  readonly target: TargetName;
  readonly part: string;
  readonly round: number;
  /** Code and reason. */
  readonly closedWith: string;
}

export function tableOf(
  all: Measurements,
  gaps: readonly Gap[],
  targets: readonly TargetName[],
  rounds: number,
): string {
  const others = targets.filter((name) => name !== 'holdfast');
  const compares = targets.includes('holdfast');
  const head = ['metric', ...targets.map((name) => TARGET_LABELS[name])];
  if (compares) head.push(...others.map((name) => `ratio to ${TARGET_LABELS[name]}`));
  const rows = [...all].map(([metric, { part, byTarget }]) => {
    const row = [metric, ...targets.map((name) => cell(byTarget.get(name) ?? [], part, name))];
    if (!compares) return row;
    const own = byTarget.get('holdfast') ?? [];
    for (const name of others) {
      const theirs = byTarget.get(name) ?? [];
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const ratio = (own[round] ?? Number.NaN) / (theirs[round] ?? Number.NaN);
        if (Number.isFinite(ratio)) ratios.push(ratio);
      }
      row.push(spread(ratios));
    }
    return row;
  });

  function cell(values: readonly number[], part: string, name: TargetName): string {
    const missing = gaps.filter(
      (gap) => gap.target === name && gap.part === part && values[gap.round] === undefined,
    ).length;
    const measured = spread(values);
    if (missing === 0) return measured;
    if (measured === NONE) return 'n/a, closed its clients';
    return `${measured}, closed its clients in ${missing} of ${rounds}`;
  }

  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? ` ${'-'.repeat(width)} ` : ` ${'-'.repeat(width - 1)}: `)).join('|')}|`;
  const notes = gaps.map(
    ({ target, part, round, closedWith }) =>
      `${TARGET_LABELS[target]} closed its clients in round ${round + 1}, ${part}: ${closedWith}`,
  );
  return [line(head), rule, ...rows.map(line), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

const NONE = '-';

function spread(values: readonly number[]): string {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return NONE;
  const middle = median(sorted);
  if (sorted.length === 1) return number(middle);
  return `${number(middle)} [${number(sorted[0]!)}, ${number(sorted.at(-1)!)}]`;
}

function median(sorted: number[]): number {
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function number(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
