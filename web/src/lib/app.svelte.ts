/**
 * The app in one browser tab: the device, the present, what the pages read and the intents they run.
 *
 * Promise: it is usable at once. Until the document is loaded, the pages show the view cache and intents are
 * queued by the device; from then on they act on the document. Made once by the root layout and handed down by
 * context; closed with it.
 */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import { createContext, tick } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import type { Absence } from './absence/absence.svelte.ts';
import { type AppStart, takeStart } from './app-start.ts';
import { Choices } from './choices.svelte.ts';
import { Clock } from './clock.svelte.ts';
import type { Device } from './device/device.ts';
import { rest } from './device/slices.ts';
import { Finding } from './find/finding.svelte.ts';
import { Appearance } from './look/appearance.svelte.ts';
import { Reminding } from './notifications/reminding.svelte.ts';
import { KeyChoice } from './shell/key-choice.svelte.ts';
import { Toasts } from './shell/toasts.svelte.ts';
import { Updates } from './shell/updates.svelte.ts';
import { SyncState } from './sync-state.svelte.ts';
import type { Bulk } from './tasks/bulk.ts';
import { Intents } from './tasks/intents.ts';
import { QuickAddGrammar } from './tasks/quick-add-grammar.svelte.ts';
import { ScopeAsker } from './tasks/scope.svelte.ts';
import { Selection } from './tasks/selection.svelte.ts';
import { TaskStore } from './tasks/task-store.svelte.ts';
import { FirstRun } from './welcome/first-run.svelte.ts';
import { t } from './words/language.ts';

export type AppPhase = 'opening' | 'ready' | 'failed' | 'closed';

export const [getApp, setApp] = createContext<App>();

export class App {
  readonly choices = new Choices();
  readonly clock = new Clock({ locale: () => this.choices.locale });
  readonly appearance = new Appearance();
  readonly firstRun = new FirstRun();
  readonly toasts = new Toasts();
  readonly tasks = new TaskStore();
  readonly sync = new SyncState();
  readonly scope = new ScopeAsker();
  readonly updates = new Updates({ beforeReload: () => this.putEverythingAway() });
  readonly intents = new Intents({
    edit: (run) => {
      this.#edit(run);
    },
    tasks: this.tasks,
    toasts: this.toasts,
    scope: this.scope,
    present: () => this.clock.present,
    stored: () => this.#stored(),
  });
  readonly reminding = new Reminding({
    intents: this.intents,
    clock: this.clock,
    connection: () => this.sync.status.connection,
    language: () => this.choices.spoken,
  });
  readonly grammar = new QuickAddGrammar();
  readonly finding = new Finding();
  readonly keys = new KeyChoice();
  /** The commands that were used last, newest first, for as long as the window is open. */
  recentCommands: readonly string[] = [];
  readonly selection = new Selection((text) => {
    this.toasts.announce(text);
  });

  #phase: AppPhase = $state('opening');
  #problem = $state('');
  #device: Device | null = $state.raw(null);
  #absence: Absence | null = $state.raw(null);
  readonly #start: AppStart = takeStart();
  #bulk: Bulk | null = null;
  /** Fields with words that are not in the document yet. */
  readonly #drafts = new SvelteSet<() => void>();

  constructor() {
    this.#showSeen();
  }

  get phase(): AppPhase {
    return this.#phase;
  }
  /** Why nothing could be opened, as a sentence. */
  get problem(): string {
    return this.#problem;
  }
  get device(): Device | null {
    return this.#device;
  }
  /** What happened while nobody looked; null until it is loaded, after everything that is shown first. */
  get absence(): Absence | null {
    return this.#absence;
  }

  /** Once the page is drawn. */
  open(): void {
    const { device: start, tellShown } = this.#start;
    start.onQueued((queued) => {
      this.sync.queued = queued;
    });
    void this.#start.isRead.then(async () => {
      if (!this.tasks.hasRows) this.#showSeen();
      await tick();
      tellShown();
    });
    start.device.then(
      async (device) => {
        // First of all: another window may sign out while the lists are being made.
        device.onClosed(() => {
          this.#phase = 'closed';
          void this.reminding.forget().finally(() => {
            location.assign('/');
          });
        });
        await this.tasks.open(device.document);
        this.#device = device;
        this.#phase = 'ready';
        this.sync.open(device);
        // The lists are drawn first.
        await rest();
        this.reminding.open(device);
        void this.#watchAbsence(device);
      },
      (error: unknown) => {
        this.#phase = 'failed';
        this.sync.fail();
        this.#problem = error instanceof Error ? error.message : String(error);
      },
    );
    void this.updates.register();
  }

  #showSeen(): void {
    const { seen } = this.#start;
    if (seen) this.tasks.showCached(seen.tasks);
  }

  /** Where quick add puts what is added in no list, for pages that are of none. A list that is gone is the Inbox. */
  get defaultPlace(): { readonly listId?: string } {
    const list = this.tasks.listById(this.choices.defaultListId ?? '');
    return list?.trashedAt === null ? { listId: list.id } : {};
  }

  /** What is done to many at once comes after the first paint. null: it could not be fetched. */
  async loadBulk(): Promise<Bulk | null> {
    try {
      const { createBulk } = await import('./tasks/bulk.ts');
      this.#bulk ??= createBulk({
        intents: this.intents,
        tasks: this.tasks,
        toasts: this.toasts,
        scope: this.scope,
        present: () => this.clock.present,
        release: () => {
          this.selection.release();
        },
      });
      return this.#bulk;
    } catch {
      return null;
    }
  }

  async bulk(run: (bulk: Bulk) => void): Promise<void> {
    const bulk = await this.loadBulk();
    if (bulk) run(bulk);
    else {
      this.toasts.show(
        t('Nothing was changed: a part of the app could not be loaded. Reload to try again.'),
        {
          tone: 'problem',
        },
      );
    }
  }

  /** A field that holds unsaved words says how to save them; returns how to forget it. */
  keepDraft(save: () => void): () => void {
    this.#drafts.add(save);
    return () => {
      this.#drafts.delete(save);
    };
  }

  /** Writes every draft to the document. */
  saveDrafts(): void {
    for (const save of this.#drafts) save();
  }

  /** Resolves when nothing would be lost by closing the page. */
  async putEverythingAway(): Promise<void> {
    this.saveDrafts();
    const device = this.#device;
    if (!device || device.status.storage === 'failing') return;
    await new Promise<void>((resolve) => {
      if (device.status.unsaved === 0) {
        resolve();
        return;
      }
      const stop = device.onStatus((status) => {
        if (status.unsaved > 0 && status.storage === 'ok') return;
        stop();
        resolve();
      });
    });
  }

  close(): void {
    this.saveDrafts();
    this.reminding.close();
    this.#absence?.close();
    this.finding.close();
    this.clock.close();
    this.firstRun.close();
    this.appearance.close();
    this.toasts.dismiss();
    void this.#device?.close();
  }

  async #watchAbsence(device: Device): Promise<void> {
    try {
      this.#absence = await (await import('./after-start.ts')).afterStart(device, this);
    } catch {
      // The part could not be loaded, or another window signed out: nothing that was edited depends on it.
    }
  }

  /** Rejections are of a device that did not open, which keeps nothing. */
  async #stored(): Promise<boolean> {
    const device = await this.#start.device.device.catch(() => undefined);
    return (await device?.stored()) ?? false;
  }

  #edit(run: (document: HoldfastDocument) => void): void {
    if (this.#device) run(this.#device.document);
    else this.#start.device.edit(run);
  }
}
