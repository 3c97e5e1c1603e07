/** Keys as events say them, as the table of actions writes them, and as people read them. Pure. */

import { t, tIn } from '../words/language.ts';

const WORDS: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
};
const MAC_WORDS: Readonly<Record<string, string>> = { Ctrl: '⌘', Shift: '⇧', Alt: '⌥' };

/** What German keyboards have printed on them. */
const LOCAL_WORDS: Readonly<Record<string, string>> = {
  Ctrl: t('Ctrl'),
  Shift: t('Shift'),
  Space: t('Space'),
  Delete: tIn('key', 'Delete'),
  Backspace: t('Backspace'),
  Home: tIn('key', 'Home'),
  End: tIn('key', 'End'),
};

type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** `Ctrl+Shift+Z`. Shift is named only where the key does not say it already: `?` is a key of its own. */
export function keyOf(event: Pressed): string {
  const key = latin(event);
  const isLetter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const isCommand = event.ctrlKey || event.metaKey;
  const named = isLetter
    ? isCommand || event.shiftKey
      ? key.toUpperCase()
      : key.toLowerCase()
    : key === ' '
      ? 'Space'
      : key;
  return [
    isCommand ? 'Ctrl' : '',
    event.altKey ? 'Alt' : '',
    event.shiftKey && (isLetter || key.length > 1) ? 'Shift' : '',
    named,
  ]
    .filter(Boolean)
    .join('+');
}

/** On a Greek or Russian keyboard the letter that stands there on a Latin one. */
function latin({ key, code }: Pressed): string {
  if (key.length !== 1 || key <= '\u007f') return key;
  return /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : key;
}

/** A character alone: what someone who dictates may set off by accident. */
export function isSingle(key: string): boolean {
  return /^(?:Shift\+)?.$/u.test(key) || key.includes(' ');
}

/** The caps of a key, one after the other; `then` between two that follow each other. */
export function capsOf(key: string, isMac: boolean): (readonly string[])[] {
  return key
    .split(' ')
    .map((part) =>
      part
        .split(/\+(?!$)/)
        .map((cap) => (isMac ? MAC_WORDS[cap] : undefined) ?? WORDS[cap] ?? LOCAL_WORDS[cap] ?? cap),
    );
}
