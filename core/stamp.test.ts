import { expect, test } from 'vitest';
import type { EpochMs } from './ids.ts';
import { createStampClock, isStamp, STAMP_LIMIT, STAMPS_PER_MS } from './stamp.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 23);

function clockAt(ms: number) {
  const time = { ms };
  return { time, clock: createStampClock(() => time.ms as EpochMs) };
}

test('[S1] stamps grow while the clock stands', () => {
  const { clock } = clockAt(START_MS);
  const given = Array.from({ length: 3000 }, () => clock.next());
  expect(given[0]).toBe(START_MS * STAMPS_PER_MS);
  for (const [i, t] of given.entries()) expect(t).toBe((given[0] ?? 0) + i);
});

test('[S1] stamps grow when the clock jumps back by hours', () => {
  const { time, clock } = clockAt(START_MS);
  const before = clock.next();
  time.ms -= 5 * HOUR_MS;
  expect(clock.next()).toBe(before + 1);
});

test('[S1] a stamp is later than one that was seen from a clock hours ahead', () => {
  const { clock } = clockAt(START_MS);
  const ahead = (START_MS + 11 * HOUR_MS) * STAMPS_PER_MS;
  clock.observe(ahead);
  expect(clock.next()).toBe(ahead + 1);
});

test('[S2] what is no stamp is not read', () => {
  for (const t of [
    0,
    -1,
    1.5,
    Number.NaN,
    Infinity,
    STAMP_LIMIT,
    STAMP_LIMIT + 1,
    '5',
    null,
    undefined,
    2 ** 53,
  ]) {
    expect(isStamp(t), String(t)).toBe(false);
  }
  expect(isStamp(1)).toBe(true);
  expect(isStamp(STAMP_LIMIT - 1)).toBe(true);
});

test('[S2] a stamp from the end of time does not block later edits', () => {
  const { clock } = clockAt(START_MS);
  clock.observe(STAMP_LIMIT - 1);
  expect(clock.next()).toBe(START_MS * STAMPS_PER_MS);
});

test('[S2] a stamp more than a day ahead does not drag the clock along, one within a day does', () => {
  const { clock } = clockAt(START_MS);
  clock.observe((START_MS + 25 * HOUR_MS) * STAMPS_PER_MS);
  expect(clock.next()).toBe(START_MS * STAMPS_PER_MS);
  clock.observe((START_MS + 23 * HOUR_MS) * STAMPS_PER_MS);
  expect(clock.next()).toBe((START_MS + 23 * HOUR_MS) * STAMPS_PER_MS + 1);
});

test('[S3] a clock that was years ahead and is put right is believed at once', () => {
  const { time, clock } = clockAt(Date.UTC(2150, 0, 1));
  clock.next();
  time.ms = START_MS;
  expect(clock.next()).toBe(START_MS * STAMPS_PER_MS);
});

test('[S2] a clock that shows nothing usable still gives valid stamps that grow', () => {
  for (const broken of [Number.NaN, -5, 0, Date.UTC(2300, 0, 1), Infinity]) {
    const { clock } = clockAt(broken);
    clock.observe(START_MS * STAMPS_PER_MS);
    const [first, second] = [clock.next(), clock.next()];
    expect(isStamp(first)).toBe(true);
    expect(first).toBeGreaterThan(START_MS * STAMPS_PER_MS);
    expect(second).toBeGreaterThan(first);
  }
});
