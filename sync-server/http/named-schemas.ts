/**
 * The shapes of lists, sections, tags and saved filters in the API. What stands in task-schemas.ts about shapes holds here too.
 */
import { LIST_ICONS, MAX_QUERY_CHARS } from '@holdfast/core/values.ts';
import { z } from 'zod';
import { instant, name, taskId, text } from './task-schemas.ts';

const color = text(100)
  .nullable()
  .meta({ description: 'Any CSS colour.', examples: ['#c2410c'] });
const icon = z.enum(LIST_ICONS).nullable().meta({ description: 'A name of the set that the app draws.' });
const query = text(MAX_QUERY_CHARS)
  .refine((value) => value.trim() !== '', 'It may not be empty')
  .meta({
    description:
      'A question in the query language (docs/queries.md). Lists and tags are kept by id, so renaming them changes nothing, and shown by name.',
    examples: ['due before next friday and #errands and not @waiting'],
  });
const order = z
  .string()
  .nullable()
  .meta({ description: 'Its place as the document keeps it: sorts as text. Moved by `before` or `after`.' });

const newId = {
  id: taskId.optional().meta({
    description: 'Your own id for it: asking again with the same id gives what is there and makes no second.',
  }),
};

function place(one: string) {
  return {
    before: taskId.optional().meta({ description: `Id of ${one}: put it right before that one.` }),
    after: taskId.optional().meta({ description: `Id of ${one}: put it right after that one.` }),
  };
}

const common = { id: z.string(), name: z.string() };
const times = { createdAt: instant, updatedAt: instant };

// --- lists

export const list = z.object({
  ...common,
  color,
  icon,
  archived: z.boolean().meta({
    description: 'Put away: the app shows neither the list nor its tasks in the views of days.',
  }),
  order,
  ...times,
});
export const lists = z.object({ lists: z.array(list).meta({ description: 'In the order of the app.' }) });

const listFields = {
  color: color.optional(),
  icon: icon.optional(),
  archived: z.boolean().optional(),
  ...place('another list'),
};
export const newList = z
  .strictObject({ ...newId, name, ...listFields })
  .meta({ examples: [{ name: 'Home', color: '#c2410c', icon: 'home' }] });
export const listPatch = z
  .strictObject({ name: name.optional(), ...listFields })
  .meta({ examples: [{ archived: true }] });

// --- sections

export const section = z.object({ ...common, listId: z.string(), order, ...times });
export const sections = z.object({
  sections: z.array(section).meta({ description: 'List by list, in the order of the app.' }),
});
export const sectionQuery = z.strictObject({
  list: z.string().max(500).optional().meta({ description: 'Id or name of a list: only its sections.' }),
});
export const newSection = z
  .strictObject({
    ...newId,
    name,
    listId: name.meta({ description: 'Id or name of the list that it is part of, for good.' }),
    ...place('another section of the list'),
  })
  .meta({ examples: [{ name: 'This week', listId: 'Home' }] });
export const sectionPatch = z
  .strictObject({ name: name.optional(), ...place('another section of the list') })
  .meta({ examples: [{ name: 'Next week' }] });

// --- tags

export const tag = z.object({ ...common, color, ...times });
export const tags = z.object({ tags: z.array(tag).meta({ description: 'By name.' }) });
export const newTag = z
  .strictObject({ ...newId, name, color: color.optional() })
  .meta({ examples: [{ name: 'errands' }] });
export const tagPatch = z
  .strictObject({ name: name.optional(), color: color.optional() })
  .meta({ examples: [{ color: '#c2410c' }] });

// --- filters

export const filter = z.object({ ...common, query: z.string(), color, order, ...times }).meta({
  examples: [
    {
      id: 'Zq3Jm0cA7vXr9TbK',
      name: 'Errands of this week',
      query: 'due before next friday and #errands and not @waiting',
      color: null,
      order: 'a0V3f',
      createdAt: '2026-11-02T17:20:11.482Z',
      updatedAt: '2026-11-24T18:05:40.010Z',
    },
  ],
});
export const filters = z.object({
  filters: z.array(filter).meta({ description: 'In the order of the app.' }),
});
export const newFilter = z
  .strictObject({ ...newId, name, query, color: color.optional(), ...place('another filter') })
  .meta({ examples: [{ name: 'Errands', query: '#errands and due this week' }] });
export const filterPatch = z
  .strictObject({
    name: name.optional(),
    query: query.optional(),
    color: color.optional(),
    ...place('another filter'),
  })
  .meta({ examples: [{ query: '#errands and due this week' }] });
