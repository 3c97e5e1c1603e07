/**
 * What others and other devices changed, grouped by what they changed, in words.
 *
 * Promise: what this device did itself is left out; several changes of one field by one person on one device are one, from
 * the first value to the last, and none where these are the same; the newest group comes first. Pure.
 *
 * Limits: a kind of thing that this version does not know is left out. Who came to a space or left it is not in the history,
 * which is of the document.
 */

import type { AuditEntry } from '../notifications/notification-api.ts';
import { type AuditNames, auditWords } from '../tasks/audit-words.ts';
import type { Present } from '../words/due-words.ts';
import { t } from '../words/language.ts';

/** One task, list, section, tag or view, and what became of it. */
export interface ChangeGroup {
  readonly key: string;
  readonly entity: string;
  readonly entityId: string;
  /** Oldest first. */
  readonly entries: readonly AuditEntry[];
  /** When the server got the last of them. */
  readonly latestAt: number;
}

export interface ChangeWords {
  /** As it is called now, else as it was called in what is told of it. */
  readonly title: string;
  /** Each with a key of its own. */
  readonly lines: readonly { readonly key: number; readonly sentence: string; readonly when: string }[];
}

interface Names extends AuditNames {
  readonly title: (entity: string, id: string) => string | undefined;
}

/** What comes with everything new and says nothing of its own. */
const OF_BIRTH = new Set(['title', 'name', 'order', 'list', 'parent', 'color', 'noted', 'notes', 'query']);

export function changeGroups(entries: readonly AuditEntry[], ownDeviceId: string): ChangeGroup[] {
  const groups = new Map<string, AuditEntry[]>();
  for (const entry of [...entries].sort((a, b) => a.seq - b.seq)) {
    if (entry.deviceId === ownDeviceId || !Object.hasOwn(UNKNOWN, entry.entity) || entry.entityId === '')
      continue;
    const key = `${entry.entity} ${entry.entityId}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups]
    .flatMap(([key, all]) => {
      const [first] = all;
      const told = withoutNoise(merged(all));
      return first === undefined || told.length === 0
        ? []
        : [
            {
              key,
              entity: first.entity,
              entityId: first.entityId,
              entries: told,
              latestAt: Math.max(...told.map(({ receivedAt }) => receivedAt)),
            },
          ];
    })
    .sort((a, b) => b.latestAt - a.latestAt);
}

export function changeWords(
  group: ChangeGroup,
  names: Names,
  { present, now }: { present: Present; now: number },
): ChangeWords {
  const { entity, entityId, entries } = group;
  return {
    title: names.title(entity, entityId) ?? titleIn(entries) ?? UNKNOWN[entity] ?? t('Something'),
    lines: entries.map((entry) => ({ key: entry.seq, ...auditWords(entry, { present, now, ...names }) })),
  };
}

const UNKNOWN: { readonly [entity: string]: string } = {
  task: t('A task that is gone'),
  list: t('A list that is gone'),
  section: t('A section that is gone'),
  tag: t('A tag that is gone'),
  filter: t('A view that is gone'),
};

/** Changes of one field by the same hand become one; one that leads back to where it began is none. */
function merged(entries: readonly AuditEntry[]): AuditEntry[] {
  const found = new Map<string, AuditEntry>();
  for (const entry of entries) {
    const key = [entry.field, entry.ordinal, entry.userName, entry.deviceId].join('\n');
    const earlier = found.get(key);
    found.set(key, earlier === undefined ? entry : { ...entry, before: earlier.before });
  }
  return [...found.values()].filter(
    ({ field, before, after }) => field === 'born' || JSON.stringify(before) !== JSON.stringify(after),
  );
}

function withoutNoise(entries: readonly AuditEntry[]): AuditEntry[] {
  const isNew = entries.some(({ field }) => field === 'born');
  const told = entries.filter(({ field, before }) => !(isNew && before === null && OF_BIRTH.has(field)));
  const withoutPlace = told.filter(({ field }) => field !== 'order');
  // Where nothing else happened, being moved is worth a line.
  return withoutPlace.length > 0 ? withoutPlace : told;
}

function titleIn(entries: readonly AuditEntry[]): string | undefined {
  const named = entries.findLast(({ field }) => field === 'title' || field === 'name');
  const value = named?.after ?? named?.before;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
