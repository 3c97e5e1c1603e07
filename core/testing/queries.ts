/** Random questions of the query language, and what of one counts when two are compared. */
import fc from 'fast-check';
import type { Comparison, DateField, Expression, Thing } from '../query/language.ts';

/** Without places in the text. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !['start', 'end', 'sortPlace'].includes(key))
      .map(([key, of]) => [key, shapeOf(of)]),
  );
}

/** Questions of every kind, in the one shape that each has. */
const leaf: fc.Arbitrary<object> = fc.oneof(
  fc.record({
    kind: fc.constant('text'),
    text: fc.constantFrom(
      'bread',
      'zahnärztin',
      'sort',
      'by',
      'no',
      'tags',
      'start',
      'monday',
      'e-mail',
      '東京',
      'ohne',
      'hat',
      'datum',
      'notizen',
      'beginnt',
      'morgen',
      'sortiert',
      'nach',
      'priorität',
      'hoch',
    ),
    isPhrase: fc.constant(false),
  }),
  fc.record({
    kind: fc.constant('text'),
    text: fc.constantFrom('rye bread', 'due', 'say "hi" \\ ', '(a)', 'not', 'fällig', 'und', 'offen'),
    isPhrase: fc.constant(true),
  }),
  fc.record({
    kind: fc.constantFrom('list', 'tag'),
    by: fc.constantFrom('name', 'id'),
    value: fc.constantFrom('errands', 'Home improvement', 'a"b', '-x', '[y]', 'ü', 'or'),
  }),
  fc.record({
    kind: fc.constant('priority'),
    comparison: fc.constantFrom<Comparison[]>('=', '<', '<=', '>', '>='),
    priority: fc.constantFrom('none', 'low', 'medium', 'high', 'urgent'),
  }),
  fc.record({
    kind: fc.constant('date'),
    field: fc.constantFrom<DateField[]>('due', 'start', 'created', 'done'),
    comparison: fc.constantFrom<Comparison[]>('=', '<', '<=', '>', '>='),
    when: fc.constantFrom(
      'today',
      'next week',
      '2026-12-24',
      'in march',
      'friday 9:30',
      'last 7 days',
      'dec 24, 2026',
    ),
  }),
  fc.record({ kind: fc.constant('status'), status: fc.constantFrom('open', 'done', 'cancelled') }),
  fc.constant({ kind: 'overdue' }),
  fc.record({
    kind: fc.constant('has'),
    thing: fc.constantFrom<Thing[]>(
      'due',
      'start',
      'priority',
      'list',
      'tags',
      'notes',
      'reminder',
      'repeat',
    ),
    isMissing: fc.boolean(),
  }),
);
export const { expression } = fc.letrec<{ expression: object; inner: object }>((tie) => ({
  expression: fc.oneof({ maxDepth: 4 }, leaf, tie('inner')),
  inner: fc.oneof(
    tie('expression').map((part) => ({ kind: 'not', part })),
    ...(['and', 'or'] as const).map((kind) =>
      fc.array(tie('expression'), { minLength: 2, maxLength: 3 }).map((found) => ({
        kind,
        parts: found.flatMap((part) =>
          'parts' in part && (part as Expression).kind === kind ? part.parts : [part],
        ),
      })),
    ),
  ),
}));
export const sorts = fc.uniqueArray(
  fc.record({
    field: fc.constantFrom('due', 'start', 'priority', 'created', 'done', 'title'),
    isDescending: fc.boolean(),
  }),
  { selector: ({ field }) => field, maxLength: 3 },
);
