/**
 * What stands at one place of a line: a due date, a start, a repeat, its end, or a reminder. Grammar tables say which
 * words make phrases; this says how phrases combine (a date and a time in either order, a repeat with its day, a range)
 * and when a doubtful one is left alone.
 *
 * Promise: each look reads a bounded number of lexemes, so a whole line costs in proportion to its length.
 */
import { dayOf, type Weekday } from '../recurrence/calendar.ts';
import type { Grammar } from './grammar.ts';
import { beginsPhrase, endsPhrase, type Lexeme } from './lexemes.ts';
import type {
  DateMeaning,
  EndMeaning,
  MinuteOfDay,
  ReminderMeaning,
  RepeatMeaning,
  WhenMeaning,
} from './meaning.ts';
import { clockReading, dateInFigures, yearFigure, type DateInFigures } from './numerals.ts';
import {
  longestPhrase,
  type Found,
  type PhraseTable,
  type SlotName,
  type SlotReader,
  type Slots,
} from './pattern.ts';

export interface StartMeaning {
  readonly start: WhenMeaning;
  /** "from Monday to Friday" */
  readonly due: WhenMeaning | null;
}

export interface Reader {
  due(index: number): Found<WhenMeaning> | null;
  start(index: number): Found<StartMeaning> | null;
  repeat(index: number): Found<RepeatMeaning> | null;
  end(index: number): Found<EndMeaning> | null;
  reminder(index: number): Found<ReminderMeaning> | null;
}

/** As many members as a list of days can sensibly have. */
const MAX_LIST = 31;

export function createReader(lexemes: readonly Lexeme[], grammar: Grammar, isMonthFirst: boolean): Reader {
  const textAt = (index: number): string => lexemes[index]?.text ?? '';
  const isIn = (words: ReadonlySet<string>, index: number): boolean => words.has(textAt(index));

  // --- slots ---

  const slotReaders: { [Name in SlotName]: (index: number) => Found<Slots[Name]> | null } = {
    n: (index) => {
      const lexeme = lexemes[index];
      if (lexeme?.kind === 'number') {
        const value = lexeme.text.length <= 3 ? Number(lexeme.text) : 0;
        return value > 0 ? { value, next: index + 1 } : null;
      }
      return word(grammar.numbers, index);
    },
    nth: (index) => slotReaders.dayth(index) ?? word(grammar.ordinals, index),
    days: (index) => list(index, slotReaders.dayth, () => true),
    day: (index) => slotReaders.dayth(index) ?? dayFigure(index),
    dayth: (index) => {
      const day = dayFigure(index);
      const ending = lexemes[index + 1];
      return day && ending?.spaced === false && grammar.ordinalEndings.has(ending.text)
        ? { value: day.value, next: index + 2 }
        : null;
    },
    year: (index) => {
      const value = yearFigure(lexemes, index);
      return value === null ? null : { value, next: index + 1 };
    },
    month: (index) => abbreviated(grammar.months, index),
    weekday: (index) => abbreviated(grammar.weekdays, index),
    weekdays: (index) => weekdayRange(index) ?? list(index, slotReaders.weekday, () => true, true),
    habits: (index) =>
      list(
        index,
        (at) => word(grammar.habits, at),
        () => true,
      ),
    unit: (index) => abbreviated(grammar.units, index),
    part: (index) => word(grammar.dayParts, index),
    time: (index) => time(index, true),
    date: (index) => dateAt(index),
    span: (index) => span(index),
  };
  const read: SlotReader = (name, index) => slotReaders[name](index);

  function look<T>(table: PhraseTable<T>, index: number): Found<T> | null {
    return longestPhrase(table, lexemes, index, read);
  }

  function word<Value>(words: ReadonlyMap<string, Value>, index: number): Found<Value> | null {
    const value = words.get(textAt(index));
    return value === undefined ? null : { value, next: index + 1 };
  }

  /** A full stop after a short form belongs to it. */
  function abbreviated<Value>(words: ReadonlyMap<string, Value>, index: number): Found<Value> | null {
    const found = word(words, index);
    const stop = lexemes[index + 1];
    const hasStop =
      found !== null &&
      stop?.text === '.' &&
      !stop.spaced &&
      isIn(grammar.abbreviations, index) &&
      lexemes[index + 2]?.spaced !== false;
    return hasStop ? { value: found.value, next: index + 2 } : found;
  }

  function dayFigure(index: number): Found<number> | null {
    const lexeme = lexemes[index];
    if (lexeme?.kind !== 'number' || lexeme.text.length > 2) return null;
    const value = Number(lexeme.text);
    return value >= 1 && value <= 31 ? { value, next: index + 1 } : null;
  }

  function list<Value>(
    index: number,
    member: (index: number) => Found<Value> | null,
    isMember: (value: Value) => boolean,
    /** "mon wed fri" */
    canDoWithoutAnd = false,
  ): Found<readonly Value[]> | null {
    const values: Value[] = [];
    let next = index;
    for (let at = index; values.length < MAX_LIST;) {
      const found = member(at);
      if (!found || !isMember(found.value)) break;
      values.push(found.value);
      next = at = found.next;
      if (!isIn(grammar.and, at)) {
        if (canDoWithoutAnd) continue;
        break;
      }
      at++;
      if (isIn(grammar.and, at)) at++;
    }
    return values.length > 0 ? { value: [...new Set(values)], next } : null;
  }

  function weekdayRange(index: number): Found<readonly Weekday[]> | null {
    const from = slotReaders.weekday(index);
    if (!from || !isIn(grammar.through, from.next)) return null;
    const to = slotReaders.weekday(from.next + 1);
    if (!to) return null;
    const length = ((to.value - from.value + 7) % 7) + 1;
    const value = Array.from({ length }, (_, day) => ((from.value + day) % 7) as Weekday);
    return { value, next: to.next };
  }

  function span(index: number): Found<string> | null {
    const whole = look(grammar.spans, index);
    if (whole) return whole;
    const parts: { n: number; letter: string; isTime: boolean }[] = [];
    let next = index;
    for (let at = index; parts.length < 4;) {
      const n = slotReaders.n(at);
      const unit = n && slotReaders.unit(n.next);
      if (!n || !unit) break;
      const isTime = unit.value === 'hour' || unit.value === 'minute';
      parts.push({ n: n.value, letter: unit.value.charAt(0).toUpperCase(), isTime });
      next = at = unit.next;
      if (isIn(grammar.and, at)) at++;
    }
    if (parts.length === 0) return null;
    const text = (isTime: boolean): string =>
      parts
        .filter((part) => part.isTime === isTime)
        .map((part) => `${part.n}${part.letter}`)
        .join('');
    return { value: `P${text(false)}${text(true) === '' ? '' : `T${text(true)}`}`, next };
  }

  // --- dates and times ---

  function dateAt(
    index: number,
  ): (Found<DateMeaning> & { isDoubtful: boolean; minute: number | null }) | null {
    const figures = figuresAt(index);
    const phrase = look(grammar.dates, index);
    if (figures && figures.next > (phrase?.next ?? 0)) return figures;
    if (!phrase || !isPossible(phrase.value)) return null;
    return { ...phrase, isDoubtful: false, minute: null };
  }

  /** "11/27", and "Fri 11/27" with the weekday that it is anyway. */
  function figuresAt(index: number): DateInFigures | null {
    const weekday = slotReaders.weekday(index);
    const at = weekday ? (textAt(weekday.next) === ',' ? weekday.next + 1 : weekday.next) : index;
    const figures = dateInFigures(lexemes, at, isMonthFirst);
    return figures && weekday ? { ...figures, isDoubtful: false } : figures;
  }

  function time(index: number, isLed: boolean): Found<MinuteOfDay> | null {
    const phrase = look(grammar.times, index);
    const clock = clockReading(lexemes, index, grammar, isLed);
    if (phrase && phrase.next > (clock?.next ?? 0)) return phrase;
    return clock && (isLed || clock.isPlain) ? clock : null;
  }

  /** A time, with the word that leads it where there is one. */
  function ledTime(index: number): (Found<MinuteOfDay> & { isHalfDay: boolean; isBare: boolean }) | null {
    const isLed = isIn(grammar.at, index);
    const at = isLed ? index + 1 : index;
    const found = time(at, isLed);
    if (!found) return null;
    const clock = clockReading(lexemes, at, grammar, isLed);
    const isClock = clock?.next === found.next;
    if (isClock && !clock.isPlain && isIn(grammar.counted, found.next)) return null;
    const isHalfDay = isClock ? clock.isHalfDay : found.value > 0 && found.value < 12 * 60;
    return { ...found, isHalfDay, isBare: !isLed };
  }

  function dayPart(index: number): Found<MinuteOfDay> | null {
    const direct = word(grammar.dayParts, index);
    if (direct) return direct;
    const moment = look(grammar.moments, index);
    return moment && moment.value.date === null && moment.value.minute !== null
      ? { value: moment.value.minute, next: moment.next }
      : null;
  }

  /** What follows a date: a part of the day, a time, or both ("tomorrow evening at 7"). */
  function timeAfter(
    index: number,
    part: MinuteOfDay | null,
  ): (Found<MinuteOfDay> & { isHalfDay: boolean }) | null {
    const from = part === null && textAt(index) === ',' ? index + 1 : index;
    const named = part === null ? dayPart(from) : null;
    const known = part ?? named?.value ?? null;
    const clock = ledTime(named?.next ?? from);
    if (clock) {
      const isEvening = known !== null && known >= 12 * 60 && clock.isHalfDay && clock.value < 12 * 60;
      const isHalfDay = known === null && clock.isHalfDay;
      return { value: isEvening ? clock.value + 12 * 60 : clock.value, next: clock.next, isHalfDay };
    }
    return named && { ...named, isHalfDay: false };
  }

  /** A date, a time, or both. `isLed`: a word like "on" stands before. */
  function when(index: number, isLed: boolean): Found<WhenMeaning> | null {
    const found = momentAt(index) ?? dateFirst(index, isLed) ?? timeFirst(index);
    return found && endsPhrase(lexemes, found.next) ? found : null;
  }

  function momentAt(index: number): Found<WhenMeaning> | null {
    const moment = look(grammar.moments, index);
    if (!moment) return null;
    const exact = timeAfter(moment.next, moment.value.minute);
    if (exact) return { value: { ...moment.value, minute: exact.value }, next: exact.next };
    if (moment.value.date !== null) return moment;
    // "in the morning tomorrow"
    const date = dateWithLead(moment.next);
    return date ? { value: { date: date.value, minute: moment.value.minute }, next: date.next } : moment;
  }

  function dateFirst(index: number, isLed: boolean): Found<WhenMeaning> | null {
    const date = dateAt(index);
    if (!date) return null;
    if (date.minute !== null) return { value: { date: date.value, minute: date.minute }, next: date.next };
    if (!endsPhrase(lexemes, date.next)) return null;
    const exact = timeAfter(date.next, null);
    if (exact && endsPhrase(lexemes, exact.next)) {
      return { value: timed(date.value, exact.value, exact.isHalfDay), next: exact.next };
    }
    if (isOrdinalOrCount(date) && isIn(grammar.counted, date.next)) return null;
    const doubt = date.isDoubtful ? 'loose' : doubtOf(index, date.next);
    if (doubt !== null && !isLed && (doubt === 'led' || !isFollowedLoosely(date.next))) return null;
    return { value: { date: date.value, minute: null }, next: date.next };
  }

  function timeFirst(index: number): Found<WhenMeaning> | null {
    const clock = ledTime(index);
    if (!clock || !endsPhrase(lexemes, clock.next)) return null;
    const date = dateWithLead(textAt(clock.next) === ',' ? clock.next + 1 : clock.next);
    if (date && endsPhrase(lexemes, date.next)) {
      // "at 9 tomorrow morning"
      const part = dayPart(date.next);
      if (part && endsPhrase(lexemes, part.next)) {
        const isLate = part.value >= 12 * 60 && clock.isHalfDay && clock.value < 12 * 60;
        return {
          value: { date: date.value, minute: clock.value + (isLate ? 12 * 60 : 0) },
          next: part.next,
        };
      }
      return { value: timed(date.value, clock.value, clock.isHalfDay), next: date.next };
    }
    // "7 this evening", "8 tonight"
    const moment = look(grammar.moments, clock.next);
    if (moment && moment.value.minute !== null && endsPhrase(lexemes, moment.next)) {
      const isLate = moment.value.minute >= 12 * 60 && clock.isHalfDay && clock.value < 12 * 60;
      return {
        value: { date: moment.value.date, minute: clock.value + (isLate ? 12 * 60 : 0) },
        next: moment.next,
      };
    }
    const doubt = clock.isBare ? doubtOf(index, clock.next) : null;
    if (doubt !== null && !isFollowedLoosely(clock.next)) return null;
    return { value: { date: null, minute: clock.value }, next: clock.next };
  }

  function dateWithLead(index: number): Found<DateMeaning> | null {
    for (const lead of grammar.dateLeads) {
      if (!isRow(lead, index)) continue;
      const date = dateAt(index + lead.length);
      if (date) return date;
    }
    const date = dateAt(index);
    return date && doubtOf(index, date.next) !== 'led' ? date : null;
  }

  function isRow(row: readonly string[], index: number): boolean {
    return row.every((text, at) => textAt(index + at) === text);
  }

  /** The doubt about a phrase of a single word. */
  function doubtOf(index: number, next: number): 'loose' | 'led' | null {
    const isOneWord = next === index + 1 || (next === index + 2 && textAt(index + 1) === '.');
    return isOneWord ? (grammar.doubtful.get(textAt(index)) ?? null) : null;
  }

  function isFollowedLoosely(next: number): boolean {
    const lexeme = lexemes[next];
    if (lexeme === undefined || lexeme.kind === 'mark' || isIn(grammar.followers, next)) return true;
    return lexeme.kind === 'number' && time(next, false) !== null;
  }

  /** Does it end in a number that could count what follows: "the 5th floor", "march 10 miles"? */
  function isOrdinalOrCount(date: Found<DateMeaning>): boolean {
    const last = lexemes[date.next - 1];
    return last?.kind === 'number' || isIn(grammar.ordinalEndings, date.next - 1);
  }

  /** The longest of what stands there after each of the leads that fit, or after none. */
  function afterLead<T>(
    leads: readonly (readonly string[])[],
    index: number,
    at: (index: number) => Found<T> | null,
  ): Found<T> | null {
    let best: Found<T> | null = null;
    for (const lead of leads) {
      const found = isRow(lead, index) ? at(index + lead.length) : null;
      if (found && found.next > (best?.next ?? 0)) best = found;
    }
    return best;
  }

  const begins = (index: number): boolean => beginsPhrase(lexemes, index);

  return {
    due(index) {
      if (!begins(index)) return null;
      const led = afterLead(grammar.dateLeads, index, (at) => when(at, true));
      const plain = isIn(grammar.notAfter, index - 1) ? null : when(index, false);
      return led && led.next >= (plain?.next ?? 0) ? led : plain;
    },

    start(index) {
      if (!begins(index)) return null;
      return afterLead(grammar.startLeads, index, startAt) ?? rangeAt(index, false);
    },

    repeat(index) {
      return begins(index) ? withDayPart(wholeRepeat(index)) : null;
    },

    end(index) {
      if (!begins(index)) return null;
      const found = look(grammar.ends, index);
      return found && endsPhrase(lexemes, found.next) ? found : null;
    },

    reminder(index) {
      if (!begins(index)) return null;
      const phrase = look(grammar.reminders, index);
      const fixed = phrase && endsPhrase(lexemes, phrase.next) && !isOfSomething(phrase) ? phrase : null;
      const dated = afterLead(grammar.reminderLeads, index, (at) => when(at, true) ?? bareTime(at));
      if (dated && dated.next > (fixed?.next ?? 0)) {
        return { value: { kind: 'at', when: dated.value }, next: dated.next };
      }
      return fixed;
    },
  };

  function startAt(index: number): Found<StartMeaning> | null {
    const range = rangeAt(index, true);
    if (range) return range;
    const from = when(index, true);
    return from && { value: { start: from.value, due: null }, next: from.next };
  }

  /** "Monday to Friday"; after a word like "from" also "9 to 5pm". */
  function rangeAt(index: number, isLed: boolean): Found<StartMeaning> | null {
    const from = when(index, isLed) ?? (isLed ? bareHour(index) : null);
    if (!from || !isIn(grammar.rangeWords, from.next)) return null;
    const to = when(from.next + 1, true);
    if (!to) return null;
    if (from.value.date === null && to.value.date !== null) {
      // "8am until 24 December" is a time, and the end of something else; "9am to 11am on Friday" is one day.
      if (to.value.minute === null) return null;
      return { value: { start: { ...from.value, date: to.value.date }, due: to.value }, next: to.next };
    }
    return { value: { start: inMonthOf(from.value, to.value), due: to.value }, next: to.next };
  }

  function bareHour(index: number): Found<WhenMeaning> | null {
    const found = time(index, true);
    return found && { value: { date: null, minute: found.value }, next: found.next };
  }

  /** "every Saturday morning", "every evening at 8" */
  function withDayPart(repeat: Found<RepeatMeaning> | null): Found<RepeatMeaning> | null {
    if (!repeat) return null;
    const part = repeat.value.minute === undefined ? word(grammar.dayParts, repeat.next) : null;
    const minute = repeat.value.minute ?? part?.value;
    if (minute === undefined) return repeat;
    const next = part?.next ?? repeat.next;
    const exact = timeAfter(next, minute) ?? { value: minute, next };
    const found = { value: { ...repeat.value, minute: exact.value }, next: exact.next };
    return endsPhrase(lexemes, found.next) ? found : repeat;
  }

  function wholeRepeat(index: number): Found<RepeatMeaning> | null {
    const head = look(grammar.repeats, index);
    if (!head) return null;
    const isUnit = head.value.days.kind === 'plain';
    const done = isUnit ? look(grammar.afterDone, head.next) : null;
    if (done && endsPhrase(lexemes, done.next)) {
      return { value: { ...head.value, isAfterDone: true }, next: done.next };
    }
    const tail = isUnit ? look(grammar.repeatTails, head.next) : null;
    const joint = tail && endsPhrase(lexemes, tail.next) ? combined(head.value, tail.value) : null;
    if (tail && joint && !(isIn(grammar.ordinalEndings, tail.next - 1) && isIn(grammar.counted, tail.next))) {
      return { value: joint, next: tail.next };
    }
    if (!endsPhrase(lexemes, head.next)) return null;
    if (isIn(grammar.ordinalEndings, head.next - 1) && isIn(grammar.counted, head.next)) return null;
    if (doubtOf(index, head.next) !== null && !isFollowedLoosely(head.next)) return null;
    return head;
  }

  /** "Remind me about the rent" is a title; "remind me" alone is when it is due. */
  function isOfSomething({ value, next }: Found<ReminderMeaning>): boolean {
    return value.kind === 'before' && value.duration === 'PT0S' && !isFollowedLoosely(next);
  }

  /** After "remind me at" a bare hour is a time. */
  function bareTime(index: number): Found<WhenMeaning> | null {
    if (!isIn(grammar.at, index - 1)) return null;
    const found = time(index, true);
    return found && endsPhrase(lexemes, found.next)
      ? { value: { date: null, minute: found.value }, next: found.next }
      : null;
  }
}

/** "From the 3rd to 5 March": a day alone has the month of the end. */
function inMonthOf(from: WhenMeaning, to: WhenMeaning): WhenMeaning {
  if (from.date?.kind !== 'month-day' || to.date?.kind !== 'calendar') return from;
  const date = { ...to.date, day: from.date.day };
  return isPossible(date) && date.day <= to.date.day ? { ...from, date } : from;
}

function timed(date: DateMeaning, minute: MinuteOfDay, isHalfDay: boolean): WhenMeaning {
  return isHalfDay ? { date, minute, isHalfDay } : { date, minute };
}

/** A repeat of weeks takes weekdays, one of months takes days of the month, one of years takes dates. */
function combined(head: RepeatMeaning, tail: RepeatMeaning): RepeatMeaning | null {
  const unit = head.days.kind === 'plain' ? head.days.unit : null;
  const fits = {
    weekdays: 'week',
    'month-days': 'month',
    nth: 'month',
    'year-day': 'year',
    'year-nth': 'year',
  };
  if (tail.days.kind === 'plain' || fits[tail.days.kind] !== unit) return null;
  return { ...tail, every: head.every };
}

/** 30 February is no date, whatever the year. */
function isPossible(date: DateMeaning): boolean {
  const LEAP_YEAR = 2000;
  if (date.kind === 'calendar') return dayOf(date.year ?? LEAP_YEAR, date.month, date.day) !== null;
  if (date.kind === 'nth') return date.of === 'day' ? date.nth >= -1 : date.nth <= 5;
  if (date.kind === 'nth-in') return date.nth >= -1 && date.nth <= 5;
  return true;
}
