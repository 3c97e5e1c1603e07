/**
 * A sentence with a link, a key or a bold word in it, as one message, so that each language puts them where it wants them:
 * `t('It may be in the {trash}.', slots('trash'))` goes to sentence.svelte, which draws a snippet in place of `trash`.
 *
 * Why marks of the private use area: what is drawn never stands in the text, so nothing that a person wrote is read as one.
 */

const MARK = '\uE000';

/** What to hand to a message for the places that are drawn. */
export function slots<const Name extends string>(...names: Name[]): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, `${MARK}${name}${MARK}`])) as Record<Name, string>;
}

export interface Piece {
  readonly isSlot: boolean;
  /** What stands there, or the name of the slot. */
  readonly text: string;
}

/** In the order of the sentence. */
export function pieces(sentence: string): Piece[] {
  return sentence.split(MARK).map((text, index) => ({ isSlot: index % 2 === 1, text }));
}
