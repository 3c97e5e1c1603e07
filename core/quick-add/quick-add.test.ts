import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuickAdd, type QuickAdd, type QuickAddContext } from '../quick-add.ts';
import { openSeries } from '../recurrence/series.ts';
import { readWhen } from '../values.ts';
import { readCorpus, taskInWords } from './corpus/read-corpus.ts';

/** Monday, 23 November 2026, 12:00 in Berlin. */
const context = {
  now: Date.parse('2026-11-23T11:00:00Z'),
  timeZone: 'Europe/Berlin',
  locale: 'en-US',
  lists: [{ id: 'list-1', name: 'Home Improvement' }, 'errands'],
  tags: [{ id: 'tag-1', name: 'Bills' }, 'waiting for'],
} as const satisfies QuickAddContext;

const LOCALES = { english: 'en-US', german: 'de-DE' } as const;
const corpus = (['english', 'german'] as const).flatMap((language) =>
  readCorpus(language).map((example) => ({ ...example, locale: LOCALES[language] })),
);

function add(line: string, change: Partial<QuickAddContext> = {}): QuickAdd {
  return parseQuickAdd(line, { ...context, ...change });
}

function words(line: string, change: Partial<QuickAddContext> = {}): string {
  return taskInWords(add(line, change));
}

describe('the corpus', () => {
  test.each([
    ['[QA4] dates', 'QA4'],
    ['[QA5] the next such date, and what was said in full', 'QA5'],
    ['[QA6] times', 'QA6'],
    ['[QA7] doubtful words stay in the title', 'QA7'],
    ['[QA8] repeats', 'QA8'],
    ['[QA9] repeats never skip a short month', 'QA9'],
    ['[QA10] after completion', 'QA10'],
    ['[QA11] ends', 'QA11'],
    ['[QA12] lists, tags and priorities', 'QA12'],
    ['[QA13] reminders', 'QA13'],
    ['[QA14] start dates', 'QA14'],
    ['[QA15] the later of two', 'QA15'],
    ['[QA16] tidy titles', 'QA16'],
  ])('%s', (_name, rule) => {
    const examples = corpus.filter((example) => example.rule === rule);
    expect(examples.length).toBeGreaterThan(4);
    const understood = examples.map(({ line, locale }) => `${line} => ${words(line, { locale })}`);
    expect(understood).toEqual(examples.map(({ line, task }) => `${line} => ${task}`));
  });

  test('[QA1] is read whole: at least 220 English and 80 German lines, each under a rule', () => {
    const count = (locale: string): number => corpus.filter((example) => example.locale === locale).length;
    expect(count('en-US')).toBeGreaterThan(220);
    expect(count('de-DE')).toBeGreaterThan(80);
    expect(corpus.filter(({ rule }) => !/^QA\d+$/.test(rule))).toEqual([]);
    expect(new Set(corpus.map(({ line, locale }) => locale + line)).size).toBe(corpus.length);
  });

  test('[QA1] [QA19] every line of it has sound tokens, and its series begins with the due date', () => {
    for (const { line, locale } of corpus) expectSound(line, add(line, { locale }));
  });
});

describe('any text', () => {
  const bits = [
    ...corpus.flatMap(({ line }) => line.split(' ')),
    ...[
      '#',
      '@',
      '!',
      '.',
      ',',
      ':',
      '/',
      '-',
      '(',
      ')',
      '"',
      'é',
      '👩‍👩‍👧',
      '\ud800',
      '\u0000',
      '\n',
      '٣',
      'İ',
      'ß',
    ],
    ...['0', '00', '99', '999999999999', '9:60', '24:00', '31.2.', '29.2.', '13/13', '2026-02-30'],
  ];
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fc.constantFrom(...bits), { maxLength: 12 }).map((parts) => parts.join(' ')),
    fc.array(fc.constantFrom(...bits), { maxLength: 12 }).map((parts) => parts.join('')),
  );
  const when = fc.record({
    now: fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2099, 11, 31) }),
    timeZone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'Pacific/Apia',
      'Australia/Lord_Howe',
      'America/Sao_Paulo',
    ),
    locale: fc.constantFrom('en-US', 'en-GB', 'de-DE', 'de', 'fr-FR', ''),
  });

  test('[QA1] [QA19] gives a task with sound tokens and never an error', () => {
    fc.assert(
      fc.property(line, when, (text, change) => {
        const task = add(text, change);
        expectSound(text, task);
        expect(add(text, change)).toEqual(task);
      }),
      { numRuns: 3_000, seed: 20261123 },
    );
  });

  test('[QA20] a dismissed token stays in the title, and no new one takes its place', () => {
    fc.assert(
      fc.property(line, when, fc.nat(), (text, change, pick) => {
        const { tokens } = add(text, change);
        const token = tokens[pick % Math.max(1, tokens.length)];
        if (!token) return;
        const task = add(text, { ...change, dismissed: [token] });
        expectSound(text, task);
        for (const other of task.tokens)
          expect(other.start >= token.end || other.end <= token.start).toBe(true);
      }),
      { numRuns: 1_000, seed: 20261124 },
    );
  });
});

describe('dismissing', () => {
  test('[QA20] by text, by place, one of several', () => {
    expect(words('buy sunday paper tomorrow', { dismissed: ['tomorrow'] })).toBe(
      'buy paper tomorrow | due 2026-11-29',
    );
    expect(words('watch friday night lights tomorrow 8pm', { dismissed: ['tomorrow 8pm'] })).toBe(
      'watch lights tomorrow 8pm | due 2026-11-27 22:00',
    );
    expect(words('ship #one and #two', { dismissed: [{ start: 14, end: 18 }] })).toBe('ship and #two | #one');
    expect(words('yoga every tuesday 7pm', { dismissed: ['every tuesday'] })).toBe(
      'yoga every tuesday | due 2026-11-23 19:00',
    );
    expect(words('yoga every tuesday 7pm', { dismissed: ['7pm'] })).toBe(
      'yoga 7pm | due 2026-11-24 | FREQ=WEEKLY;BYDAY=TU',
    );
  });
});

describe('cost', () => {
  const fills = [
    ...[
      'every ',
      'on ',
      '#',
      '# ',
      '@a ',
      '!',
      '1 ',
      '12:',
      '24.12.',
      'mon, ',
      'mon and ',
      '1st and ',
      'remind me ',
    ],
    ...[
      'a hour and ',
      'in ',
      'every last ',
      'until ',
      ' ',
      '(',
      ')',
      '-',
      'x',
      'from monday to ',
      'tomorrow ',
      '9am ',
    ],
    ...['next week on ', '.', '🎂', 'half past ', '#Home ', 'due on by '],
  ];

  test('[QA2] 10,000 characters of any of many kinds take well under a second', () => {
    for (const fill of fills) {
      for (const locale of ['en-US', 'de-DE']) {
        const text = fill.repeat(Math.ceil(10_000 / fill.length)).slice(0, 10_000);
        const began = performance.now();
        add(text, { locale });
        expect([fill, performance.now() - began < 900]).toEqual([fill, true]);
      }
    }
  });

  test('[QA2] twice the text takes about twice the time', () => {
    const text = corpus.map(({ line }) => line).join(' ');
    const cost = (line: string): number => {
      const times = Array.from({ length: 5 }, () => {
        const began = performance.now();
        add(line);
        return performance.now() - began;
      });
      return Math.min(...times);
    };
    const [short, long] = [text.slice(0, 5_000), text.repeat(4).slice(0, 40_000)];
    cost(short);
    expect(cost(long)).toBeLessThan(8 * 4 * cost(short));
  });
});

describe('hosts, zones and locales', () => {
  test('[QA3] hosts in three zones understand the whole corpus alike', () => {
    const script = `
      import { parseQuickAdd } from './core/quick-add.ts';
      import { readCorpus } from './core/quick-add/corpus/read-corpus.ts';
      const tasks = ['english', 'german'].flatMap((language) => readCorpus(language).map(({ line }) =>
        parseQuickAdd(line, { now: ${context.now}, timeZone: 'Europe/Berlin', locale: language === 'german' ? 'de' : 'en' })));
      console.log(new Date(0).getHours(), JSON.stringify(tasks));`;
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const outputs = ['Pacific/Kiritimati', 'America/Los_Angeles', 'Asia/Kolkata'].map((zone) => {
      const args = ['--input-type=module', '-e', script];
      const text = execFileSync(process.execPath, args, {
        cwd: root,
        env: { ...process.env, TZ: zone },
        encoding: 'utf8',
      });
      return { hour: text.slice(0, text.indexOf(' ')), tasks: text.slice(text.indexOf(' ')) };
    });
    // The hosts were in different zones indeed.
    expect(new Set(outputs.map(({ hour }) => hour)).size).toBe(3);
    expect(new Set(outputs.map(({ tasks }) => tasks)).size).toBe(1);
    expect(outputs[0]?.tasks.length).toBeGreaterThan(50_000);
  });

  test('[QA18] today is the day in the zone, and a time stands in it', () => {
    const now = '2026-11-23T11:00:00Z';
    expect(add('x today', { now, timeZone: 'Pacific/Kiritimati' }).due).toEqual({ date: '2026-11-24' });
    expect(add('x tomorrow', { now, timeZone: 'Pacific/Pago_Pago' }).due).toEqual({ date: '2026-11-24' });
    expect(add('x 9am', { now, timeZone: 'America/New_York' }).due).toEqual({
      date: '2026-11-23',
      time: '09:00',
      timeZone: 'America/New_York',
    });
  });

  test('[QA18] hours from now are hours, also when the clock changes', () => {
    // Berlin sets the clock back at 03:00 on 25 October 2026 and ahead at 02:00 on 28 March 2027.
    expect(words('x in 3 hours', { now: '2026-10-24T23:30:00Z' })).toBe('x | due 2026-10-25 03:30');
    expect(words('x in 1 hour', { now: '2027-03-28T00:30:00Z' })).toBe('x | due 2027-03-28 03:30');
    expect(words('x tomorrow 2:30am', { now: '2027-03-27T11:00:00Z' })).toBe('x | due 2027-03-28 02:30');
  });

  test('[QA17] the region says whether the month comes first', () => {
    const due = (line: string, locale: string): string | undefined => add(line, { locale }).due?.date;
    expect(due('x 12/5', 'en-US')).toBe('2026-12-05');
    expect(due('x 12/5', 'en')).toBe('2026-12-05');
    expect(due('x 12/5', 'en-GB')).toBe('2027-05-12');
    expect(due('x 12/5', 'de-DE')).toBe('2027-05-12');
    expect(due('x 12/5', 'fr-FR')).toBe('2027-05-12');
    expect(due('x 12/24', 'en-GB')).toBe('2026-12-24');
    expect(due('x 24/12', 'en-US')).toBe('2026-12-24');
    expect(due('x 12/5/2027', 'en-US')).toBe('2027-12-05');
    expect(words('x tomorrow', { locale: 'fr-FR' })).toBe('x | due 2026-11-24');
    expect(words('x morgen', { locale: 'de-AT' })).toBe('x | due 2026-11-24');
    expect(words('x morgen', { locale: 'en-US' })).toBe('x morgen');
  });

  test('[QA4] other days of the week', () => {
    const on = (day: string, line: string): string => words(line, { now: `2026-11-${day}T11:00:00Z` });
    // Friday, Saturday, Sunday.
    expect(on('27', 'x friday')).toBe('x | due 2026-12-04');
    expect(on('27', 'x this friday')).toBe('x | due 2026-11-27');
    expect(on('27', 'x next friday')).toBe('x | due 2026-12-04');
    expect(on('28', 'x this weekend')).toBe('x | due 2026-11-28');
    expect(on('29', 'x this weekend')).toBe('x | due 2026-11-29');
    expect(on('29', 'x next monday')).toBe('x | due 2026-11-30');
    expect(on('27', 'x every friday')).toBe('x | due 2026-11-27 | FREQ=WEEKLY;BYDAY=FR');
    expect(on('27', 'x every friday 9am')).toBe('x | due 2026-12-04 09:00 | FREQ=WEEKLY;BYDAY=FR');
    expect(words('x in a month', { now: '2027-01-31T11:00:00Z' })).toBe('x | due 2027-02-28');
    expect(words('x on the 31st', { now: '2027-02-01T11:00:00Z' })).toBe('x | due 2027-03-31');
    expect(words('x feb 29', { now: '2096-03-01T11:00:00Z' })).toBe('x | due 2104-02-29');
  });
});

test('[QA12] known names come with their id and spelling', () => {
  const task = add('fix roof #home-improvement @BILLS @loose');
  expect(task.list).toEqual({ id: 'list-1', name: 'Home Improvement' });
  expect(task.tags).toEqual([{ id: 'tag-1', name: 'Bills' }, { name: 'loose' }]);
});

test('[QA1] tokens say their kind and exact place', () => {
  const line = '🎂 pay rent every last weekday 9am #home !high @bills remind me 1h before until june';
  expect(add(line).tokens.map(({ kind, start, text }) => [kind, start, text])).toEqual([
    ['recurrence', 12, 'every last weekday'],
    ['due', 31, '9am'],
    ['list', 35, '#home'],
    ['priority', 41, '!high'],
    ['tag', 47, '@bills'],
    ['reminder', 54, 'remind me 1h before'],
    ['recurrence', 74, 'until june'],
  ]);
});

test('[QA1] now may be an instant; nonsense in the context is named', () => {
  expect(add('x today', { now: '2026-11-23T11:00:00Z' })).toEqual(add('x today'));
  expect(() => add('x', { now: 'soon' })).toThrow("now is 'soon'");
  expect(() => add('x', { timeZone: 'Mars/Olympus' })).toThrow('Mars/Olympus');
});

/** What [QA1] promises of every task. */
function expectSound(line: string, task: QuickAdd): void {
  let last = 0;
  let rest = '';
  for (const { start, end, text } of task.tokens) {
    if (start < last || end <= start || text !== line.slice(start, end))
      throw new Error(`bad token in ${line}`);
    rest += line.slice(last, start);
    last = end;
  }
  rest += line.slice(last);
  const letters = (text: string): string => text.replaceAll(/[\s,;:()[\]–—-]/gu, '');
  expect(letters(task.title)).toBe(letters(rest));
  expect(task.title).toBe(task.title.trim());
  expect(task.title).not.toMatch(/\s\s/u);
  for (const when of [task.due, task.start]) if (when) expect(readWhen({ ...when })).toEqual(when);
  for (const reminder of task.reminders) {
    if ('before' in reminder)
      expect(reminder.before).toMatch(/^P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(0S)?)?$/);
    else expect(reminder.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
  }
  if (task.recurrence) {
    const { due } = task;
    if (!due) throw new Error(`a repeat without a due date in ${line}`);
    const start = due.time === undefined ? due.date : `${due.date}T${due.time}:00`;
    const series = openSeries({ ...task.recurrence, start, timeZone: due.timeZone ?? null });
    expect(series.first()?.local).toBe(start);
  }
}
