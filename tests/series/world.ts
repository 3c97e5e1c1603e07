/**
 * Random histories of replicas that share one or two recurring tasks, for the property that a series goes on exactly once.
 *
 * Promise: a history is a pure function of its description, so a failing one can be repeated. Replicas act offline and meet
 * in any pattern; at the end everything arrives everywhere. What a person would have to find afterwards is written down
 * beside the document, from what was done and not from what the document says.
 */
import * as fc from 'fast-check';
import type { Occurrence, TaskId } from '@holdfast/core/document.ts';
import { createReplica, START_MS, sync, type Replica } from '@holdfast/core/testing/replica.ts';

const HOUR_MS = 3_600_000;

const KINDS = [
  'complete',
  'complete',
  'complete',
  'skip',
  'reopen',
  'editThis',
  'editThis',
  'editFuture',
  'end',
  'rule',
  'undo',
  'meet',
  'meet',
  'wait',
  'wait',
] as const;

export const RULES = [
  { rrule: 'FREQ=DAILY', mode: 'schedule', missed: 'skip' },
  { rrule: 'FREQ=DAILY;INTERVAL=3', mode: 'schedule', missed: 'catch-up' },
  { rrule: 'FREQ=WEEKLY;BYDAY=MO,TH', mode: 'schedule', missed: 'skip' },
  { rrule: 'FREQ=MONTHLY;BYMONTHDAY=-1', mode: 'schedule', missed: 'catch-up' },
  { rrule: 'FREQ=DAILY;INTERVAL=2', mode: 'completion', missed: 'skip' },
  { rrule: 'FREQ=MONTHLY', mode: 'completion', missed: 'catch-up' },
  { rrule: 'FREQ=DAILY;COUNT=4', mode: 'schedule', missed: 'skip' },
  { rrule: 'FREQ=WEEKLY;COUNT=3', mode: 'completion', missed: 'skip' },
] as const;

export interface Happening {
  readonly replica: number;
  readonly kind: (typeof KINDS)[number];
  readonly a: number;
}

export interface History {
  readonly skewsHours: readonly number[];
  readonly rule: number;
  readonly isAllDay: boolean;
  /** Both of the first two add the repeat offline. */
  readonly isAddedTwice: boolean;
  readonly happenings: readonly Happening[];
}

const happening: fc.Arbitrary<Happening> = fc.record({
  replica: fc.nat(4),
  kind: fc.constantFrom(...KINDS),
  a: fc.nat(999),
});

export const histories: fc.Arbitrary<History> = fc.record({
  skewsHours: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 5, size: 'max' }),
  rule: fc.nat(RULES.length - 1),
  isAllDay: fc.boolean(),
  isAddedTwice: fc.boolean(),
  happenings: fc.array(happening, { maxLength: 40, size: 'max' }),
});

export interface Override {
  readonly path: string;
  readonly value: unknown;
  readonly t: number;
  readonly author: string;
}

export interface World {
  readonly replicas: readonly Replica[];
  readonly id: TaskId;
  /** Ordinals that someone reopened, also by undoing. */
  readonly reopened: ReadonlySet<number>;
  /** Every write to what an occurrence has of its own. */
  readonly overrides: readonly Override[];
  readonly hasCount: boolean;
  /** On one replica, at any moment: more than one open that nobody had reopened, or an edit that does not show. */
  readonly wrong: readonly string[];
  readonly closedByHand: ReadonlySet<number>;
}

export function runHistory(history: History): World {
  const replicas = history.skewsHours.map((hours, i) =>
    createReplica(100 + i, { startMs: START_MS + hours * HOUR_MS, seed: 7 + i }),
  );
  const [first, second] = replicas as [Replica, Replica];
  const reopened = new Set<number>();
  const closedByHand = new Set<number>();
  const overrides = new Map<string, Override>();
  const wrong: string[] = [];
  let hasCount = false;
  let count = 0;

  const made = first.document.createTask({ title: 'water the plants' });
  if (!made.ok) throw new Error(made.message);
  const { id } = made;
  sync(...replicas);
  repeat(first, history.rule);
  if (history.isAddedTwice) repeat(second, history.rule);
  else sync(...replicas);

  function repeat({ document }: Replica, which: number): void {
    const rule = RULES[which % RULES.length];
    if (rule === undefined) return;
    hasCount ||= rule.rrule.includes('COUNT');
    const start = history.isAllDay ? '2026-11-23' : '2026-11-23T09:00:00';
    const timeZone = history.isAllDay ? null : which % 2 === 0 ? 'America/New_York' : null;
    const result = document.setRule(id, { ...rule, start, timeZone });
    if (!result.ok) throw new Error(result.message);
  }

  function happen({ replica, kind, a }: Happening): void {
    const peer = replicas[replica % replicas.length];
    const other = replicas[a % replicas.length];
    if (peer === undefined || other === undefined) return;
    const { document } = peer;
    const open = document.openOccurrences(id);
    const chosen: Occurrence | undefined = open[a % Math.max(1, open.length)];
    const n = ++count;
    switch (kind) {
      case 'complete':
      case 'skip':
        if (chosen === undefined) return;
        if (kind === 'skip') document.skipOccurrence(id, chosen.ordinal);
        else if (chosen === open[0] && a % 2 === 0) document.completeTask(id);
        else document.completeOccurrence(id, chosen.ordinal);
        closedByHand.add(chosen.ordinal);
        return;
      case 'reopen': {
        const closed = document.closedOccurrences(id);
        const again = closed[a % Math.max(1, closed.length)];
        if (again === undefined) return;
        noteReopened(peer, () => document.reopenOccurrence(id, again.ordinal));
        return;
      }
      case 'editThis':
        if (chosen === undefined) return;
        if (a % 3 === 0) {
          document.editOccurrence(id, chosen.ordinal, { title: `this ${n}` });
          const titles = document.openOccurrences(id).map(({ title }) => title);
          if (!titles.includes(`this ${n}`)) wrong.push(`the edit ${n} is lost`);
        } else if (a % 3 === 1) document.editOccurrence(id, chosen.ordinal, { priority: 'high' });
        else
          document.editOccurrence(id, chosen.ordinal, {
            due: { date: `2026-12-${String(10 + (a % 20))}` as never },
          });
        return;
      case 'editFuture':
        document.editFuture(id, a % 2 === 0 ? { title: `all ${n}` } : { priority: 'low' });
        return;
      case 'end':
        // Rarely, or most series would be over soon.
        if (a % 4 !== 0) return;
        document.endSeries(id);
        return;
      case 'rule':
        repeat(peer, a);
        return;
      case 'undo':
        noteReopened(peer, () => document.undo());
        return;
      case 'meet':
        if (other !== peer) sync(peer, other);
        return;
      case 'wait':
        for (const each of replicas) each.clock.ms += (a % 100) * HOUR_MS;
        return;
    }
  }

  function noteReopened({ document, doc, writer }: Replica, command: () => unknown): void {
    const before = document.closedOccurrences(id).map(({ ordinal }) => ordinal);
    command();
    const after = new Set(document.closedOccurrences(id).map(({ ordinal }) => ordinal));
    for (const ordinal of before) {
      // Also where another's closing still stands: that one may be taken back elsewhere.
      const own = doc.getMap<{ v: unknown }>('tasks').get(`${id}#${ordinal}/done@${writer}`);
      if (!after.has(ordinal) || own?.v === null) reopened.add(ordinal);
    }
  }

  for (const each of history.happenings) {
    happen(each);
    for (const peer of replicas) {
      note(peer);
      const open = peer.document.openOccurrences(id).filter(({ ordinal }) => !reopened.has(ordinal));
      if (open.length > 1) wrong.push(`${each.kind}: ${open.map(({ ordinal }) => ordinal).join()}`);
    }
  }
  sync(...replicas);

  /** What stands on the replica now of overrides, so that later nothing of it may be missing. */
  function note({ doc, writer }: Replica): void {
    for (const [key, raw] of doc.getMap<{ v: unknown; t: number }>('tasks')) {
      const path = key.slice(0, key.lastIndexOf('@'));
      if (!path.startsWith(`${id}#`) || path.endsWith('/done') || !key.endsWith(`@${writer}`)) continue;
      overrides.set(`${key} ${raw.t}`, { path, value: raw.v, t: raw.t, author: writer });
    }
  }

  return {
    replicas,
    id,
    reopened,
    overrides: [...overrides.values()],
    hasCount,
    wrong,
    closedByHand,
  };
}
