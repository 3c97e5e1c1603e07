/**
 * The registers of a series: what is understood on reading.
 *
 * Promise: as in core/values.ts, reading never throws, `undefined` means "not understood", and no zone table or locale of this
 * machine takes part in the judgement: a zone that is unknown here leaves the rule valid, and its times are read as floating.
 */
import { RecurrenceError } from '../recurrence/error.ts';
import { openSeries, type Series, type SeriesRule } from '../recurrence/series.ts';
import { openZone } from '../recurrence/zone.ts';
import type { EpochMs, LocalDate } from '../ids.ts';
import type { When } from '../task.ts';
import { readWhen } from '../values.ts';

export const MAX_RULE_CHARS = 2_000;

/** What the register `rule` says: a repeat, or that it is plain and as which occurrence it went on. */
export type RuleValue =
  | { readonly kind: 'repeats'; readonly rule: SeriesRule; readonly series: Series }
  | { readonly kind: 'plain'; readonly from: number };

export const NEVER_REPEATED: RuleValue = { kind: 'plain', from: 0 };

export interface ClosingValue {
  readonly kind: 'done' | 'skipped' | 'open';
  readonly at: EpochMs;
  /** The rule's date that it stood for; null where its writer knew of no rule. */
  readonly slot: string | null;
  readonly index: number | null;
  /** `<t>@<author>` of the rule it was closed under. */
  readonly rule: string | null;
  /** IANA name of where it was closed. */
  readonly zone: string;
  readonly by: string | null;
  readonly device: string | null;
  readonly title: string | null;
  readonly due: When | null;
}

const SLOT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2})?$/;

export function readRuleValue(value: unknown): RuleValue | undefined {
  if (value === null) return NEVER_REPEATED;
  if (typeof value !== 'object') return undefined;
  const { rrule, mode, missed, start, timeZone, plainFrom } = value as { [field: string]: unknown };
  if (isOrdinal(plainFrom) && rrule === undefined) return { kind: 'plain', from: plainFrom };
  if (typeof rrule !== 'string' || rrule.length > MAX_RULE_CHARS || typeof start !== 'string')
    return undefined;
  if (mode !== 'schedule' && mode !== 'completion') return undefined;
  if (missed !== 'skip' && missed !== 'catch-up') return undefined;
  if (timeZone !== null && typeof timeZone !== 'string') return undefined;
  const rule: SeriesRule = Object.freeze({ rrule, mode, missed, start, timeZone });
  try {
    // By the rule alone first, so that a zone that only newer hosts know does not make it a fault on older ones.
    const floating = openSeries({ ...rule, timeZone: null });
    return {
      kind: 'repeats',
      rule,
      series: timeZone === null || !isKnownZone(timeZone) ? floating : openSeries(rule),
    };
  } catch (error) {
    if (error instanceof RecurrenceError) return undefined;
    throw error;
  }
}

/** Values in a document never change; a series of years has thousands of closings, and looks at all of them at each. */
const understoodClosings = new WeakMap<object, ClosingValue | 'none'>();

/** null: it was never closed, or its closing was undone. Not understood counts as never closed. */
export function readClosing(value: unknown): ClosingValue | null {
  if (typeof value !== 'object' || value === null) return null;
  let known = understoodClosings.get(value);
  if (known === undefined) understoodClosings.set(value, (known = understandClosing(value) ?? 'none'));
  return known === 'none' ? null : known;
}

function understandClosing(value: object): ClosingValue | null {
  const { kind, at, slot, index, rule, zone, by, device, title, due } = value as { [field: string]: unknown };
  if ((kind !== 'done' && kind !== 'skipped' && kind !== 'open') || !isTime(at)) return null;
  return {
    kind,
    at,
    slot: typeof slot === 'string' && SLOT.test(slot) ? slot : null,
    index: isOrdinal(index) ? index : null,
    rule: textOr(rule),
    zone: typeof zone === 'string' && isKnownZone(zone) ? zone : 'UTC',
    by: textOr(by),
    device: textOr(device),
    title: textOr(title),
    due: readWhen(due ?? null) ?? null,
  };
}

/** From which ordinal on open occurrences are hidden; null: none. */
export function readEnd(value: unknown): { readonly from: number; readonly at: EpochMs } | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'object') return undefined;
  const { from, at } = value as { [field: string]: unknown };
  return isOrdinal(from) && isTime(at) ? { from, at } : undefined;
}

/** What an override says: `{ is: value }`; anything else inherits. */
export function readOverride<T>(
  value: unknown,
  understand: (value: unknown) => T | undefined,
): { readonly is: T } | null {
  if (typeof value !== 'object' || value === null || !('is' in value)) return null;
  const is = understand(value.is);
  return is === undefined ? null : { is };
}

/** Until when it is snoozed; null: it is not. */
export function readSnooze(value: unknown): EpochMs | null {
  if (typeof value !== 'object' || value === null) return null;
  const { until } = value as { until?: unknown };
  return isTime(until) ? until : null;
}

export function isOrdinal(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e9;
}

export function isKnownZone(timeZone: string): boolean {
  try {
    openZone(timeZone);
    return true;
  } catch (error) {
    if (error instanceof RecurrenceError) return false;
    throw error;
  }
}

/** A slot as a due date. */
export function whenOfSlot(local: string, timeZone: string | null): When {
  const date = local.slice(0, 10) as LocalDate;
  if (local.length === 10) return Object.freeze({ date });
  const time = local.slice(11, 16);
  return Object.freeze(timeZone === null ? { date, time } : { date, time, timeZone });
}

export function slotOfWhen({ date, time }: When): string {
  return time === undefined ? date : `${date}T${time}:00`;
}

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function isTime(value: unknown): value is EpochMs {
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= MAX_TIME_MS;
}

/** The last instant that a date can name. */
const MAX_TIME_MS = 8.64e15;
