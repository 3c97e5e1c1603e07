/**
 * The present, for everything that is shown: today's date and the minute.
 *
 * Promise: `today` changes at midnight and when a sleeping page wakes, and only then, so that lists by date are
 * rebuilt once a day; `now` ticks every half minute while someone looks at it.
 */

import { createSubscriber } from 'svelte/reactivity';
import { type LocalDate, type LocalTime, localDate, localTime, untilTomorrowMs } from './words/calendar.ts';
import type { Present } from './words/due-words.ts';

const TICK_MS = 30_000;

export class Clock {
  readonly locale: string = navigator.language || 'en';
  #today: LocalDate = $state(localDate(Date.now()));
  #now = Date.now();
  readonly #ticking = createSubscriber((update) => {
    const tick = (): void => {
      this.#now = Date.now();
      update();
    };
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => {
      clearInterval(timer);
    };
  });
  #midnight: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.#awaitMidnight();
    document.addEventListener('visibilitychange', this.#onWake);
  }

  get today(): LocalDate {
    return this.#today;
  }

  get now(): number {
    this.#ticking();
    return Math.max(this.#now, Date.now() - TICK_MS);
  }

  get time(): LocalTime {
    return localTime(this.now);
  }

  get present(): Present {
    return { today: this.today, time: this.time, locale: this.locale };
  }

  close(): void {
    clearTimeout(this.#midnight);
    document.removeEventListener('visibilitychange', this.#onWake);
  }

  readonly #onWake = (): void => {
    if (document.visibilityState === 'visible') this.#awaitMidnight();
  };

  #awaitMidnight(): void {
    clearTimeout(this.#midnight);
    const now = Date.now();
    const today = localDate(now);
    if (today !== this.#today) this.#today = today;
    this.#midnight = setTimeout(
      () => {
        this.#awaitMidnight();
      },
      untilTomorrowMs(now) + 50,
    );
  }
}
