/** Rules SR of core/SPEC.md. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMatcher, textsOf, wordsOf } from './matching.ts';
import { parseQuery } from './query.ts';
import { createPredicate, wantedTexts, type QueryTask } from './query/answer.ts';
import { answerTexts, createSearchIndex, type SearchIndex, type SearchText } from './search.ts';

function text(id: string, title: string, more: Partial<SearchText> = {}): SearchText {
  return { id, title, notes: '', tags: [], list: null, ...more };
}

function indexOf(...texts: SearchText[]): SearchIndex {
  const index = createSearchIndex();
  for (const each of texts) index.put(each);
  return index;
}

const found = (index: SearchIndex, word: string): string[] => [...index.find(word).scores.keys()].sort();

test('[SR1] a word is found by its beginning in title, notes, tags and list, in any case and with any accents', () => {
  const index = indexOf(
    text('title', 'Zahnärztin anrufen'),
    text('notes', 'Call', { notes: 'ask for the ZAHNARZT' }),
    text('tag', 'Call', { tags: ['zahnpflege'] }),
    text('list', 'Call', { list: 'Zähne' }),
    text('none', 'Bezahlen'),
  );
  expect(found(index, 'zahn')).toEqual(['list', 'notes', 'tag', 'title']);
  expect(found(index, 'ahn')).toEqual([]);
});

test('[SR1] for words without a slip it finds what matching finds', () => {
  const words = fc.constantFrom(
    'bread',
    'breads',
    'Brot',
    'rye',
    'Zahnärztin',
    'zahn',
    'STRASSE',
    'straße',
    '東京',
    'a',
  );
  const line = fc.array(words, { maxLength: 4 }).map((parts) => parts.join(' '));
  const texts = fc.array(
    fc.record({ title: line, notes: line, tags: fc.array(words, { maxLength: 2 }), list: fc.option(words) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(texts, words, fc.nat({ max: 4 }), (all, word, length) => {
      const index = createSearchIndex();
      for (const [at, each] of all.entries()) index.put({ id: String(at), ...each });
      const query = word.slice(0, length + 1);
      const matcher = createMatcher(query);
      const wanted = all.flatMap((each, at) =>
        matcher.matches(textsOf(each, each.tags, each.list)) ? [String(at)] : [],
      );
      const [first = ''] = wordsOf(query);
      if (wanted.length > 0 && wordsOf(query).length === 1)
        expect(found(index, first)).toEqual(wanted.sort());
    }),
    { seed: 20261130 },
  );
});

test('[SR2] a word that nothing has is forgiven a letter or two; one that something has is not', () => {
  const index = indexOf(
    text('dentist', 'Call the dentist'),
    text('dental', 'Dental floss'),
    text('bread', 'Bread'),
  );
  expect(found(index, 'dentst')).toEqual(['dentist']);
  expect(index.find('dentst').takenFor).toEqual(['dentist']);
  expect(found(index, 'dnetist')).toEqual(['dentist']);
  // On the way to "dentst".
  expect(found(index, 'dents')).toEqual(['dental', 'dentist']);
  expect(found(index, 'broad')).toEqual(['bread']);
  index.put(text('broad', 'Broad beans'));
  expect(found(index, 'broad')).toEqual(['broad']);
  expect(found(index, 'bra')).toEqual([]);
  expect(found(index, 'xylophone')).toEqual([]);
});

test('[SR3] it follows every change, and forgets what is removed', () => {
  const index = indexOf(text('a', 'Bread'), text('b', 'Butter'));
  index.put(text('a', 'Rolls'));
  expect(found(index, 'bread')).toEqual([]);
  expect(found(index, 'rolls')).toEqual(['a']);
  index.remove('a');
  index.remove('a');
  index.remove('never');
  expect(found(index, 'rolls')).toEqual([]);
  index.put(text('a', 'Rolls again'));
  expect(found(index, 'again')).toEqual(['a']);
  expect(index.size).toBe(2);
});

test('[SR4] a title that says it is better than notes that do, and what is forgiven is named', () => {
  const index = indexOf(
    text('notes', 'Prepare the weekend', { notes: 'take the bread along' }),
    text('title', 'Buy bread'),
  );
  const answers = answerTexts(index, wantedTexts(parseQuery('bread').query.where));
  expect(answers.scoreOf('title')).toBeGreaterThan(answers.scoreOf('notes'));
  expect(answers.words).toEqual(['bread']);
  const slip = answerTexts(index, wantedTexts(parseQuery('braed').query.where));
  expect(slip.forgiven).toEqual([]);
  const missing = answerTexts(index, wantedTexts(parseQuery('breat').query.where));
  expect(missing.forgiven).toEqual([{ word: 'breat', takenFor: ['bread'] }]);
  expect(missing.words).toEqual(['bread']);
});

test('[SR4] the index answers the words of a question wherever they stand in it', () => {
  const tasks: QueryTask[] = ['Buy bread', 'Buy rye bread', 'Buy milk'].map((title, at) => ({
    id: String(at),
    title,
    notes: '',
    status: 'open',
    due: null,
    start: null,
    priority: null,
    tags: [],
    listId: null,
    reminders: [],
    rule: null,
    createdAt: at,
    closedAt: null,
  }));
  const index = indexOf(...tasks.map(({ id, title }) => text(id, title)));
  const ask = (question: string): string[] => {
    const { where } = parseQuery(question).query;
    const answers = answerTexts(index, wantedTexts(where));
    const context = { now: 0, timeZone: 'UTC', lists: [], tags: [], findsText: answers.findsText };
    return tasks.filter(createPredicate(where, context)).map(({ title }) => title);
  };
  expect(ask('bread and not rye')).toEqual(['Buy bread']);
  expect(ask('rye or mikl')).toEqual(['Buy rye bread']);
  expect(ask('rye or milkk')).toEqual(['Buy rye bread', 'Buy milk']);
  expect(ask('"buy bread"')).toEqual(['Buy bread']);
});
