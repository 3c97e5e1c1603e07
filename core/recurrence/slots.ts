/**
 * The slots of a rule, as both ways of expanding it give them, and BYSETPOS, which both apply. A slot is a local second:
 * the wall clock reading that the rule names, before any zone makes an instant of it.
 */
export interface Slots {
  /** The slots at or after a local second, in order, each once, and none before the start. */
  from(local: number): Iterable<number>;
  /** How many slots lie from the start up to, not including, a local second. */
  countBefore(local: number): number;
}

/**
 * The places, from 0 and ascending, that BYSETPOS picks from a set of some size: 1 is the first, -1 the last. Two
 * positions may name one place (1 and -1 in a set of one), which stands once.
 */
export function pickSetPositions(setPositions: readonly number[], size: number): number[] {
  const picked: number[] = [];
  for (const position of setPositions) {
    const place = position > 0 ? position - 1 : size + position;
    if (place >= 0 && place < size && !picked.includes(place)) picked.push(place);
  }
  return picked.sort((a, b) => a - b);
}
