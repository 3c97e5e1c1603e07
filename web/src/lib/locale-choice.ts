/**
 * How a person wants dates and times said, as one language tag.
 *
 * Promise: the tag is that of the chosen language, else of the browser, and carries the clock and the first day of the week
 * as Unicode extensions ("en-GB-u-fw-mon-hc-h23"), which `Intl` follows wherever a date is formatted. So a choice holds
 * everywhere at once, with nothing to remember where it is used. Pure.
 */

export const CLOCKS = ['h23', 'h12'] as const;
export type ClockChoice = (typeof CLOCKS)[number];

export const WEEK_STARTS = ['mon', 'sun', 'sat'] as const;
export type WeekStart = (typeof WEEK_STARTS)[number];

/** Null: as the language, or the browser, has it. */
export interface LocaleChoice {
  readonly language: string | null;
  readonly clock: ClockChoice | null;
  readonly weekStart: WeekStart | null;
}

export const NO_CHOICE: LocaleChoice = { language: null, clock: null, weekStart: null };

export function localeFor({ language, clock, weekStart }: LocaleChoice, browserLocale: string): string {
  const extensions = [
    ...(weekStart === null ? [] : ['fw', weekStart]),
    ...(clock === null ? [] : ['hc', clock]),
  ];
  const base = isLocale(language) ? language : isLocale(browserLocale) ? browserLocale : 'en';
  if (extensions.length === 0) return base;
  const plain = new Intl.Locale(base).baseName;
  return `${plain}-u-${extensions.join('-')}`;
}

/** Whatever was stored, by this version or another. */
export function readLocaleChoice(value: unknown): LocaleChoice {
  if (typeof value !== 'object' || value === null) return NO_CHOICE;
  const { language, clock, weekStart } = value as Record<string, unknown>;
  return {
    language: isLocale(language) ? language : null,
    clock: CLOCKS.find((known) => known === clock) ?? null,
    weekStart: WEEK_STARTS.find((known) => known === weekStart) ?? null,
  };
}

function isLocale(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  try {
    return Intl.getCanonicalLocales(value).length === 1;
  } catch {
    return false;
  }
}
