/** Durations before a date, as people say them. Pure; only what reminders use: weeks, days, hours, minutes. */

import { t } from './language.ts';

const PARTS = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/;
const UNITS = ['week', 'day', 'hour', 'minute'] as const;

/** "1 hour before", "at the time"; an unknown one as it is. */
export function beforeWords(duration: string, locale: string): string {
  const parts = PARTS.exec(duration);
  if (!parts) return duration;
  const words = UNITS.flatMap((unit, index) => {
    const count = Number(parts[index + 1] ?? 0);
    return count === 0
      ? []
      : [new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count)];
  });
  return words.length === 0 ? t('At the time') : t('{words} before', { words: words.join(' ') });
}
