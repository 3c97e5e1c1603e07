/**
 * A due date as the clock of the person who looks at it has it.
 *
 * Promise: pure. A time in a zone is an instant, so elsewhere it has another time and perhaps another day; a day without
 * a time, and a time without a zone, are the same wherever one is. A zone that is not known here is read as none.
 */

import { formatLocal, parseLocal } from '@holdfast/core/recurrence/calendar.ts';
import { RecurrenceError } from '@holdfast/core/recurrence/error.ts';
import { openZone, type Zone } from '@holdfast/core/recurrence/zone.ts';
import type { LocalDate, LocalTime } from './calendar.ts';

export interface Due {
  readonly date: LocalDate;
  readonly time?: LocalTime | undefined;
  readonly timeZone?: string | undefined;
}

export interface LocalDue {
  readonly date: LocalDate;
  readonly time?: LocalTime | undefined;
}

/** Opened once each: a list asks again for every row. */
const zones = new Map<string, Zone | null>();
const seen = new WeakMap<Due, { readonly timeZone: string; readonly local: LocalDue }>();

export function localDue(due: Due, timeZone: string | undefined): LocalDue {
  if (due.time === undefined || due.timeZone === undefined || timeZone === undefined) return due;
  if (due.timeZone === timeZone) return due;
  const known = seen.get(due);
  if (known?.timeZone === timeZone) return known.local;
  const instantMs = dueInstantMs(due, timeZone);
  const here = zoneOf(timeZone);
  const local = instantMs === null || here === null ? due : splitLocal(here.localAt(instantMs));
  seen.set(due, { timeZone, local });
  return local;
}

/** When a time is reached, in ms; null for a day alone. A floating time is one in the viewer's zone. */
export function dueInstantMs(due: Due, timeZone: string): number | null {
  if (due.time === undefined) return null;
  const zone = zoneOf(due.timeZone ?? timeZone) ?? zoneOf(timeZone);
  const local = parseLocal(`${due.date}T${due.time}:00`);
  return zone === null || local === null ? null : zone.instantOf(local);
}

/** "Los Angeles" of "America/Los_Angeles". */
export function cityOf(timeZone: string): string {
  return (timeZone.split('/').at(-1) ?? timeZone).replaceAll('_', ' ');
}

function splitLocal(local: number): LocalDue {
  const text = formatLocal(local);
  return { date: text.slice(0, 10), time: text.slice(11, 16) };
}

/** null: not known here. */
export function zoneOf(timeZone: string): Zone | null {
  let zone = zones.get(timeZone);
  if (zone === undefined) zones.set(timeZone, (zone = openedZone(timeZone)));
  return zone;
}

function openedZone(timeZone: string): Zone | null {
  try {
    return openZone(timeZone);
  } catch (error) {
    if (error instanceof RecurrenceError) return null;
    throw error;
  }
}
