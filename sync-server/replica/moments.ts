/**
 * Dates, times, zones and instants as scripts write them, and as the document keeps them.
 *
 * Promise: what is read back is what was written; a text that is no real date, time or zone is told apart with a
 * sentence that says how to write it.
 * Limits: a time has minutes, no seconds, because a task has.
 */
import type { When } from '@holdfast/core/document.ts';
import { isKnownZone } from '@holdfast/core/series/values.ts';
import { readReminder, readWhen } from '@holdfast/core/values.ts';

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}))?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Null: no date and no time on a date. */
export function readMoment(text: string, timeZone: string | null): When | null {
  const [, date, time] = MOMENT.exec(text) ?? [];
  if (date === undefined) return null;
  return (
    readWhen(time === undefined ? { date } : timeZone === null ? { date, time } : { date, time, timeZone }) ??
    null
  );
}

/** Null: no instant. */
export function readInstant(text: string): number | null {
  if (!INSTANT.test(text) || readMoment(text.slice(0, 10), null) === null) return null;
  const ms = Date.parse(text);
  return Number.isFinite(ms) ? ms : null;
}

export function momentFault(text: string): string | null {
  if (readMoment(text, null) !== null) return null;
  if (readInstant(text) !== null) {
    return `"${text}" is an instant; write the time on the clock, as 2026-11-30T09:00, and its timeZone beside it`;
  }
  return `"${text}" is no date; write 2026-11-30, or 2026-11-30T09:00 for a time`;
}

export function zoneFault(text: string): string | null {
  const isNamed = /^[A-Za-z0-9_+\-/]{1,64}$/.test(text) && !/^[+-]/.test(text);
  return isNamed && isKnownZone(text)
    ? null
    : `"${text}" is no time zone that is known here; use an IANA name like Europe/Berlin`;
}

export function instantFault(text: string): string | null {
  return readInstant(text) === null ? `"${text}" is no instant; write it as 2026-11-30T08:00:00Z` : null;
}

export function durationFault(text: string): string | null {
  return readReminder('x', { before: text }) == null
    ? `"${text}" is no duration before; write it as PT30M, PT2H or P1D (weeks, days, hours, minutes)`
    : null;
}
