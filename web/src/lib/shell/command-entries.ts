/**
 * What the commands offer: all that can be done and gone to, or the answers to what one of them asks.
 *
 * Promise: everything of the table of actions that applies here is offered. Without a word what was used last comes first;
 * with one, what answers it best. At most MAX_ENTRIES are shown, which more letters make fewer.
 */

import type { QuickAdd } from '@holdfast/core/quick-add.ts';
import { foldText } from '@holdfast/core/fold.ts';
import type { Bulk } from '../tasks/bulk.ts';
import { PRIORITIES } from '../tasks/priority.ts';
import { snoozeChoices } from '../tasks/reminder-choices.ts';
import type { TaskRow } from '../tasks/task-rules.ts';
import { addDays, nextWeekday } from '../words/calendar.ts';
import { capitalised, dueWords } from '../words/due-words.ts';
import { type Action, type ActionContext, ACTIONS } from './actions.ts';
import type { CommandPage } from './frame.ts';
import { foldedQuery, fuzzyScore } from './fuzzy.ts';
import { t } from '../words/language.ts';

export interface Entry {
  readonly id: string;
  readonly name: string;
  /** What it is, or where. */
  readonly detail?: string;
  readonly keys?: readonly string[];
  /** What else it is called. */
  readonly words?: string;
  /** It is behind others that answer better by less than this. */
  readonly handicap?: number;
  readonly run: () => void;
}

export const PAGES: { readonly [page in CommandPage]: { readonly name: string; readonly hint: string } } = {
  due: { name: t('Due'), hint: t('A day in words: next fri 9am') },
  priority: { name: t('Priority'), hint: t('Which priority') },
  list: { name: t('Move to'), hint: t('Which list') },
  tag: { name: t('Add a tag'), hint: t('Which tag, or a new one') },
  untag: { name: t('Remove a tag'), hint: t('Which tag') },
  repeat: { name: t('Repeat'), hint: t('How often') },
  snooze: { name: t('Snooze'), hint: t('Until when') },
  'new-list': { name: t('Add a list'), hint: t('Name of the list') },
};

/** What can be done with the tasks at hand is nearer than what can be done anywhere. */
const NEARNESS: readonly Action['group'][] = [
  'With a task or what is selected',
  'In a list',
  'Selecting',
  'Anywhere',
];
const MAX_ENTRIES = 60;
const MAX_TASKS = 8;
const MAX_NAME_CHARS = 60;
const DONE_HANDICAP = 3;

export function allEntries(context: ActionContext, query: string): readonly Entry[] {
  const { app, frame, place } = context;
  const named: ActionContext = { ...context, isByName: true };
  const ordered = ACTIONS.filter(({ isMove, applies }) => isMove !== true && (applies?.(named) ?? true))
    .toSorted((a, b) => NEARNESS.indexOf(a.group) - NEARNESS.indexOf(b.group))
    .map((action): Entry => ({
      id: action.id,
      name: action.name,
      ...(action.keys === undefined ? {} : { keys: action.keys.slice(0, 1) }),
      ...(action.words === undefined ? {} : { words: action.words }),
      run: () => {
        action.run(named);
      },
    }));
  const places = [
    ...app.tasks.lists.map((list): Entry => ({
      id: `list ${list.id}`,
      name: list.name || t('Untitled'),
      detail: t('List'),
      run: () => {
        frame.go(`/list/${list.id}`);
      },
    })),
    ...app.tasks.tags.map((tag): Entry => ({
      id: `tag ${tag.id}`,
      name: tag.name || t('Untitled'),
      detail: t('Tag'),
      run: () => {
        frame.go(`/tag/${tag.id}`);
      },
    })),
  ];
  const task = (row: TaskRow): Entry => ({
    id: `task ${row.id}`,
    name: row.title || t('Untitled'),
    detail: row.doneAt === null ? whereOf(row, context) : t('Completed'),
    ...(row.doneAt === null ? {} : { handicap: DONE_HANDICAP }),
    run: () => {
      if (place.openId !== row.id) place.open(row.id);
    },
  });
  const { recentCommands: recent } = app;
  if (query.trim() === '') {
    const rows = recent
      .filter((id) => id.startsWith('task '))
      .map((id) => app.tasks.row(id.slice('task '.length)))
      .filter((row) => row !== undefined)
      .filter((row) => row.trashedAt === null)
      .map(task);
    const known = [...ordered, ...places, ...rows];
    const lately = recent.map((id) => known.find((entry) => entry.id === id)).filter((e) => e !== undefined);
    return [
      ...lately,
      ...ordered.filter((e) => !lately.includes(e)),
      ...places.filter((e) => !lately.includes(e)),
    ].slice(0, MAX_ENTRIES);
  }
  return best(query, [...ordered, ...places], recent, bestRows(query, app.tasks.all).map(task));
}

/** The rows whose titles answer best, open ones first where others are not much better. */
function bestRows(query: string, rows: readonly TaskRow[]): readonly TaskRow[] {
  const wanted = foldedQuery(query);
  const found: { row: TaskRow; score: number }[] = [];
  for (const row of rows) {
    const score = fuzzyScore(wanted, foldText(row.title)) - (row.doneAt === null ? 0 : DONE_HANDICAP);
    if (score > 0) found.push({ row, score });
  }
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_TASKS)
    .map(({ row }) => row);
}

function best(
  query: string,
  entries: readonly Entry[],
  recent: readonly string[] = [],
  tasks: readonly Entry[] = [],
): readonly Entry[] {
  const wanted = foldedQuery(query);
  const scoreOf = (entry: Entry): number => {
    const name = fuzzyScore(wanted, foldText(entry.name));
    const words =
      entry.words === undefined ? 0 : fuzzyScore(wanted, foldText(`${entry.name} ${entry.words}`)) - 1.5;
    const score = Math.max(name, words) - (entry.handicap ?? 0);
    return score > 0 && recent.includes(entry.id) ? score + 1 : score;
  };
  return [...entries, ...tasks]
    .map((entry) => ({ entry, score: scoreOf(entry) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_ENTRIES)
    .map(({ entry }) => entry);
}

function whereOf(row: TaskRow, { app }: ActionContext): string {
  return row.listId === null ? t('Inbox') : (app.tasks.listById(row.listId)?.name ?? t('Inbox'));
}

/** The answers to what a command asks. `read` is what the words say as a date. */
export function pageEntries(
  page: CommandPage,
  query: string,
  context: ActionContext,
  bulk: Bulk,
  read: QuickAdd | null,
): readonly Entry[] {
  const { app, tasks: ids, frame } = context;
  const wanted = query.trim().slice(0, MAX_NAME_CHARS);
  const choose = (entries: readonly Entry[]): readonly Entry[] =>
    wanted === '' ? entries : best(query, entries);
  const isNew = (names: readonly { readonly name: string }[]): boolean =>
    wanted !== '' && !names.some(({ name }) => foldText(name) === foldText(wanted));
  switch (page) {
    case 'due': {
      const { today, present } = app.clock;
      const due = read?.due && read.title === '' ? read.due : null;
      const days = [
        { name: t('Today'), date: today },
        { name: t('Tomorrow'), date: addDays(today, 1) },
        { name: t('Weekend'), date: nextWeekday(today, 6) },
        { name: t('Next week'), date: nextWeekday(today, 1) },
      ].map(({ name, date }): Entry => {
        const words = capitalised(dueWords({ date }, present), present.locale);
        return {
          id: name,
          name,
          ...(words === name ? {} : { detail: words }),
          run: () => void bulk.setDay(ids, date),
        };
      });
      const none: Entry = { id: 'none', name: t('No date'), run: () => void bulk.setDue(ids, null) };
      if (due === null) return choose([...days, none]);
      const said: Entry = {
        id: 'words',
        name: capitalised(dueWords(due, present), present.locale),
        run: () => void (due.time === undefined ? bulk.setDay(ids, due.date) : bulk.setDue(ids, due)),
      };
      return [said];
    }
    case 'priority':
      return choose(
        PRIORITIES.toReversed().map(({ id, name }) => ({
          id,
          name,
          run: () => void bulk.setPriority(ids, id === 'none' ? null : id),
        })),
      );
    case 'list': {
      const lists = app.tasks.lists.map((list): Entry => ({
        id: list.id,
        name: list.name || t('Untitled'),
        run: () => {
          bulk.moveTo(ids, list.id);
        },
      }));
      const inbox: Entry = {
        id: 'inbox',
        name: t('Inbox'),
        run: () => {
          bulk.moveTo(ids, null);
        },
      };
      const made: Entry = {
        id: 'new',
        name: wanted,
        detail: t('New list'),
        run: () => {
          const id = app.intents.createList(wanted);
          if (id !== null) bulk.moveTo(ids, id);
        },
      };
      return [...choose([inbox, ...lists]), ...(isNew([inbox, ...lists]) ? [made] : [])];
    }
    case 'tag': {
      const tags = app.tasks.tags
        .filter(({ id }) => !ids.every((task) => app.tasks.row(task)?.tags.includes(id)))
        .map(({ id, name }): Entry => ({
          id,
          name,
          run: () => {
            bulk.addTag(ids, name);
          },
        }));
      const name = wanted.replace(/^[#@]/, '');
      const made: Entry = {
        id: 'new',
        name,
        detail: t('New tag'),
        run: () => {
          bulk.addTag(ids, name);
        },
      };
      return [...choose(tags), ...(name !== '' && isNew(app.tasks.tags) ? [made] : [])];
    }
    case 'untag': {
      const used = new Set(ids.flatMap((id) => app.tasks.row(id)?.tags ?? []));
      return choose(
        app.tasks.tags
          .filter(({ id }) => used.has(id))
          .map(({ id, name }) => ({
            id,
            name,
            run: () => {
              bulk.removeTag(ids, id);
            },
          })),
      );
    }
    case 'repeat': {
      const never: Entry = {
        id: 'never',
        name: t('Does not repeat'),
        run: () => {
          bulk.repeatNoMore(ids);
        },
      };
      const doesRepeat = ids.some((id) => app.tasks.row(id)?.repeat != null);
      return choose([
        ...bulk.repeatChoices(ids).map(({ words, index }): Entry => ({
          id: String(index),
          name: words,
          run: () => {
            bulk.repeat(ids, index, words);
          },
        })),
        ...(doesRepeat ? [never] : []),
      ]);
    }
    case 'snooze':
      return choose(
        snoozeChoices(app.clock.now, app.clock.timeZone).map(({ name, until }) => ({
          id: name,
          name,
          run: () => {
            bulk.snooze(ids, until, name.toLowerCase());
          },
        })),
      );
    case 'new-list':
      return wanted === ''
        ? []
        : [
            {
              id: 'new',
              name: wanted,
              detail: t('New list'),
              run: () => {
                const id = app.intents.createList(wanted);
                if (id !== null) frame.go(`/list/${id}`);
              },
            },
          ];
  }
}
