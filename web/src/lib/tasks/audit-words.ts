/**
 * One change of a task, a list, a section, a tag or a view in words: who, what, from which value to which, on which device,
 * when, and when it arrived.
 *
 * Promise: what was claimed and what was received are told apart where they differ by more than a minute, so a change that
 * was made offline reads as such. Pure.
 */

import type { AuditEntry } from '../notifications/notification-api.ts';
import { beforeWords } from '../words/duration-words.ts';
import { type Present, momentWords } from '../words/due-words.ts';
import { fieldName, valueWords } from './conflict-words.ts';
import { insideSentence, t } from '../words/language.ts';

export interface AuditWords {
  /** "Anna changed the due date from Fri to Sat" */
  readonly sentence: string;
  /** "on Laptop, 10:42; arrived 11:05" */
  readonly when: string;
}

/** How what a change names by its id is called now. */
export interface AuditNames {
  readonly listName: (id: string) => string | undefined;
  readonly tagName: (id: string) => string | undefined;
  readonly sectionName: (id: string) => string | undefined;
  /** What a view looks for, with names where it keeps ids. */
  readonly queryText: (kept: string) => string;
}

interface Context extends AuditNames {
  readonly present: Present;
  readonly now: number;
}

/** Fields that hold words of people. */
const IN_OWN_WORDS = new Set(['title', 'name', 'query']);
const ARRIVED_LATE_MS = 60_000;
const LONG = 60;

export function auditWords(entry: AuditEntry, context: Context): AuditWords {
  const who = entry.userName ?? t('Someone');
  const { locale } = context.present;
  const moment = (at: number): string => momentWords(at, context.now, locale);
  const device = entry.deviceName ? t('on {deviceName}, ', { deviceName: entry.deviceName }) : '';
  const isLate = entry.receivedAt - entry.claimedAt > ARRIVED_LATE_MS;
  return {
    sentence: `${who} ${changeWords(entry, context)}`,
    when: `${device}${moment(entry.claimedAt)}${isLate ? t('; arrived {moment}', { moment: moment(entry.receivedAt) }) : ''}`,
  };
}

/** The earlier value in words; null: it was unset. */
export function beforeInWords(entry: AuditEntry, context: Context): string | null {
  return entry.before === null ? null : shorten(words(entry.field, entry.before, context));
}

function changeWords(entry: AuditEntry, context: Context): string {
  const { field, before, after } = entry;
  if (field === 'born') return t('added {thing}', { thing: thing(entry.entity) });
  if (field === 'purged') return t('deleted {thing} for ever', { thing: thing(entry.entity) });
  if (field === 'trashed') return after === null ? t('took it out of the trash') : t('moved it to the trash');
  // A step is closed per occurrence of the series that its field names.
  if (field === 'done' || field.startsWith('done/')) return doneWords(after);
  if (field === 'order')
    return WITHIN_LIST.has(entry.entity) ? t('moved it within the list') : t('moved it to another place');
  if (field === 'section') return sectionWords(after, context);
  if (field === 'query') {
    return t('changed what it looks for from {quoted} to {quoted2}', {
      quoted: quoted(field, before ?? '', context),
      quoted2: quoted(field, after ?? '', context),
    });
  }
  if (field === 'color') return t('changed the colour');
  if (field === 'icon') return t('changed the icon');
  if (field === 'archived') return after === null ? t('took it out of the archive') : t('archived it');
  if (field === 'snooze') return snoozeWords(after, context);
  if (field === 'rule') return ruleWords(before, after);
  if (field === 'noted' || field === 'notes') return t('changed the notes');
  if (field.startsWith('tag/')) {
    const tag = context.tagName(field.slice('tag/'.length)) ?? t('a tag');
    return after === null ? t('removed the tag {tag}', { tag }) : t('added the tag {tag}', { tag });
  }
  if (field.startsWith('reminder/')) {
    const reminder = reminderWords(after ?? before, context);
    return after === null
      ? t('removed the reminder {reminder}', { reminder })
      : t('set a reminder {reminder}', { reminder });
  }
  const name = t('the {field}', { field: insideSentence(fieldName(field)) });
  if (after === null) {
    return before === null
      ? t('cleared {name}', { name })
      : t('removed {name} {quoted}', { name, quoted: quoted(field, before, context) });
  }
  if (before === null) return t('set {name} to {quoted}', { name, quoted: quoted(field, after, context) });
  return t('changed {name} from {quoted} to {quoted2}', {
    name,
    quoted: quoted(field, before, context),
    quoted2: quoted(field, after, context),
  });
}

function thing(entity: string): string {
  return THINGS[entity] ?? entity;
}

const WITHIN_LIST = new Set(['task', 'section']);

const THINGS: { readonly [entity: string]: string } = {
  task: t('the task'),
  list: t('the list'),
  tag: t('the tag'),
  section: t('the section'),
  filter: t('the view'),
};

function sectionWords(after: unknown, { sectionName }: Context): string {
  if (typeof after !== 'string') return t('took it out of its section');
  const name = sectionName(after);
  return name === undefined
    ? t('moved it into another section')
    : t('moved it into the section {name}', { name });
}

function doneWords(after: unknown): string {
  const kind = isRecord(after) ? after['kind'] : null;
  if (kind === 'done') return t('completed it');
  if (kind === 'cancelled') return t('cancelled it');
  if (kind === 'skipped') return t('skipped it');
  return t('opened it again');
}

function snoozeWords(after: unknown, { now, present }: Context): string {
  const until = isRecord(after) ? after['until'] : null;
  return typeof until === 'number'
    ? t('snoozed it until {moment}', { moment: momentWords(until, now, present.locale) })
    : t('ended the snooze');
}

function ruleWords(before: unknown, after: unknown): string {
  const repeats = (value: unknown): boolean => isRecord(value) && typeof value['rrule'] === 'string';
  if (!repeats(after)) return t('stopped the repeating');
  return repeats(before) ? t('changed how it repeats') : t('made it repeat');
}

function reminderWords(value: unknown, { now, present }: Context): string {
  if (!isRecord(value)) return '';
  const { before, at } = value;
  if (typeof before === 'string') return t('“{word}”', { word: beforeWords(before, present.locale) });
  return typeof at === 'string'
    ? t('for {moment}', { moment: momentWords(Date.parse(at), now, present.locale) })
    : '';
}

function quoted(field: string, value: unknown, context: Context): string {
  const text = shorten(words(field, value, context));
  return IN_OWN_WORDS.has(field) ? t('“{word}”', { word: text }) : text;
}

function words(field: string, value: unknown, { present, listName, queryText }: Context): string {
  if (field === 'query' && typeof value === 'string') return queryText(value);
  return valueWords(field, value, { present, listName });
}

function shorten(text: string): string {
  return text.length > LONG ? `${text.slice(0, LONG - 1)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
