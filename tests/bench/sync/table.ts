/** One table of all measurements: median [least, greatest] per server, and Holdfast's ratio to each other one. */
import { TARGET_LABELS, type TargetName } from './targets.ts';

/** By metric, by server, by round. */
export type Measurements = Map<string, Map<TargetName, number[]>>;

export function printTable(all: Measurements, targets: TargetName[], rounds: number): void {
  const others = targets.filter((name) => name !== 'holdfast');
  const compares = targets.includes('holdfast');
  const head = ['metric', ...targets.map((name) => TARGET_LABELS[name])];
  if (compares) head.push(...others.map((name) => `ratio to ${TARGET_LABELS[name]}`));
  const rows = [...all].map(([metric, byTarget]) => {
    const row = [metric, ...targets.map((name) => spread(byTarget.get(name) ?? []))];
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
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  console.log(line(head));
  console.log(
    `|${widths.map((width, column) => (column === 0 ? ` ${'-'.repeat(width)} ` : ` ${'-'.repeat(width - 1)}: `)).join('|')}|`,
  );
  for (const row of rows) console.log(line(row));
}

function spread(values: number[]): string {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return '-';
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
