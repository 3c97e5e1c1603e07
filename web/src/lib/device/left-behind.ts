/**
 * Edits of a window that went before the browser had stored them.
 *
 * Promise: they are written within the turn in which the window goes, and the next window of the document finds them. Each
 * window leaves its own, so that none forgets those of another. To say one twice changes nothing: Yjs knows what it has.
 * Limits: a browser that keeps no local storage, or has no room left in it, loses them; a window that is killed leaves nothing.
 * Why not in IndexedDB, where all else is: its transactions are given up with their window unless they are being committed
 * already, and what is asked last waits behind the one before. (Chromium 156, three edits and a reload at once: of 24 windows
 * six lost some that way, and of 30 none this way.)
 */

export interface LeftBehind {
  /** Best effort. */
  write(updates: readonly Uint8Array[]): void;
  read(): readonly Uint8Array[];
  /** What was read, and what this window wrote. */
  clear(): void;
}

const PREFIX = 'holdfast:left:';

export function createLeftBehind(documentName: string): LeftBehind {
  const own = `${PREFIX}${documentName}:${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  const mine = new Set([own]);
  return {
    write(updates) {
      try {
        localStorage.setItem(own, JSON.stringify(updates.map(toText)));
      } catch {
        // Nothing can be said any more to whoever is going.
      }
    },
    read() {
      for (const key of keysOf(documentName)) mine.add(key);
      return [...mine].flatMap(updatesIn);
    },
    clear: () => remove(mine),
  };
}

/** The document is gone from this browser. */
export function forgetLeftBehind(documentName: string): void {
  remove(keysOf(documentName));
}

function remove(keys: Iterable<string>): void {
  try {
    for (const key of keys) localStorage.removeItem(key);
  } catch {
    // Where it cannot be reached nothing lies there.
  }
}

function keysOf(documentName: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(`${PREFIX}${documentName}:`));
  } catch {
    return [];
  }
}

function updatesIn(key: string): Uint8Array[] {
  try {
    const texts: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(texts) ? texts.map((text) => toBytes(String(text))) : [];
  } catch {
    return [];
  }
}

function toText(update: Uint8Array): string {
  let text = '';
  for (const byte of update) text += String.fromCharCode(byte);
  return btoa(text);
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
