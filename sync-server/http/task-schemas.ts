/**
 * The shapes of tasks, members and history in the API, with their examples.
 *
 * Promise: as http/schemas.ts; a date, zone, rule, duration or id that cannot be is refused here already, with its value
 * and the mend. Why a file of its own: these are the shapes that scripts are written against, in one place.
 */
import { RecurrenceError } from '@holdfast/core/recurrence/error.ts';
import { parseRule } from '@holdfast/core/recurrence/rule.ts';
import { isId } from '@holdfast/core/ids.ts';
import { MAX_QUERY_CHARS } from '@holdfast/core/values.ts';
import { z } from 'zod';
import { PRIORITY_NAMES, TASK_SORTS } from '../replica/calls.ts';
import { durationFault, instantFault, momentFault, readInstant, zoneFault } from '../replica/moments.ts';

type Fault = (text: string) => string | null;

/** A text that is checked by a function that says what is wrong with it. */
function checked(fault: Fault, meta: { description: string; examples?: string[] }) {
  return z
    .string()
    .superRefine((text, context) => {
      const message = fault(text);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .meta(meta);
}

/** Any text that the document and every database can hold: no U+0000, no half of a surrogate pair. */
export function text(maxChars: number) {
  return z
    .string()
    .max(maxChars)
    .refine(
      (value) => value.isWellFormed() && !value.includes('\0'),
      'It may not hold U+0000 or broken characters',
    );
}

const title = text(10_000)
  .refine((value) => value.trim() !== '', 'It may not be empty')
  .meta({ examples: ['Buy bread'] });
export const name = text(500).refine((value) => value.trim() !== '', 'It may not be empty');

const moment = checked(momentFault, {
  description: 'A date, `2026-11-30`, or a time on a date, `2026-11-30T09:00`, which is of `timeZone`.',
  examples: ['2026-11-30', '2026-11-30T09:00'],
});
const timeZone = checked(zoneFault, {
  description: 'IANA name of the zone of the times in `due` and `start`; null: wherever the person is.',
  examples: ['Europe/Berlin'],
});
const instantInput = checked(instantFault, {
  description: 'An instant, ISO 8601 with Z or an offset.',
  examples: ['2026-11-30T08:00:00Z'],
});
const duration = checked(durationFault, {
  description: 'ISO 8601 duration before `due`, of weeks, days, hours and minutes.',
  examples: ['PT30M', 'P1D'],
});
export const instant = z.iso.datetime().meta({ description: 'An instant in UTC, ISO 8601.' });

export const taskId = checked(
  (value) =>
    isId(value) && value.isWellFormed() && !/\p{Cc}/u.test(value)
      ? null
      : `"${value}" cannot be an id: it has 1 to 200 characters, none of them / @ # . or a control character`,
  { description: 'Any text of 1 to 200 characters without / @ # . that nothing else has.' },
);

const rrule = checked(
  (value) => {
    try {
      parseRule(value);
      return value.length > 2_000 ? 'It may have at most 2000 characters' : null;
    } catch (error) {
      if (error instanceof RecurrenceError)
        return `"${value.slice(0, 200)}": ${error.message.replace(/\.$/, '')}`;
      throw error;
    }
  },
  { description: 'An RFC 5545 RRULE value; it begins on `due`.', examples: ['FREQ=WEEKLY;BYDAY=TU'] },
);

const recurrence = z.object({
  rrule: z.string().meta({ examples: ['FREQ=WEEKLY;BYDAY=TU'] }),
  mode: z.enum(['schedule', 'completion']).meta({
    description:
      '`schedule`: the rule names the dates. `completion`: each next one is counted from the completion.',
  }),
  missed: z.enum(['skip', 'catch-up']).meta({
    description:
      'Whether the next one after a late completion is the first that is not past, or each in turn.',
  }),
});

const recurrenceInput = z.strictObject({
  rrule,
  mode: z.enum(['schedule', 'completion']).optional(),
  missed: z.enum(['skip', 'catch-up']).optional(),
});

const reminder = z.union([
  z.object({ id: z.string(), before: z.string() }),
  z.object({ id: z.string(), at: instant }),
]);

const reminderInput = z.union([
  z.strictObject({ id: taskId.optional(), before: duration }),
  z.strictObject({ id: taskId.optional(), at: instantInput }),
]);

const status = z.enum(['open', 'done', 'cancelled']);
const priority = z.enum(PRIORITY_NAMES);

export const task = z
  .object({
    id: z.string(),
    title: z.string(),
    notes: z.string(),
    status,
    priority,
    start: z.string().nullable(),
    due: z.string().nullable().meta({ description: 'YYYY-MM-DD, or YYYY-MM-DDTHH:mm in `timeZone`.' }),
    timeZone: z
      .string()
      .nullable()
      .meta({ description: 'Of the times in `due` and `start`; null: wherever the person is.' }),
    isOverdue: z.boolean().meta({
      description:
        'Open, and `due` has passed now: in its zone, else in the `timeZone` asked for, else in yours.',
    }),
    tags: z.array(z.string()).meta({ description: 'Names of tags, sorted.' }),
    listId: z.string().nullable().meta({ description: 'null: the Inbox.' }),
    sectionId: z
      .string()
      .nullable()
      .meta({ description: 'The section of its list that it is shown in; null: none.' }),
    parentId: z.string().nullable().meta({ description: 'The task that this is a subtask of.' }),
    reminders: z.array(reminder),
    recurrence: recurrence.nullable().meta({ description: 'null: it does not repeat.' }),
    seriesId: z.string().nullable().meta({ description: 'Of a recurring task: the id of its series.' }),
    ordinal: z.int().nullable().meta({
      description: 'Of a recurring task: which occurrence this shows, the open one, counted from 0.',
    }),
    createdAt: instant,
    updatedAt: instant,
    completedAt: instant.nullable().meta({ description: 'When it was completed or cancelled.' }),
  })
  .meta({
    examples: [
      {
        id: 'Zq3Jm0cA7vXr9TbK',
        title: 'Put out bins',
        notes: '',
        status: 'open',
        priority: 'none',
        start: null,
        due: '2026-12-01T19:00',
        timeZone: 'Europe/Berlin',
        isOverdue: false,
        tags: ['home'],
        listId: null,
        sectionId: null,
        parentId: null,
        reminders: [{ id: 'b5H2kQ8nWz1LxYcD', before: 'PT1H' }],
        recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=TU', mode: 'schedule', missed: 'skip' },
        seriesId: 'Zq3Jm0cA7vXr9TbK',
        ordinal: 3,
        createdAt: '2026-11-02T17:20:11.482Z',
        updatedAt: '2026-11-24T18:05:40.010Z',
        completedAt: null,
      },
    ],
  });

export const tasks = z.object({
  tasks: z.array(task),
  nextCursor: z.string().nullable().meta({ description: 'For the next page; null: this was the last.' }),
});

const taskFields = {
  notes: text(250_000).optional(),
  status: status.optional().meta({
    description: 'done completes, cancelled cancels (of a recurring task: skips), open reopens.',
  }),
  priority: priority.optional(),
  start: moment.nullable().optional(),
  due: moment.nullable().optional(),
  timeZone: timeZone.nullable().optional(),
  tags: z
    .array(name)
    .max(100)
    .optional()
    .meta({
      description: 'All of its tags, by name or by id; a name that no tag has makes one.',
      examples: [['home', 'errands']],
    }),
  listId: name.nullable().optional().meta({ description: 'Id or name of a list; null: the Inbox.' }),
  sectionId: name.nullable().optional().meta({
    description:
      'Id of a section, which names its list too, or its name in the list of the task; null: in none.',
  }),
  parentId: taskId.nullable().optional(),
  reminders: z
    .array(reminderInput)
    .max(50)
    .optional()
    .meta({
      description: 'All of its reminders. An `id` that it has keeps or changes that one.',
      examples: [[{ before: 'PT1H' }]],
    }),
  recurrence: recurrenceInput.nullable().optional().meta({
    description:
      'mode (at first `schedule`) and missed (at first `skip`) may be left out; null ends the repetition.',
  }),
};

export const newTask = z
  .strictObject({
    id: taskId.optional().meta({
      description:
        'Your own id for it: asking again with the same id gives the task that is there and makes no second.',
    }),
    title,
    ...taskFields,
  })
  .meta({
    examples: [
      {
        title: 'Put out bins',
        due: '2026-12-01T19:00',
        timeZone: 'Europe/Berlin',
        tags: ['home'],
        reminders: [{ before: 'PT1H' }],
        recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=TU' },
      },
    ],
  });

export const taskPatch = z.strictObject({ title: title.optional(), ...taskFields }).meta({
  description: 'What is left out stays as it is.',
  examples: [{ priority: 'high', due: '2026-12-02' }],
});

const ordinal = z.int().min(0).max(999_999_999).optional();

export const occurrenceInput = z.strictObject({
  ordinal: ordinal.meta({ description: 'Of a recurring task: which occurrence; default the open one.' }),
});
export const reopenInput = z.strictObject({
  ordinal: ordinal.meta({
    description: 'Of a recurring task: which occurrence; default the last one closed.',
  }),
});
export const snoozeInput = z
  .strictObject({
    until: instantInput.nullable().meta({ description: 'When to be reminded again; null takes it back.' }),
    ordinal,
  })
  .meta({ examples: [{ until: '2026-11-30T08:30:00Z' }] });

const zoneQuery = timeZone.optional().meta({
  description:
    'IANA name of the zone in which what has none is judged, for `isOverdue` and instants; default that of your preferences, else UTC.',
});

export const zoneOnly = z.strictObject({ timeZone: zoneQuery });

const bound = checked((value) => (readInstant(value) === null ? momentFault(value) : null), {
  description: 'A date, a time on a date, or an instant.',
  examples: ['2026-11-30'],
});
const many = <T extends z.ZodType>(item: T) => z.array(item).max(50).optional();

export const taskQuery = z.strictObject({
  status: many(z.enum(['open', 'done', 'cancelled', 'trashed'])).meta({
    description:
      'Any of these; default all but the trash. `trashed` is what is in the trash, whatever its status.',
  }),
  priority: many(priority).meta({ description: 'Any of these.' }),
  tag: many(z.string().max(500)).meta({ description: 'Id or name of a tag; all must match.' }),
  list: z.string().max(500).optional().meta({ description: 'Id or name of a list, or `inbox`.' }),
  section: z.string().max(500).optional().meta({ description: 'Id or name of a section.' }),
  filter: z.string().max(500).optional().meta({
    description:
      'Id or name of a saved filter: what its view shows in the app. One that says nothing of open or done is of open tasks, unless `status` says otherwise.',
  }),
  query: z
    .string()
    .max(MAX_QUERY_CHARS)
    .optional()
    .meta({
      description:
        'A question in the query language of the app (docs/queries.md), answered as a filter that is saved.',
      examples: ['due before next friday and #errands and not @waiting'],
    }),
  due_after: bound.optional().meta({ description: 'Due later than this; a date counts as a whole day.' }),
  due_before: bound.optional().meta({ description: 'Due earlier than this; a date counts as a whole day.' }),
  q: z.string().max(1_000).optional().meta({
    description:
      'Words that title, notes or tags have, or that begin words of theirs, whatever the case and accents.',
  }),
  sort: z.enum(TASK_SORTS).optional().meta({
    description:
      'Default `created`; with a filter or a query the order that it says, else by due and priority. `order` is by hand, as the lists show it. What has no due date comes last; `priority` begins with urgent.',
  }),
  order: z.enum(['asc', 'desc']).optional().meta({ description: 'Default asc; of `priority` desc.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(20_000).optional().meta({ description: 'nextCursor of the page before.' }),
  timeZone: zoneQuery,
});

const scope = z.enum(['this', 'future']);
const scopeOrdinal = z.coerce.number().int().min(0).optional().meta({
  description: 'Of a recurring task: this occurrence only; implies scope=this.',
});

export const patchQuery = z.strictObject({
  scope: scope.default('future').meta({
    description:
      'Of a recurring task: change only the open occurrence (title, notes, dates, priority, status), or that and all that come.',
  }),
  ordinal: scopeOrdinal,
  timeZone: zoneQuery,
});

export const deleteQuery = z.strictObject({
  scope: scope.optional().meta({
    description:
      'Of a recurring task: `this` skips the open occurrence, `future` ends the series and keeps what was done. Default: the whole task goes to the trash.',
  }),
  ordinal: scopeOrdinal,
});

export const members = z.object({
  members: z.array(
    z.object({ id: z.string(), name: z.string(), role: z.enum(['owner', 'editor', 'viewer']) }),
  ),
});

const auditedEntity = z.enum(['task', 'list', 'section', 'tag', 'filter']);

export const auditQuery = z.strictObject({
  task: z.string().max(200).optional().meta({ description: 'Id of a task: only what was changed of it.' }),
  entity: auditedEntity.optional().meta({ description: 'Only what was changed of things of this kind.' }),
  entityId: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Only what was changed of the one with this id.' }),
  after: checked((value) => (/^\d{1,15}$/.test(value) ? null : instantFault(value)), {
    description: 'Only what the server got after this instant, or after the entry of this `seq`.',
  }).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional().meta({ description: 'nextCursor of the page before.' }),
});

export const audit = z.object({
  entries: z.array(
    z.object({
      seq: z.int(),
      entity: auditedEntity,
      entityId: z.string(),
      ordinal: z.int().nullable().meta({ description: 'Of a change of one occurrence only.' }),
      field: z.string(),
      before: z.unknown().meta({ description: 'As the document keeps it (docs/document.md); null: unset.' }),
      after: z.unknown(),
      userId: z.string().nullable(),
      userName: z.string().nullable(),
      deviceId: z.string().nullable(),
      deviceName: z.string().nullable().meta({ description: 'Of an API token: its name.' }),
      writer: z.string(),
      claimedAt: instant.meta({ description: 'When its device says it was made.' }),
      receivedAt: instant.meta({ description: 'When the server got it.' }),
    }),
  ),
  nextCursor: z.string().nullable(),
});

export const nothing = z.strictObject({});
