/** Rules [MA1] to [MA6] of core/SPEC.md. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldText } from './fold.ts';
import { createMatcher, createPhraseMatcher, marksIn, textsOf, wordsOf } from './matching.ts';

const finds = (query: string, ...texts: string[]): boolean => createMatcher(query).matches(texts);

test('[MA1] every word of the query begins a word of some text; where does not matter', () => {
  expect(finds('bread', 'Buy bread')).toBe(true);
  expect(finds('bre bu', 'Buy bread')).toBe(true);
  expect(finds('read', 'Buy bread')).toBe(false);
  expect(finds('bread milk', 'Buy bread', 'and milk')).toBe(true);
  expect(finds('bread wine', 'Buy bread', 'and milk')).toBe(false);
  expect(finds('bread bread', 'bread')).toBe(true);
  expect(finds('breads', 'bread')).toBe(false);
});

test('[MA2] case, accents and marks make no difference', () => {
  expect(finds('muller', 'Frau MÜLLER')).toBe(true);
  expect(finds('MÜLLER', 'frau muller')).toBe(true);
  expect(finds('strasse', 'Hauptstraße', 'Straße')).toBe(true);
  expect(finds('lodz oresund', 'Łódź', 'Øresund')).toBe(true);
  // One letter of two code points, and the same of one.
  expect(finds('cafe\u0301', 'Caf\u00e9')).toBe(true);
  expect(finds('istanbul', 'İstanbul')).toBe(true);
  expect(finds('file', '\ufb01le')).toBe(true);
});

test('[MA3] punctuation separates and is not looked for; scripts without blanks are found within', () => {
  expect(wordsOf('e-mail: "Tom\'s", 3.5 km!')).toEqual(['e', 'mail', 'tom', 's', '3', '5', 'km']);
  expect(finds('#errands', 'errands')).toBe(true);
  expect(finds('京', '東京タワー')).toBe(true);
  expect(finds('東京', '東京タワー')).toBe(true);
  expect(createMatcher(' #!? ').isEmpty).toBe(true);
  expect(createMatcher('a').isEmpty).toBe(false);
});

test('[MA4] folding twice is folding once, and any text is found by each of its words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      expect(foldText(foldText(text))).toBe(foldText(text));
      for (const word of wordsOf(text)) expect(finds(word, text)).toBe(true);
      expect(finds(text, text)).toBe(true);
    }),
    { seed: 20261123 },
  );
});

test('[MA1] a task is looked through by its title, notes, tags and list', () => {
  const task = { title: 'Buy bread', notes: 'rye' };
  const has = (query: string, list: string | null): boolean =>
    createMatcher(query).matches(textsOf(task, ['errands'], list));
  expect(has('bread rye errands shop', 'Shopping')).toBe(true);
  expect(has('shop', null)).toBe(false);
});

test('[MA5] a phrase is whole words side by side, in their order', () => {
  const has = (phrase: string, ...texts: string[]): boolean => createPhraseMatcher(phrase).matches(texts);
  expect(has('rye bread', 'Buy RYE-bread now')).toBe(true);
  expect(has('bread rye', 'Buy rye bread')).toBe(false);
  expect(has('rye bre', 'Buy rye bread')).toBe(false);
  expect(has('rye bread', 'rye', 'bread')).toBe(false);
  expect(has('a a b', 'a a a b')).toBe(true);
  expect(createPhraseMatcher('...').isEmpty).toBe(true);
});

test('[MA6] what was found is marked as it stands in the text', () => {
  const marked = (text: string, ...words: string[]): string[] =>
    marksIn(text, words).map(({ start, end }) => text.slice(start, end));
  expect(marked('Zahnärztin anrufen', 'zahnarzt', 'AN')).toEqual(['Zahnärzt', 'an']);
  expect(marked('Zahna\u0308rztin', 'zahna')).toEqual(['Zahna\u0308']);
  expect(marked('Hauptstraße, Straßen', 'strass')).toEqual(['Straß']);
  expect(marked('bread, unbread', 'bread')).toEqual(['bread']);
  expect(marked('東京タワー', '東京')).toEqual(['東京']);
  expect(marked('Bread', 'b', 'bre')).toEqual(['Bre']);
  expect(marked('Bread', '')).toEqual([]);
});
