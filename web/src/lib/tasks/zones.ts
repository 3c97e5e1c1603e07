/**
 * A due date in a zone of its own, as the person's own wall clock shows it, and the names of zones.
 *
 * Promise: a date, and a time wherever the person is, are what they say; a time in a zone is that instant. A zone that
 * this browser does not know is read as the person's own, so that nothing disappears.
 */

import { formatLocal, parseLocal } from '@holdfast/core/recurrence/calendar.ts';
import { openZone } from '@holdfast/core/recurrence/zone.ts';
import type { Due } from '../words/due-words.ts';
import { timeWords } from '../words/due-words.ts';

export function personZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The instant of a due time, in ms; null for a date and for a time wherever the person is. */
export function instantOf(due: Due): number | null {
  if (due.time === undefined || due.timeZone === undefined) return null;
  const local = parseLocal(`${due.date}T${due.time}:00`);
  if (local === null) return null;
  try {
    return openZone(due.timeZone).instantOf(local);
  } catch {
    return null;
  }
}

/** Date and time on the wall clock of `zone`. */
export function wallClock(instantMs: number, zone: string): { date: string; time: string } {
  const local = formatLocal(openZone(zone).localAt(instantMs));
  return { date: local.slice(0, 10), time: local.slice(11, 16) };
}

/** The same due date as the person's own clock shows it. */
export function dueHere(due: Due, zone: string): Due {
  if (due.timeZone === undefined || due.timeZone === zone) return due;
  const instant = instantOf(due);
  if (instant === null) return due;
  return { ...wallClock(instant, zone), timeZone: zone };
}

/** "09:00 in New York", where that is another clock than the person's; else null. */
export function zoneNote(due: Due, zone: string, locale: string): string | null {
  if (due.time === undefined || due.timeZone === undefined || due.timeZone === zone) return null;
  const here = dueHere(due, zone);
  if (here.date === due.date && here.time === due.time && instantOf(due) !== null) return null;
  return `${timeWords(due.time, locale)} in ${placeName(due.timeZone)}`;
}

/** "America/Argentina/Buenos_Aires" is "Buenos Aires". */
export function placeName(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

/** Every zone that this browser knows, by its part of the world, for choosing one. */
export function zonesByRegion(): { region: string; zones: { id: string; name: string }[] }[] {
  const regions = new Map<string, { id: string; name: string }[]>();
  for (const id of Intl.supportedValuesOf('timeZone')) {
    const [region = id, ...rest] = id.split('/');
    const zones = regions.get(region) ?? [];
    zones.push({ id, name: (rest.length > 0 ? rest.join(', ') : id).replaceAll('_', ' ') });
    regions.set(region, zones);
  }
  return [...regions].map(([region, zones]) => ({ region, zones }));
}
