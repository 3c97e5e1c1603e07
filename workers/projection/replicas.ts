/**
 * The replicas that a process keeps between turns: the spaces used last, up to a bound.
 *
 * Promise: one that is taken is not here until it is put back, so nobody else changes it meanwhile. Limits: counted in bytes
 * of updates, of which a document in memory takes about ten times as much; one large space is kept though it is over.
 * Why kept at all: to make a document of ten thousand tasks anew takes a fifth of a second, to apply an edit microseconds.
 */
import type { Replica } from './replica.ts';

export interface Replicas {
  take(spaceId: string): Replica | undefined;
  put(spaceId: string, replica: Replica): void;
  close(): void;
}

export const REPLICA_BOUNDS = { count: 200, bytes: 24 * 1024 * 1024 } as const;

export function createReplicas(
  bounds: { readonly count: number; readonly bytes: number } = REPLICA_BOUNDS,
): Replicas {
  const kept = new Map<string, Replica>();

  function total(): number {
    let bytes = 0;
    for (const replica of kept.values()) bytes += replica.bytes;
    return bytes;
  }

  return {
    take(spaceId) {
      const replica = kept.get(spaceId);
      kept.delete(spaceId);
      return replica;
    },
    put(spaceId, replica) {
      kept.get(spaceId)?.close();
      kept.delete(spaceId);
      kept.set(spaceId, replica);
      for (const [id, old] of kept) {
        if (kept.size <= 1 || (kept.size <= bounds.count && total() <= bounds.bytes)) break;
        old.close();
        kept.delete(id);
      }
    },
    close() {
      for (const replica of kept.values()) replica.close();
      kept.clear();
    },
  };
}
