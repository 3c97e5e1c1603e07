/** The fields of a task, list, tag or view and their values, in words: for showing two values of one field. */

import { type Due, type Present, dueWords, momentWords } from '../words/due-words.ts';
import { PRIORITIES } from './priority.ts';

const FIELD_NAMES: Record<string, string> = {
  title: 'Title',
  notes: 'Notes',
  noted: 'Notes',
  due: 'Due date',
  start: 'Start date',
  priority: 'Priority',
  list: 'List',
  section: 'Section',
  parent: 'Parent task',
  order: 'Place in the list',
  done: 'Completion',
  trashed: 'Trash',
  name: 'Name',
  query: 'What it looks for',
  color: 'Colour',
  icon: 'Icon',
  archived: 'Archive',
};

export function fieldName(field: string): string {
  if (field.startsWith('tag/')) return 'Tag';
  return FIELD_NAMES[field] ?? 'Another field';
}

export function valueWords(
  field: string,
  value: unknown,
  o: { present: Present; listName: (id: string) => string | undefined },
): string {
  switch (field) {
    case 'due':
    case 'start':
      return isDue(value) ? dueWords(value, o.present) : 'No date';
    case 'priority':
      return PRIORITIES.find(({ id }) => id === value)?.name ?? 'None';
    case 'list':
      return typeof value === 'string' ? (o.listName(value) ?? 'Another list') : 'Inbox';
    case 'done':
      if (!isRecord(value)) return 'Open';
      return value['kind'] === 'cancelled' ? 'Cancelled' : `Completed${momentOf(value, o.present)}`;
    case 'trashed':
      return isRecord(value) ? `In the trash${momentOf(value, o.present)}` : 'Not in the trash';
    case 'archived':
      return isRecord(value) ? `Archived${momentOf(value, o.present)}` : 'Not archived';
    case 'order':
      return 'Another place';
    default:
      if (typeof value === 'string') return value === '' ? 'Empty' : value;
      if (value === null || value === undefined) return 'Empty';
      return value === true ? 'Set' : JSON.stringify(value);
  }
}

function momentOf(value: Record<string, unknown>, present: Present): string {
  const at = value['at'];
  return typeof at === 'number'
    ? ` ${momentWords(at, Date.parse(`${present.today}T23:59:59`), present.locale)}`
    : '';
}

function isDue(value: unknown): value is Due {
  return isRecord(value) && typeof value['date'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
