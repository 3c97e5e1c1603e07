/**
 * A series of a to-do: which slot comes after the one that was closed. Pure functions of the rule and of the last
 * closing, so that every replica that knows both names the same next slot; nothing here reads a clock or the host.
 *
 * Promise: one next slot, or none when the series is over. A slot's index counts every slot of the rule, closed, skipped
 * and missed ones alike, because COUNT counts slots. An overdue series goes on at the first slot that is not past and
 * says which it passed over (`skip`), or takes each in turn (`catch-up`). What was closed early goes on at the slot
 * after it. After-completion rules count from the local date of the closing.
 *
 * Limits: EXDATE and RDATE are unknown here. Of the missed slots the first MAX_LISTED_MISSED are listed, all are
 * counted.
 *
 * Why slots are readings and not instants: identity must not depend on zone data, which differs between hosts and years.
 */
import { allDayRule } from '../recurrence.ts';
import { nextAfterCompletion, requireCompletionRule } from './after-completion.ts';
import { DAY_SECONDS, formatDay, formatLocal, LAST_DAY, parseDay, parseLocal } from './calendar.ts';
import { RecurrenceError } from './error.ts';
import { createSlots } from './expansion.ts';
import { parseRule } from './rule.ts';
import { openZone, type Zone } from './zone.ts';

export interface SeriesRule {
  /** An RFC 5545 RRULE value. With mode `completion` only FREQ, INTERVAL, WKST and an end. */
  readonly rrule: string;
  /** `schedule`: the rule names the slots. `completion`: each next one is counted from the closing of the last. */
  readonly mode: 'schedule' | 'completion';
  readonly missed: 'skip' | 'catch-up';
  /** YYYY-MM-DD for an all-day series, else YYYY-MM-DDTHH:mm:ss. */
  readonly start: string;
  /** IANA name; null for a floating time, and allowed to be null for an all-day series. */
  readonly timeZone: string | null;
}

export interface Slot {
  /** YYYY-MM-DD or YYYY-MM-DDTHH:mm:ss, as the rule names it. */
  readonly local: string;
  /** 0 for the first slot of the rule. */
  readonly index: number;
}

export interface Closing {
  /** The slot that was closed, as it was named before any override. */
  readonly local: string;
  /** Its index, or null when it was closed under another rule: then it is counted anew from this rule's start. */
  readonly index: number | null;
  readonly kind: 'done' | 'skipped';
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** IANA name of where it was closed: it says which day that was, unless the series has a zone of its own. */
  readonly zone: string;
}

export interface Advance {
  /** Null: the series is over. */
  readonly next: Slot | null;
  /** The slots between the closed one and the next, oldest first, at most MAX_LISTED_MISSED of them. */
  readonly missed: readonly Slot[];
  readonly missedCount: number;
}

export interface Series {
  readonly isAllDay: boolean;
  /** The first slot; null for a rule that never falls. */
  first(): Slot | null;
  advance(closing: Closing): Advance;
  /**
   * The slots after one, or from the first on, at most MAX_PREVIEW of them. In mode `completion`: as if each were closed
   * on its own date.
   */
  preview(limit: number, after?: Slot): Slot[];
}

export const MAX_LISTED_MISSED = 100;
export const MAX_PREVIEW = 1000;

/** @throws RecurrenceError when the rule cannot be: see `occurrences`; also when mode `completion` has BY parts */
export function openSeries(series: SeriesRule): Series {
  const { start, isAllDay } = readStart(series.start);
  const parsed = parseRule(series.rrule);
  const rule = isAllDay ? allDayRule(parsed, series.timeZone ?? undefined) : parsed;
  if (series.mode === 'completion') requireCompletionRule(rule);
  const zone = series.timeZone === null ? null : openZone(series.timeZone);
  const slots = createSlots(rule, start);

  // A floating series has no instants, so there an UNTIL in UTC is taken for the reading that it spells.
  const untilMs = rule.until?.kind === 'instant' && zone ? rule.until.seconds * 1000 : null;
  const lastLocal = Math.min(
    untilMs !== null && zone ? zone.latestLocalUntil(untilMs) : (rule.until?.seconds ?? Infinity),
    (LAST_DAY + 1) * DAY_SECONDS - 1,
  );
  const isBeforeEnd = (local: number): boolean =>
    local <= lastLocal && (untilMs === null || zone === null || zone.instantOf(local) <= untilMs);
  const most = rule.count ?? Infinity;

  const name = (local: number): string => (isAllDay ? formatDay(local / DAY_SECONDS) : formatLocal(local));

  /** A closed slot may have been named under a rule of the other sort: then its day is what counts. */
  function readClosed(text: string): number {
    const closedDay = parseDay(text.slice(0, 10));
    const reading =
      text.length === 10 && closedDay !== null ? (closedDay + 1) * DAY_SECONDS - 1 : parseLocal(text);
    if (reading === null || closedDay === null) {
      throw new RecurrenceError('bad-input', `The closed slot is '${text}'; expected a date or a reading.`);
    }
    return isAllDay ? closedDay * DAY_SECONDS : reading;
  }

  function scheduleFrom(local: number, index: number, limit: number): Slot[] {
    const found: Slot[] = [];
    if (limit <= 0 || index >= most) return found;
    for (const slot of slots.from(local)) {
      if (slot > lastLocal) break;
      if (!isBeforeEnd(slot)) continue;
      found.push({ local: name(slot), index: index + found.length });
      if (found.length >= limit || index + found.length >= most) break;
    }
    return found;
  }

  function advanceOnSchedule(closing: Closing): Advance {
    const closed = readClosed(closing.local);
    const from = closed + 1;
    const index = closing.index === null ? slots.countBefore(from) : closing.index + 1;
    const [following] = scheduleFrom(from, index, 1);
    if (!following) return { next: null, missed: [], missedCount: 0 };
    if (series.missed === 'catch-up') return { next: following, missed: [], missedCount: 0 };
    const past = pastAt(closing);
    if (!past.has(readClosedSlot(following))) return { next: following, missed: [], missedCount: 0 };
    const next = firstNotPast(Math.max(from, past.end()), past);
    const end = next ?? lastLocal + 1;
    const between =
      slots.countBefore(end) - slots.countBefore(from) - (next === null ? countRejected(from) : 0);
    const missedCount = Math.min(between, most - index);
    const isOver = next === null || index + between >= most;
    return {
      next: isOver ? null : { local: name(next), index: index + between },
      missed: scheduleFrom(from, index, Math.min(missedCount, MAX_LISTED_MISSED)),
      missedCount,
    };
  }

  const readClosedSlot = (slot: Slot): number => readClosed(slot.local);

  /** What is past when a slot is closed: a date before that day, a time before that instant. */
  function pastAt(closing: Closing): Past {
    if (zone && !isAllDay) {
      return {
        has: (local) => zone.instantOf(local) < closing.at,
        end: () => zone.earliestLocalAfter(closing.at - 1),
      };
    }
    const now = (zone ?? openZone(closing.zone)).localAt(closing.at);
    const threshold = isAllDay ? Math.floor(now / DAY_SECONDS) * DAY_SECONDS : now;
    return { has: (local) => local < threshold, end: () => threshold };
  }

  function firstNotPast(from: number, past: Past): number | null {
    for (const slot of slots.from(from)) {
      if (slot > lastLocal) return null;
      if (isBeforeEnd(slot) && !past.has(slot)) return slot;
    }
    return null;
  }

  /** Slots that an UNTIL in UTC excludes though their reading is not beyond it: only around a change of the clock. */
  function countRejected(from: number): number {
    if (untilMs === null) return 0;
    let count = 0;
    for (const slot of slots.from(Math.max(from, lastLocal - 2 * DAY_SECONDS))) {
      if (slot > lastLocal) break;
      if (!isBeforeEnd(slot)) count++;
    }
    return count;
  }

  function afterCompletion(
    closedLocal: number,
    index: number,
    closing: Closing | null,
    where: Zone | null,
  ): Slot | null {
    const next = nextAfterCompletion({ rule, start, isAllDay, closedLocal, closing, zone: where });
    return index < most && isBeforeEnd(next) ? { local: name(next), index } : null;
  }

  return {
    isAllDay,
    first() {
      if (series.mode === 'completion') return isBeforeEnd(start) ? { local: name(start), index: 0 } : null;
      return scheduleFrom(start, 0, 1)[0] ?? null;
    },
    advance(closing) {
      if (series.mode === 'schedule') return advanceOnSchedule(closing);
      const index = closing.index === null ? 0 : closing.index + 1;
      const where = zone ?? openZone(closing.zone);
      return {
        next: afterCompletion(readClosed(closing.local), index, closing, where),
        missed: [],
        missedCount: 0,
      };
    },
    preview(wanted, after) {
      const limit = Math.min(wanted, MAX_PREVIEW);
      if (series.mode === 'schedule') {
        return after
          ? scheduleFrom(readClosedSlot(after) + 1, after.index + 1, limit)
          : scheduleFrom(start, 0, limit);
      }
      const found: Slot[] = [];
      let slot = after ? afterCompletion(readClosedSlot(after), after.index + 1, null, null) : this.first();
      while (slot && found.length < limit) {
        found.push(slot);
        slot = afterCompletion(readClosedSlot(slot), slot.index + 1, null, null);
      }
      return found;
    },
  };
}

interface Past {
  has(local: number): boolean;
  /** Every slot before this local second is past. Asked only when one is, since it costs as much as all the rest. */
  end(): number;
}

function readStart(text: string): { start: number; isAllDay: boolean } {
  const day = parseDay(text);
  const start = day === null ? parseLocal(text) : day * DAY_SECONDS;
  if (start === null) {
    throw new RecurrenceError(
      'bad-input',
      `start is '${text}'; expected a date like 2026-03-29, or a reading like 2026-03-29T09:00:00.`,
    );
  }
  return { start, isAllDay: day !== null };
}
