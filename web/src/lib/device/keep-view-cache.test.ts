import { openDocument } from '@holdfast/core/document.ts';
import type { ListId, LocalDate } from '@holdfast/core/document.ts';
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { takeViewCache } from './keep-view-cache.ts';
import type { EpochMs } from './status.ts';

const NOW = new Date(2026, 10, 20, 12).getTime() as EpochMs;
const SOME = 250;

test('[V18] every place has its first rows in the cache, however much there is of the others', () => {
  const document = openDocument({ doc: new Y.Doc(), now: () => NOW, random: seededRandom(1) });
  document.batch('many', () => {
    const list = document.createList({ name: 'Long' });
    if (!list.ok) throw new Error(list.error.code);
    for (let n = 0; n < SOME; n++) {
      document.createTask({ title: `listed ${n}`, listId: list.id as ListId });
      document.createTask({
        title: `overdue ${n}`,
        listId: list.id as ListId,
        due: { date: '2026-01-05' as LocalDate },
      });
    }
    for (let n = 0; n < SOME; n++) document.createTask({ title: `inbox ${n}` });
    document.createTask({
      title: 'tomorrow',
      listId: list.id as ListId,
      due: { date: '2026-11-21' as LocalDate },
    });
  });
  const titles = takeViewCache(document, NOW).tasks.map(({ title }) => title);
  const count = (start: string): number => titles.filter((title) => title.startsWith(start)).length;

  expect(titles.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, n) => `inbox ${n}`));
  expect(count('listed')).toBeGreaterThanOrEqual(100);
  expect(count('overdue')).toBeGreaterThanOrEqual(200);
  expect(count('tomorrow')).toBe(1);
  expect(titles.length).toBeLessThan(650);
  document.close();
});
