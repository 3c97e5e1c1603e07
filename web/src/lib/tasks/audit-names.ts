/** How what the history names by its id is called now. */

import { shownText } from '@holdfast/core/query/view.ts';
import { namesOf } from '../find/question.ts';
import type { AuditNames } from './audit-words.ts';
import type { TaskStore } from './task-store.svelte.ts';

export function auditNamesOf(tasks: TaskStore): AuditNames {
  return {
    listName: (id) => tasks.listById(id)?.name,
    tagName: (id) => tasks.tagById(id)?.name,
    sectionName: (id) => tasks.sectionById(id)?.name,
    queryText: (kept) => shownText(kept, namesOf(tasks)),
  };
}
