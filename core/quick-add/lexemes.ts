/**
 * A line cut into words, numbers and single marks, each with its place in the line (UTF-16 offsets, as selections and
 * highlights count). Everything that reads quick add works on these, by index, so no pattern ever runs over the whole
 * text and the cost stays in proportion to its length.
 */
export interface Lexeme {
  readonly kind: 'word' | 'number' | 'mark';
  /** As written, in lower case. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Is there a blank, or nothing, before it? */
  readonly spaced: boolean;
}

const LEXEME = /\p{L}[\p{L}\p{M}'’]*|\d+|\S/gu;
const LETTER = /^\p{L}/u;
const DIGIT = /^\d/;

export function lexemesOf(line: string): readonly Lexeme[] {
  const found: Lexeme[] = [];
  let last = -1;
  for (const match of line.matchAll(LEXEME)) {
    const start = match.index;
    const end = start + match[0].length;
    const kind = LETTER.test(match[0]) ? 'word' : DIGIT.test(match[0]) ? 'number' : 'mark';
    found.push({
      kind,
      text: match[0].toLowerCase().replaceAll('’', "'"),
      start,
      end,
      spaced: start !== last,
    });
    last = end;
  }
  return found;
}

const OPENING = new Set(['(', '[', '{', '"', '“', '„', '‘', ',', ';', '—', '–', '…', '¿', '¡']);
const CLOSING = new Set([',', ';', '.', ':', '!', '?', ')', ']', '}', '"', '“', '”', '’', '…', '—']);

/** May a phrase begin here: after a blank or an opening mark, and not within `e-mail` or `USA/today`? */
export function beginsPhrase(lexemes: readonly Lexeme[], index: number): boolean {
  const before = lexemes[index - 1];
  return before === undefined || lexemes[index]?.spaced === true || OPENING.has(before.text);
}

/** May a phrase end before this index: at a blank, at the end, or at marks that close a sentence? */
export function endsPhrase(lexemes: readonly Lexeme[], index: number): boolean {
  for (let at = index; ; at++) {
    const lexeme = lexemes[at];
    if (lexeme === undefined || lexeme.spaced) return true;
    if (!CLOSING.has(lexeme.text)) return false;
  }
}
