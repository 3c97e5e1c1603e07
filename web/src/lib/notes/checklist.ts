/**
 * The boxes of checklists in notes: `- [ ]` and `- [x]`, and how one is ticked in the text itself.
 *
 * Promise: pure; ticking changes one character and nothing else of the text. What stands in a fenced or indented block of
 * code is no box.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const BOX = /^(\s*(?:>\s*)*(?:[-*+]|\d{1,9}[.)])\s+\[)([ xX])\](?=\s+\S)/;
const CODE_INDENT = /^(?: {4}|\t)/;

/** Where in the text the mark of each box stands, from the top. */
export function boxesIn(text: string): readonly number[] {
  const boxes: number[] = [];
  let fence: string | null = null;
  let isAfterBlank = true;
  let isInList = false;
  let at = 0;
  for (const line of text.split('\n')) {
    const [, mark] = FENCE.exec(line) ?? [];
    if (fence !== null) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = null;
    } else if (mark !== undefined) fence = mark;
    else {
      const isCode = CODE_INDENT.test(line) && isAfterBlank && !isInList;
      const found = isCode ? null : BOX.exec(line);
      if (found) boxes.push(at + (found[1] ?? '').length);
      if (/^\s*(?:[-*+]|\d{1,9}[.)])\s/.test(line) && !isCode) isInList = true;
      else if (line.trim() !== '' && !/^\s/.test(line)) isInList = false;
    }
    isAfterBlank = line.trim() === '';
    at += line.length + 1;
  }
  return boxes;
}

/** The text with one box ticked or unticked; the same text where there is no such box. */
export function withBox(text: string, index: number, isTicked: boolean): string {
  const at = boxesIn(text)[index];
  if (at === undefined) return text;
  return text.slice(0, at) + (isTicked ? 'x' : ' ') + text.slice(at + 1);
}
