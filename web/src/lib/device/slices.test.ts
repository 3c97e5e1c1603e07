/** Rule [V71] of web/SPEC.md, the rests. */
import { expect, test, vi } from 'vitest';
import { inSlices } from './slices.ts';

test('[V71] between two slices other things run, and within one as many steps as fit', async () => {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const said: string[] = [];
  function* work(): Generator<void, string, void> {
    for (const took of [3, 3, 3, 20, 1]) {
      now += took;
      said.push(`step of ${took}`);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        said.push(`asked in the step of ${took}`);
        port1.close();
      };
      port2.postMessage(null);
      yield;
    }
    return 'made';
  }
  expect(await inSlices(work())).toBe('made');
  clock.mockRestore();
  expect(said).toEqual([
    ...['step of 3', 'step of 3', 'step of 3'],
    ...['asked in the step of 3', 'asked in the step of 3', 'asked in the step of 3'],
    ...['step of 20', 'asked in the step of 20'],
    ...['step of 1'],
  ]);
});
