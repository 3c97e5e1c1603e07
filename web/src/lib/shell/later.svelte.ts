/**
 * A component that comes after the first paint.
 *
 * Promise: `load` may be asked for at any time and fetches it once; one that cannot be fetched is tried again at the next
 * asking.
 */

import type { Component } from 'svelte';

// Properties differ from component to component, and what renders it checks them.
type Fetched<T> = () => Promise<{ default: T }>;

export class Later<T extends Component<never>> {
  #component: T | null = $state.raw(null);
  readonly #fetch: Fetched<T>;

  constructor(fetch: Fetched<T>) {
    this.#fetch = fetch;
  }

  get component(): T | null {
    return this.#component;
  }

  /** False when it could not be fetched. */
  async load(): Promise<boolean> {
    if (this.#component) return true;
    try {
      this.#component = (await this.#fetch()).default;
      return true;
    } catch {
      return false;
    }
  }
}
