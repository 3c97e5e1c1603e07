/**
 * How a person wants to be told: by which channels, when not, and where they are.
 *
 * Promise: one shape for server and app. `readNotificationPreferences` takes anything and gives either preferences that
 * hold for every use here or a sentence for each fault. Whether and until when hours are quiet, and when a time of day
 * comes next, is decided here alone, on the wall clock of the person's zone, over midnight and over changes of the clock.
 *
 * Limits: a zone that this machine does not know is refused; zone tables of another machine may know it.
 */
import type { EpochMs } from './ids.ts';
import { Temporal } from './recurrence/temporal.ts';

export interface NotificationPreferences {
  /** IANA name of where the person is. */
  readonly timeZone: string;
  readonly channels: { readonly push: boolean; readonly email: boolean; readonly app: boolean };
  /** HH:mm on the wall clock of `timeZone`; may pass midnight; null: none. `to` is not included. */
  readonly quietHours: { readonly from: string; readonly to: string } | null;
  /** ISO 8601 duration before the due time of what has a time and no reminder of its own; null: none. */
  readonly defaultReminder: string | null;
  /** HH:mm: when to be reminded of what has a date and no time. */
  readonly allDayTime: string;
  /** HH:mm of the daily digest by e-mail; null: none. */
  readonly digestTime: string | null;
  /** May a push carry the task's title. */
  readonly showText: boolean;
  /** Of e-mails; absent: English. */
  readonly locale?: 'en' | 'de';
}

export const DEFAULT_NOTIFICATION_PREFERENCES: NotificationPreferences = Object.freeze({
  timeZone: 'UTC',
  channels: Object.freeze({ push: true, email: false, app: true }),
  quietHours: null,
  defaultReminder: null,
  allDayTime: '09:00',
  digestTime: null,
  showText: false,
});

export interface PreferenceFault {
  /** Dotted path; empty: the whole. */
  readonly field: string;
  /** A plain sentence for a person. */
  readonly message: string;
}

export type ReadPreferences =
  | { readonly ok: true; readonly preferences: NotificationPreferences }
  | { readonly ok: false; readonly faults: readonly PreferenceFault[] };

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const DURATION = /^P(?=.)(\d{1,4}W)?(\d{1,4}D)?(T(?=.)(\d{1,5}H)?(\d{1,6}M)?)?$/;
const ZONE = /^[A-Za-z0-9_+\-/]{1,64}$/;
const FIELDS = [
  'timeZone',
  'channels',
  'quietHours',
  'defaultReminder',
  'allDayTime',
  'digestTime',
  'showText',
  'locale',
] as const;
const CHANNELS = ['push', 'email', 'app'] as const;

/** All fields are needed, except `locale`; others are faults. */
export function readNotificationPreferences(value: unknown): ReadPreferences {
  if (!isRecord(value)) return { ok: false, faults: [{ field: '', message: 'It must be an object.' }] };
  const faults: PreferenceFault[] = [];
  const check = (field: string, holds: boolean, message: string): void => {
    if (!holds) faults.push({ field, message });
  };
  noOthers(value, FIELDS, '', faults);
  const { timeZone, channels, quietHours, defaultReminder, allDayTime, digestTime, showText, locale } = value;
  check('timeZone', isKnownZone(timeZone), 'It must be a time zone by its IANA name, like Europe/Berlin.');
  if (isRecord(channels)) {
    noOthers(channels, CHANNELS, 'channels.', faults);
    for (const name of CHANNELS) {
      check(`channels.${name}`, typeof channels[name] === 'boolean', 'It must be true or false.');
    }
  } else check('channels', false, 'It must be an object with push, email and app.');
  if (isRecord(quietHours)) {
    const { from, to } = quietHours;
    noOthers(quietHours, ['from', 'to'], 'quietHours.', faults);
    check('quietHours.from', isTimeOfDay(from), TIME_EXPECTED);
    check('quietHours.to', isTimeOfDay(to), TIME_EXPECTED);
    check(
      'quietHours',
      from !== to || !isTimeOfDay(from),
      'They begin when they end; to have none, set null.',
    );
  } else check('quietHours', quietHours === null, 'It must be an object with from and to, or null for none.');
  check(
    'defaultReminder',
    defaultReminder === null || (typeof defaultReminder === 'string' && DURATION.test(defaultReminder)),
    'It must be a duration like PT30M or P1D, in weeks, days, hours and minutes, or null for none.',
  );
  check('allDayTime', isTimeOfDay(allDayTime), TIME_EXPECTED);
  check(
    'digestTime',
    digestTime === null || isTimeOfDay(digestTime),
    'It must be a time of day like 07:30, or null for none.',
  );
  check('showText', typeof showText === 'boolean', 'It must be true or false.');
  check(
    'locale',
    locale === undefined || locale === 'en' || locale === 'de',
    'It must be en or de, or be left out.',
  );
  if (faults.length > 0) return { ok: false, faults };
  // Each part was looked at above.
  return { ok: true, preferences: value as unknown as NotificationPreferences };
}

/** When the quiet hours end in which the instant lies; null: it lies in none. */
export function quietUntil(
  { quietHours, timeZone }: Pick<NotificationPreferences, 'quietHours' | 'timeZone'>,
  at: EpochMs,
): EpochMs | null {
  if (quietHours === null) return null;
  const isQuiet = (zoned: Temporal.ZonedDateTime): boolean => {
    const time = zoned.toPlainTime().toString({ smallestUnit: 'minute', roundingMode: 'floor' });
    const { from, to } = quietHours;
    return from < to ? time >= from && time < to : time >= from || time < to;
  };
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  if (!isQuiet(zoned)) return null;
  const end = nextTimeOfDay(timeZone, quietHours.to, at);
  // A clock that is put forward may jump over the end.
  const change = zoned.getTimeZoneTransition('next');
  if (change !== null && change.epochMilliseconds < end && !isQuiet(change)) {
    return change.epochMilliseconds as EpochMs;
  }
  return end;
}

/** The first instant after the given one at which the clock there shows that time; where it skips it, when it would have. */
export function nextTimeOfDay(timeZone: string, time: string, after: EpochMs): EpochMs {
  const day = Temporal.Instant.fromEpochMilliseconds(after).toZonedDateTimeISO(timeZone).toPlainDate();
  for (let n = 0; ; n++) {
    const reading = day.add({ days: n }).toPlainDateTime(Temporal.PlainTime.from(time));
    for (const disambiguation of ['compatible', 'later'] as const) {
      const at = reading.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds;
      if (at > after) return at as EpochMs;
    }
  }
}

const TIME_EXPECTED = 'It must be a time of day like 07:30.';

function isTimeOfDay(value: unknown): value is string {
  return typeof value === 'string' && TIME.test(value);
}

function isKnownZone(value: unknown): value is string {
  if (typeof value !== 'string' || !ZONE.test(value)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(value);
    return true;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noOthers(value: object, known: readonly string[], prefix: string, faults: PreferenceFault[]): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name))
      faults.push({ field: `${prefix}${name}`, message: 'There is no such preference.' });
  }
}
