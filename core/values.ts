/**
 * Field values: what is understood on reading, what is accepted for writing.
 *
 * Promise: reading never throws and never guesses. `undefined` means "not understood": the field then reads as unset and is
 * named in the entity's faults, while the value itself stays in the document for whoever understands it. The judgement
 * uses no data of this machine (zone tables, locale), so that every replica judges alike.
 */
import { isId, type EpochMs, type LocalDate } from './ids.ts';
import type { ListIcon, Priority, Reminder, TaskStatus, When } from './task.ts';

export const MAX_TITLE_CHARS = 10_000;
export const MAX_NOTES_CHARS = 500_000;
/** Of a query, as typed and as kept. */
export const MAX_QUERY_CHARS = 2_000;

export const PRIORITIES = ['low', 'medium', 'high', 'urgent'] as const satisfies readonly Priority[];

/** In the order in which they are offered. */
export const LIST_ICONS = [
  'home',
  'work',
  'shopping',
  'family',
  'travel',
  'money',
  'health',
  'study',
  'book',
  'music',
  'food',
  'garden',
  'sport',
  'pet',
  'car',
  'repair',
  'idea',
  'star',
  'gift',
  'phone',
  'mail',
  'code',
  'art',
  'film',
] as const satisfies readonly ListIcon[];

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
/** An IANA name or an offset, by form only. */
const TIME_ZONE = /^[A-Za-z0-9_+\-/:]{1,64}$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function readPriority(value: unknown): Priority | null | undefined {
  if (value === null) return null;
  return PRIORITIES.find((priority) => priority === value);
}

export function readIcon(value: unknown): ListIcon | null | undefined {
  if (value === null) return null;
  return LIST_ICONS.find((icon) => icon === value);
}

/** Put away; the same shape as the trash has. */
export function readArchived(value: unknown): { at: EpochMs } | null | undefined {
  const read = readTrashed(value);
  return read == null ? read : { at: read.at };
}

export function readWhen(value: unknown): When | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'object') return undefined;
  const { date, time, timeZone } = value as { [field: string]: unknown };
  if (!isLocalDate(date)) return undefined;
  if (time === undefined) return timeZone === undefined ? Object.freeze({ date }) : undefined;
  if (typeof time !== 'string' || !TIME.test(time)) return undefined;
  if (timeZone === undefined) return Object.freeze({ date, time });
  if (typeof timeZone !== 'string' || !TIME_ZONE.test(timeZone)) return undefined;
  return Object.freeze({ date, time, timeZone });
}

export function readReference(value: unknown): string | null | undefined {
  return value === null || isId(value) ? value : undefined;
}

export function readDone(value: unknown): { status: TaskStatus; at: EpochMs | null } | undefined {
  if (value === null) return { status: 'open', at: null };
  if (typeof value !== 'object') return undefined;
  const { kind, at } = value as { [field: string]: unknown };
  if ((kind !== 'done' && kind !== 'cancelled') || !isEpochMs(at)) return undefined;
  return { status: kind, at };
}

export function readTrashed(value: unknown): { at: EpochMs; with: string | null } | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'object') return undefined;
  const { at, with: root } = value as { [field: string]: unknown };
  if (!isEpochMs(at)) return undefined;
  return { at, with: isId(root) ? root : null };
}

const DURATION = /^P(?=.)(\d{1,4}W)?(\d{1,4}D)?(T(?=.)(\d{1,5}H)?(\d{1,6}M)?)?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/;

/** Weeks, days, hours and minutes before, or an instant in UTC. */
export function readReminder(id: string, value: unknown): Reminder | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'object') return undefined;
  const { before, at } = value as { [field: string]: unknown };
  if (typeof before === 'string' && DURATION.test(before)) return Object.freeze({ id, before });
  return typeof at === 'string' && INSTANT.test(at) && Number.isFinite(Date.parse(at))
    ? Object.freeze({ id, at })
    : undefined;
}

/** A title or name that can be stored, or what is wrong with it. */
export function acceptTitle(value: string, thing: string): { title: string } | { fault: string } {
  const title = value.trim();
  if (title === '') return { fault: `${thing} needs some text.` };
  if (title.length > MAX_TITLE_CHARS) {
    return { fault: `${thing} has ${title.length} characters; it can have up to ${MAX_TITLE_CHARS}.` };
  }
  return { title };
}

function isEpochMs(value: unknown): value is EpochMs {
  return typeof value === 'number' && Number.isFinite(value);
}

function isLocalDate(value: unknown): value is LocalDate {
  const match = typeof value === 'string' ? DATE.exec(value) : null;
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}
