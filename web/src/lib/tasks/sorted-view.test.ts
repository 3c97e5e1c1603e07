import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedView } from './sorted-view.ts';

interface Entry {
  readonly id: string;
  readonly order: number;
  readonly shown: boolean;
}

const rule = {
  matches: (entry: Entry) => entry.shown,
  compare: (a: Entry, b: Entry) => a.order - b.order || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
};

const change = fc.record({
  id: fc.integer({ min: 0, max: 60 }).map(String),
  entry: fc.option(fc.record({ order: fc.integer({ min: 0, max: 20 }), shown: fc.boolean() })),
});

test('[P28] a view kept up to date edit by edit is the view computed from everything', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 30 }), { maxLength: 20 }), (rounds) => {
      const all = new Map<string, Entry>();
      const view = new SortedView<Entry>(rule, []);
      for (const round of rounds) {
        for (const { id, entry } of round) {
          if (entry === null) all.delete(id);
          else all.set(id, { id, ...entry });
        }
        view.update(
          new Set(round.map(({ id }) => id)),
          (id) => all.get(id),
          () => all.values(),
        );
        expect(view.items).toEqual([...all.values()].filter(rule.matches).sort(rule.compare));
      }
    }),
  );
});

test('[P28] an edit that does not touch a view leaves its array as it is', () => {
  const shown: Entry = { id: 'a', order: 1, shown: true };
  const hidden: Entry = { id: 'b', order: 2, shown: false };
  const all = new Map([shown, hidden].map((entry) => [entry.id, entry]));
  const view = new SortedView<Entry>(rule, all.values());
  const before = view.items;
  view.update(
    new Set(['b']),
    (id) => all.get(id),
    () => all.values(),
  );
  expect(view.items).toBe(before);
});
