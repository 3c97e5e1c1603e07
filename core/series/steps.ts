/**
 * Steps: the subtasks of a recurring task, which are closed per occurrence.
 *
 * Promise: a tick belongs to the occurrence of the series that is open when it is made, so a step is open again when the
 * series advances, and what was ticked before stays as history. Nothing is written for that: whether a step is closed
 * is a pure function of its registers and of what the series says. A tick by someone who did not know yet that the parent
 * repeats counts for the occurrence that the parent then stood for; one without a word about it (older writers) closes
 * the step for good, until it is reopened.
 *
 * Limits: a step's dates are its own and do not move with the series. A subtask that repeats by itself is a series and no
 * step. Why a field of its own and not the occurrence's `done`: a task may be a step today and a series tomorrow, or
 * move from below one series to below another, and the ordinals of one are not those of the other.
 */
import { isId, type EpochMs, type TaskId } from '../ids.ts';
import type { Entity } from '../store.ts';
import { readDone } from '../values.ts';
import { isOrdinal } from './values.ts';

/** Which occurrence of which series a step belongs to now. */
export interface StepOf {
  readonly seriesId: TaskId;
  readonly ordinal: number;
  /** False: it did once and goes on as that occurrence. */
  readonly repeats: boolean;
  /** The step's own parent, which may lie between. */
  readonly parentId: TaskId;
}

export interface StepClosing {
  readonly kind: 'done' | 'skipped';
  readonly at: EpochMs;
  /** What the step was called; null where its writer did not say. */
  readonly title: string | null;
}

/** In an own `done` of a subtask: below which task it was ticked, and as which occurrence of what that is part of. */
export interface TickedAs {
  readonly of: string;
  readonly ordinal: number;
}

/** The field of `<step>#<ordinal>` that holds whether it is closed in that occurrence of the series. */
export function stepField(seriesId: string): string {
  return `done/${seriesId}`;
}

/** null: it is not closed there, or that is not understood. */
export function readStepClosing(value: unknown): StepClosing | null {
  if (typeof value !== 'object' || value === null) return null;
  const { kind, at, title } = value as { [field: string]: unknown };
  if ((kind !== 'done' && kind !== 'skipped') || typeof at !== 'number' || !Number.isFinite(at)) return null;
  return { kind, at: at as EpochMs, title: typeof title === 'string' ? title : null };
}

/** null: it was closed for good. */
export function readTickedAs(value: unknown): TickedAs | null {
  if (typeof value !== 'object' || value === null) return null;
  const { step } = value as { step?: unknown };
  if (typeof step !== 'object' || step === null) return null;
  const { of, ordinal } = step as { of?: unknown; ordinal?: unknown };
  return isId(of) && isOrdinal(ordinal) ? { of, ordinal } : null;
}

/** Does the task's own `done` count now? Not where it was the tick of another occurrence. */
export function countsNow(value: unknown, step: StepOf): boolean {
  const as = readTickedAs(value);
  return as === null || as.of !== step.parentId || as.ordinal === step.ordinal;
}

/** How a step was closed in one occurrence of a series; null: it was not. */
export function stepClosingAt(
  own: Entity,
  occurrence: Entity | undefined,
  { seriesId, parentId }: Pick<StepOf, 'seriesId' | 'parentId'>,
  ordinal: number,
): StepClosing | null {
  const closing = readStepClosing(occurrence?.registers.get(stepField(seriesId))?.[0]?.v ?? null);
  if (closing !== null) return closing;
  const value = own.registers.get('done')?.[0]?.v ?? null;
  const as = readTickedAs(value);
  const done = readDone(value);
  if (as?.of !== parentId || as.ordinal !== ordinal || done === undefined || done.at === null) return null;
  return { kind: done.status === 'done' ? 'done' : 'skipped', at: done.at, title: null };
}
