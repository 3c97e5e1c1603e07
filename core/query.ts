/**
 * The query language: a line of words as a question about tasks.
 *
 *     due before next friday and #errands and not @waiting sort by priority
 *
 * Promise: whatever the text, an answer and never an error. What cannot be understood is named by a sentence, with its place
 * and where possible with what was meant, and the rest of the question stands all the same, so that results can follow
 * every key. What is no word of the language is looked for in the texts of tasks. Cost in proportion to the length.
 * The rules, [QL1] onwards, stand in core/SPEC.md; dates in query/dates.ts, answering in query/answer.ts.
 *
 *     question    any of ("or" any of)…
 *     any of      one ("and" one)…                "and" may be left out, and binds more tightly than "or"
 *     one         "not" one, -one, ( question ), or one of
 *     words       bread, "rye bread"
 *     names       #errands  #"home improvement"  list:errands  @waiting  tag:waiting
 *     priority    !high  p1 … p4  priority high  priority >= medium
 *     dates       (due|start|created|done) (before|after|by|since|on|<|<=|>|>=|=)? <date>
 *     state       open  done  cancelled  overdue  recurring
 *     fields      (no|has) (due date|start|priority|list|tags|notes|reminder|repeat)
 *     at the end  sort by <due|start|priority|created|done|title> (asc|desc)?, …
 *
 * German words are understood beside the English ones, everywhere and in one sentence with them, and make the same query
 * (query/german.ts): "fällig vor nächstem Freitag und nicht @warten". Whoever reads a query knows no language of a person.
 * A range ("von Montag bis Freitag") is both its ends, and a date may stand before its word: "bis Freitag fällig".
 *
 * Limits: up to 2,000 characters and brackets or "not" 20 deep. A word of the language that is to be looked for stands in
 * quotation marks. It is one file because the parts of a parser call each other.
 */
import { dateText, readDate } from './query/dates.ts';
import {
  GERMAN_DATE_FIELDS,
  GERMAN_DATE_OPERATORS,
  GERMAN_DIRECTIONS,
  GERMAN_HAS,
  GERMAN_JOINTS,
  GERMAN_OVERDUE,
  GERMAN_PRIORITIES,
  GERMAN_PRIORITY,
  GERMAN_PRIORITY_COMPARISONS,
  GERMAN_RANGES,
  GERMAN_RECURRING,
  GERMAN_SORT,
  GERMAN_SORT_FIELDS,
  GERMAN_STATUSES,
  GERMAN_THINGS,
  GERMAN_WRITTEN,
  plainWord,
} from './query/german.ts';
import { GERMAN_DATE_WORDS, readGermanDate, type GermanPlace } from './query/german-dates.ts';
import {
  COMPARISONS,
  DATE_FIELDS,
  DATE_OPERATORS,
  EMPTY_QUERY,
  INBOX_KEYS,
  isDescendingByNature,
  nameKey,
  nearest,
  PRIORITIES,
  RECURRING_WORDS,
  SORT_FIELDS,
  STATUSES,
  THINGS,
  type Comparison,
  type DateField,
  type Expression,
  type ExpressionOf,
  type Place,
  type Query,
  type QueryFault,
  type SortKey,
} from './query/language.ts';
import { nameText, quoted, tokensOf, type Token } from './query/lexer.ts';
import { beginningOf, ofDate, type DateRange, type FoundWords } from './query/ranges.ts';
import { wordsOf } from './matching.ts';
import { MAX_QUERY_CHARS } from './values.ts';

export interface QueryNames {
  readonly lists: readonly { readonly id: string; readonly name: string }[];
  readonly tags: readonly { readonly id: string; readonly name: string }[];
}

export interface ParsedQuery {
  /** With faults: what was understood. */
  readonly query: Query;
  /** In the order in which they stand. */
  readonly faults: readonly QueryFault[];
}

const MAX_DEPTH = 20;
/** As many words as a range can have in front of what it is of. */
const MAX_LEADING_WORDS = 16;

/** @param names with them, a list or tag that is not there is a fault */
export function parseQuery(text: string, names?: QueryNames): ParsedQuery {
  if (text.length > MAX_QUERY_CHARS) {
    const message = `This has ${text.length} characters; a query can have up to ${MAX_QUERY_CHARS}.`;
    return { query: EMPTY_QUERY, faults: [{ message, start: MAX_QUERY_CHARS, end: text.length }] };
  }
  const faults: QueryFault[] = [];
  const query = createParser(text, tokensOf(text), names, faults).query();
  return { query, faults: faults.sort((a, b) => a.start - b.start) };
}

function createParser(
  text: string,
  tokens: readonly Token[],
  names: QueryNames | undefined,
  faults: QueryFault[],
): { query(): Query } {
  let at = 0;

  const wordAt = (index: number): string => {
    const token = tokens[index];
    return token?.kind === 'word' ? (GERMAN_JOINTS.get(token.lower) ?? token.lower) : '';
  };
  const germanAt = (index: number): string => plainWord(wordAt(index));

  function fault(place: Place, message: string, suggestion?: string): void {
    const { start, end } = place;
    faults.push({ message, start, end, ...(suggestion === undefined ? {} : { suggestion }) });
  }

  const isSort = (index = at): boolean =>
    (wordAt(index) === 'sort' && wordAt(index + 1) === 'by') ||
    (wordAt(index + 1) === 'nach' && GERMAN_SORT.has(germanAt(index)));

  function query(): Query {
    const parts: Expression[] = [];
    for (;;) {
      const found = disjunction(0);
      if (found) parts.push(found);
      const token = tokens[at];
      if (token?.kind !== ')') break;
      fault(token, 'This bracket closes none that is open.', '');
      at++;
    }
    const where = joined('and', parts);
    const sortFrom = tokens[at];
    if (sortFrom === undefined) return { where, sort: [], sortPlace: null };
    const sort = sortClause();
    return { where, sort, sortPlace: { start: sortFrom.start, end: tokens[at - 1]?.end ?? sortFrom.end } };
  }

  function disjunction(depth: number): Expression | null {
    const parts: Expression[] = [];
    for (;;) {
      const before = tokens[at];
      const part = conjunction(depth);
      if (part) parts.push(part);
      const token = tokens[at];
      if (wordAt(at) !== 'or' || token === undefined) break;
      if (!part && token === before) fault(token, 'Before “or” there has to be something to look for.');
      at++;
      if (isOver()) fault(token, 'After “or” there has to be something to look for.');
    }
    return joined('or', parts);
  }

  function conjunction(depth: number): Expression | null {
    const parts: Expression[] = [];
    while (!isOver() && wordAt(at) !== 'or') {
      const token = tokens[at];
      if (wordAt(at) === 'and' && token !== undefined) {
        at++;
        if (parts.length === 0) fault(token, 'Before “and” there has to be something to look for.');
        else if (isOver()) fault(token, 'After “and” there has to be something to look for.');
        continue;
      }
      const part = one(depth);
      if (part) parts.push(part);
    }
    return joined('and', parts);
  }

  function isOver(): boolean {
    return tokens[at] === undefined || tokens[at]?.kind === ')' || isSort();
  }

  /** Always takes at least one token. */
  function one(depth: number): Expression | null {
    const token = tokens[at++];
    if (token === undefined) return null;
    if (token.kind === 'minus' || wordAt(at - 1) === 'not') return negation(token, depth);
    if (token.kind === '(') return brackets(token, depth);
    return term(token);
  }

  function negation(token: Token, depth: number): Expression | null {
    if (depth >= MAX_DEPTH) return tooDeep(token);
    if (isOver() || wordAt(at) === 'and' || wordAt(at) === 'or') {
      fault(token, 'After “not” there has to be something to leave out.');
      return null;
    }
    const part = one(depth + 1);
    return part && { kind: 'not', part, start: token.start, end: part.end };
  }

  function brackets(open: Token, depth: number): Expression | null {
    if (depth >= MAX_DEPTH) return tooDeep(open);
    const part = disjunction(depth + 1);
    const close = tokens[at];
    if (close?.kind === ')') at++;
    else fault(open, 'This bracket is never closed.');
    if (!part)
      fault({ start: open.start, end: close?.end ?? open.end }, 'Nothing stands between these brackets.');
    return part && { ...part, start: open.start, end: close?.kind === ')' ? close.end : part.end };
  }

  /** What is deeper is passed over as a whole. */
  function tooDeep(token: Token): null {
    fault(token, `Brackets and “not” can be up to ${MAX_DEPTH} deep.`);
    for (let open = token.kind === '(' ? 1 : 0; tokens[at] !== undefined && (open > 0 || !isOver()); at++) {
      if (tokens[at]?.kind === '(') open++;
      else if (tokens[at]?.kind === ')' && --open === 0) {
        at++;
        break;
      }
    }
    return null;
  }

  function term(token: Token): Expression | null {
    switch (token.kind) {
      case 'list':
      case 'tag':
        return named(token);
      case 'priority':
        return priorityMark(token);
      case 'string':
        if (!token.isClosed) fault(token, 'This quotation mark is never closed.', quoted(token.text));
        return textTerm(token, token.text, true);
      case 'word':
        return wordTerm(token);
      case 'comparison':
        fault(token, `“${token.text}” stands after “due”, “start”, “created”, “done” or “priority”.`);
        return null;
      case ',':
      case '(':
      case ')':
      case 'minus':
        return null;
    }
  }

  function textTerm(place: Place, value: string, isPhrase: boolean): Expression | null {
    // A dash or a lone exclamation mark asks for nothing.
    if (wordsOf(value).length === 0) return null;
    return { kind: 'text', text: value, isPhrase, start: place.start, end: place.end };
  }

  function named(token: Extract<Token, { kind: 'list' | 'tag' }>): Expression | null {
    const { kind, by, text: value, start, end } = token;
    const mark = kind === 'list' ? '#' : '@';
    if (value === '' || (by === 'name' && nameKey(value) === '')) {
      fault(token, `After “${text.slice(start, end)}” comes the name of a ${kind}.`);
      return null;
    }
    if (!token.isClosed) fault(token, 'This quotation mark is never closed.');
    const known = kind === 'list' ? names?.lists : names?.tags;
    if (known && by === 'id' && !known.some(({ id }) => id === value)) {
      fault(token, `A ${kind} that this asked for is in the trash or gone.`);
    }
    if (known && by === 'name') {
      const key = nameKey(value);
      const isInbox = kind === 'list' && INBOX_KEYS.has(key);
      if (!isInbox && !known.some(({ name }) => nameKey(name) === key)) {
        const meant = nearest(
          value,
          known.map(({ name }) => name),
        );
        const suggestion = meant === undefined ? undefined : mark + nameText(meant);
        fault(token, `There is no ${kind} “${value}”.`, suggestion);
      }
    }
    return { kind, by, value, start, end };
  }

  function priorityMark(token: Extract<Token, { kind: 'priority' }>): Expression | null {
    const { start, end } = token;
    const priority = PRIORITIES.get(token.text.toLowerCase()) ?? GERMAN_PRIORITIES.get(plainWord(token.text));
    if (priority !== undefined) return { kind: 'priority', comparison: '=', priority, start, end };
    const { low, medium, high, urgent } = GERMAN_WRITTEN.priorities;
    const meant =
      nearest(token.text, ['low', 'medium', 'high', 'urgent']) ??
      nearest(token.text, [low, medium, high, urgent]);
    fault(
      token,
      `“!${token.text}” is no priority: there are !low, !medium, !high and !urgent.`,
      meant && `!${meant}`,
    );
    return null;
  }

  function wordTerm(token: Extract<Token, { kind: 'word' }>): Expression | null {
    const { lower, start, end } = token;
    if (/^p[1-4]$/.test(lower)) {
      const priority = PRIORITIES.get(lower.charAt(1));
      if (priority !== undefined) return { kind: 'priority', comparison: '=', priority, start, end };
    }
    const key = plainWord(lower);
    if (lower === 'overdue' || GERMAN_OVERDUE.has(key)) return { kind: 'overdue', start, end };
    if (RECURRING_WORDS.has(lower) || GERMAN_RECURRING.has(key))
      return { kind: 'has', thing: 'repeat', isMissing: false, start, end };
    if (lower === 'no' || lower === 'has')
      return englishField(token, lower === 'no') ?? textTerm(token, token.text, false);
    const has = GERMAN_HAS.get(key);
    if (has !== undefined) return germanField(token, has) ?? textTerm(token, token.text, false);
    const germanPriority = GERMAN_PRIORITY.get(key);
    if (lower === 'priority' || germanPriority === 'long' || (germanPriority && isGermanPriority()))
      return priorityTerm(token, germanPriority !== undefined) ?? textTerm(token, token.text, false);
    const english = DATE_FIELDS.get(lower);
    const field = english ?? GERMAN_DATE_FIELDS.get(key);
    const dated =
      field &&
      (rangeTerm(token, field, english === undefined) ?? dateTerm(token, field, english === undefined));
    if (dated !== undefined) return dated;
    const leading = field === undefined ? leadingDate(at - 1) : null;
    if (leading) return leading;
    const status = STATUSES.get(lower) ?? GERMAN_STATUSES.get(key);
    if (status !== undefined) return { kind: 'status', status, start, end };
    return textTerm(token, token.text, false);
  }

  function englishField(token: Token, isMissing: boolean): Expression | null {
    for (const length of [2, 1]) {
      const words = Array.from({ length }, (_, index) => wordAt(at + index)).join(' ');
      const thing = THINGS.get(words);
      if (thing === undefined) continue;
      at += length;
      return { kind: 'has', thing, isMissing, start: token.start, end: tokens[at - 1]?.end ?? token.end };
    }
    return null;
  }

  /** "ohne @warten" is "not @waiting": a name that is lacking is none that is missing. */
  function germanField({ start }: Token, has: 'has' | 'lacks'): Expression | null {
    const next = tokens[at];
    if (next === undefined) return null;
    const isMissing = has === 'lacks';
    if (isMissing && (next.kind === 'list' || next.kind === 'tag' || next.kind === 'priority')) {
      at++;
      const part = term(next);
      return part && { kind: 'not', part, start, end: part.end };
    }
    const thing = GERMAN_THINGS.get(germanAt(at)) ?? (isMissing ? THINGS.get(wordAt(at)) : undefined);
    if (thing === undefined) return null;
    at++;
    return { kind: 'has', thing, isMissing, start, end: next.end };
  }

  /** Does a priority stand here that only German has, with or without a comparison before it? */
  function isGermanPriority(): boolean {
    const isCompared = tokens[at]?.kind === 'comparison' || GERMAN_PRIORITY_COMPARISONS.has(germanAt(at));
    const index = isCompared ? at + 1 : at;
    return GERMAN_PRIORITIES.has(germanAt(index)) && !PRIORITIES.has(wordAt(index));
  }

  function priorityTerm({ start }: Token, isGerman: boolean): Expression | null {
    const token = tokens[at];
    const inWords = isGerman ? (GERMAN_PRIORITY_COMPARISONS.get(germanAt(at)) ?? null) : null;
    const comparison = token?.kind === 'comparison' ? (token.text as Comparison) : inWords;
    const value = tokens[comparison === null ? at : at + 1];
    const word =
      value?.kind === 'word' ? value.lower : value?.kind === 'priority' ? value.text.toLowerCase() : '';
    const inEnglish = PRIORITIES.get(word.replace(/^p(?=[1-4]$)/, ''));
    // After a mark there can be no other word than a priority; after "priority" alone there can.
    const canBeGerman = isGerman || token?.kind === 'comparison' || value?.kind === 'priority';
    const found = inEnglish ?? (canBeGerman ? GERMAN_PRIORITIES.get(plainWord(word)) : undefined);
    if (found !== undefined && value !== undefined) {
      at += comparison === null ? 1 : 2;
      return { kind: 'priority', comparison: comparison ?? '=', priority: found, start, end: value.end };
    }
    if (comparison === null || token === undefined) return null;
    at++;
    const englishWords = ['none', 'low', 'medium', 'high', 'urgent'];
    const meant = meantWord(word, englishWords, Object.values(GERMAN_WRITTEN.priorities), isGerman);
    fault(
      value?.kind === 'word' ? value : token,
      `After “priority ${comparison}” comes none, low, medium, high or urgent.`,
      value?.kind === 'word' ? meant : undefined,
    );
    if (value?.kind === 'word') at++;
    return null;
  }

  /** undefined: the word was no question about a date, and is one of a text or of a state. */
  function dateTerm(
    token: Extract<Token, { kind: 'word' }>,
    field: DateField,
    isGerman: boolean,
  ): ExpressionOf<'date'> | null | undefined {
    let operator = operatorAt(at);
    let found = dateAt(at + operator.length, { isAfterEnglish: !isGerman });
    if (operator.length === 0 && found === null) {
      const german = germanOperatorAt(at);
      found = dateAt(at + german.length, { isAfterEnglish: !isGerman, isSince: wordAt(at) === 'seit' });
      // After an English word it is one only where a date makes it one: "start ab workout" are three words.
      if (isGerman || found !== null) operator = german;
    }
    if (found !== null) {
      at = found.next;
      const { comparison } = operator;
      return { kind: 'date', field, comparison, when: found.when, start: token.start, end: found.end };
    }
    // "done" alone is a state; "start the car" and "created" alone are words.
    if (operator.length === 0 && field !== 'due') return undefined;
    const from = tokens[at + operator.length];
    const rest = from === undefined ? '' : text.slice(from.start, dateEnd(at + operator.length));
    const said = text.slice(token.start, tokens[at + operator.length - 1]?.end ?? token.end);
    at += operator.length;
    if (from === undefined || rest === '') {
      const [today, friday] = isGerman ? ['heute', 'Freitag'] : ['today', 'friday'];
      const example = operator.length === 0 ? today : friday;
      fault(token, `After “${said}” comes a date, like “${said} ${example}”.`);
      return null;
    }
    const [wrong] = rest.split(/\s/);
    const place = { start: from.start, end: from.start + (wrong?.length ?? rest.length) };
    const meant = meantWord(wrong ?? '', DATE_WORDS, GERMAN_DATE_WORDS, isGerman);
    fault(
      place,
      `“${wrong ?? rest}” is no date. To look for the word “${token.text}”, put it in quotation marks.`,
      meant,
    );
    at = nextFrom(at, place.end) ?? at + 1;
    return null;
  }

  function rangeTerm(token: Token, field: DateField, isGerman: boolean): Expression | undefined {
    const range = rangeAt(at, { isAfterEnglish: !isGerman });
    if (!range) return undefined;
    at = range.next;
    return rangeOf(field, range, { start: token.start, end: range.end });
  }

  /** Each end has the place of the whole, for neither stands without the other. */
  function rangeOf(field: DateField, range: DateRange, { start, end }: Place): Expression {
    const part = (comparison: Comparison, when: string): Expression => ({
      kind: 'date',
      field,
      comparison,
      when,
      start,
      end,
    });
    return { kind: 'and', parts: [part('>=', range.from), part('<=', range.to)], start, end };
  }

  /** "von Montag bis Freitag", "vom 1. bis 5. März", "zwischen gestern und heute". */
  function rangeAt(index: number, place: GermanPlace, until?: number): DateRange | null {
    const joint = GERMAN_RANGES.get(germanAt(index));
    if (joint === undefined) return null;
    const isJoint = (next: number): boolean => wordAt(next) === joint;
    // A day alone has the month of the other end.
    const at = /^(?:de[mn]|am)$/.test(wordAt(index + 1)) ? index + 2 : index + 1;
    const day = /^([1-9]|[12]\d|3[01])\.?$/.exec(wordAt(at))?.[1];
    const from = day !== undefined && isJoint(at + 1) ? null : dateAt(index + 1, place, until);
    const next = from?.next ?? at + 1;
    if ((from === null && day === undefined) || !isJoint(next)) return null;
    const to = dateAt(next + 1, place, until) ?? dayAt(next + 1);
    const begins = to && beginningOf(from?.when ?? null, Number(day), to.when);
    return to && begins ? { from: begins, to: to.when, end: to.end, next: to.next } : null;
  }

  /** "5." alone, which is a date only within a range. */
  function dayAt(index: number): FoundWords | null {
    const token = tokens[index];
    const day = /^([1-9]|[12]\d|3[01])\.$/.exec(wordAt(index))?.[1];
    const when = day === undefined ? null : dateText(ofDate({ kind: 'month-day', day: Number(day) }));
    return token && when !== null ? { when, end: token.end, next: index + 1 } : null;
  }

  /**
   * A date, a comparison with one or a range in front of the German word that it is of: "heute fällig". Not where that word
   * has a date behind it, nor where only a number stands before it: "Steuer 2026 erledigt".
   */
  function leadingDate(index: number): Expression | null {
    const [start, next] = [tokens[index], fieldAfter(index)];
    const field = next === null ? undefined : GERMAN_DATE_FIELDS.get(germanAt(next));
    const of = next === null ? undefined : tokens[next];
    if (start === undefined || of === undefined || next === null || field === undefined) return null;
    if (hasDateBehind(next)) return null;
    const place = { start: start.start, end: of.end };
    const range = rangeAt(index, {}, next);
    if (range?.next === next) {
      at = next + 1;
      return rangeOf(field, range, place);
    }
    if (next === index + 1 && isDoubtfulAlone(index, field)) return null;
    for (const operator of [
      { comparison: '=', length: 0 } as const,
      operatorAt(index),
      germanOperatorAt(index),
    ]) {
      const found = dateAt(index + operator.length, { isSince: wordAt(index) === 'seit' }, next);
      if (found?.next !== next) continue;
      at = next + 1;
      return { kind: 'date', field, comparison: operator.comparison, when: found.when, ...place };
    }
    return null;
  }

  /** The nearest word that dates are of, with nothing but words of a date before it. */
  function fieldAfter(index: number): number | null {
    const canHaveAnd = GERMAN_RANGES.get(germanAt(index)) === 'and';
    for (let next = index; next <= index + MAX_LEADING_WORDS; next++) {
      const word = wordAt(next);
      if (next > index && GERMAN_DATE_FIELDS.has(germanAt(next))) return next;
      if (word === '' && tokens[next]?.kind !== ',') return null;
      if (word === 'or' || word === 'not' || (word === 'and' && !canHaveAnd)) return null;
    }
    return null;
  }

  function hasDateBehind(field: number): boolean {
    if (rangeAt(field + 1, {})) return true;
    return [0, operatorAt(field + 1).length, germanOperatorAt(field + 1).length].some((length) =>
      dateAt(field + 1 + length, {}),
    );
  }

  /** Figures of any meaning, and "so erledigt". */
  function isDoubtfulAlone(index: number, field: DateField): boolean {
    return /^[\d.]+$/.test(wordAt(index)) || (field !== 'due' && wordAt(index).length < 3);
  }

  /** The date at an index, in English words whatever it was said in; the language of the word before it goes first. */
  function dateAt(index: number, place: GermanPlace, until?: number): FoundWords | null {
    const from = tokens[index];
    const rest = from === undefined ? '' : text.slice(from.start, dateEnd(index, until));
    if (from === undefined || rest === '') return null;
    const english = readDate(rest);
    const german = place.isAfterEnglish === true && english ? null : readGermanDate(rest, place);
    const written = german && dateText(german.asked);
    const isGerman = german !== null && written !== null && german.length >= (english?.length ?? 0);
    const length = isGerman ? german.length : english?.length;
    if (length === undefined) return null;
    const end = from.start + length;
    const next = nextFrom(index, end);
    if (next === null) return null;
    const own = text.slice(from.start, end).toLowerCase().replaceAll(/\s+/g, ' ');
    return { when: isGerman ? written : own, end, next };
  }

  function operatorAt(index: number): { comparison: Comparison; length: number } {
    const token = tokens[index];
    if (token?.kind === 'comparison' && COMPARISONS.has(token.text)) {
      return { comparison: token.text as Comparison, length: 1 };
    }
    const three = [0, 1, 2].map((more) => wordAt(index + more)).join(' ');
    const long = DATE_OPERATORS.get(three);
    if (long !== undefined) return { comparison: long, length: 3 };
    // "on the weekend" and the like are read by the dates themselves, with or without it.
    const short = DATE_OPERATORS.get(wordAt(index));
    return short === undefined ? { comparison: '=', length: 0 } : { comparison: short, length: 1 };
  }

  function germanOperatorAt(index: number): { comparison: Comparison; length: number } {
    const comparison = GERMAN_DATE_OPERATORS.get(germanAt(index));
    return comparison === undefined ? { comparison: '=', length: 0 } : { comparison, length: 1 };
  }

  /** A date goes no further than the next word or mark of the language. */
  function dateEnd(index: number, until = Infinity): number {
    let end = 0;
    for (let next = index; tokens[next] !== undefined && next < until; next++) {
      const token = tokens[next];
      if (token === undefined || (token.kind !== 'word' && token.kind !== ',' && token.kind !== 'minus'))
        break;
      if (['and', 'or', 'not'].includes(wordAt(next))) break;
      if (isSort(next)) break;
      end = token.end;
    }
    return end;
  }

  /** The first token after a place in the text; null when the place is within one. */
  function nextFrom(index: number, end: number): number | null {
    for (let next = index; ; next++) {
      const token = tokens[next];
      if (token === undefined || token.start >= end) return next;
      // What closes a sentence is no part of the date and asks for nothing.
      if (token.end > end && !/^[.;:!?]*$/.test(text.slice(end, token.end))) return null;
    }
  }

  // --- the order ---

  function sortClause(): SortKey[] {
    const place = tokens[at] ?? { start: text.length, end: text.length };
    const isGerman = wordAt(at) !== 'sort';
    at += 2;
    const keys: SortKey[] = [];
    while (tokens[at] !== undefined) {
      const token = tokens[at];
      if (token === undefined) break;
      if (token.kind === ',' || ['and', 'then', 'dann'].includes(wordAt(at))) {
        at++;
        continue;
      }
      const long = SORT_FIELDS.get(`${wordAt(at)} ${wordAt(at + 1)}`);
      const field = long ?? SORT_FIELDS.get(wordAt(at)) ?? GERMAN_SORT_FIELDS.get(germanAt(at));
      if (field === undefined) {
        const germanFields = Object.values(GERMAN_WRITTEN.sortFields);
        const meant = meantWord(wordAt(at), SORT_FIELDS.keys(), germanFields, isGerman);
        fault(
          token,
          'What to sort by is due, start, priority, created, done or title, and it stands at the end.',
          meant,
        );
        at++;
        continue;
      }
      at += long === undefined ? 1 : 2;
      const direction = GERMAN_DIRECTIONS.get(germanAt(at)) ?? wordAt(at);
      const isSaid = /^(asc|ascending|desc|descending)$/.test(direction);
      if (isSaid) at++;
      if (keys.some((key) => key.field === field)) continue;
      keys.push({
        field,
        isDescending: isSaid ? direction.startsWith('desc') : isDescendingByNature(field),
      });
    }
    if (keys.length === 0 && !faults.some(({ start }) => start >= place.start)) {
      fault(place, 'After “sort by” comes due, start, priority, created, done or title.');
    }
    return keys;
  }

  return { query };
}

/** What was perhaps meant: in English English words only, for who writes it may know no others. */
function meantWord(
  wrong: string,
  english: Iterable<string>,
  german: Iterable<string>,
  isGerman: boolean,
): string | undefined {
  return (isGerman ? nearest(wrong, german) : undefined) ?? nearest(wrong, english);
}

/** One part stands for itself; parts of the same kind become parts of the whole. */
function joined(kind: 'and' | 'or', found: readonly Expression[]): Expression | null {
  const parts = found.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (parts.length === 1) return first;
  return { kind, parts, start: first.start, end: last.end };
}

const DATE_WORDS = [
  'today',
  'tomorrow',
  'yesterday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
  'this week',
  'next week',
  'last week',
  'this month',
  'next month',
  'last month',
  'this weekend',
];
