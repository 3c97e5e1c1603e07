/** The priorities in the person's words, in rising order. The document keeps "none" as no value at all. */

export const PRIORITIES = [
  { id: 'none', name: 'None' },
  { id: 'low', name: 'Low' },
  { id: 'medium', name: 'Medium' },
  { id: 'high', name: 'High' },
  { id: 'urgent', name: 'Urgent' },
] as const;

export type PriorityChoice = (typeof PRIORITIES)[number]['id'];
export type Priority = Exclude<PriorityChoice, 'none'>;

export function priorityName(priority: PriorityChoice): string {
  return PRIORITIES.find(({ id }) => id === priority)?.name ?? 'None';
}
