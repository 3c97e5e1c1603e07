/**
 * Everything that can be done in the app by a key or by name: one table, of which the keys, the cheat sheet and the commands
 * are made, so that none of them can lack what another has.
 *
 * Promise: an action with keys is on the sheet; every action is among the commands, unless it only moves the focus. Of
 * several with one key the first that applies is meant. What needs more than the frame of the app comes after the first
 * paint (`bulk.ts`).
 *
 * Keys are written as `Ctrl+Shift+Z`, with the names of KeyboardEvent.key; a blank is "then". Ctrl is Cmd on a Mac.
 */

import type { App } from '../app.svelte.ts';
import type { Bulk } from '../tasks/bulk.ts';
import type { Priority } from '../tasks/priority.ts';
import type { ListView, Step } from '../tasks/selection.svelte.ts';
import { addDays, nextWeekday } from '../words/calendar.ts';
import type { CommandPage, Frame } from './frame.ts';
import type { TaskPlace } from './task-place.svelte.ts';
import { t } from '../words/language.ts';

export interface ActionContext {
  readonly app: App;
  readonly place: TaskPlace;
  readonly frame: Frame;
  /** What something would be done to: what is selected, else the row with the focus, else the open task. */
  readonly tasks: readonly string[];
  /** The row with the focus. */
  readonly rowId: string | null;
  /** The list that it is in, else the first on the page. */
  readonly list: ListView | null;
  /** Asked for by its name, and not by a key that may have been pressed by mistake. */
  readonly isByName?: true;
}

export const GROUPS = ['Anywhere', 'In a list', 'Selecting', 'With a task or what is selected'] as const;

/** As they are shown: the groups themselves are names in the code. */
export const GROUP_NAMES: Readonly<Record<(typeof GROUPS)[number], string>> = {
  Anywhere: t('Anywhere'),
  'In a list': t('In a list'),
  Selecting: t('Selecting'),
  'With a task or what is selected': t('With a task or what is selected'),
};

export interface Action {
  readonly id: string;
  readonly name: string;
  readonly group: (typeof GROUPS)[number];
  readonly keys?: readonly string[];
  /** What else people call it. */
  readonly words?: string;
  /** It moves the focus and nothing else: no command. */
  readonly isMove?: true;
  /** The element with the focus does it by itself. */
  readonly isNative?: true;
  /** Also while someone types. */
  readonly whileTyping?: true;
  /** Absent: always. */
  readonly applies?: (context: ActionContext) => boolean;
  readonly run: (context: ActionContext) => void;
}

const hasTasks = (c: ActionContext): boolean => c.tasks.length > 0;
const hasRow = (c: ActionContext): boolean => c.rowId !== null;
const isSelecting = (c: ActionContext): boolean => c.app.selection.isOn;
const isAmongDays = (c: ActionContext): boolean => hasRow(c) && c.list?.isByDays() === true;
const canMove = (c: ActionContext): boolean => isAmongDays(c) || (hasRow(c) && c.list?.canReorder() === true);
const hasList = (c: ActionContext): boolean => c.app.selection.isPossible;

function withTasks(run: (bulk: Bulk, context: ActionContext) => void): (context: ActionContext) => void {
  return (context) => {
    void context.app.bulk((bulk) => {
      run(bulk, context);
    });
  };
}

const THEME_NAMES = {
  light: t('Use light colours'),
  dark: t('Use dark colours'),
  system: t('Light or dark as the system'),
};

/** Another row than the one with the focus. */
function step(to: (index: number, last: number) => number): (context: ActionContext) => void {
  return ({ frame, list, rowId }) => {
    const rows = list?.rows() ?? [];
    const index = rows.findIndex(({ id }) => id === rowId);
    if (!list || index === -1) {
      frame.focusList();
      return;
    }
    const next = rows[Math.max(0, Math.min(rows.length - 1, to(index, rows.length - 1)))];
    if (next) list.focusRow(next.id);
  };
}

function extend(by: -1 | 1): (context: ActionContext) => void {
  return ({ app, list, rowId }) => {
    const rows = list?.rows() ?? [];
    const index = rows.findIndex(({ id }) => id === rowId);
    const next = rows[index + by];
    if (!list || index === -1 || !next) return;
    app.selection.extendTo(next.id, rowId);
    list.focusRow(next.id);
  };
}

function move(by: Step): (context: ActionContext) => void {
  return ({ list, rowId }) => {
    if (rowId !== null) list?.moveBy(rowId, by);
  };
}

function place(id: string, name: string, path: string, key?: string, words?: string): Action {
  return {
    id: `go-${id}`,
    name: t('Go to {name}', { name }),
    group: 'Anywhere',
    ...(key === undefined ? {} : { keys: [`g ${key}`] }),
    ...(words === undefined ? {} : { words }),
    run: ({ frame }) => {
      frame.go(path);
    },
  };
}

function priority(value: Priority | null, name: string, key: string): Action {
  return {
    id: `priority-${value ?? 'none'}`,
    name,
    group: 'With a task or what is selected',
    keys: [key],
    applies: hasTasks,
    run: withTasks((bulk, { tasks }) => void bulk.setPriority(tasks, value)),
  };
}

function page(
  id: CommandPage,
  name: string,
  o: { key?: string; words?: string; group?: Action['group'] } = {},
): Action {
  const group = o.group ?? 'With a task or what is selected';
  return {
    id: `ask-${id}`,
    name,
    group,
    ...(o.key === undefined ? {} : { keys: [o.key] }),
    ...(o.words === undefined ? {} : { words: o.words }),
    ...(group === 'Anywhere' ? {} : { applies: hasTasks }),
    run: ({ frame }) => {
      frame.openCommands(id);
    },
  };
}

export const ACTIONS: readonly Action[] = [
  {
    id: 'add',
    name: t('Add a task'),
    group: 'Anywhere',
    keys: ['q', 'n'],
    words: t('new create'),
    run: ({ frame }) => {
      frame.add();
    },
  },
  {
    id: 'commands',
    name: t('Commands'),
    group: 'Anywhere',
    keys: ['Ctrl+K'],
    isMove: true,
    whileTyping: true,
    run: ({ frame }) => {
      frame.openCommands();
    },
  },
  {
    id: 'search',
    name: t('Search'),
    group: 'Anywhere',
    keys: ['/'],
    words: t('find filter'),
    run: ({ frame }) => {
      frame.go('/search');
    },
  },
  place('inbox', t('Inbox'), '/', 'i'),
  place('today', t('Today'), '/today', 't'),
  place('upcoming', t('Upcoming'), '/upcoming', 'u'),
  place('lists', t('Lists'), '/lists', 'l'),
  place('calendar', t('Calendar'), '/calendar', 'c'),
  place('completed', t('Completed'), '/completed'),
  place('tags', t('Tags'), '/tags'),
  place('trash', t('Trash'), '/trash'),
  place('settings', t('Settings'), '/settings', 's'),
  place('sync', t('Sync'), '/sync', 'y'),
  place('devices', t('Devices'), '/devices'),
  place('conflicts', t('Second values'), '/conflicts'),
  place('away', t('While you were away'), '/away'),
  place('lab', t('Airplane lab'), '/lab', undefined, t('offline demonstration try conflict')),
  place('help', t('Help'), '/help', undefined, t('guide manual')),
  {
    id: 'undo',
    name: t('Undo'),
    group: 'Anywhere',
    keys: ['Ctrl+Z'],
    run: ({ app }) => {
      app.intents.undo();
    },
  },
  {
    id: 'redo',
    name: t('Redo'),
    group: 'Anywhere',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    run: ({ app }) => {
      app.intents.redo();
    },
  },
  page('new-list', t('Add a list'), { words: t('new create'), group: 'Anywhere' }),
  ...(['light', 'dark', 'system'] as const).map((theme): Action => ({
    id: `theme-${theme}`,
    name: THEME_NAMES[theme],
    group: 'Anywhere',
    words: t('theme appearance mode'),
    applies: ({ app }) => app.appearance.theme !== theme,
    run: ({ app }) => {
      app.appearance.theme = theme;
    },
  })),
  {
    id: 'single-keys-off',
    name: t('Turn off single-letter keys'),
    group: 'Anywhere',
    words: t('keyboard shortcuts'),
    applies: ({ app }) => app.keys.areSingleOn,
    run: ({ app }) => {
      app.keys.areSingleOn = false;
      app.toasts.show(t('Single-letter keys are off'));
    },
  },
  {
    id: 'single-keys-on',
    name: t('Turn on single-letter keys'),
    group: 'Anywhere',
    words: t('keyboard shortcuts'),
    applies: ({ app }) => !app.keys.areSingleOn,
    run: ({ app }) => {
      app.keys.areSingleOn = true;
      app.toasts.show(t('Single-letter keys are on'));
    },
  },
  {
    id: 'sheet',
    name: t('Show the keys'),
    group: 'Anywhere',
    keys: ['?'],
    words: t('keyboard shortcuts help'),
    run: ({ frame }) => {
      frame.openSheet();
    },
  },

  {
    id: 'next',
    name: t('Next task'),
    group: 'In a list',
    keys: ['j', 'ArrowDown'],
    isMove: true,
    run: step((index) => index + 1),
  },
  {
    id: 'previous',
    name: t('Previous task'),
    group: 'In a list',
    keys: ['k', 'ArrowUp'],
    isMove: true,
    run: step((index) => index - 1),
  },
  {
    id: 'first',
    name: t('First task'),
    group: 'In a list',
    keys: ['Home'],
    isMove: true,
    applies: hasRow,
    run: step(() => 0),
  },
  {
    id: 'last',
    name: t('Last task'),
    group: 'In a list',
    keys: ['End'],
    isMove: true,
    applies: hasRow,
    run: step((_, last) => last),
  },
  {
    id: 'open',
    name: t('Open'),
    group: 'In a list',
    keys: ['Enter'],
    isNative: true,
    applies: hasRow,
    run: ({ place: at, rowId }) => {
      if (rowId !== null) at.open(rowId);
    },
  },
  {
    id: 'up',
    name: t('Move up'),
    group: 'In a list',
    keys: ['Alt+ArrowUp'],
    applies: canMove,
    run: move(-1),
  },
  {
    id: 'down',
    name: t('Move down'),
    group: 'In a list',
    keys: ['Alt+ArrowDown'],
    applies: canMove,
    run: move(1),
  },
  {
    id: 'week-earlier',
    name: t('A week earlier'),
    group: 'In a list',
    keys: ['Alt+ArrowLeft'],
    applies: isAmongDays,
    run: move(-7),
  },
  {
    id: 'week-later',
    name: t('A week later'),
    group: 'In a list',
    keys: ['Alt+ArrowRight'],
    applies: isAmongDays,
    run: move(7),
  },
  {
    id: 'indent',
    name: t('Make it a step of the task above'),
    group: 'In a list',
    keys: ['Ctrl+]', 'Alt+Shift+ArrowRight'],
    words: t('indent subtask nest'),
    applies: (c) => hasRow(c) && c.list?.canReorder() === true,
    run: withTasks((bulk, { list, tasks }) => {
      bulk.indent(tasks, list?.rows() ?? []);
    }),
  },
  {
    id: 'outdent',
    name: t('Make it a task of its own'),
    group: 'In a list',
    keys: ['Ctrl+[', 'Alt+Shift+ArrowLeft'],
    words: t('outdent step subtask'),
    applies: hasTasks,
    run: withTasks((bulk, { tasks }) => {
      bulk.outdent(tasks);
    }),
  },

  {
    id: 'select',
    name: t('Select this task'),
    group: 'Selecting',
    keys: ['v'],
    isMove: true,
    applies: hasRow,
    run: ({ app, rowId }) => {
      if (rowId !== null) app.selection.toggle(rowId);
    },
  },
  {
    id: 'select-down',
    name: t('Select down'),
    group: 'Selecting',
    keys: ['Shift+ArrowDown'],
    isMove: true,
    applies: hasRow,
    run: extend(1),
  },
  {
    id: 'select-up',
    name: t('Select up'),
    group: 'Selecting',
    keys: ['Shift+ArrowUp'],
    isMove: true,
    applies: hasRow,
    run: extend(-1),
  },
  {
    id: 'select-some',
    name: t('Select tasks'),
    group: 'Selecting',
    words: t('choose several many'),
    applies: (c) => hasList(c) && !isSelecting(c),
    run: ({ app }) => {
      app.selection.begin();
    },
  },
  {
    id: 'select-all',
    name: t('Select all'),
    group: 'Selecting',
    keys: ['Ctrl+A'],
    applies: hasList,
    run: ({ app }) => {
      app.selection.all();
    },
  },
  {
    id: 'select-none',
    name: t('Select nothing'),
    group: 'Selecting',
    keys: ['Escape'],
    applies: isSelecting,
    run: ({ app }) => {
      app.selection.clear();
    },
  },

  {
    id: 'complete',
    name: t('Complete, or open again'),
    group: 'With a task or what is selected',
    keys: ['x', 'Space'],
    words: t('done finish reopen'),
    applies: hasTasks,
    run: withTasks((bulk, { tasks }) => {
      bulk.toggleDone(tasks);
    }),
  },
  {
    id: 'edit',
    name: t('Edit the title'),
    group: 'With a task or what is selected',
    keys: ['e'],
    words: 'rename',
    applies: hasTasks,
    run: ({ place: at, tasks, rowId }) => {
      const id = rowId ?? tasks[0];
      if (id !== undefined) at.editTitle(id);
    },
  },
  {
    id: 'copy-link',
    name: t('Copy a link to the task'),
    group: 'With a task or what is selected',
    keys: ['y'],
    words: t('address share url'),
    applies: hasTasks,
    run: ({ app, tasks, rowId }) => {
      const id = rowId ?? tasks[0];
      if (id !== undefined) void import('./task-link.ts').then((link) => link.copyTaskLink(id, app.toasts));
    },
  },
  page('due', t('Set the due date'), { key: 'd', words: t('when schedule date snooze') }),
  {
    id: 'due-today',
    name: t('Due today'),
    group: 'With a task or what is selected',
    keys: ['t'],
    applies: hasTasks,
    run: withTasks((bulk, { app, tasks }) => void bulk.setDay(tasks, app.clock.today)),
  },
  {
    id: 'due-tomorrow',
    name: t('Due tomorrow'),
    group: 'With a task or what is selected',
    keys: ['Shift+T'],
    words: t('put off postpone'),
    applies: hasTasks,
    run: withTasks((bulk, { app, tasks }) => void bulk.setDay(tasks, addDays(app.clock.today, 1))),
  },
  {
    id: 'due-next-week',
    name: t('Due next week'),
    group: 'With a task or what is selected',
    words: t('put off postpone monday'),
    applies: hasTasks,
    run: withTasks((bulk, { app, tasks }) => void bulk.setDay(tasks, nextWeekday(app.clock.today, 1))),
  },
  {
    id: 'due-none',
    name: t('No due date'),
    group: 'With a task or what is selected',
    words: t('clear remove date someday'),
    applies: hasTasks,
    run: withTasks((bulk, { tasks }) => void bulk.setDue(tasks, null)),
  },
  page('priority', t('Set the priority'), { words: 'important' }),
  priority('urgent', t('Priority urgent'), '1'),
  priority('high', t('Priority high'), '2'),
  priority('medium', t('Priority medium'), '3'),
  priority('low', t('Priority low'), '4'),
  priority(null, t('No priority'), '0'),
  page('list', t('Move to a list'), { key: 'm', words: t('project inbox') }),
  page('tag', t('Add a tag'), { key: 'l', words: 'label' }),
  page('untag', t('Remove a tag'), { key: 'Shift+L', words: 'label' }),
  page('repeat', t('Repeat'), { key: 'r', words: t('recurring every') }),
  page('snooze', t('Snooze its reminders'), { key: 's', words: t('later remind') }),
  {
    id: 'duplicate',
    name: t('Duplicate'),
    group: 'With a task or what is selected',
    keys: ['Shift+D'],
    words: 'copy',
    applies: hasTasks,
    run: withTasks((bulk, { tasks }) => {
      bulk.duplicate(tasks);
    }),
  },
  {
    id: 'trash',
    name: t('Move to the trash'),
    group: 'With a task or what is selected',
    keys: ['Delete', 'Backspace'],
    words: t('delete remove'),
    // No key deletes what merely stands open beside the list.
    applies: (c) => hasTasks(c) && (hasRow(c) || isSelecting(c) || c.isByName === true),
    run: withTasks((bulk, { tasks }) => void bulk.trash(tasks)),
  },
  {
    id: 'close',
    name: t('Close the task'),
    group: 'Anywhere',
    keys: ['Escape'],
    applies: ({ place: at }) => at.openId !== null,
    run: ({ place: at }) => {
      at.close();
    },
  },
];
