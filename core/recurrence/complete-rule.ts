/**
 * What a rule leaves to its first date, filled in. Apart from the expansion, so that saying a rule in words costs a page
 * nothing of that.
 */
import { civilDate, DAY_SECONDS, weekdayOf } from './calendar.ts';
import { rank, type RecurrenceRule } from './rule.ts';

/**
 * Takes from the start what the rule needs and does not say (RFC 5545 3.3.10: "information, not contained in the rule,
 * necessary to determine the various recurrence instance start time and dates are derived from the Start Time").
 */
export function completeRule(rule: RecurrenceRule, start: number): RecurrenceRule {
  const day = Math.floor(start / DAY_SECONDS);
  const time = start - day * DAY_SECONDS;
  const date = civilDate(day);
  const { frequency } = rule;
  let { months, monthDays, weekdays, hours, minutes, seconds } = rule;
  const saysDay = rule.yearDays.length > 0 || monthDays.length > 0 || weekdays.length > 0;
  if (!saysDay) {
    if (frequency === 'WEEKLY' || rule.weekNumbers.length > 0) {
      weekdays = [{ weekday: weekdayOf(day), nth: null }];
    } else if (frequency === 'MONTHLY' || frequency === 'YEARLY') {
      monthDays = [date.day];
      if (frequency === 'YEARLY' && months.length === 0) months = [date.month];
    }
  }
  const coarserThan = (name: 'HOURLY' | 'MINUTELY' | 'SECONDLY'): boolean => rank(frequency) > rank(name);
  if (hours.length === 0 && coarserThan('HOURLY')) hours = [Math.floor(time / 3600)];
  if (minutes.length === 0 && coarserThan('MINUTELY')) minutes = [Math.floor((time % 3600) / 60)];
  if (seconds.length === 0 && coarserThan('SECONDLY')) seconds = [time % 60];
  return { ...rule, months, monthDays, weekdays, hours, minutes, seconds };
}
