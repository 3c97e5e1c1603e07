/**
 * A query cut into tokens, each with its place. Nothing is refused here but a quotation mark that is never closed, which
 * then reaches to the end.
 */
import type { Place } from './language.ts';

export type Token = Place &
  (
    | { readonly kind: 'word'; readonly text: string; readonly lower: string }
    | { readonly kind: 'string'; readonly text: string; readonly isClosed: boolean }
    /** `#name`, `@name`, `list:name`; `#[id]`. An empty one is a mark alone. */
    | {
        readonly kind: 'list' | 'tag';
        readonly by: 'name' | 'id';
        readonly text: string;
        readonly isClosed: boolean;
      }
    | { readonly kind: 'priority'; readonly text: string }
    | { readonly kind: 'comparison'; readonly text: string }
    | { readonly kind: '(' | ')' | ',' | 'minus' }
  );

const BLANK = /\s+/y;
const QUOTED = /["“”„]((?:[^"“”„\\]|\\[\s\S])*)(["“”]?)/y;
const MARK = /[#@]|(?:liste?|tag|etikett):/iy;
const IDENTIFIER = /\[([^\]\s]*)\]/y;
const NAME = /[^\s()"“”„,<>=]+/y;
const BANG = /!([\p{L}\d]+)/uy;
const COMPARISON = /<=|>=|[<>=]/y;
const MINUS = /-(?=[\p{L}\p{N}#@!("“„])/uy;

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp, from = at): RegExpExecArray | null => {
    pattern.lastIndex = from;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const blank = match(BLANK);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    const token = tokenAt(text, at, match);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(
  text: string,
  start: number,
  match: (pattern: RegExp, from?: number) => RegExpExecArray | null,
): Token {
  const character = text.charAt(start);
  if (character === '(' || character === ')' || character === ',')
    return { kind: character, start, end: start + 1 };
  const quoted = match(QUOTED);
  if (quoted) {
    const isClosed = quoted[2] !== '';
    return {
      kind: 'string',
      text: unescaped(quoted[1] ?? ''),
      isClosed,
      start,
      end: start + quoted[0].length,
    };
  }
  const comparison = match(COMPARISON);
  if (comparison)
    return { kind: 'comparison', text: comparison[0], start, end: start + comparison[0].length };
  const mark = match(MARK);
  if (mark) {
    const kind = /^(?:#|l)/i.test(mark[0]) ? 'list' : 'tag';
    const from = start + mark[0].length;
    const identifier = match(IDENTIFIER, from);
    if (identifier) {
      const end = from + identifier[0].length;
      return { kind, by: 'id', text: decodedId(identifier[1] ?? ''), isClosed: true, start, end };
    }
    const named = match(QUOTED, from);
    if (named) {
      const end = from + named[0].length;
      return { kind, by: 'name', text: unescaped(named[1] ?? ''), isClosed: named[2] !== '', start, end };
    }
    const name = (match(NAME, from)?.[0] ?? '').replace(/[.;:!?]+$/, '');
    return { kind, by: 'name', text: name, isClosed: true, start, end: from + name.length };
  }
  const bang = match(BANG);
  if (bang) return { kind: 'priority', text: bang[1] ?? '', start, end: start + bang[0].length };
  if (match(MINUS)) return { kind: 'minus', start, end: start + 1 };
  // Whatever is left begins a word; a mark that no word has stands alone.
  const word = match(NAME)?.[0] ?? character;
  return { kind: 'word', text: word, lower: word.toLowerCase(), start, end: start + word.length };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, '$1');
}

export function quoted(text: string): string {
  return `"${text.replaceAll(/["“”„\\]/g, '\\$&')}"`;
}

/** A name after `#` or `@`, in quotation marks where it needs them. */
export function nameText(name: string): string {
  return /^[\p{L}\p{N}][\p{L}\p{N}_-]*$/u.test(name) ? name : quoted(name);
}

/** An id within `#[…]`: what is no letter, digit, `-` or `_` stands as its UTF-16 code unit. */
export function encodedId(id: string): string {
  return id.replaceAll(/[^0-9A-Za-z_-]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function decodedId(text: string): string {
  return text.replaceAll(/%([0-9a-f]{4})/gi, (_, unit: string) =>
    String.fromCharCode(Number.parseInt(unit, 16)),
  );
}
