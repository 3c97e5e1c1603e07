/**
 * What a pasted text says: one task a line, without the bullets and boxes of other lists, and a line that is indented as a
 * step of the one above that is not.
 *
 * Promise: pure. Whatever the text, every line that has words is there once, in its order, and a step comes after what it
 * is a step of.
 */

export interface OutlineLine {
  readonly title: string;
  /** Of which line before it this is a step. */
  readonly parent?: number;
}

const TAB_COLUMNS = 4;

export function outlineIn(text: string): OutlineLine[] {
  const lines: OutlineLine[] = [];
  /** The lines that a next one could be a step of, each further in than the one before. */
  const open: { index: number; column: number }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const title = line.replace(/^\s*(?:[-*•–]\s+)?(?:\[[ xX]?\]\s+)?/, '').trim();
    if (title === '') continue;
    const column = columnOf(line);
    while ((open.at(-1)?.column ?? -1) >= column) open.pop();
    const parent = open.at(-1)?.index;
    open.push({ index: lines.length, column });
    lines.push({ title, ...(parent === undefined ? {} : { parent }) });
  }
  return lines;
}

function columnOf(line: string): number {
  let column = 0;
  for (const character of /^\s*/.exec(line)?.[0] ?? '') {
    column = character === '\t' ? column - (column % TAB_COLUMNS) + TAB_COLUMNS : column + 1;
  }
  return column;
}
