/** What a kept value belongs to, by the name it has here. */

import type { Conflict } from '@holdfast/core/document.ts';
import type { TaskStore } from './task-store.svelte.ts';
import { t } from '../words/language.ts';

export function headingOf(
  { entity, id }: Conflict,
  tasks: Pick<TaskStore, 'row' | 'filterById' | 'listById' | 'sectionById' | 'tagById'>,
): string {
  if (entity === 'list') return tasks.listById(id)?.name ?? t('A list');
  if (entity === 'tag') return tasks.tagById(id)?.name ?? t('A tag');
  if (entity === 'section') return tasks.sectionById(id)?.name ?? t('A section');
  if (entity === 'filter') return tasks.filterById(id)?.name ?? t('A view');
  return tasks.row(id)?.title ?? t('A task');
}
