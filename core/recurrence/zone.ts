/**
 * Wall clock readings to instants, in any IANA zone, whatever zone the host is in (everything goes through Temporal
 * with the zone named).
 *
 * Promise (RFC 5545 3.3.5): a reading that the clock skips takes the offset from before the gap, so 02:30 in a gap from
 * 02:00 to 03:00 is the instant that reads 03:30; one that the clock shows twice is the first of the two. That is
 * Temporal's disambiguation 'compatible'.
 */
import { civilDate, DAY_SECONDS } from './calendar.ts';
import { RecurrenceError } from './error.ts';
import { Temporal } from './temporal.ts';

export interface Zone {
  /** The instant of a local second, in milliseconds since 1970 UTC. */
  instantOf(local: number): number;
  /** The local second that the clock shows at an instant, fractions cut off. */
  localAt(instantMs: number): number;
  /** No reading before this local second is an instant after the given one. */
  earliestLocalAfter(instantMs: number): number;
  /** No reading after this local second is an instant at or before the given one. */
  latestLocalUntil(instantMs: number): number;
}

/** @throws RecurrenceError `unknown-zone` */
export function openZone(timeZone: string): Zone {
  const offsetSeconds = (instantMs: number): number => {
    const zoned = Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(timeZone);
    return zoned.offsetNanoseconds / 1e9;
  };
  try {
    offsetSeconds(0);
  } catch (cause) {
    throw new RecurrenceError(
      'unknown-zone',
      `'${timeZone}' is no time zone that is known here; use an IANA name like Europe/Berlin.`,
      undefined,
      { cause },
    );
  }
  /** A clock is changed by up to a day at once (Apia, 30 December 2011), and never twice within three days. */
  const offsetsAround = (instantMs: number): number[] =>
    [instantMs - NEAR_MS, instantMs, instantMs + NEAR_MS].map(offsetSeconds);

  return {
    instantOf(local) {
      const day = Math.floor(local / DAY_SECONDS);
      const time = local - day * DAY_SECONDS;
      const date = civilDate(day);
      const reading = new Temporal.PlainDateTime(
        date.year,
        date.month,
        date.day,
        Math.floor(time / 3600),
        Math.floor((time % 3600) / 60),
        time % 60,
      );
      return reading.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds;
    },
    localAt: (instantMs) => Math.floor(instantMs / 1000 + offsetSeconds(instantMs)),
    earliestLocalAfter: (instantMs) => Math.floor(instantMs / 1000 + Math.min(...offsetsAround(instantMs))),
    latestLocalUntil: (instantMs) => Math.floor(instantMs / 1000 + Math.max(...offsetsAround(instantMs))),
  };
}

/** @throws RecurrenceError `bad-input` */
export function parseInstant(text: string, name: string): number {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch (cause) {
    throw new RecurrenceError(
      'bad-input',
      `${name} is '${text}'; expected an instant like 2026-03-29T01:30:00Z.`,
      undefined,
      { cause },
    );
  }
}

/** UTC, whole seconds, with Z. */
export function formatInstant(instantMs: number): string {
  return Temporal.Instant.fromEpochMilliseconds(instantMs).toString();
}

/** Longer than any change of a clock. */
const NEAR_MS = 26 * 3_600_000;
