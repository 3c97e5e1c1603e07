/**
 * Whether an update continues what is known, or leaves a gap.
 *
 * Promise: an update without a gap can be integrated by whoever has what is known; so a log of such updates
 * never leaves anything pending. Clocks of its own clients, clocks that its structs refer to and clocks that
 * it deletes are all looked at.
 * Limits: structs that refer to each other in a circle pass; compaction sets such a row aside.
 */
import type { UpdateInspector } from './inspect.ts';
import type { StateVector } from './state-vector.ts';

/** Whether the inspected update brings new structs; null when it begins, or reaches, beyond what is known. */
export function continues(inspector: UpdateInspector, vector: StateVector): boolean | null {
  let isNew = false;
  let last = -1;
  let reached = 0;
  for (let i = 0; i < inspector.segmentCount; i++) {
    const client = inspector.segmentClient[i] as number;
    if (client !== last) reached = vector.get(client) ?? 0;
    last = client;
    if ((inspector.segmentFrom[i] as number) > reached) return null;
    const to = inspector.segmentTo[i] as number;
    if (to > reached) {
      reached = to;
      isNew = true;
    }
  }
  const index = inspector.segmentCount > 8 ? segmentEnds(inspector) : null;
  for (let i = 0; i < inspector.referenceCount; i++) {
    const client = inspector.referenceClient[i] as number;
    const clock = inspector.referenceClock[i] as number;
    if (clock >= (vector.get(client) ?? 0) && clock >= sentEnd(inspector, client, index)) return null;
  }
  for (let i = 0; i < inspector.deletionCount; i++) {
    const client = inspector.deletionClient[i] as number;
    const deletedTo = inspector.deletionEnd[i] as number;
    if (deletedTo > (vector.get(client) ?? 0) && deletedTo > sentEnd(inspector, client, index)) return null;
  }
  return isNew;
}

function segmentEnds(inspector: UpdateInspector): Map<number, number> {
  const ends = new Map<number, number>();
  for (let i = 0; i < inspector.segmentCount; i++) {
    ends.set(inspector.segmentClient[i] as number, inspector.segmentTo[i] as number);
  }
  return ends;
}

function sentEnd(inspector: UpdateInspector, client: number, index: Map<number, number> | null): number {
  if (index) return index.get(client) ?? 0;
  for (let i = inspector.segmentCount - 1; i >= 0; i--) {
    if (inspector.segmentClient[i] === client) return inspector.segmentTo[i] as number;
  }
  return 0;
}
