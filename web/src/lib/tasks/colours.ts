/** The twelve colours of tags and lists: a hue and a chroma each, so that both themes can choose the lightness. */

import { t } from '../words/language.ts';

export interface Colour {
  readonly id: string;
  readonly name: string;
  readonly hue: number;
  readonly chroma: number;
}

export const COLOURS: readonly Colour[] = [
  { id: 'red', name: t('Red'), hue: 22, chroma: 0.16 },
  { id: 'orange', name: t('Orange'), hue: 48, chroma: 0.14 },
  { id: 'amber', name: t('Amber'), hue: 75, chroma: 0.13 },
  { id: 'lime', name: t('Lime'), hue: 118, chroma: 0.12 },
  { id: 'green', name: t('Green'), hue: 150, chroma: 0.12 },
  { id: 'teal', name: t('Teal'), hue: 185, chroma: 0.09 },
  { id: 'cyan', name: t('Cyan'), hue: 218, chroma: 0.1 },
  { id: 'blue', name: t('Blue'), hue: 250, chroma: 0.13 },
  { id: 'violet', name: t('Violet'), hue: 285, chroma: 0.15 },
  { id: 'purple', name: t('Purple'), hue: 315, chroma: 0.15 },
  { id: 'pink', name: t('Pink'), hue: 350, chroma: 0.15 },
  { id: 'grey', name: t('Grey'), hue: 255, chroma: 0.02 },
];

/** The colour for something new: one that nothing else has, in an order that keeps neighbours apart. */
export function nextColour(used: Iterable<string | null>): string {
  const taken = new Map<string, number>();
  for (const id of used) if (id !== null) taken.set(id, (taken.get(id) ?? 0) + 1);
  const order = [
    'blue',
    'orange',
    'green',
    'pink',
    'teal',
    'amber',
    'violet',
    'red',
    'cyan',
    'lime',
    'purple',
  ];
  const [first = 'blue'] = order.toSorted((a, b) => (taken.get(a) ?? 0) - (taken.get(b) ?? 0));
  return first;
}

/** The colour of that id, or one that is always the same for a name: an unset colour still tells tags apart. */
export function colourFor(id: string | null | undefined, name: string): Colour {
  const chosen = COLOURS.find((colour) => colour.id === id);
  if (chosen) return chosen;
  let sum = 0;
  for (const letter of name.toLocaleLowerCase()) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  const fallback = COLOURS[sum % (COLOURS.length - 1)];
  if (!fallback) throw new Error('there are no colours');
  return fallback;
}
