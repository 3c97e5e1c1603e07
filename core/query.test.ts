/** Rules QL of core/SPEC.md. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ListId, LocalDate, Task } from './document.ts';
import { parseQuery } from './query.ts';
import {
  asksForStatus,
  createOrder,
  createRanking,
  createPredicate,
  type QueryContext,
  type QueryTask,
} from './query/answer.ts';
import { completeQuery } from './query/complete.ts';
import { readControls, withControl, withDueRange, withSort, withTag } from './query/controls.ts';
import { EMPTY_QUERY, type Query, type SortKey } from './query/language.ts';
import { isShownIn, keptText, queryNames, shownText } from './query/view.ts';
import { withIds, withNames, writeQuery } from './query/write.ts';
import { expression, shapeOf, sorts } from './testing/queries.ts';
import { createReplica, must } from './testing/replica.ts';

/** A Monday, at noon in Berlin. */
const NOW = Date.parse('2026-11-23T11:00:00Z');
const DAY_MS = 86_400_000;
const LISTS = [
  { id: 'l1', name: 'Errands' },
  { id: 'l2', name: 'Home improvement' },
];
const TAGS = [
  { id: 't1', name: 'waiting' },
  { id: 't2', name: 'Büro' },
];
const CONTEXT: QueryContext = { now: NOW, timeZone: 'Europe/Berlin', lists: LISTS, tags: TAGS };

function taskOf(patch: Partial<QueryTask> = {}): QueryTask {
  return {
    id: patch.title ?? 'task',
    title: 'Buy bread',
    notes: '',
    status: 'open',
    due: null,
    start: null,
    priority: null,
    tags: [],
    listId: null,
    reminders: [],
    rule: null,
    createdAt: NOW - 10 * DAY_MS,
    closedAt: null,
    ...patch,
  };
}

const on = (date: string, time?: string, timeZone?: string): QueryTask['due'] => ({
  date: date as LocalDate,
  ...(time === undefined ? {} : { time }),
  ...(timeZone === undefined ? {} : { timeZone }),
});

function understood(text: string): Query {
  const { query, faults } = parseQuery(text, { lists: LISTS, tags: TAGS });
  expect([text, faults]).toEqual([text, []]);
  return query;
}

const asks = (text: string, task: Partial<QueryTask>, context: QueryContext = CONTEXT): boolean =>
  createPredicate(understood(text).where, context)(taskOf(task));

test('[QL1] words, phrases, names, priorities, dates, states and fields are one question each', () => {
  expect(shapeOf(understood('due before next friday and #errands and not @waiting'))).toEqual({
    where: {
      kind: 'and',
      parts: [
        { kind: 'date', field: 'due', comparison: '<', when: 'next friday' },
        { kind: 'list', by: 'name', value: 'errands' },
        { kind: 'not', part: { kind: 'tag', by: 'name', value: 'waiting' } },
      ],
    },
    sort: [],
  });
  const one = (text: string): unknown => shapeOf(understood(text).where);
  expect(one('bread')).toEqual({ kind: 'text', text: 'bread', isPhrase: false });
  expect(one('"rye \\"bread\\""')).toEqual({ kind: 'text', text: 'rye "bread"', isPhrase: true });
  expect(one('list:"home improvement"')).toEqual({ kind: 'list', by: 'name', value: 'home improvement' });
  expect(one('tag:waiting')).toEqual({ kind: 'tag', by: 'name', value: 'waiting' });
  expect(one('#[l1]')).toEqual({ kind: 'list', by: 'id', value: 'l1' });
  for (const text of ['!high', 'p2', 'priority high', 'priority = high', 'priority p2'])
    expect(one(text)).toEqual({ kind: 'priority', comparison: '=', priority: 'high' });
  expect(one('priority >= high')).toEqual({ kind: 'priority', comparison: '>=', priority: 'high' });
  expect(one('no due date')).toEqual({ kind: 'has', thing: 'due', isMissing: true });
  expect(one('no due')).toEqual({ kind: 'has', thing: 'due', isMissing: true });
  expect(one('has reminder')).toEqual({ kind: 'has', thing: 'reminder', isMissing: false });
  expect(one('recurring')).toEqual({ kind: 'has', thing: 'repeat', isMissing: false });
  expect(one('overdue')).toEqual({ kind: 'overdue' });
  expect(one('completed')).toEqual({ kind: 'status', status: 'done' });
  expect(one('done last week')).toEqual({ kind: 'date', field: 'done', comparison: '=', when: 'last week' });
  expect(one('Due on or before 24 Dec')).toEqual({
    kind: 'date',
    field: 'due',
    comparison: '<=',
    when: '24 dec',
  });
  expect(one('created >= 2026-11-01')).toEqual({
    kind: 'date',
    field: 'created',
    comparison: '>=',
    when: '2026-11-01',
  });
});

test('[QL2] "and" may be left out and binds before "or"; brackets and "not" stand where they are put', () => {
  const text = (word: string): object => ({ kind: 'text', text: word, isPhrase: false });
  expect(shapeOf(understood('a b or c and d').where)).toEqual({
    kind: 'or',
    parts: [
      { kind: 'and', parts: [text('a'), text('b')] },
      { kind: 'and', parts: [text('c'), text('d')] },
    ],
  });
  expect(shapeOf(understood('a (b or not (c d)) -e').where)).toEqual({
    kind: 'and',
    parts: [
      text('a'),
      {
        kind: 'or',
        parts: [text('b'), { kind: 'not', part: { kind: 'and', parts: [text('c'), text('d')] } }],
      },
      { kind: 'not', part: text('e') },
    ],
  });
  expect(shapeOf(understood('(a and b) c').where)).toEqual({
    kind: 'and',
    parts: [text('a'), text('b'), text('c')],
  });
  expect(understood('').where).toBeNull();
});

test('[QL3] a question knows where it stands, and the order at the end as well', () => {
  const text = '#errands  and  due before  friday sort by due desc, priority';
  const { where, sort, sortPlace } = understood(text);
  const parts = where?.kind === 'and' ? where.parts : [];
  expect(parts.map(({ start, end }) => text.slice(start, end))).toEqual(['#errands', 'due before  friday']);
  expect(sort).toEqual([
    { field: 'due', isDescending: true },
    { field: 'priority', isDescending: true },
  ]);
  expect(sortPlace && text.slice(sortPlace.start, sortPlace.end)).toBe('sort by due desc, priority');
  expect(understood('sort by created').sort).toEqual([{ field: 'created', isDescending: false }]);
});

test.each([
  ['due before nxt', 'nxt', 'is no date'],
  ['due fridya', 'fridya', 'is no date', 'friday'],
  ['due', 'due', 'comes a date'],
  ['#erands', '#erands', 'There is no list', '#Errands'],
  ['@wating milk', '@wating', 'There is no tag', '@waiting'],
  ['#"Home improvemnt"', '#"Home improvemnt"', 'There is no list', '#"Home improvement"'],
  ['@[gone]', '@[gone]', 'in the trash or gone'],
  ['#', '#', 'the name of a list'],
  ['!hihg', '!hihg', 'is no priority', '!high'],
  ['priority >= hi', 'hi', 'comes none, low', 'high'],
  ['a and', 'and', 'After “and”'],
  ['or a', 'or', 'Before “or”'],
  ['a not', 'not', 'After “not”'],
  ['(a or b', '(', 'never closed'],
  ['a)', ')', 'closes none', ''],
  ['()', '()', 'Nothing stands'],
  ['"rye bread', '"rye bread', 'never closed', '"rye bread"'],
  ['a sort by prority', 'prority', 'What to sort by', 'priority'],
  ['a sort by', 'sort', 'After “sort by”'],
  ['a < b', '<', 'stands after'],
])(
  '[QL4] %j: what is wrong is said with its place and what was meant',
  (text, wrong, sentence, meant?: string) => {
    const { faults } = parseQuery(text, { lists: LISTS, tags: TAGS });
    expect(faults).toHaveLength(1);
    const [fault] = faults;
    expect(text.slice(fault?.start, fault?.end)).toBe(wrong);
    expect(fault?.message).toContain(sentence);
    expect(fault?.suggestion).toBe(meant);
  },
);

test('[QL4] what was understood stands in spite of a fault', () => {
  const { query, faults } = parseQuery('bread and due before nxt', { lists: LISTS, tags: TAGS });
  expect(faults).toHaveLength(1);
  expect(shapeOf(query.where)).toEqual({ kind: 'text', text: 'bread', isPhrase: false });
  // A word of the language with nothing to go with it is a word like others.
  for (const text of ['start the car', 'no sugar', 'created equal', 'priority mail', 'open-air cinema'])
    expect(understood(text).where?.kind).toBe('and');
});

test('[QL5] any text has an answer; length and depth are bounded', () => {
  const words =
    '( ) " # @ ! - , < >= and or not due before friday no tags sort by priority high p1 list: [ ] \\ %00 x done next 7 days';
  const pieces = fc.constantFrom(' ', ...words.split(' '));
  const lines = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(' ')),
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    // Any code units, halves of pairs as well.
    fc.array(fc.nat(0xffff), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  );
  fc.assert(
    fc.property(lines, (text) => {
      const { query, faults } = parseQuery(text, { lists: LISTS, tags: TAGS });
      for (const { start, end } of faults) expect(start <= end && end <= text.length).toBe(true);
      expect(typeof createPredicate(query.where, CONTEXT)(taskOf())).toBe('boolean');
      // What was understood is understood again when it is written.
      expect(shapeOf(parseQuery(writeQuery(query)).query)).toEqual(shapeOf(query));
      for (let caret = 0; caret <= text.length; caret += 7)
        completeQuery(text, caret, { lists: LISTS, tags: TAGS });
      readControls(text, query);
    }),
    { seed: 20261130, numRuns: 400 },
  );
  expect(parseQuery('x'.repeat(2_001)).faults[0]?.message).toContain('2001 characters');
  expect(parseQuery('('.repeat(1_000)).faults.length).toBeGreaterThan(0);
  expect(parseQuery('not '.repeat(400) + 'x').faults[0]?.message).toContain('20 deep');
});

test('[QL6] a question that is written and read again is the same', () => {
  fc.assert(
    fc.property(fc.option(expression), sorts, (where, sort) => {
      const query = { where, sort, sortPlace: null } as unknown as Query;
      const { query: again, faults } = parseQuery(writeQuery(query));
      expect(faults).toEqual([]);
      expect(shapeOf(again)).toEqual(shapeOf(query));
    }),
    { seed: 20261130, numRuns: 1_000 },
  );
});

test('[QL7] dates mean what they mean in quick add, and spans are spans', () => {
  const due = (text: string, date: string, time?: string): boolean => asks(text, { due: on(date, time) });
  expect(due('due today', '2026-11-23')).toBe(true);
  expect(due('due today', '2026-11-24')).toBe(false);
  expect(due('due the first monday of january', '2027-01-04')).toBe(true);
  expect(due('due before first monday of january', '2027-01-04')).toBe(false);
  // Of the week after this one, as in quick add.
  expect(due('due next friday', '2026-12-04')).toBe(true);
  expect(due('due before next friday', '2026-12-03')).toBe(true);
  expect(due('due before next friday', '2026-12-04')).toBe(false);
  expect(due('due by friday', '2026-11-27')).toBe(true);
  expect(due('due since friday', '2026-11-27')).toBe(true);
  expect(due('due after friday', '2026-11-27')).toBe(false);
  expect(due('due sun', '2026-11-29')).toBe(true);
  expect(due('due this week', '2026-11-29')).toBe(true);
  expect(due('due this week', '2026-11-30')).toBe(false);
  expect(due('due next week', '2026-12-06')).toBe(true);
  expect(due('due before next week', '2026-11-29')).toBe(true);
  expect(due('due after next week', '2026-12-06')).toBe(false);
  expect(due('due next 7 days', '2026-11-29')).toBe(true);
  expect(due('due next 7 days', '2026-11-30')).toBe(false);
  expect(due('due in 3 days', '2026-11-26')).toBe(true);
  expect(due('due 2 days ago', '2026-11-21')).toBe(true);
  expect(due('due yesterday', '2026-11-22')).toBe(true);
  expect(due('due last friday', '2026-11-20')).toBe(true);
  expect(due('due in march', '2027-03-31')).toBe(true);
  expect(due('due march', '2027-03-01')).toBe(true);
  expect(due('due march 5', '2027-03-05')).toBe(true);
  expect(due('due 2026-12', '2026-12-31')).toBe(true);
  expect(due('due in 2027', '2027-06-01')).toBe(true);
  expect(due('due this weekend', '2026-11-29')).toBe(true);
  expect(due('due 3/4', '2027-04-03')).toBe(true);
  expect(due('due before today 14:00', '2026-11-23', '13:59')).toBe(true);
  expect(due('due before today 14:00', '2026-11-23')).toBe(false);
  expect(asks('start after tomorrow', { start: on('2026-11-25') })).toBe(true);
  expect(asks('due after 2026-12-01', {})).toBe(false);
});

test('[QL7] the week begins where the person says', () => {
  const sunday = { due: on('2026-11-22') };
  expect(asks('due this week', sunday)).toBe(false);
  expect(asks('due this week', sunday, { ...CONTEXT, weekStart: 6 })).toBe(true);
});

test('[QL8] a day is the person’s, also of times in other zones and of what was done or created', () => {
  // 00:30 on Tuesday in Berlin is Monday in New York.
  const due = on('2026-11-23', '18:30', 'America/New_York');
  expect(asks('due tomorrow', { due })).toBe(true);
  expect(asks('due today', { due })).toBe(false);
  expect(asks('due today', { due: on('2026-11-23', '18:30', 'Mars/Olympus') })).toBe(true);
  const midnight = Date.parse('2026-11-22T23:00:00Z');
  expect(asks('created today', { createdAt: midnight })).toBe(true);
  expect(asks('created today', { createdAt: midnight - 1 })).toBe(false);
  const done = (text: string, closedAt: string): boolean =>
    asks(text, { status: 'done', closedAt: Date.parse(closedAt) });
  expect(done('done last week', '2026-11-22T22:59:59Z')).toBe(true);
  expect(done('done last week', '2026-11-22T23:00:00Z')).toBe(false);
  // What is past was on the last such day.
  expect(done('done since friday', '2026-11-20T08:00:00Z')).toBe(true);
  expect(done('done in december', '2025-12-24T08:00:00Z')).toBe(true);
  expect(asks('done today', { status: 'cancelled', closedAt: NOW })).toBe(false);
});

test('[QL9] names are one in any case, with or without accents; priorities have an order; fields are there or not', () => {
  expect(asks('#ERRANDS', { listId: 'l1' })).toBe(true);
  expect(asks('#home-improvement', { listId: 'l2' })).toBe(true);
  expect(asks('@buro', { tags: ['t2'] })).toBe(true);
  expect(asks('@[t2]', { tags: ['t1'] })).toBe(false);
  expect(asks('#inbox', {})).toBe(true);
  expect(asks('no list', { listId: 'l1' })).toBe(false);
  expect(asks('priority >= high', { priority: 'urgent' })).toBe(true);
  expect(asks('priority >= high', { priority: 'medium' })).toBe(false);
  expect(asks('priority < low', {})).toBe(true);
  expect(asks('overdue', { due: on('2026-11-22') })).toBe(true);
  expect(asks('overdue', { due: on('2026-11-23', '11:59') })).toBe(true);
  expect(asks('overdue', { due: on('2026-11-23', '12:01') })).toBe(false);
  expect(asks('overdue', { due: on('2026-11-01'), status: 'done' })).toBe(false);
  expect(asks('has notes and no tags and no reminder', { notes: 'x' })).toBe(true);
  expect(asks('recurring', { rule: {} })).toBe(true);
  expect(asks('bread or milk', {})).toBe(true);
  expect(asks('not bread', {})).toBe(false);
  // As the API's q has it: title, notes, tags and list.
  expect(asks('errands wait brea rye', { notes: 'dark rye', tags: ['t1'], listId: 'l1' })).toBe(true);
  expect(asks('"buy bread"', {})).toBe(true);
  expect(asks('"bread buy"', {})).toBe(false);
  expect(asks('"buy brea"', {})).toBe(false);
  expect(asksForStatus(understood('bread (done or #errands)').where)).toBe(true);
  expect(asksForStatus(understood('bread overdue').where)).toBe(false);
});

test('[QL9] a task of the document is a task that can be asked for', () => {
  const { document } = createReplica(1);
  const tag = must(document.createTag({ name: 'waiting' })).id;
  const { id } = must(document.createTask({ title: 'Bread', priority: 'high', tags: [tag] }));
  const task: Task | undefined = document.task(id);
  const context = { ...CONTEXT, lists: [...document.lists()], tags: [...document.tags()] };
  expect(task && createPredicate(understood('!high @waiting open bread').where, context)(task)).toBe(true);
});

test('[QL10] the order is by the keys as they stand; what has no such date is last either way', () => {
  const tasks = [
    taskOf({ title: 'b', due: on('2026-12-01'), priority: 'low' }),
    taskOf({ title: 'Ä', due: null, priority: 'urgent' }),
    taskOf({ title: 'c', due: on('2026-12-01', '09:00'), createdAt: NOW }),
    taskOf({ title: 'd', due: on('2026-12-01'), priority: 'high' }),
  ];
  const sorted = (text: string): string =>
    [...tasks]
      .sort(createOrder(understood(text).sort, CONTEXT.timeZone))
      .map(({ title }) => title)
      .join(' ');
  expect(sorted('sort by due, priority')).toBe('c d b Ä');
  expect(sorted('sort by due desc, priority asc')).toBe('b d c Ä');
  expect(sorted('sort by title')).toBe('Ä b c d');
  expect(sorted('sort by created desc')).toBe('c b d Ä');
});

test('[QL10] the keys of a task order as the task does', () => {
  const dated = fc.option(fc.constantFrom(on('2026-12-01'), on('2026-12-01', '09:00'), on('2026-12-02')));
  const one = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    title: fc.constantFrom('b', 'Ä', 'c'),
    due: dated,
    start: dated,
    priority: fc.option(fc.constantFrom('low' as const, 'urgent' as const)),
    createdAt: fc.constantFrom(NOW, NOW - 1),
    closedAt: fc.option(fc.constantFrom(NOW, NOW - 1)),
  });
  fc.assert(
    fc.property(one, one, sorts, (a, b, sort) => {
      const keys = sort as readonly SortKey[];
      const ranking = createRanking(keys, CONTEXT.timeZone);
      const order = createOrder(keys, CONTEXT.timeZone);
      const [first, other] = [taskOf(a), taskOf(b)];
      const sign = ranking.compare(ranking.keyOf(first), ranking.keyOf(other));
      expect(Math.sign(sign)).toBe(Math.sign(order(first, other)));
    }),
    { seed: 20261130, numRuns: 1_000 },
  );
});

test('[QL14] a view is of what is open, unless it says otherwise, and never of the trash', () => {
  const shown = (text: string, closedAt: number | null, trashedAt: number | null = null): boolean =>
    isShownIn(understood(text).where)({ closedAt, trashedAt });
  expect([shown('bread', null), shown('bread', NOW)]).toEqual([true, false]);
  expect([shown('bread or done', null), shown('bread or done', NOW)]).toEqual([true, true]);
  expect([shown('bread', null, NOW), shown('done', NOW, NOW)]).toEqual([false, false]);

  const { document } = createReplica(1);
  const [here, archived, gone] = ['Here', 'Put away', 'Gone'].map(
    (name) => must(document.createList({ name })).id,
  ) as [ListId, ListId, ListId];
  must(document.editList(archived, { archived: true }));
  must(document.trashList(gone));
  const tag = must(document.createTag({ name: 'x' })).id;
  must(document.trashTag(must(document.createTag({ name: 'y' })).id));
  const names = queryNames(document);
  expect([names.lists.map(({ id }) => id), names.tags.map(({ id }) => id)]).toEqual([[here], [tag]]);
  const kept = keptText('#here  AND not @x', names);
  expect(kept).toBe(`#[${here}] and not @[${tag}]`);
  expect(shownText(kept, names)).toBe('#Here and not @x');
});

test('[QL11] what is kept names lists and tags by id, so that a rename breaks nothing', () => {
  const names = { lists: LISTS, tags: TAGS };
  const kept = writeQuery(withIds(understood('#errands and not @buro and @waiting sort by due'), names));
  expect(kept).toBe('#[l1] and not @[t2] and @[t1] sort by due');
  const renamed = { lists: [{ id: 'l1', name: 'Shopping list' }], tags: [{ id: 't2', name: 'Work' }] };
  expect(writeQuery(withNames(parseQuery(kept).query, renamed))).toBe(
    '#"Shopping list" and not @Work and @[t1] sort by due',
  );
  // Two of one name can be told apart by their ids alone.
  const twins = { lists: [...LISTS, { id: 'l3', name: 'ERRANDS' }], tags: [] };
  expect(writeQuery(withIds(parseQuery('#errands').query, twins))).toBe('#errands');
  expect(writeQuery(withNames(parseQuery('#[l1]').query, twins))).toBe('#[l1]');
  const odd = writeQuery({
    ...EMPTY_QUERY,
    where: { kind: 'tag', by: 'id', value: 'a ]ü', start: 0, end: 0 },
  });
  expect(shapeOf(parseQuery(odd).query.where)).toEqual({ kind: 'tag', by: 'id', value: 'a ]ü' });
});

test.each([
  ['#ho', '#"Home improvement"'],
  ['bread and @wai', '@waiting'],
  ['#imp', '#"Home improvement"'],
  ['err', '#Errands'],
  ['!u', '!urgent'],
  ['due be', 'before'],
  ['due before next f', 'next friday'],
  ['due ', 'today'],
  ['no d', 'due date'],
  ['a sort by p', 'priority'],
  ['a sort by due d', 'desc'],
  ['overd', 'overdue'],
  ['not -rec', 'recurring'],
])('[QL12] %j is completed by %j', (text, wanted) => {
  const names = { lists: LISTS, tags: TAGS };
  const { start, end, options } = completeQuery(text, text.length, names);
  expect(options.map((option) => option.text)).toContain(wanted);
  expect(end).toBe(text.length);
  const whole = text.slice(0, start) + (options.find((option) => option.text === wanted)?.text ?? '');
  expect(parseQuery(`${whole}${/before|sort by$/.test(wanted) ? ' friday' : ''}`, names).faults).toEqual([]);
});

test('[QL12] nothing is proposed where nothing was begun, and not what stands there', () => {
  const names = { lists: LISTS, tags: TAGS };
  const texts = (text: string, caret = text.length): string[] =>
    completeQuery(text, caret, names).options.map((option) => option.text);
  expect(texts('')).toEqual([]);
  expect(texts('bread ')).toEqual([]);
  expect(texts('"due')).toEqual([]);
  expect(texts('overdue')).toEqual([]);
  // In the middle of a text it takes the place of the word there.
  expect(completeQuery('@wai and bread', 3, names)).toMatchObject({ start: 0, end: 4 });
});

test('[QL13] a control reflects its question and changes it alone', () => {
  const text = 'rye bread and (#errands or @buro) and !high due before friday sort by due';
  const query = understood(text);
  expect(readControls(text, query)).toMatchObject({
    priority: '!high',
    due: 'due before friday',
    status: '',
    list: '',
    tags: [],
    sort: 'due',
  });
  expect(withControl(text, query, 'priority', '!urgent')).toBe(
    'rye bread and (#errands or @buro) and due before friday and !urgent sort by due',
  );
  expect(withControl(text, query, 'due', '')).toBe('rye bread and (#errands or @buro) and !high sort by due');
  expect(withSort(text, query, 'title')).toBe(text.replace('by due', 'by title'));
  expect(withSort(text, query, '')).toBe(text.replace(' sort by due', ''));
  expect(withTag('', EMPTY_QUERY, 'Büro', true)).toBe('@Büro');
  const tagged = '@Büro and bread';
  expect(withTag(tagged, understood(tagged), 'Büro', false)).toBe('bread');
  const range = withDueRange('bread', understood('bread'), '2026-12-01', '2026-12-05');
  expect(range).toBe('bread and due since 2026-12-01 and due by 2026-12-05');
  expect(readControls(range, understood(range))).toMatchObject({
    dueFrom: '2026-12-01',
    dueTo: '2026-12-05',
  });
  expect(withControl('a or b', understood('a or b'), 'status', 'open')).toBe('(a or b) and open');
});
