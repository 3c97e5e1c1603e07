import { expect, test } from 'vitest';
import type { AuditEntry } from '../notifications/notification-api.ts';
import { changeGroups, changeWords } from './changes.ts';

const NOW = new Date(2026, 10, 23, 12, 0).getTime();
const present = { today: '2026-11-23', time: '12:00', locale: 'en-GB' };
const names = {
  title: (_entity: string, id: string): string | undefined =>
    ({ call: 'Call Tom', s: 'Garden', f: 'At home' })[id],
  listName: () => undefined,
  tagName: () => 'errands',
  sectionName: () => undefined,
  queryText: (kept: string) => kept.replace('#[home]', '#Home'),
};

let seq = 0;
function entry(patch: Partial<AuditEntry>): AuditEntry {
  seq += 1;
  return {
    seq,
    entity: 'task',
    entityId: 'call',
    ordinal: null,
    field: 'title',
    before: null,
    after: null,
    userName: 'Anna',
    deviceId: 'phone',
    deviceName: 'Phone',
    claimedAt: NOW - 60_000,
    receivedAt: NOW - 60_000 + seq,
    ...patch,
  };
}

function told(...entries: AuditEntry[]): [string, string[]][] {
  return changeGroups(entries, 'laptop').map((group) => {
    const { title, lines } = changeWords(group, names, { present, now: NOW });
    return [title, lines.map(({ sentence }) => sentence)];
  });
}

test('[W8] what was changed elsewhere is grouped by task, the latest first, and what this device did is left out', () => {
  expect(
    told(
      entry({ field: 'priority', after: 'high' }),
      entry({ entityId: 'bread', field: 'born', after: { at: 1 }, userName: 'Ben' }),
      entry({ entityId: 'bread', field: 'title', after: 'Buy bread', userName: 'Ben' }),
      entry({ field: 'due', after: { date: '2026-11-24' }, deviceId: 'laptop' }),
    ),
  ).toEqual([
    ['A task that is gone', ['Ben added the task']],
    ['Call Tom', ['Anna set the priority to High']],
  ]);
});

test('[W8] several changes of one field by one hand are one, and none where they lead back', () => {
  expect(
    told(
      entry({ before: 'Call', after: 'Call T' }),
      entry({ before: 'Call T', after: 'Call Tom' }),
      entry({ field: 'done', before: null, after: { kind: 'done' } }),
      entry({ field: 'done', before: { kind: 'done' }, after: null }),
    ),
  ).toEqual([['Call Tom', ['Anna changed the title from “Call” to “Call Tom”']]]);
  expect(told(entry({ before: 'Call', after: 'Ring' }), entry({ before: 'Ring', after: 'Call' }))).toEqual(
    [],
  );
});

test('[W8] lists and tags are told of by their own words, and what is gone by the name it had', () => {
  expect(
    told(
      entry({ entity: 'list', entityId: 'home', field: 'born', after: { at: 1 } }),
      entry({ entity: 'list', entityId: 'home', field: 'name', after: 'Home' }),
      entry({ entityId: 'gone', before: 'Old', after: 'New' }),
      entry({ entityId: 'gone', field: 'purged', after: true }),
      entry({ entity: 'of a newer version', entityId: 'n', field: 'born', after: { at: 1 } }),
    ),
  ).toEqual([
    ['New', ['Anna changed the title from “Old” to “New”', 'Anna deleted the task for ever']],
    ['A list that is gone', ['Anna added the list']],
  ]);
});

test('[W8] sections and views are told of too, a view by what it looks for', () => {
  expect(
    told(
      entry({ entity: 'section', entityId: 's', field: 'born', after: { at: 1 } }),
      entry({ entity: 'section', entityId: 's', field: 'name', after: 'Garden' }),
      entry({ entity: 'filter', entityId: 'f', field: 'born', after: { at: 1 } }),
      entry({ entity: 'filter', entityId: 'f', field: 'name', after: 'At home' }),
      entry({ entity: 'filter', entityId: 'f', field: 'query', after: 'is:open' }),
      entry({
        entity: 'filter',
        entityId: 'f',
        field: 'query',
        before: 'is:open',
        after: '#[home]',
        userName: 'Ben',
      }),
      entry({ entity: 'section', entityId: 't', field: 'name', before: 'Shed', after: 'Attic' }),
      entry({ entity: 'section', entityId: 't', field: 'trashed', after: { at: 1 } }),
      entry({ entity: 'list', entityId: 'l', field: 'archived', after: { at: 1 } }),
      entry({ entity: 'list', entityId: 'l', field: 'color', before: 'red', after: 'teal' }),
      entry({ entity: 'filter', entityId: 'g', field: 'order', before: 'a', after: 'b' }),
    ),
  ).toEqual([
    ['A view that is gone', ['Anna moved it to another place']],
    ['A list that is gone', ['Anna archived it', 'Anna changed the colour']],
    ['Attic', ['Anna changed the name from “Shed” to “Attic”', 'Anna moved it to the trash']],
    ['At home', ['Anna added the view', 'Ben changed what it looks for from “is:open” to “#Home”']],
    ['Garden', ['Anna added the section']],
  ]);
});
