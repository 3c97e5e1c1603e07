import { afterEach, expect, test } from 'vitest';
import { insideSentence, plural, speak, t, tIn, translated } from './language.ts';

afterEach(() => {
  speak('en', {});
});

test('[DE7] without a catalog everything is English, and values stand where their names are', () => {
  expect(t('Add a task')).toBe('Add a task');
  expect(t('Moved to place {at} of {count}', { at: 2, count: 3 })).toBe('Moved to place 2 of 3');
  expect(tIn('state', 'Open')).toBe('Open');
  expect([0, 1, 2].map((count) => plural(count, '{count} edit', '{count} edits'))).toEqual([
    '0 edits',
    '1 edit',
    '2 edits',
  ]);
  expect(plural(1000, '{count} edit', '{count} edits', { count: '1,000' })).toBe('1,000 edits');
});

test('[DE7] a catalog decides by the plural rules of its language; what it lacks is English', () => {
  speak('pl', {
    '{count} edits': {
      one: '{count} zmiana',
      few: '{count} zmiany',
      many: '{count} zmian',
      other: '{count} zmiany',
    },
  });
  expect([1, 2, 5, 22].map((count) => plural(count, '{count} edit', '{count} edits'))).toEqual([
    '1 zmiana',
    '2 zmiany',
    '5 zmian',
    '22 zmiany',
  ]);
  expect(t('Add a task')).toBe('Add a task');
});

test('[DE7] one English word can be two, and a value that looks like a placeholder stays as it is', () => {
  speak('de', { Open: 'Öffnen', 'state|Open': 'Offen', 'Added: {title}': 'Hinzugefügt: {title}' });
  expect([t('Open'), tIn('state', 'Open')]).toEqual(['Öffnen', 'Offen']);
  expect(t('Added: {title}', { title: '{title} {count}' })).toBe('Hinzugefügt: {title} {count}');
  expect(insideSentence('Due date')).toBe('Due date');
});

test('[DE7] a sentence of the domain is found by its shape; one that nobody knows stays as it is', () => {
  speak('de', {
    'core|There is no list “{name}”.': 'Es gibt keine Liste „{name}“.',
    'core|a date': 'ein Datum',
  });
  expect(translated('There is no list “Work (old)?”.')).toBe('Es gibt keine Liste „Work (old)?“.');
  expect(translated('a date')).toBe('ein Datum');
  expect(translated('Something new.')).toBe('Something new.');
});
