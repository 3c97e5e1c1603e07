import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareOrdered, keyBetween, keysForInsert, readOrder, type Ordered } from './order.ts';
import { seededRandom } from './testing/random.ts';

const keys = fc.option(fc.constantFrom('a0', 'a0V', 'a1', 'a1x7Q', 'Zz', 'b00', 'a0z9'), { nil: null });

test('[D10] a newcomer lands where it was put, whatever keys its neighbours have', () => {
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 8 }), fc.nat({ max: 8 }), fc.nat(), (orders, at, seed) => {
      const row = orders.map((order, i): Ordered => ({ id: `t${i}`, order, bornT: i })).sort(compareOrdered);
      const index = Math.min(at, row.length);
      const { key, rekeyed } = keysForInsert(row, index, seededRandom(seed));
      const changed = new Map(rekeyed.map((entry) => [entry.id, entry.key]));
      const after = [
        ...row.map((entry) => ({ ...entry, order: changed.get(entry.id) ?? entry.order })),
        { id: 'new', order: key, bornT: 99 },
      ].sort(compareOrdered);
      const expected = row.map((entry) => entry.id);
      expected.splice(index, 0, 'new');
      expect(after.map((entry) => entry.id)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('[D10] among distinct keys only the newcomer gets one', () => {
  const row = ['a0', 'a1', 'a2'].map((order, i) => ({ id: `t${i}`, order, bornT: i }));
  for (const index of [0, 1, 2, 3]) expect(keysForInsert(row, index, seededRandom(1)).rekeyed).toEqual([]);
});

test('[D10] two that insert at one place at once get different keys', () => {
  const made = new Set(Array.from({ length: 200 }, (_, seed) => keyBetween('a0', 'a1', seededRandom(seed))));
  expect(made.size).toBeGreaterThan(190);
});

test('[D10] a thousand insertions at one place keep keys short and in order', () => {
  const random = seededRandom(7);
  let high = 'a1';
  for (let i = 0; i < 1000; i++) {
    const key = keyBetween('a0', high, random);
    expect(key > 'a0' && key < high).toBe(true);
    high = key;
  }
  expect(high.length).toBeLessThan(300);
});

test('[D4] keys that nothing could be placed next to are not understood', () => {
  for (const bad of ['', 'a', '0', 'a0!', 'a~', 'a00', 'é', 5, {}, undefined, 'a'.repeat(2000)]) {
    expect(readOrder(bad), String(bad)).toBe(undefined);
  }
  expect(readOrder(null)).toBe(null);
  expect(readOrder('a0V')).toBe('a0V');
});
