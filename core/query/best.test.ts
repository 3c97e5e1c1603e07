import fc from 'fast-check';
import { expect, test } from 'vitest';
import { best } from './best.ts';

test('the first few are those of the whole in order, however many are asked for', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { maxLength: 300 }),
      fc.integer({ min: 0, max: 40 }),
      (items, count) => {
        const compare = (a: number, b: number): number => a - b;
        expect(best(items, count, compare)).toEqual([...items].sort(compare).slice(0, count));
      },
    ),
  );
});
