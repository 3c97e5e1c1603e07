/**
 * Whether keys of one character act: who dictates, or trembles, sets them off by accident and can turn them off (WCAG
 * 2.1.4). Kept in this browser.
 */

const STORAGE_KEY = 'holdfast:single-keys';

export class KeyChoice {
  #areSingleOn = $state(read());

  get areSingleOn(): boolean {
    return this.#areSingleOn;
  }
  set areSingleOn(isOn: boolean) {
    this.#areSingleOn = isOn;
    try {
      if (isOn) localStorage.removeItem(STORAGE_KEY);
      else localStorage.setItem(STORAGE_KEY, 'off');
    } catch {
      // Storage is blocked: the choice holds for this visit.
    }
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== 'off';
  } catch {
    return true;
  }
}
