import { describe, expect, test } from 'vitest';
import { RecurrenceError } from './error.ts';
import { formatRule, parseRule } from './rule.ts';

function refusal(text: string): { code: string; part: string | undefined; message: string } {
  try {
    parseRule(text);
  } catch (error) {
    if (error instanceof RecurrenceError)
      return { code: error.code, part: error.part, message: error.message };
    throw error;
  }
  throw new Error(`'${text}' was not refused.`);
}

describe('what is refused', () => {
  test.each([
    ['', undefined],
    ['nonsense', 'NONSENSE'],
    ['FREQ', 'FREQ'],
    ['FREQ=', 'FREQ'],
    ['FREQ=FORTNIGHTLY', 'FREQ'],
    ['INTERVAL=2', 'FREQ'],
    ['FREQ=DAILY;FREQ=WEEKLY', 'FREQ'],
    ['FREQ=DAILY;', ''],
    ['FREQ=DAILY;;COUNT=2', ''],
    ['FREQ=DAILY; COUNT=2', ' COUNT'],
    ['RRULE:FREQ=DAILY', 'RRULE:FREQ'],
    ['DTSTART=20260101;FREQ=DAILY', 'DTSTART'],
    ['FREQ=DAILY;X-OWN=1', 'X-OWN'],
    ['FREQ=YEARLY;BYEASTER=0', 'BYEASTER'],
    ['FREQ=YEARLY;RSCALE=CHINESE', 'RSCALE'],
    ['FREQ=DAILY;INTERVAL=0', 'INTERVAL'],
    ['FREQ=DAILY;INTERVAL=-1', 'INTERVAL'],
    ['FREQ=DAILY;INTERVAL=1.5', 'INTERVAL'],
    ['FREQ=DAILY;INTERVAL=9999999999999999999', 'INTERVAL'],
    ['FREQ=DAILY;COUNT=0', 'COUNT'],
    ['FREQ=DAILY;COUNT=many', 'COUNT'],
    ['FREQ=DAILY;UNTIL=20260230', 'UNTIL'],
    ['FREQ=DAILY;UNTIL=2026-12-31', 'UNTIL'],
    ['FREQ=DAILY;UNTIL=20261231T250000Z', 'UNTIL'],
    ['FREQ=DAILY;UNTIL=20261231Z', 'UNTIL'],
    ['FREQ=WEEKLY;WKST=XX', 'WKST'],
    ['FREQ=WEEKLY;BYDAY=XX', 'BYDAY'],
    ['FREQ=WEEKLY;BYDAY=MO,', 'BYDAY'],
    ['FREQ=MONTHLY;BYDAY=0MO', 'BYDAY'],
    ['FREQ=YEARLY;BYDAY=54MO', 'BYDAY'],
    ['FREQ=YEARLY;BYMONTH=0', 'BYMONTH'],
    ['FREQ=YEARLY;BYMONTH=13', 'BYMONTH'],
    ['FREQ=YEARLY;BYMONTH=-1', 'BYMONTH'],
    ['FREQ=MONTHLY;BYMONTHDAY=0', 'BYMONTHDAY'],
    ['FREQ=MONTHLY;BYMONTHDAY=32', 'BYMONTHDAY'],
    ['FREQ=YEARLY;BYYEARDAY=-367', 'BYYEARDAY'],
    ['FREQ=YEARLY;BYWEEKNO=54', 'BYWEEKNO'],
    ['FREQ=DAILY;BYHOUR=24', 'BYHOUR'],
    ['FREQ=DAILY;BYHOUR=-1', 'BYHOUR'],
    ['FREQ=DAILY;BYMINUTE=60', 'BYMINUTE'],
    ['FREQ=DAILY;BYSECOND=61', 'BYSECOND'],
    ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0', 'BYSETPOS'],
    ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367', 'BYSETPOS'],
  ])('[RC20] %j', (text, part) => {
    const { code, part: found, message } = refusal(text);
    expect({ code, part: found }).toEqual({ code: 'malformed', part });
    expect(message).toMatch(/^[A-Z'].*\.$/s);
  });

  test('[RC20] a rule of a million characters', () => {
    expect(refusal(`FREQ=DAILY;BYHOUR=${'1,'.repeat(500_000)}1`).code).toBe('malformed');
  });

  test.each([
    ['[RC21]', 'FREQ=DAILY;COUNT=2;UNTIL=20261231', 'COUNT'],
    ['[RC22]', 'FREQ=MONTHLY;BYWEEKNO=3', 'BYWEEKNO'],
    ['[RC22]', 'FREQ=DAILY;BYYEARDAY=3', 'BYYEARDAY'],
    ['[RC22]', 'FREQ=WEEKLY;BYYEARDAY=3', 'BYYEARDAY'],
    ['[RC22]', 'FREQ=MONTHLY;BYYEARDAY=3', 'BYYEARDAY'],
    ['[RC22]', 'FREQ=WEEKLY;BYMONTHDAY=3', 'BYMONTHDAY'],
    ['[RC23]', 'FREQ=WEEKLY;BYDAY=1MO', 'BYDAY'],
    ['[RC23]', 'FREQ=DAILY;BYDAY=MO,-1FR', 'BYDAY'],
    ['[RC23]', 'FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO', 'BYDAY'],
    ['[RC24]', 'FREQ=MONTHLY;BYSETPOS=1', 'BYSETPOS'],
  ])('%s %s has no meaning', (_, text, part) => {
    expect(refusal(text)).toMatchObject({ code: 'meaningless', part });
  });
});

describe('reading and writing', () => {
  test('[RC26] any order, letter case, sign and repetition is read, and written in one way', () => {
    const text = 'until=20261231t170000z;byday=FR,+1mo,FR;bymonthday=+07,-1;WKST=su;interval=02;freq=monthly';
    const written = 'FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1,7;BYDAY=FR,1MO;WKST=SU;UNTIL=20261231T170000Z';
    expect(formatRule(parseRule(text))).toBe(written);
    expect(parseRule(written)).toEqual(parseRule(text));
  });

  test.each(['20261231', '20261231T000000', '00010101T235959Z', '99991231'])('[RC26] UNTIL=%s', (until) => {
    const text = `FREQ=DAILY;UNTIL=${until}`;
    expect(formatRule(parseRule(text))).toBe(text);
  });
});
