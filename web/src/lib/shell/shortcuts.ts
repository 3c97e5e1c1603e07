/**
 * The keys that work everywhere.
 *
 * Promise: no key acts while someone types in a field, except those that no field uses. The table below is what
 * the cheat sheet shows; the keys of a row live with the list (`task-list.svelte`).
 */

export const CHEAT_SHEET = [
  {
    title: 'Anywhere',
    keys: [
      { keys: ['q', 'n'], does: 'Add a task' },
      { keys: ['/'], does: 'Search' },
      { keys: ['g', 'i'], does: 'Go to the Inbox', isSequence: true },
      { keys: ['g', 't'], does: 'Go to Today', isSequence: true },
      { keys: ['g', 'u'], does: 'Go to Upcoming', isSequence: true },
      { keys: ['Ctrl Z'], does: 'Undo' },
      { keys: ['Ctrl Shift Z'], does: 'Redo' },
      { keys: ['?'], does: 'This sheet' },
      { keys: ['Esc'], does: 'Close the task' },
    ],
  },
  {
    title: 'In a list',
    keys: [
      { keys: ['j', '↓'], does: 'Next task' },
      { keys: ['k', '↑'], does: 'Previous task' },
      { keys: ['Enter'], does: 'Open' },
      { keys: ['x', 'Space'], does: 'Complete' },
      { keys: ['Delete'], does: 'Move to the trash' },
      { keys: ['y'], does: 'Copy a link to the task' },
      { keys: ['Alt ↑'], does: 'Move up' },
      { keys: ['Alt ↓'], does: 'Move down' },
    ],
  },
] as const;

export interface ShortcutActions {
  readonly add: () => void;
  readonly search: () => void;
  readonly go: (place: 'inbox' | 'today' | 'upcoming') => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly help: () => void;
  readonly close: () => void;
  readonly focusList: () => void;
  /** Of the task with the focus, else of the open one. */
  readonly copyLink: () => void;
}

const SEQUENCE_MS = 1_200;

/** A keydown listener for the window. */
export function createShortcuts(actions: ShortcutActions): (event: KeyboardEvent) => void {
  let pressedG = -Infinity;
  return (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const isTyping = isField(event.target);
    const isCommand = event.ctrlKey || event.metaKey;
    const act = (run: () => void): void => {
      event.preventDefault();
      run();
    };
    if (isCommand && event.key.toLowerCase() === 'z') {
      // A field has its own undo for the words in it.
      if (!isTyping) act(event.shiftKey ? actions.redo : actions.undo);
      return;
    }
    if (isCommand && event.key.toLowerCase() === 'y' && !isTyping) {
      act(actions.redo);
      return;
    }
    if (event.key === 'Escape') {
      if (isTyping) (event.target as HTMLElement).blur();
      else actions.close();
      return;
    }
    if (isTyping || isCommand || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.timeStamp - pressedG < SEQUENCE_MS) {
      const place = ({ i: 'inbox', t: 'today', u: 'upcoming' } as const)[event.key];
      pressedG = -Infinity;
      if (place) {
        act(() => {
          actions.go(place);
        });
        return;
      }
    }
    switch (event.key) {
      case 'q':
      case 'n':
        act(actions.add);
        return;
      case '/':
        act(actions.search);
        return;
      case '?':
        act(actions.help);
        return;
      case 'y':
        act(actions.copyLink);
        return;
      case 'g':
        pressedG = event.timeStamp;
        return;
      case 'j':
      case 'k':
        act(actions.focusList);
        return;
      case 'ArrowDown':
      case 'ArrowUp':
        if (event.target === document.body) act(actions.focusList);
        return;
      default:
    }
  };
}

/** Does this take typed words? A checkbox does not. */
function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  ) {
    return true;
  }
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'file'].includes(target.type);
}
