/** Chance, for ids: its own file because the page and the service worker both draw, and neither may import the other. */

/** Like Math.random, of better make. */
export function random(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}
