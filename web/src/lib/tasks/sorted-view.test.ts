import { runSteps } from '@holdfast/core/steps.ts';
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

test('[P28] a view made in steps is the view made in one go, and follows edits like it', () => {
  const sizes = fc.constantFrom({ maxLength: 40 }, { minLength: 400, maxLength: 3_000 });
  const orders = sizes.chain((size) => fc.array(fc.integer({ min: 0, max: 500 }), size));
  fc.assert(
    fc.property(orders, (numbers) => {
      const all = numbers.map((order, index) => ({ id: String(index), order, shown: order % 7 !== 0 }));
      const view = runSteps(SortedView.inSteps<Entry>(rule, all));
      expect(view.items).toEqual(new SortedView<Entry>(rule, all).items);
      view.update(
        new Set(['0']),
        () => undefined,
        () => all,
      );
      expect(view.items).toEqual(all.filter(({ id, shown }) => shown && id !== '0').sort(rule.compare));
    }),
    { numRuns: 40 },
  );
});
