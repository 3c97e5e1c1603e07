/**
 * Zones to choose from, and what the clock of one shows.
 *
 * Promise: pure, but for the list of zones, which is what this browser knows.
 */

import { formatLocal } from '@holdfast/core/recurrence/calendar.ts';
import { openZone } from '@holdfast/core/recurrence/zone.ts';
import type { LocalDate, LocalTime } from '../words/calendar.ts';

export interface ZoneRegion {
  readonly region: string;
  readonly zones: readonly { readonly id: string; readonly name: string }[];
}

/** Date and time on the clock of a zone that this browser knows. */
export function wallClock(instantMs: number, timeZone: string): { date: LocalDate; time: LocalTime } {
  const local = formatLocal(openZone(timeZone).localAt(instantMs));
  return { date: local.slice(0, 10), time: local.slice(11, 16) };
}

/** Every zone by its part of the world, without those named. */
export function zonesByRegion(except: readonly (string | undefined)[]): ZoneRegion[] {
  const regions = new Map<string, { id: string; name: string }[]>();
  for (const id of Intl.supportedValuesOf('timeZone')) {
    if (except.includes(id)) continue;
    const [region = id, ...rest] = id.split('/');
    const zones = regions.get(region) ?? [];
    zones.push({ id, name: (rest.length > 0 ? rest.join(', ') : id).replaceAll('_', ' ') });
    regions.set(region, zones);
  }
  return [...regions].map(([region, zones]) => ({ region, zones }));
}
