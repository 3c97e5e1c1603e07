/**
 * Replicas that never sync and only hand each other export files (rules X3 and X4 in core/SPEC.md).
 *
 * The oracle keeps for each replica the set of edits it knows: its own, and all that the writer of a file knew. What no later
 * edit of the same field knew must be left everywhere, the latest of it standing. More may be left: where a file cannot prove
 * that something was seen, it is kept.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReplica, must, START_MS, type Replica } from '@holdfast/core/testing/replica.ts';
import type { TaskId } from '@holdfast/core/document.ts';
import { rawRegisters } from './world.ts';

const DEFAULT_RUNS = 100;
const runs = Number(process.env['HOLDFAST_PROPERTY_RUNS'] ?? DEFAULT_RUNS);
/** The same in every run, so that a red one is about the change and can be repeated; the full counts try many more. */
const seed = Number(process.env['HOLDFAST_PROPERTY_SEED'] ?? 20_261_123);
const REPLICAS = 4;

interface Edit {
  readonly path: string;
  readonly value: string;
  readonly t: number;
  readonly author: string;
  /** Edits of the same field that its replica knew. */
  readonly knew: ReadonlySet<Edit>;
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('create', 'title', 'title', 'priority', 'notes', 'hand', 'hand', 'tick'),
    replica: fc.nat({ max: REPLICAS - 1 }),
    a: fc.nat({ max: 1000 }),
    b: fc.nat({ max: 1000 }),
  }),
  { minLength: 10, maxLength: 60, size: 'max' },
);
/** Within a day of each other: from a stamp further ahead than that no replica draws conclusions. */
const skews = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: REPLICAS, maxLength: REPLICAS });

test(
  '[X3] [X4] replicas that only exchange files lose no edit, the later one stands, and all end alike',
  () => {
    fc.assert(
      fc.property(steps, skews, (happenings, hours) => {
        const replicas = hours.map((hour, i) =>
          createReplica(i + 1, { startMs: START_MS + hour * 3_600_000 }),
        );
        const known = new Map(replicas.map((replica) => [replica, new Set<Edit>()]));
        const all: Edit[] = [];
        let count = 0;

        function knownTo(replica: Replica): Set<Edit> {
          return known.get(replica) ?? new Set();
        }

        function note(replica: Replica, path: string): void {
          const own = rawRegisters(replica.doc, path).find(
            (edit) => edit.author === replica.writer && !edit.isCarried,
          );
          if (
            own === undefined ||
            all.some((edit) => edit.path === path && edit.author === own.author && edit.t === own.t)
          ) {
            return;
          }
          const knew = new Set([...knownTo(replica)].filter((edit) => edit.path === path));
          const edit: Edit = { path, value: own.value, t: own.t, author: own.author, knew };
          all.push(edit);
          knownTo(replica).add(edit);
        }

        function hand(from: Replica, to: Replica): void {
          must(to.document.importJson(JSON.parse(JSON.stringify(from.document.exportJson()))));
          for (const edit of knownTo(from)) knownTo(to).add(edit);
        }

        for (const { kind, replica: index, a, b } of happenings) {
          const replica = replicas[index];
          const other = replicas[(index + 1 + (b % (REPLICAS - 1))) % REPLICAS];
          if (replica === undefined || other === undefined) continue;
          replica.clock.ms += (a % 5) * 700;
          const tasks = [...replica.document.tasks()].sort((x, y) => (x.id < y.id ? -1 : 1)).slice(0, 3);
          const task = tasks[a % Math.max(1, tasks.length)];
          const n = ++count;
          if (kind === 'create')
            note(replica, `tasks/${must(replica.document.createTask({ title: `t${n}` })).id}/title`);
          else if (kind === 'hand') hand(other, replica);
          else if (kind === 'tick') replica.clock.ms += (a - 500) * 2_000;
          else if (task !== undefined && kind === 'title') {
            must(replica.document.editTask(task.id, { title: `t${n}` }));
            note(replica, `tasks/${task.id}/title`);
          } else if (task !== undefined && kind === 'priority') {
            must(replica.document.editTask(task.id, { priority: b % 2 === 0 ? 'low' : 'high' }));
            note(replica, `tasks/${task.id}/priority`);
          } else if (task !== undefined && kind === 'notes') {
            must(replica.document.editTask(task.id, { notes: `${task.notes} w${n}` }));
          }
        }
        for (let round = 0; round < 3; round++) {
          for (const from of replicas) for (const to of replicas) if (from !== to) hand(from, to);
        }

        for (const replica of replicas) {
          for (const path of new Set(all.map((edit) => edit.path))) {
            const edits = all.filter((edit) => edit.path === path);
            const left = edits
              .filter((edit) => !edits.some((later) => later.knew.has(edit)))
              .sort((x, y) => y.t - x.t || (x.author < y.author ? 1 : -1));
            const found = rawRegisters(replica.doc, path);
            expect(found[0]?.value, path).toBe(left[0]?.value);
            const values = found.map((edit) => edit.value);
            for (const edit of left) expect(values, path).toContain(edit.value);
            const id = path.split('/')[1] as TaskId;
            expect(replica.document.task(id)?.faults).toEqual([]);
          }
          expect(replica.document.exportJson().maps['tasks']).toEqual(
            replicas[0]?.document.exportJson().maps['tasks'],
          );
        }
      }),
      { numRuns: runs, seed },
    );
  },
  60_000 + runs * 400,
);
