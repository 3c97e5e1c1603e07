import { expect, test } from 'vitest';
import { type ActionContext, ACTIONS } from './actions.ts';
import { allEntries } from './command-entries.ts';
import { foldedQuery, fuzzyScore } from './fuzzy.ts';
import { capsOf, isSingle, keyOf } from './key-names.ts';
import { sharedLine } from './shared-line.ts';
import { actionFor } from './shortcuts.ts';

/** Only what the table and the commands ask for. */
function contextWith(o: {
  tasks?: readonly string[];
  rowId?: string | null;
  openId?: string | null;
  isSelecting?: boolean;
  isByDays?: boolean;
  theme?: 'light' | 'dark' | 'system';
  areSingleOn?: boolean;
  recent?: readonly string[];
}): ActionContext {
  const list = { canReorder: () => true, isByDays: () => o.isByDays ?? false, rows: () => [] };
  return {
    app: {
      tasks: {
        lists: [{ id: 'l1', name: 'Ökologie' }],
        tags: [{ id: 't1', name: 'errands' }],
        all: [
          { id: 'a', title: 'Call the dentist', doneAt: null, listId: null, trashedAt: null },
          { id: 'b', title: 'Dentist bill', doneAt: 5, listId: null, trashedAt: null },
        ],
        row: () => undefined,
      },
      selection: { isOn: o.isSelecting ?? false, isPossible: true },
      appearance: { theme: o.theme ?? 'system' },
      keys: { areSingleOn: o.areSingleOn ?? true },
      recentCommands: o.recent ?? [],
    },
    place: { openId: o.openId ?? null },
    frame: {},
    tasks: o.tasks ?? [],
    rowId: o.rowId ?? null,
    list,
  } as unknown as ActionContext;
}

const CONTEXTS = [
  contextWith({}),
  contextWith({ tasks: ['a'], rowId: 'a', theme: 'light' }),
  contextWith({ tasks: ['a'], openId: 'a', theme: 'dark', areSingleOn: false }),
  contextWith({ tasks: ['a', 'b'], isSelecting: true, rowId: 'a' }),
  contextWith({ tasks: ['a'], rowId: 'a', isByDays: true }),
];

function pressed(key: string) {
  const parts = key.split(/\+(?!$)/);
  const last = parts.at(-1) ?? '';
  const isUpper = parts.includes('Shift') || (last === last.toUpperCase() && last !== last.toLowerCase());
  return {
    key: last === 'Space' ? ' ' : last.length === 1 && !isUpper ? last.toLowerCase() : last,
    code: '',
    ctrlKey: parts.includes('Ctrl'),
    metaKey: false,
    altKey: parts.includes('Alt'),
    shiftKey: parts.includes('Shift'),
  };
}

test('[K1] every key of the table is one that a keyboard can give', () => {
  for (const { keys = [] } of ACTIONS) {
    for (const part of keys.flatMap((key) => key.split(' '))) {
      expect(keyOf(pressed(part))).toBe(part);
      expect(capsOf(part, false).flat().length).toBeGreaterThan(0);
    }
  }
  expect(keyOf({ ...pressed('?'), shiftKey: true })).toBe('?');
  expect(keyOf({ ...pressed('d'), metaKey: true, key: 'z', shiftKey: true })).toBe('Ctrl+Shift+Z');
  expect(keyOf({ ...pressed('x'), key: 'ч', code: 'KeyX' })).toBe('x');
  expect(capsOf('Ctrl+]', true)).toEqual([['⌘', ']']]);
  expect(capsOf('g i', false)).toEqual([['g'], ['i']]);
});

test('[K1] one key means one thing where it is pressed, and each does somewhere what it says', () => {
  for (const action of ACTIONS.filter(({ isNative }) => isNative !== true)) {
    for (const key of action.keys ?? []) {
      const found = CONTEXTS.map((context) => actionFor(key, context)?.id);
      expect([key, action.id, found.includes(action.id)]).toEqual([key, action.id, true]);
    }
  }
  const keys = ACTIONS.flatMap((action) => action.keys ?? []);
  const shared = keys.filter((key, index) => keys.indexOf(key) !== index);
  // Ends what is nearest: the selection, then the open task.
  expect(shared).toEqual(['Escape']);
  expect(new Set(ACTIONS.map(({ id }) => id)).size).toBe(ACTIONS.length);
  // No key begins a sequence and means something alone.
  const firsts = keys.filter((key) => key.includes(' ')).map((key) => key.split(' ')[0]);
  expect(keys.filter((key) => firsts.includes(key))).toEqual([]);
});

test('[K1] every action is among the commands somewhere, unless it only moves the focus', () => {
  const offered = new Set(CONTEXTS.flatMap((context) => allEntries(context, '').map(({ id }) => id)));
  for (const { id, isMove } of ACTIONS) expect([id, offered.has(id)]).toEqual([id, isMove !== true]);
});

test('[K2] a few letters find places, tasks and actions, the best first and what was used last before its equals', () => {
  const first = (query: string, recent?: readonly string[]): string | undefined =>
    allEntries(contextWith({ tasks: ['a'], ...(recent ? { recent } : {}) }), query)[0]?.id;
  expect(first('okol')).toBe('list l1');
  expect(first('errand')).toBe('tag t1');
  expect(first('dentist')).toBe('task a');
  expect(first('upc')).toBe('go-upcoming');
  expect(first('dark')).toBe('theme-dark');
  expect(first('due tom')).toBe('due-tomorrow');
  expect(first('postpone', ['due-next-week'])).toBe('due-next-week');
  expect(first('', ['go-sync'])).toBe('go-sync');
  expect(first('zzz')).toBeUndefined();
});

test('[K2] the beginning is better than a word, a word than its middle, letters apart are the least', () => {
  const names = ['call dentist', 'dental plan', 'accident', 'do every nice thing'];
  const score = (name: string): number => fuzzyScore(foldedQuery('DENT'), name);
  const sorted = names.toSorted((a, b) => score(b) - score(a));
  expect(sorted).toEqual(['dental plan', 'call dentist', 'accident', 'do every nice thing']);
  expect(score('do every nice thing')).toBeGreaterThan(0);
  expect(score('bread')).toBe(0);
  expect(fuzzyScore(foldedQuery('dent bread'), 'dental plan')).toBe(0);
  expect(fuzzyScore(foldedQuery(''), 'dental plan')).toBe(0);
});

test('[K9] what is shared becomes one line in which nothing is said twice', () => {
  const line = (query: string): string | null => sharedLine(new URLSearchParams(query));
  expect(line('title=Rye%20bread&text=&url=https://example.org/rye')).toBe(
    'Rye bread https://example.org/rye',
  );
  expect(line('title=Rye&text=Rye%20bread%0A%20https://example.org/rye&url=https://example.org/rye')).toBe(
    'Rye bread https://example.org/rye',
  );
  expect(line('text=%20')).toBeNull();
  expect(line('task=x1')).toBeNull();
  expect(line(`text=${'a'.repeat(5_000)}`)).toHaveLength(2_000);
});

test('[K13] a key is single when a slip of the tongue could set it off', () => {
  expect(['x', '?', '1', 'Shift+D'].filter(isSingle)).toEqual(['x', '?', '1', 'Shift+D']);
  expect(['Ctrl+K', 'Delete', 'Alt+ArrowUp', 'Shift+ArrowDown', 'Space', 'Escape'].filter(isSingle)).toEqual(
    [],
  );
});
