/**
 * What one client may ask of the server.
 *
 * Promise: every queue, list and rate in this folder is bounded by a number that stands here.
 * Limits: they are generous for people and for first uploads of large documents; they are there to stop
 * one client from taking the server away from the others.
 */
import type { InspectionLimits } from './inspect.ts';
import { INSPECTION_LIMITS } from './inspect.ts';

export interface SyncLimits {
  readonly inspection: InspectionLimits;
  readonly maxFrameBytes: number;
  /** Frames of one socket: a bucket of `burst` that fills by `perSecond`. Null: no limit. */
  readonly frames: { readonly burst: number; readonly perSecond: number } | null;
  /** Bytes of one socket, likewise. */
  readonly bytes: { readonly burst: number; readonly perSecond: number } | null;
  /** Client ids that one socket may bring into a document. */
  readonly maxNewClientsPerSocket: number;
  /** Entries of a state vector that a client sends. */
  readonly maxStateVectorEntries: number;
  /** Root names that a room accepts while it is open. */
  readonly maxRootNames: number;
  /** Bytes of one socket that wait for their commit before it is read no further. */
  readonly maxUncommittedBytesPerSocket: number;
  /** Bytes of all sockets that wait for their commit before none is read any further. */
  readonly maxUncommittedBytes: number;
  /** Beyond this the sender is told to come back later. */
  readonly maxUncommittedBytesHard: number;
  /** Bytes that wait for a slow reader, beyond the state it asked for. */
  readonly maxOutgoingBytes: number;
  readonly maxAwarenessClientsPerSocket: number;
  readonly maxAwarenessStateBytes: number;
  readonly maxTicketsWaiting: number;
  readonly maxSockets: number;
  readonly heartbeatMs: number;
  /** A socket from which nothing came for this long is dead. */
  readonly silenceMs: number;
  readonly recheckMs: number;
  /** How long an empty room is kept. */
  readonly idleRoomMs: number;
  readonly pollMs: number;
}

const MIB = 1024 * 1024;

export const SYNC_LIMITS: SyncLimits = {
  inspection: INSPECTION_LIMITS,
  maxFrameBytes: 32 * MIB,
  frames: { burst: 5000, perSecond: 500 },
  bytes: { burst: 64 * MIB, perSecond: 2 * MIB },
  maxNewClientsPerSocket: 5000,
  maxStateVectorEntries: 100_000,
  maxRootNames: 200,
  maxUncommittedBytesPerSocket: 4 * MIB,
  maxUncommittedBytes: 32 * MIB,
  maxUncommittedBytesHard: 256 * MIB,
  maxOutgoingBytes: 16 * MIB,
  maxAwarenessClientsPerSocket: 64,
  maxAwarenessStateBytes: 16 * 1024,
  maxTicketsWaiting: 10_000,
  maxSockets: 50_000,
  heartbeatMs: 15_000,
  silenceMs: 50_000,
  recheckMs: 60_000,
  idleRoomMs: 60_000,
  pollMs: 2000,
};

/** RATE_LIMITS=off: for benchmarks and trusted networks. What protects memory stays. */
export function withoutRateLimits(limits: SyncLimits): SyncLimits {
  return { ...limits, frames: null, bytes: null, maxNewClientsPerSocket: Number.MAX_SAFE_INTEGER };
}
