/** The priorities in the person's words, in rising order. The document keeps "none" as no value at all. */

import { t } from '../words/language.ts';

export const PRIORITIES = [
  { id: 'none', name: t('None') },
  { id: 'low', name: t('Low') },
  { id: 'medium', name: t('Medium') },
  { id: 'high', name: t('High') },
  { id: 'urgent', name: t('Urgent') },
] as const;

export type PriorityChoice = (typeof PRIORITIES)[number]['id'];
export type Priority = Exclude<PriorityChoice, 'none'>;

export function priorityName(priority: PriorityChoice): string {
  return PRIORITIES.find(({ id }) => id === priority)?.name ?? t('None');
}
