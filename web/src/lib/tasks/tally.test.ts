import { runSteps } from '@holdfast/core/steps.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Counted, Tally } from './tally.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const PLACES = ['x', 'y'];

const counted = fc.record({
  doneAt: fc.constantFrom(null, 1),
  trashedAt: fc.constantFrom(null, null, 1),
  listId: fc.constantFrom(null, ...PLACES),
  parentId: fc.constantFrom(null, null, ...IDS),
  tags: fc.subarray(PLACES),
});
const change = fc.record({ id: fc.constantFrom(...IDS), row: fc.option(counted) });

function counts(tally: Tally): unknown {
  return {
    lists: PLACES.map((id) => tally.openIn(id)),
    tags: PLACES.map((id) => tally.tagged(id)),
    steps: IDS.map((id) => tally.stepsOf(id)),
  };
}

test('[P28] counts kept edit by edit are the counts of everything', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 20 }), (rounds) => {
      const all = new Map<string, Counted>();
      const tally = new Tally([]);
      for (const round of rounds) {
        for (const { id, row } of round) {
          if (row === null) all.delete(id);
          else all.set(id, { id, ...row });
        }
        tally.update(new Set(round.map(({ id }) => id)), (id) => all.get(id));
        expect(counts(tally)).toEqual(counts(new Tally(all.values())));
        expect(counts(tally)).toEqual(counts(runSteps(Tally.inSteps([...all.values()]))));
      }
    }),
  );
});
