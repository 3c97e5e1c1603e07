/**
 * The keys that work everywhere, by the table of actions.
 *
 * Promise: no key acts while someone types in a field, except those that no field uses; none acts behind an open dialog.
 * Arrows, Space and the like are left to whatever has the focus, unless that is a row or the page itself.
 */

import { type Action, type ActionContext, ACTIONS } from './actions.ts';
import { isSingle, keyOf } from './key-names.ts';

const SEQUENCE_MS = 1_200;
const MOVES = /^(?:Shift\+)?(?:Arrow|Home$|End$)/;

/** The action of a key where it is pressed. */
export function actionFor(
  key: string,
  context: ActionContext,
  actions: readonly Action[] = ACTIONS,
): Action | undefined {
  return actions.find(
    (action) => action.keys?.includes(key) && action.isNative !== true && (action.applies?.(context) ?? true),
  );
}

/** A keydown listener for the window. */
export function createShortcuts(contextOf: (event: KeyboardEvent) => ActionContext) {
  const firsts = new Set(
    ACTIONS.flatMap(({ keys = [] }) => keys)
      .filter((key) => key.includes(' '))
      .map((key) => key.split(' ')[0] ?? ''),
  );
  let first = '';
  let firstAt = -Infinity;
  return (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    const isTyping = isField(target);
    const key = keyOf(event);
    // The sheet of a phone is a place to be, and no question.
    if (document.querySelector('dialog[open]:not([aria-label="Task"])')) return;
    const isInSheet = document.querySelector('dialog[open]') !== null;
    if (isTyping && key === 'Escape') {
      target.blur();
      return;
    }
    const context = contextOf(event);
    const follows = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${key}` : null;
    firstAt = -Infinity;
    const action = (follows === null ? undefined : actionFor(follows, context)) ?? actionFor(key, context);
    if (isTyping && action?.whileTyping !== true) return;
    if (isSingle(key) && !context.app.keys.areSingleOn) return;
    if (action === undefined || (action === actionFor(key, context) && isOwn(key, target, context))) {
      if (action === undefined && firsts.has(key) && !isInSheet) {
        first = key;
        firstAt = event.timeStamp;
      }
      return;
    }
    if (isInSheet && !['Escape', 'Ctrl+K'].includes(key)) return;
    event.preventDefault();
    action.run(context);
  };
}

/** Does what has the focus use this key for itself? */
function isOwn(key: string, target: HTMLElement, { rowId, app }: ActionContext): boolean {
  if (key === 'Space') return !target.hasAttribute('data-opener') || app.selection.isOn;
  return MOVES.test(key) && rowId === null && target !== document.body;
}

/** Does this take typed words? A checkbox does not. */
function isField(target: HTMLElement): boolean {
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  ) {
    return true;
  }
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'file'].includes(target.type);
}
