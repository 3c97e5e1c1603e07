/** Where something stands among others once it was put in order, in words. */

import { t } from '../words/language.ts';

/** `title`: of what holds them all, where that is not plain to see. */
export function placeWords(
  all: readonly { readonly id: string }[],
  id: string,
  title?: string | undefined,
): string {
  const place = { at: all.findIndex((one) => one.id === id) + 1, count: all.length };
  return title === undefined
    ? t('Moved to place {at} of {count}', place)
    : t('Moved to place {at} of {count} in {title}', { ...place, title });
}
