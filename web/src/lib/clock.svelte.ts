/**
 * The present, for everything that is shown: today's date and the minute.
 *
 * Promise: `today` changes at midnight, when a sleeping page wakes and when the zone is another, and only then, so that
 * lists by date are rebuilt once a day; `now` ticks every half minute while someone looks at it, and a traveller's zone
 * is noticed with it.
 */

import { createSubscriber } from 'svelte/reactivity';
import type { LocalDate, LocalTime } from './words/calendar.ts';
import type { Present } from './words/due-words.ts';
import { deviceTimeZone, localDate, localTime, timeZoneHere, untilTomorrowMs } from './words/time-zone.ts';

const TICK_MS = 30_000;

export class Clock {
  readonly #locale: () => string;
  #today: LocalDate = $state(localDate(Date.now()));
  #timeZone: string = $state(timeZoneHere());
  #now = Date.now();
  readonly #ticking = createSubscriber((update) => {
    const tick = (): void => {
      this.#now = Date.now();
      this.#awaitMidnight();
      update();
    };
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => {
      clearInterval(timer);
    };
  });
  #midnight: ReturnType<typeof setTimeout> | undefined;
  #present: Present | undefined;

  constructor(o: { locale: () => string }) {
    this.#locale = o.locale;
    this.#awaitMidnight();
    document.addEventListener('visibilitychange', this.#onWake);
    addEventListener('focus', this.#onWake);
  }

  get today(): LocalDate {
    return this.#today;
  }

  /** The language tag by which dates and times are said, as chosen for this browser. */
  get locale(): string {
    return this.#locale();
  }

  /** IANA name of where the device is now, unless another was chosen. */
  get timeZone(): string {
    return this.#timeZone;
  }

  get now(): number {
    this.#ticking();
    return Math.max(this.#now, Date.now() - TICK_MS);
  }

  get time(): LocalTime {
    return localTime(this.now);
  }

  /** The same object until something in it is another: every row of a list asks. */
  get present(): Present {
    const { today, locale, timeZone, now: nowMs } = this;
    const last = this.#present;
    if (
      last?.nowMs === nowMs &&
      last.today === today &&
      last.locale === locale &&
      last.timeZone === timeZone
    ) {
      return last;
    }
    return (this.#present = { today, time: localTime(nowMs), locale, timeZone, nowMs });
  }

  close(): void {
    clearTimeout(this.#midnight);
    document.removeEventListener('visibilitychange', this.#onWake);
    removeEventListener('focus', this.#onWake);
  }

  readonly #onWake = (): void => {
    if (document.visibilityState === 'visible') this.#awaitMidnight();
  };

  #awaitMidnight(): void {
    clearTimeout(this.#midnight);
    // What was heard a moment ago may have been of another place.
    deviceTimeZone();
    const now = Date.now();
    this.#today = localDate(now);
    this.#timeZone = timeZoneHere();
    this.#midnight = setTimeout(
      () => {
        this.#awaitMidnight();
      },
      untilTomorrowMs(now) + 50,
    );
  }
}
