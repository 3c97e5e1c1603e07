/**
 * Which task is open beside the list (or in the sheet, on a phone).
 *
 * It stands in the address (`?task=`), so Back closes it, a reload keeps it and it can be sent to oneself.
 */

import { goto } from '$app/navigation';
import { page } from '$app/state';
import { createContext } from 'svelte';
import { MediaQuery } from 'svelte/reactivity';

export const [getTaskPlace, setTaskPlace] = createContext<TaskPlace>();

export class TaskPlace {
  readonly #phone = new MediaQuery('(max-width: 767px)');
  #wasPushed = false;
  /** Whose title is to be edited as soon as it is on the screen. */
  #titleOf: string | null = $state(null);

  get openId(): string | null {
    return page.url.searchParams.get('task');
  }

  /** One column: the task covers the list instead of standing beside it. */
  get isPhone(): boolean {
    return this.#phone.current;
  }

  open(id: string): void {
    if (this.openId === id) {
      if (!this.isPhone) this.close();
      return;
    }
    const isReplacing = this.openId !== null;
    if (!isReplacing) this.#wasPushed = true;
    this.#go(id, isReplacing);
  }

  /** Opens it with its title ready to be typed over. */
  editTitle(id: string): void {
    this.#titleOf = id;
    if (this.openId !== id) this.open(id);
  }

  /** For the field of the title: true once for each asking. */
  takesTitle(id: string): boolean {
    if (this.#titleOf !== id) return false;
    this.#titleOf = null;
    return true;
  }

  close(): void {
    if (this.openId === null) return;
    const id = this.openId;
    if (this.#wasPushed) {
      this.#wasPushed = false;
      history.back();
    } else this.#go(null, true);
    // The row it came from gets the focus back.
    requestAnimationFrame(() => {
      document.querySelector<HTMLElement>(`[data-task="${CSS.escape(id)}"] [data-opener]`)?.focus();
    });
  }

  #go(id: string | null, replace: boolean): void {
    // A plain address: nothing on the screen reads it.
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    const url = new URL(page.url.href);
    url.searchParams.delete('add');
    if (id === null) url.searchParams.delete('task');
    else url.searchParams.set('task', id);
    // The same page with another query: there is nothing to resolve.
    // eslint-disable-next-line svelte/no-navigation-without-resolve
    void goto(url, { replace, reset: false });
  }
}
