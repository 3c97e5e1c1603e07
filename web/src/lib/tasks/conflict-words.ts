/** The fields of a task, list, tag or view and their values, in words: for showing two values of one field. */

import { type Due, type Present, dueWords, momentWords } from '../words/due-words.ts';
import { PRIORITIES } from './priority.ts';
import { t, tIn } from '../words/language.ts';

const FIELD_NAMES: Record<string, string> = {
  title: t('Title'),
  notes: t('Notes'),
  noted: t('Notes'),
  due: t('Due date'),
  start: t('Start date'),
  priority: t('Priority'),
  list: t('List'),
  section: t('Section'),
  parent: t('Parent task'),
  order: t('Place in the list'),
  done: t('Completion'),
  trashed: t('Trash'),
  name: t('Name'),
  query: t('What it looks for'),
  color: t('Colour'),
  icon: t('Icon'),
  archived: t('Archive'),
};

export function fieldName(field: string): string {
  if (field.startsWith('tag/')) return t('Tag');
  return FIELD_NAMES[field] ?? t('Another field');
}

export function valueWords(
  field: string,
  value: unknown,
  o: { present: Present; listName: (id: string) => string | undefined },
): string {
  switch (field) {
    case 'due':
    case 'start':
      return isDue(value) ? dueWords(value, o.present) : t('No date');
    case 'priority':
      return PRIORITIES.find(({ id }) => id === value)?.name ?? t('None');
    case 'list':
      return typeof value === 'string' ? (o.listName(value) ?? t('Another list')) : t('Inbox');
    case 'done':
      if (!isRecord(value)) return tIn('state', 'Open');
      return value['kind'] === 'cancelled'
        ? t('Cancelled')
        : `${t('Completed')}${momentOf(value, o.present)}`;
    case 'trashed':
      return isRecord(value) ? `${t('In the trash')}${momentOf(value, o.present)}` : t('Not in the trash');
    case 'archived':
      return isRecord(value) ? `${t('Archived')}${momentOf(value, o.present)}` : t('Not archived');
    case 'order':
      return t('Another place');
    default:
      if (typeof value === 'string') return value === '' ? t('Empty') : value;
      if (value === null || value === undefined) return t('Empty');
      return value === true ? t('Set') : JSON.stringify(value);
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
