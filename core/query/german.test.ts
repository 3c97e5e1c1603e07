/** Rules QL15 to QL19 of core/SPEC.md: the query language in German. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LocalDate } from '../document.ts';
import { parseQuery, type QueryNames } from '../query.ts';
import { parseQuickAdd } from '../quick-add.ts';
import { expression, shapeOf, sorts } from '../testing/queries.ts';
import { createPredicate, type QueryTask } from './answer.ts';
import { completeQuery, leadsOn } from './complete.ts';
import { readControls, withControl, withDueRange, withSort, withTag } from './controls.ts';
import { readDate } from './dates.ts';
import type { Query } from './language.ts';
import { keptText, shownText } from './view.ts';
import { writeQuery } from './write.ts';

/** A Monday, at noon in Berlin. */
const NOW = Date.parse('2026-11-23T11:00:00Z');
const NAMES: QueryNames = {
  lists: [
    { id: 'l1', name: 'Einkauf' },
    { id: 'l2', name: 'Haus und Hof' },
  ],
  tags: [{ id: 't1', name: 'warten' }],
};

function understood(text: string): Query {
  const { query, faults } = parseQuery(text, NAMES);
  expect([text, faults]).toEqual([text, []]);
  return query;
}

/** The German form of a question and the English one. */
const PAIRS: readonly (readonly [german: string, english: string])[] = [
  [
    'fällig vor nächstem Freitag und #Einkauf und nicht @warten',
    'due before next friday and #Einkauf and not @warten',
  ],
  ['überfällig oder Priorität hoch', 'overdue or priority high'],
  ['ohne Datum', 'no due date'],
  ['hat Notizen', 'has notes'],
  ['erledigt seit gestern sortiert nach Priorität absteigend', 'done since yesterday sort by priority desc'],
  ['Brot und (Milch oder nicht „saure Sahne“) -Käse', 'Brot and (Milch or not "saure Sahne") -Käse'],
  ['liste:"Haus und Hof" etikett:warten', 'list:"Haus und Hof" tag:warten'],
  // The state and the fields.
  ['offen oder erledigt oder abgebrochen', 'open or done or cancelled'],
  ['offene abgeschlossen', 'open completed'],
  ['wiederkehrend', 'recurring'],
  ['ohne Fälligkeit keine Frist kein Termin', 'no due date no deadline no date'],
  ['ohne Startdatum und keinen Beginn', 'no start date and no start'],
  ['ohne Priorität ohne Liste ohne Etiketten', 'no priority no list no tags'],
  ['mit Etikett mit Liste mit Priorität', 'has tags has list has priority'],
  ['keine Notizen keine Erinnerungen ohne Wiederholung', 'no notes no reminders no repeat'],
  ['hat Erinnerung hat Wiederholung hat Notiz', 'has reminder has repeat has note'],
  ['ohne Tags ohne Deadline', 'no tags no deadline'],
  ['ohne @warten ohne #Einkauf ohne !hoch', 'not @warten not #Einkauf not !high'],
  // Priorities.
  ['!dringend !hoch !mittel !niedrig', '!urgent !high !medium !low'],
  ['Priorität dringend Prio niedrig Priorität p2', 'priority urgent priority low priority p2'],
  ['Priorität >= mittel oder Priorität < hoch', 'priority >= medium or priority < high'],
  ['Priorität mindestens mittel', 'priority >= medium'],
  ['Priorität höchstens hoch', 'priority <= high'],
  ['Priorität keine', 'priority none'],
  // Each field of a date and each comparison.
  ['fällig heute', 'due today'],
  ['beginnt morgen oder startet morgen', 'start tomorrow or starts tomorrow'],
  ['erstellt gestern oder angelegt gestern', 'created yesterday or added yesterday'],
  ['erledigt letzte Woche oder abgeschlossen letzte Woche', 'done last week or completed last week'],
  ['fällig bis Freitag oder fällig spätestens Freitag', 'due by friday or due until friday'],
  ['fällig nach Freitag', 'due after friday'],
  ['fällig ab Freitag oder fällig frühestens am Freitag', 'due since friday or due from friday'],
  ['fällig < Freitag fällig >= Freitag', 'due < friday due >= friday'],
  ['start nach Freitag', 'start after friday'],
  // Dates.
  ['fällig übermorgen', 'due in 2 days'],
  ['fällig Montag fällig am Dienstag fällig Mi', 'due monday due tuesday due wednesday'],
  ['fällig diesen Freitag', 'due this friday'],
  ['fällig nächsten Freitag fällig kommenden Freitag', 'due next friday due friday'],
  ['fällig letzten Freitag', 'due last friday'],
  ['fällig Freitag in 2 Wochen', 'due friday in 2 weeks'],
  [
    'fällig in 3 Tagen fällig in einer Woche fällig in zwei Monaten',
    'due in 3 days due in 1 week due in 2 months',
  ],
  ['fällig in 3 Stunden fällig in 30 Minuten', 'due in 3 hours due in 30 minutes'],
  ['erledigt vor 2 Wochen erledigt vor einem Jahr', 'done 2 weeks ago done 1 year ago'],
  ['erledigt vorgestern', 'done 2 days ago'],
  ['erledigt seit 3 Tagen', 'done since 3 days ago'],
  ['fällig 15.3. fällig am 15. März', 'due 15 march due 15 march'],
  ['fällig 15.3.2027 fällig 15. März 2027', 'due 2027-03-15 due 2027-03-15'],
  ['fällig vor dem 15.3.', 'due before 15 march'],
  ['fällig bis zum 15.3.', 'due by 15 march'],
  ['fällig am 5. fällig ab dem 5.', 'due the 5th due since the 5th'],
  ['fällig 2026-12-24 fällig 2026-12', 'due 2026-12-24 due 2026-12'],
  ['fällig im März fällig März 2027', 'due in march due in march 2027'],
  ['fällig 2027 fällig im Jahr 2027', 'due 2027 due 2027'],
  ['fällig diese Woche', 'due this week'],
  ['fällig vor dieser Woche fällig nach nächster Woche', 'due before this week due after next week'],
  ['erstellt letzten Monat fällig nächstes Jahr', 'created last month due next year'],
  ['fällig dieses Wochenende fällig am Wochenende', 'due this weekend due the weekend'],
  ['fällig in den nächsten 7 Tagen', 'due next 7 days'],
  ['erstellt in den letzten zwei Wochen', 'created last 2 weeks'],
  ['fällig Ende des Monats fällig bis Ende des Jahres', 'due end of the month due by end of the year'],
  ['fällig am letzten Freitag des Monats', 'due the last friday of the month'],
  ['fällig am ersten Montag im Januar', 'due the 1st monday of january'],
  ['fällig vor dem letzten Freitag im November 2027', 'due before the last friday of november 2027'],
  ['fällig vor heute 14:00 fällig morgen um 15 Uhr', 'due before today 14:00 due tomorrow 15:00'],
  ['fällig morgen Abend fällig heute halb 10', 'due tomorrow 19:00 due today 9:30'],
  // A date in front of its word.
  ['heute fällig oder morgen fällig', 'due today or due tomorrow'],
  ['Milch und am Freitag fällig', 'Milch and due friday'],
  ['nicht übermorgen fällig', 'not due in 2 days'],
  ['bis Freitag fällig und vor nächster Woche fällig', 'due by friday and due before next week'],
  ['spätestens am Freitag fällig und ab dem 5. fällig', 'due by friday due since the 5th'],
  ['letzte Woche erledigt und vor 3 Tagen erstellt', 'done last week created 3 days ago'],
  ['seit 3 Tagen erledigt', 'done since 3 days ago'],
  ['Brot in zwei Wochen fällig #Einkauf', 'Brot due in 2 weeks #Einkauf'],
  ['am 3. März um 14 Uhr fällig', 'due 3 march 14:00'],
  ['morgen fällig und nächsten Montag beginnt', 'due tomorrow and start next monday'],
  // Ranges.
  ['fällig von Montag bis Freitag', 'due since monday and due by friday'],
  ['fällig vom 1.12. bis zum 24.12.', 'due since 1 december and due by 24 december'],
  ['fällig zwischen dem 1. und dem 24. Dezember', 'due since 1 december and due by 24 december'],
  ['fällig vom 3. bis 5. März 2027', 'due since 2027-03-03 and due by 2027-03-05'],
  ['fällig vom 3. bis zum 5.', 'due since the 3rd and due by the 5th'],
  ['fällig zwischen 20. Dezember und 5. Januar 2027', 'due since 2026-12-20 and due by 2027-01-05'],
  ['erstellt zwischen letztem Montag und gestern', 'created since last monday and created by yesterday'],
  ['zwischen heute und Freitag fällig', 'due since today and due by friday'],
  ['Brot oder von morgen bis nächsten Freitag fällig', 'Brot or due since tomorrow and due by next friday'],
  ['nicht von Montag bis Freitag fällig', 'not (due since monday and due by friday)'],
  // The order.
  ['sortiert nach Fälligkeit, Titel', 'sort by due, title'],
  ['sortieren nach Beginn aufsteigend und dann erstellt', 'sort by start asc and then created'],
  ['sortiere nach erledigt, Priorität aufsteigend', 'sort by done, priority asc'],
];

test.each(PAIRS)('[QL15] %j is %j', (german, english) => {
  expect(shapeOf(understood(german))).toEqual(shapeOf(understood(english)));
});

test('[QL15] the pairs have every kind of question, every comparison, state, field and key of an order', () => {
  const found = new Set<string>();
  const see = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && !['when', 'text', 'value'].includes(key)) found.add(`${key} ${inner}`);
      see(inner);
    }
  };
  for (const [german] of PAIRS) see(understood(german));
  const wanted = {
    kind: 'and or not text list tag priority date status overdue has',
    comparison: '= < <= > >=',
    field: 'due start created done priority title',
    status: 'open done cancelled',
    priority: 'none low medium high urgent',
    thing: 'due start priority list tags notes reminder repeat',
  };
  const all = Object.entries(wanted).flatMap(([key, values]) =>
    values.split(' ').map((each) => `${key} ${each}`),
  );
  expect(all.filter((each) => !found.has(each))).toEqual([]);
});

test('[QL15] umlauts may be written ae, oe, ue or without their dots, and case does not matter', () => {
  const ways = [
    { ä: 'ae', ö: 'oe', ü: 'ue', Ü: 'Ue', Ä: 'Ae', ß: 'ss' },
    { ä: 'a', ö: 'o', ü: 'u', Ü: 'U', Ä: 'A', ß: 'ss' },
  ] as readonly Readonly<Record<string, string>>[];
  for (const [german, english] of PAIRS) {
    const wanted = JSON.stringify(shapeOf(understood(english))).toLowerCase();
    for (const way of ways) {
      const written = german.replaceAll(/[äöüÄÜß]/g, (letter) => way[letter] ?? letter);
      // What is looked for is written as it was.
      if (/K(ae|a)se/.test(written)) continue;
      for (const text of [written, written.toUpperCase()]) {
        const shape = JSON.stringify(shapeOf(understood(text))).toLowerCase();
        expect([text, shape]).toEqual([text, wanted]);
      }
    }
  }
});

test('[QL15] "Eingang" is what is in no list, unless there is such a list', () => {
  const finds = (text: string, listId: string | null, lists: QueryNames['lists']): boolean => {
    const context = { now: NOW, timeZone: 'Europe/Berlin', lists, tags: [] };
    return createPredicate(parseQuery(text).query.where, context)({ listId } as QueryTask);
  };
  expect(understood('#Eingang').where?.kind).toBe('list');
  expect([finds('#Eingang', null, []), finds('#eingang', 'x', [])]).toEqual([true, false]);
  const lists = [{ id: 'x', name: 'Eingang' }];
  expect([finds('#Eingang', null, lists), finds('#eingang', 'x', lists)]).toEqual([false, true]);
  expect(keptText('#Eingang', { lists: [], tags: [] })).toBe('#inbox');
  expect(keptText('#Eingang', { lists, tags: [] })).toBe('#[x]');
  expect(shownText('#inbox', { lists: [], tags: [] }, 'de')).toBe('#Eingang');
  expect(shownText('#inbox', { lists, tags: [] }, 'de')).toBe('#inbox');
});

test('[QL20] an end that would come before its beginning is the next such day after it', () => {
  const finds = (text: string, date: string, now = NOW): boolean =>
    createPredicate(understood(text).where, { now, timeZone: 'Europe/Berlin', ...NAMES })({
      due: { date: date as LocalDate },
    } as QueryTask);
  // On a Monday "Montag" is the next one.
  const week = 'fällig von Montag bis Freitag';
  const days = ['2026-11-27', '2026-11-29', '2026-11-30', '2026-12-04', '2026-12-05'];
  expect(days.map((day) => finds(week, day))).toEqual([false, false, true, true, false]);
  expect(days.map((day) => finds('due since monday and due by friday', day))).toEqual(
    days.map((day) => finds(week, day)),
  );
  const sunday = Date.parse('2026-11-29T11:00:00Z');
  expect(days.map((day) => finds(week, day, sunday))).toEqual([false, false, true, true, false]);
  const turn = 'fällig zwischen 20. Dezember und 5. Januar';
  const inTheYear = ['2026-12-19', '2026-12-20', '2027-01-05', '2027-01-06'];
  expect(inTheYear.map((day) => finds(turn, day))).toEqual([false, true, true, false]);
  const newYear = Date.parse('2027-01-02T11:00:00Z');
  expect(['2027-12-19', '2027-12-20', '2028-01-05'].map((day) => finds(turn, day, newYear))).toEqual([
    false,
    true,
    true,
  ]);
  // What names one day stays as it is.
  expect(finds('fällig von Freitag bis heute', '2026-11-23')).toBe(false);
});

test('[QL20] of what was done, a range ends after its beginning too', () => {
  const done = (text: string, day: string): boolean =>
    createPredicate(understood(text).where, { now: NOW, timeZone: 'Europe/Berlin', ...NAMES })({
      status: 'done',
      closedAt: Date.parse(`${day}T11:00:00Z`),
    } as QueryTask);
  const days = ['2026-11-18', '2026-11-19', '2026-11-23', '2026-11-24'];
  expect(days.map((day) => done('erledigt zwischen Donnerstag und Montag', day))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(days.map((day) => done('von Montag bis Mittwoch erledigt', day))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test('[QL20] a control takes a range as one, and keeps one of another date as it was typed', () => {
  const text = 'Brot und von morgen bis Freitag fällig und erstellt zwischen gestern und heute';
  const query = understood(text);
  expect(readControls(text, query).typed.due).toBe('von morgen bis Freitag fällig');
  expect(withControl(text, query, 'due', 'due today', 'de')).toBe(
    'Brot und erstellt zwischen gestern und heute und fällig heute',
  );
});

test.each([
  ['heute und erledigt', ['text', 'status']],
  ['Steuer 2026 erledigt', ['text', 'text', 'status']],
  ['Kapitel 5 erledigt', ['text', 'text', 'status']],
  ['das ist so erledigt', ['text', 'text', 'text', 'status']],
  ['morgen fällig heute', ['text', 'date']],
  ['von hier bis da erstellt', ['text', 'text', 'text', 'text', 'text']],
])('[QL20] in %j no date stands in front of its word', (text, kinds) => {
  const { where } = parseQuery(text, NAMES).query;
  expect(where !== null && 'parts' in where ? where.parts.map(({ kind }) => kind) : []).toEqual(kinds);
});

test.each(['today due', 'done from monday to friday', 'friday done', 'between today and friday'])(
  '[QL16] %j has no date in front of its word and no range, as ever',
  (text) => {
    const { where } = parseQuery(text, NAMES).query;
    expect(JSON.stringify(where)).not.toMatch(/"<="|"comparison":"="/);
  },
);

test.each([
  ['red hat notes', ['red', 'hat', 'notes']],
  ['mit list', ['mit', 'list']],
  ['start ab workout', ['start', 'ab', 'workout']],
  ['prio low', ['prio', 'low']],
  ['created mar', ['created', 'mar']],
  ['start so far', ['start', 'so', 'far']],
  ['start am do', ['start', 'am', 'do']],
  ['start die casting', ['start', 'die', 'casting']],
  ['no sugar', ['no', 'sugar']],
  ['no datum', ['no', 'datum']],
  ['priority hoch', ['priority', 'hoch']],
  ['war an der man', ['war', 'an', 'der', 'man']],
])('[QL16] %j is made of words to look for, as ever', (text, words) => {
  const { query, faults } = parseQuery(text, NAMES);
  expect(faults).toEqual([]);
  expect(query.where).toMatchObject({
    kind: 'and',
    parts: words.map((word) => ({ kind: 'text', text: word })),
  });
});

test('[QL16] "done mai tai" has the state, and "due so" is no date, as ever', () => {
  expect(parseQuery('done mai tai').query.where).toMatchObject({ parts: [{ kind: 'status' }, {}, {}] });
  for (const text of ['due so', 'due do', 'due mai']) {
    expect(parseQuery(text).faults).toMatchObject([
      { message: expect.stringContaining('is no date') as string },
    ]);
  }
});

test('[QL16] among English words none of those that German has too means anything but itself', () => {
  // A word that is English and German, or looks alike, between words that mean nothing in either.
  const doubtful = 'hat mit ab so do mi die mai an am um war man das den in der prio elf vor bis nach'.split(
    ' ',
  );
  const plain = 'bread buy car sugar casting notes list tags low'.split(' ');
  const words = fc.array(fc.constantFrom(...doubtful, ...plain), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom('', 'start', 'created'), words, (first, rest) => {
      const all = [...(first === '' ? [] : [first]), ...rest];
      const { query, faults } = parseQuery(all.join(' '));
      expect(faults).toEqual([]);
      const { where } = query;
      const found = where !== null && 'parts' in where ? where.parts : [where];
      expect(found.map((part) => part?.kind === 'text' && part.text)).toEqual(all);
    }),
    { seed: 20261201, numRuns: 2_000 },
  );
});

test('[QL17] a German date is the day that quick add takes it for', () => {
  const lines = [
    'heute',
    'morgen',
    'übermorgen',
    'Montag',
    'am Freitag',
    'diesen Samstag',
    'nächsten Dienstag',
    'kommenden Dienstag',
    'nächste Woche Freitag',
    'Freitag in 3 Wochen',
    'in 4 Tagen',
    'in zwei Wochen',
    'in einem Monat',
    'am 5.',
    'am 15.3.',
    '24.12.2027',
    '15. März',
    'Sonntag, den 6. Dezember',
    'Ende des Monats',
    'Jahresende',
    'am dritten März',
    'zum zwölften Dezember 2027',
    'in vierzehn Tagen',
    'morgen in einer Woche',
    'übernächsten Freitag',
    'Anfang März',
    'Ende Februar',
    'Ende nächsten Monats',
    'morgen um vierzehn Uhr',
    'am zweiten Freitag des Monats',
    'am zweiten Freitag im Mai',
    'am letzten Freitag im Mai 2028',
    'heute 15 Uhr',
    'morgen um 9 Uhr',
    'morgen um 10',
    'Freitagabend',
    'heute Vormittag',
    'heute Nachmittag um 4',
    'morgen halb 8',
    'heute um 7',
    'Freitag 11:30 Uhr',
  ];
  for (const line of lines) {
    const { due, title } = parseQuickAdd(line, { now: NOW, timeZone: 'Europe/Berlin', locale: 'de' });
    expect([line, due !== null, title]).toEqual([line, true, '']);
    const asked = (text: string): boolean =>
      createPredicate(understood(text).where, { now: NOW, timeZone: 'Europe/Berlin', ...NAMES })({
        due,
      } as QueryTask);
    // By the words as they are kept, too.
    const kept = keptText(`fällig ${line}`, NAMES);
    expect([line, asked(`fällig ${line}`), asked(kept)]).toEqual([line, true, true]);
    const before = asked(`fällig < ${line}`);
    const after = asked(`fällig > ${line}`);
    expect([line, before, after]).toEqual([line, false, false]);
  }
});

test('[QL17] "vor 2 Wochen" is a day, "vor Freitag" is before it, and "seit 3 Tagen" is since then', () => {
  const done = (text: string, day: string): boolean =>
    createPredicate(understood(text).where, { now: NOW, timeZone: 'Europe/Berlin', ...NAMES })({
      status: 'done',
      closedAt: Date.parse(`${day}T11:00:00Z`),
    } as QueryTask);
  expect([done('erledigt vor 2 Wochen', '2026-11-09'), done('erledigt vor 2 Wochen', '2026-11-08')]).toEqual([
    true,
    false,
  ]);
  expect([
    done('erledigt < vor 2 Wochen', '2026-11-09'),
    done('erledigt < vor 2 Wochen', '2026-11-08'),
  ]).toEqual([false, true]);
  expect([done('erledigt vor Freitag', '2026-11-20'), done('erledigt vor Freitag', '2026-11-19')]).toEqual([
    false,
    true,
  ]);
  expect([done('erledigt seit 3 Tagen', '2026-11-20'), done('erledigt seit 3 Tagen', '2026-11-19')]).toEqual([
    true,
    false,
  ]);
  const due = { date: '2026-11-27' as LocalDate };
  expect(
    createPredicate(understood('fällig ab Freitag').where, { now: NOW, timeZone: 'Europe/Berlin', ...NAMES })(
      {
        due,
      } as QueryTask,
    ),
  ).toBe(true);
});

/** With dates as what they mean: one day may be said in several ways. */
function meaningOf(query: Query): unknown {
  const map = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(map);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, of]) => [key, key === 'when' ? readDate(String(of))?.asked : map(of)]),
    );
  };
  return map(shapeOf(query));
}

test('[QL18] a question that is written in German and read again is the same, and is kept in English', () => {
  fc.assert(
    fc.property(fc.option(expression), sorts, (where, sort) => {
      const query = { where, sort, sortPlace: null } as unknown as Query;
      const german = parseQuery(writeQuery(query, 'de'));
      expect(german.faults).toEqual([]);
      expect(meaningOf(german.query)).toEqual(meaningOf(query));
      // What was read from German is written in English and is the same there, to the word.
      const kept = parseQuery(writeQuery(german.query));
      expect(kept.faults).toEqual([]);
      expect(shapeOf(kept.query)).toEqual(shapeOf(german.query));
    }),
    { seed: 20261201, numRuns: 1_000 },
  );
});

test('[QL18] whatever is typed in German has an answer, and what was understood is the same in both languages', () => {
  const words =
    '( ) " # @ ! - , < >= und oder nicht von vom zwischen 1. fällig beginnt erstellt erledigt vor nach bis seit ab am im in den dem zum heute morgen gestern Freitag so mi März mai 5. 15.3. 3 zwei Tagen Wochen nächste nächsten letzten diese Woche Monat Wochenende Ende des Monats um 9 Uhr 10:00 Abend ohne hat mit kein Datum Notizen @warten #Eingang Priorität prio hoch mindestens !hoch offen überfällig sortiert nach Titel absteigend dann liste: etikett: Brot due friday and no tags sort by'.split(
      ' ',
    );
  const lines = fc
    .array(fc.constantFrom(...words), { maxLength: 14 })
    .chain((parts) => fc.constantFrom(parts.join(' '), parts.join(' ').toUpperCase()));
  fc.assert(
    fc.property(lines, (text) => {
      const { query, faults } = parseQuery(text, NAMES);
      for (const { start, end } of faults) expect(start <= end && end <= text.length).toBe(true);
      expect(shapeOf(parseQuery(writeQuery(query)).query)).toEqual(shapeOf(query));
      expect(meaningOf(parseQuery(writeQuery(query, 'de')).query)).toEqual(meaningOf(query));
      for (let caret = 0; caret <= text.length; caret += 5) completeQuery(text, caret, NAMES, 'de');
      readControls(text, query);
    }),
    { seed: 20261201, numRuns: 600 },
  );
});

test('[QL18] every date of quick add and of questions can be said in German and in English', () => {
  const dates =
    'today|tomorrow|day after tomorrow|yesterday|friday|this friday|next friday|last friday|friday in 3 weeks|3 weeks from friday|in 3 days|in 1 week|in 2 hours|in 90 minutes|4 days ago|15 march|mar 15 2027|3/4|24.12.|2026-12-24T09:00|the 5th|the 31st|in march|march 2027|2027|2026-12|this week|next week|last month|this year|this weekend|the weekend|next 7 days|last 2 months|end of the month|end of next month|end of the year|the second friday of the month|the last monday of next month|the 1st monday of january|the last friday of november 2027|the 5th of next month|last day of the month|today 7:00|today 7am|friday 10:30|friday 10am|friday at 3|tomorrow evening|tonight|noon|14:00|next week at 9|friday 12:15|monday 00:30|midnight';
  for (const date of dates.split('|'))
    for (const comparison of ['', 'before ', 'by ', 'after ', 'since ']) {
      for (const field of ['due', 'done']) {
        const english = understood(`${field} ${comparison}${date}`);
        const german = understood(writeQuery(english, 'de'));
        expect([date, meaningOf(german)]).toEqual([date, meaningOf(english)]);
        const kept = understood(writeQuery(german));
        expect([date, meaningOf(kept)]).toEqual([date, meaningOf(english)]);
      }
    }
});

test('[QL18] what is kept means the same to everyone, and each reads it in a language of their own', () => {
  const kept = keptText('fällig vor nächstem Freitag und #einkauf und nicht @warten', NAMES);
  expect(kept).toBe('due before next friday and #[l1] and not @[t1]');
  expect(shownText(kept, NAMES)).toBe('due before next friday and #Einkauf and not @warten');
  expect(shownText(kept, NAMES, 'de')).toBe('fällig vor nächstem Freitag und #Einkauf und nicht @warten');
  expect(keptText(shownText(kept, NAMES, 'de'), NAMES)).toBe(kept);
  expect(shownText('due since 2026-12-01 and no due date or done since 3 days ago', NAMES, 'de')).toBe(
    'fällig ab 1.12.2026 und ohne Fälligkeit oder erledigt seit 3 Tagen',
  );
  expect(shownText('start before in 3 days and created last week sort by due desc', NAMES, 'de')).toBe(
    'beginnt < in 3 Tagen und erstellt letzte Woche sortiert nach Fälligkeit absteigend',
  );
});

test('[QL18] a control reflects a German question, and writes German where the person reads it', () => {
  const text = 'Brot und Priorität mindestens hoch und fällig heute und erledigt letzte Woche';
  const query = understood(text);
  expect(readControls(text, query)).toMatchObject({
    priority: 'priority >= high',
    due: 'due today',
    status: 'done last week',
    typed: { priority: 'Priorität mindestens hoch', due: 'fällig heute' },
  });
  expect(withControl(text, query, 'due', 'due next 7 days', 'de')).toBe(
    'Brot und Priorität mindestens hoch und erledigt letzte Woche und fällig in den nächsten 7 Tagen',
  );
  expect(withSort('Brot', understood('Brot'), 'priority', 'de')).toBe('Brot sortiert nach Priorität');
  expect(withTag('Brot', understood('Brot'), 'warten', true, 'de')).toBe('Brot und @warten');
  const range = withDueRange('Brot', understood('Brot'), '2026-12-01', '2026-12-05', 'de');
  expect(range).toBe('Brot und fällig ab 1.12.2026 und fällig bis 5.12.2026');
  expect(readControls(range, understood(range))).toMatchObject({
    dueFrom: '2026-12-01',
    dueTo: '2026-12-05',
  });
});

test.each([
  ['fä', 'fällig heute'],
  ['fae', 'fällig heute'],
  ['fällig ', 'heute'],
  ['fällig v', 'vor'],
  ['fällig ueb', 'übermorgen'],
  ['fällig vor nä', 'nächstem Freitag'],
  ['fällig nächsten f', 'nächsten Freitag'],
  ['fällig naechsten f', 'nächsten Freitag'],
  ['ohne ', 'Fälligkeit'],
  ['brot und hat n', 'Notizen'],
  ['!h', '!hoch'],
  ['uber', 'überfällig'],
  ['a sortiert nach p', 'Priorität'],
  ['a sortiert nach Titel ab', 'absteigend'],
  ['etikett:war', '@warten'],
  ['liste:haus', '#"Haus und Hof"'],
  ['ei', '#Einkauf'],
  // Who writes English in the German app gets English.
  ['due be', 'before'],
  ['no d', 'due date'],
  ['recurr', 'recurring'],
])('[QL19] %j is completed by %j in German', (text, wanted) => {
  const { start, end, options } = completeQuery(text, text.length, NAMES, 'de');
  expect(options.map((option) => option.text)).toContain(wanted);
  expect(end).toBe(text.length);
  const whole = `${text.slice(0, start)}${wanted}${leadsOn(`fällig ${wanted}`) || wanted === 'before' ? ' friday' : ''}`;
  understood(whole);
});

test('[QL19] what is proposed in German are the German words of what is proposed in English', () => {
  const texts = (text: string, language: 'de' | 'en'): string[] =>
    completeQuery(text, text.length, NAMES, language).options.map((option) => option.text);
  const begun = [...'abcdefghijklmnopqrstuvwxyzü!'];
  const german = begun.flatMap((letter) => {
    const english = texts(letter, 'en');
    return texts(letter, 'de').filter((text) => !english.includes(text));
  });
  expect(german.length).toBeGreaterThan(20);
  for (const text of german) {
    const isWhole = !leadsOn(text) && !['nicht', 'oder'].includes(text);
    if (isWhole) expect([text, writeQuery(understood(text), 'de')]).toEqual([text, text]);
  }
  expect(texts('fällig heute', 'de')).toEqual([]);
  expect(texts('„fä', 'de')).toEqual([]);
  expect(texts('overd', 'en')).toEqual(['overdue']);
});

test.each([
  ['fällig fretag', 'fretag', 'Freitag'],
  ['fällig übermrgen', 'übermrgen', 'übermorgen'],
  ['fallig ubermrgen', 'ubermrgen', 'übermorgen'],
  ['beginnt nach mntag', 'mntag', 'Montag'],
  ['!hohc', '!hohc', '!hoch'],
  ['Priorität >= dringnd', 'dringnd', 'dringend'],
  ['a sortiert nach prioritt', 'prioritt', 'Priorität'],
  ['due fridya', 'fridya', 'friday'],
  // In English nothing German is proposed.
  ['due fretag', 'fretag', undefined],
])('[QL19] %j: what was meant is said in the language that is written', (text, wrong, meant) => {
  const { faults } = parseQuery(text, NAMES);
  expect(faults).toHaveLength(1);
  expect(text.slice(faults[0]?.start, faults[0]?.end)).toBe(wrong);
  expect(faults[0]?.suggestion).toBe(meant);
  if (meant !== undefined) understood(text.replace(wrong, meant));
});

test('[QL19] an example of a date is in the language of the word before it', () => {
  expect(parseQuery('fällig').faults[0]?.message).toContain('“fällig heute”');
  expect(parseQuery('fällig vor').faults[0]?.message).toContain('“fällig vor Freitag”');
});
