/**
 * The zone by whose clock the person of this browser lives: that of the device, unless another was chosen.
 *
 * Promise: whatever asks what day or time it is asks here, so a choice holds everywhere at once: lists by date, what is said,
 * reminders, the worker. It is known before anything is drawn, and another is a reload, as with the language. The zone of the device is asked for again and again, since people travel while the app is open. A chosen
 * zone that this browser does not know is none.
 */

import { DAY_SECONDS, formatLocal } from '@holdfast/core/recurrence/calendar.ts';
import { openZone, type Zone } from '@holdfast/core/recurrence/zone.ts';
import type { LocalDate, LocalTime } from './calendar.ts';
import { zoneOf } from './local-due.ts';
import { storedChoices } from './stored-choices.ts';

/** undefined: not read yet. */
let chosen: string | null | undefined;
let device = '';
let isKnownUntil = 0;

/** IANA name. Asked for every task of a list, and of the browser as dear as formatting a date: its answer holds for a second. */
export function timeZoneHere(): string {
  return chosenTimeZone() ?? (performance.now() < isKnownUntil ? device : deviceTimeZone());
}

/** null: that of the device. */
export function chosenTimeZone(): string | null {
  if (chosen === undefined) liveIn(storedChoices().timeZone);
  return chosen ?? null;
}

/** Asks the browser now. */
export function deviceTimeZone(): string {
  isKnownUntil = performance.now() + 1000;
  return (device = Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** Whatever was stored, by this version or another, or was left for a worker. */
export function liveIn(timeZone: unknown): void {
  chosen = typeof timeZone === 'string' && zoneOf(timeZone) ? timeZone : null;
}

export function localDate(instantMs: number): LocalDate {
  return wallClock(instantMs).date;
}

export function localTime(instantMs: number): LocalTime {
  return wallClock(instantMs).time;
}

/** What the clock of a zone shows; that of UTC for a zone that is not known here. */
export function wallClock(
  instantMs: number,
  timeZone: string = timeZoneHere(),
): { date: LocalDate; time: LocalTime } {
  const text = formatLocal(clockOf(timeZone).localAt(instantMs));
  return { date: text.slice(0, 10), time: text.slice(11, 16) };
}

/** How long until the clock shows another date. */
export function untilTomorrowMs(instantMs: number): number {
  const zone = clockOf(timeZoneHere());
  const day = Math.floor(zone.localAt(instantMs) / DAY_SECONDS);
  return zone.instantOf((day + 1) * DAY_SECONDS) - instantMs;
}

function clockOf(timeZone: string): Zone {
  return zoneOf(timeZone) ?? openZone('UTC');
}
