/**
 * Numbers that look random and are the same for the same seed, from 0 to below 1: mulberry32, by Tommy Ettinger, public
 * domain. Good enough to scatter test cases, and a module of its own so that a seed means the same in every test.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
