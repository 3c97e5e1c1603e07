/**
 * Zones to choose from: what this browser knows.
 */

export interface ZoneRegion {
  readonly region: string;
  readonly zones: readonly { readonly id: string; readonly name: string }[];
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
