/**
 * The record of what was chosen for this browser, as it lies there.
 *
 * Promise: it is read before anything else runs, so every part asks for what it needs by itself and takes nothing on trust;
 * a record that cannot be read is an empty one, and so is that of a worker, which has none. What is in it says choices.svelte.ts.
 */

const CHOICES_KEY = 'holdfast:choices';

export function storedChoices(): Readonly<Record<string, unknown>> {
  if (typeof document === 'undefined') return {};
  try {
    // What is no record has none of the names that are asked for.
    return { ...(JSON.parse(localStorage.getItem(CHOICES_KEY) ?? '{}') as object | null) };
  } catch {
    return {};
  }
}

/** Where storage is blocked a choice holds for this visit. */
export function storeChoices(choices: object): void {
  try {
    localStorage.setItem(CHOICES_KEY, JSON.stringify(choices));
  } catch {
    return;
  }
}
