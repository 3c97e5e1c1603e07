/**
 * Whether this browser has been welcomed, and whether the app can be installed from a button.
 *
 * Promise: the welcome is shown until it is dismissed, or until someone has added tasks and gone on; then never again in
 * this browser, whoever signs in or out. It deletes nothing and stands in nobody's way.
 */

const STORAGE_KEY = 'holdfast:welcomed';

/** Chromium's, which no standard names. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

export class FirstRun {
  #isOver: boolean = $state(wasWelcomed());
  /** It has begun in this window. */
  #hasBegun = $state(false);
  #install: InstallEvent | null = $state.raw(null);
  readonly #onInstallable = (event: Event): void => {
    // The browser's own banner would come on top of it.
    if (!this.#isOver) event.preventDefault();
    this.#install = event as InstallEvent;
  };

  constructor() {
    // It comes before anything could ask for it.
    addEventListener('beforeinstallprompt', this.#onInstallable);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The welcome is to be shown. */
  get isOn(): boolean {
    return this.#hasBegun && !this.#isOver;
  }

  /** Once it is known what is here: whoever has tasks already, or an account, has been here before. */
  look({ hasTasks, hasAccount }: { hasTasks: boolean; hasAccount: boolean }): void {
    if (this.#isOver) return;
    if (hasAccount || (hasTasks && !this.#hasBegun)) this.end();
    else this.#hasBegun = true;
  }

  get canInstall(): boolean {
    return this.#install !== null;
  }

  async install(): Promise<void> {
    await this.#install?.prompt();
    this.#install = null;
  }

  end(): void {
    this.#isOver = true;
    try {
      localStorage.setItem(STORAGE_KEY, 'yes');
    } catch {
      // Storage is blocked: it comes again at the next visit.
    }
  }

  close(): void {
    removeEventListener('beforeinstallprompt', this.#onInstallable);
  }
}

function wasWelcomed(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== null;
  } catch {
    return false;
  }
}
