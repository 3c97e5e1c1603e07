/**
 * What rooms and sessions share, and how they see each other.
 *
 * Why a file of its own: a room knows its members and a session its room; with the types here neither has to
 * import the other.
 */
import type { Database } from '@holdfast/db/database.ts';
import type { GroupCommit } from '@holdfast/db/group-commit.ts';
import type { LogEntry } from '@holdfast/db/update-log.ts';
import type { Logger } from '../logging.ts';
import type { Tracing } from '../tracing.ts';
import type { SyncClock } from './clock.ts';
import type { Decoder } from './decode.ts';
import type { EditTrace } from './edit-trace.ts';
import type { Fanout } from './fanout.ts';
import type { UpdateInspector } from './inspect.ts';
import type { SyncLimits } from './limits.ts';
import type { SyncMeasures } from './measures.ts';
import type { CloseCode, MessageReader } from './wire.ts';

export interface SyncHub {
  readonly database: Database;
  readonly log: GroupCommit<PendingEdit>;
  readonly fanout: Fanout;
  readonly decoder: Decoder;
  readonly limits: SyncLimits;
  readonly logger: Logger;
  readonly measures: SyncMeasures;
  /** null: no traces are sent, and nothing is made for them. */
  readonly tracing: Tracing | null;
  readonly clock: SyncClock;
  /** For what clients send. */
  readonly inspector: UpdateInspector;
  /** For what is stored already. */
  readonly trusting: UpdateInspector;
  /** Reads the message at hand; what it says holds until the next message. */
  readonly reader: MessageReader;
}

/** A socket, as its room sees it. */
export interface RoomMember {
  /** For logs and traces. */
  readonly connectionId: string;
  readonly userId: string;
  readonly deviceId: string | null;
  /** See ownerKey; empty for a client that names no device. */
  readonly owner: string;
  readonly role: 'owner' | 'editor' | 'viewer';
  readonly wantsHead: boolean;
  uncommittedBytes: number;
  newClients: number;
  ticketsWaiting: number;
  send(frames: Buffer): void;
  /** As send, but what waits does not count as slowness: the client asked for it all at once. */
  sendState(frames: Buffer): void;
  onCommitted(bytes: number): void;
  close(code: CloseCode, reason: string): void;
}

/** An admitted update on its way to its commit. */
export interface PendingEdit extends LogEntry {
  readonly body: Buffer;
  readonly frame: Buffer;
  readonly session: RoomMember;
  /** Where the delete set begins in the body; -1 when it is empty. */
  readonly deleteSetAt: number;
  /** When it was admitted; milliseconds of performance.now(). */
  readonly admittedAtMs: number;
  readonly trace: EditTrace | null;
}

/** A member that can be asked whether it is still there. */
export interface LiveMember extends RoomMember {
  readonly isOpen: boolean;
  /** Whether it gives a sign of life within the time. */
  probe(timeoutMs: number): Promise<boolean>;
  terminate(): void;
}

export function ownerKey(userId: string, deviceId: string): string {
  return `${userId}\n${deviceId}`;
}
