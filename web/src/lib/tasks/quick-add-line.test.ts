import { parseQuickAdd } from '@holdfast/core/quick-add.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chipsOf, completions, markAt, partsOf, rangesAfterEdit, sentenceOf } from './quick-add-line.ts';
import type { Reading } from './quick-add-grammar.svelte.ts';

// Monday, 23 November 2026, 12:00 in Berlin.
const nowMs = Date.parse('2026-11-23T11:00:00Z');
const timeZone = 'Europe/Berlin';
const present = { today: '2026-11-23', time: '12:00', locale: 'en-GB', timeZone, nowMs };
const lists = [{ id: 'l1', name: 'errands' }];
const tags = [{ id: 't1', name: 'Bills' }];

function read(line: string, locale = 'en-GB'): Reading {
  return { line, parsed: parseQuickAdd(line, { now: nowMs, timeZone, locale, lists, tags }) };
}

test.each([
  ['buy bread tomorrow 8am #errands', 'Tomorrow 08:00 · #errands'],
  [
    'Put out bins every tuesday 7pm remind me 1h before',
    'Tomorrow 19:00 · every Tuesday · reminder 1 h before',
  ],
  [
    'pay rent every last weekday 9am #home !high @bills',
    'Mon 30 Nov 09:00 · every month on the last weekday · New list “home” · @Bills · high',
  ],
  ['stretch every mon, wed and fri', 'Today · every Mon, Wed and Fri'],
  ['water plants every 3 days after done @garden', 'Today · every 3 days after done · New tag “garden”'],
  ['call Tom tomorrow 2pm remind me', 'Tomorrow 14:00 · reminder when due'],
  ['report from wednesday to friday', 'Friday · from Wednesday'],
  ['bank friday remind me thursday 5pm', 'Friday · reminder Thursday 17:00'],
])('[Q2] what will be created is said in words: %s', (line, words) => {
  expect(sentenceOf(chipsOf(read(line), present))).toBe(words);
});

test('[Q2] the words are in the language by which the line was read', () => {
  const line = 'Müll rausbringen jeden Dienstag um 19 Uhr #Haus !hoch';
  expect(sentenceOf(chipsOf(read(line, 'de-DE'), { ...present, locale: 'de-DE' }))).toBe(
    'Morgen 19:00 · jeden Dienstag · Neue Liste „Haus“ · hoch',
  );
});

test('[Q6] what the words do not say is said of the place, and cannot be taken back', () => {
  const place = { due: { date: '2026-11-23' }, listName: 'Garden' };
  const chips = chipsOf(read('rake !high'), present, place);
  expect(chips.map(({ words, tokens }) => [words, tokens.length])).toEqual([
    ['Today', 0],
    ['#Garden', 0],
    ['high', 1],
  ]);
  expect(sentenceOf(chipsOf(read('rake friday #errands'), present, place))).toBe('Friday · #errands');
});

test('[Q1] the parts are the line, and a chip names all tokens that it stands for', () => {
  const line = 'tomorrow call Tom 8am every week until june';
  expect(
    chipsOf(read(line), present).map(({ kind, tokens }) => [kind, tokens.map(({ text }) => text)]),
  ).toEqual([
    ['due', ['tomorrow', '8am']],
    ['recurrence', ['every week', 'until june']],
  ]);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
      expect(
        partsOf(read(typed))
          .map(({ text }) => text)
          .join(''),
      ).toBe(typed);
    }),
  );
});

test('[Q3] what was taken back keeps its place while the line is edited around it', () => {
  const [range] = [{ start: 4, end: 12 }];
  const line = 'buy tomorrow bread';
  const after = (edited: string): string[] =>
    rangesAfterEdit([range], line, edited).map(({ start, end }) => edited.slice(start, end));
  expect(after('please buy tomorrow bread')).toEqual(['tomorrow']);
  expect(after('buy tomorrow breads')).toEqual(['tomorrow']);
  expect(after('buy tomorrow')).toEqual(['tomorrow']);
  expect(after('buy tomorow bread')).toEqual([]);
  expect(after('')).toEqual([]);
});

test('[Q5] a name is completed where a mark begins it, and nowhere else', () => {
  const at = (typed: string): unknown => markAt(typed, typed.length);
  expect(at('bread #err')).toEqual({ mark: '#', start: 6, query: 'err' });
  expect(at('@')).toEqual({ mark: '@', start: 0, query: '' });
  expect(at('bread #home imp')).toEqual({ mark: '#', start: 6, query: 'home imp' });
  expect(at('mail me@example.org')).toBeNull();
  expect(at('bread # ')).toBeNull();
  expect(markAt('bread #err today', 10)).toEqual({ mark: '#', start: 6, query: 'err' });
  const names = [{ name: 'Home improvement' }, { name: 'errands' }, { name: 'Old home' }];
  expect(completions('ho', names, 5).map(({ name }) => name)).toEqual(['Home improvement', 'Old home']);
  expect(completions('home-imp', names, 5).map(({ name }) => name)).toEqual(['Home improvement']);
});
