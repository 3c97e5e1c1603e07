/**
 * Devices: who they are, which client ids are theirs, how far each has come, and who is told.
 *
 * Promise: a client id belongs to the device that registers it first and is granted for writing to one
 * living socket at a time; every device that says hello learns, on change, how far the others have come, and
 * under which name they know it: no two devices of a person have the same.
 * Limits: whether a device is connected is known for this process only. An id that carries edits already
 * but was never registered cannot be claimed any more: content alone binds an id to nobody, so it stays
 * open to all.
 */
import {
  claimLive,
  progressOf,
  registerClients,
  releaseLive,
  saveProgress,
  seeDevice,
} from '@holdfast/db/devices.ts';
import { readHead } from '@holdfast/db/update-log.ts';
import { ownerKey } from './hub.ts';
import type { SyncHub } from './hub.ts';
import type { Room } from './room.ts';
import type { Session, SessionServices } from './session.ts';
import { CLOSE, MESSAGE, MalformedError, jsonFrame } from './wire.ts';

export interface Presence extends Omit<SessionServices, 'closed'> {
  /** Something about the devices of a room changed, here or elsewhere. */
  changed(room: Room): void;
  /** Writes progress and tells devices; call it every second or so. */
  flush(): Promise<void>;
}

/** The lowest and the highest version of messages 100 to 106 that this server speaks. */
const PROTOCOL = 1;
const PROBE_MS = 3000;
const MAX_IDS = 10_000;

interface Hello {
  readonly protocol: number;
  readonly device: { readonly id: string; readonly name: string };
  readonly clientIds: readonly number[];
  readonly writing: number | null;
}

interface Progress {
  readonly spaceId: string;
  readonly userId: string;
  readonly deviceId: string;
  appliedSeq: number;
}

export function createPresence(hub: SyncHub): Presence {
  const progress = new Map<string, Progress>();
  const dirty = new Set<Room>();
  let flushing: Promise<void> | null = null;

  function noteProgress(session: Session, seq: number): void {
    const { deviceId, spaceId, userId } = session;
    if (deviceId === null) return;
    const key = `${spaceId}\n${userId}\n${deviceId}`;
    const known = progress.get(key);
    if (known) known.appliedSeq = Math.max(known.appliedSeq, seq);
    else progress.set(key, { spaceId, userId, deviceId, appliedSeq: seq });
  }

  async function hello(session: Session, room: Room, text: string): Promise<void> {
    const said = readHello(text);
    if (said.protocol < PROTOCOL) {
      session.close(CLOSE.tooOld, 'This version of the app is too old for the server. Reload it.');
      return;
    }
    const { database } = hub;
    session.setDevice(said.device.id);
    const device = { userId: session.userId, deviceId: said.device.id };
    const name = await seeDevice(database, device, said.device.name, session.principal);
    if (name === null) {
      session.close(CLOSE.unauthenticated, 'This device was revoked. Sign in again.');
      return;
    }
    // What other processes committed counts: the clocks that are answered decide whether an id may be used.
    const head = await readHead(database, room.spaceId);
    await room.catchUp();
    const fresh = said.clientIds.filter((id) => room.ownerOf(id) === undefined && room.clockOf(id) === 0);
    await registerClients(database, room.spaceId, device, fresh);
    if (fresh.length > 0) {
      await room.loadOwners();
      hub.fanout.announce({ kind: 'clients', spaceId: room.spaceId });
    }
    const refused = said.clientIds.filter(
      (id) => room.ownerOf(id) !== ownerKey(device.userId, device.deviceId),
    );
    if (
      said.writing !== null &&
      !refused.includes(said.writing) &&
      !(await takeLive(session, room, said.writing))
    ) {
      refused.push(said.writing);
    }
    if (!session.isOpen) return;
    const clocks: Record<string, number> = {};
    for (const id of said.clientIds) clocks[id] = room.clockOf(id);
    session.wantsHead = true;
    session.send(
      jsonFrame(MESSAGE.hello, {
        protocol: PROTOCOL,
        epoch: room.epoch,
        serverTime: hub.clock.now(),
        head: Math.max(head?.head ?? 0, room.seq),
        clocks,
        refused,
        name,
      }),
    );
    noteProgress(session, 0);
    dirty.add(room);
  }

  /** Whether this session now is the one that writes with the id. */
  async function takeLive(session: Session, room: Room, clientId: number): Promise<boolean> {
    const holder = room.live.get(clientId);
    if (holder && holder !== session) {
      // A network that changed leaves a dead socket behind: ask it before believing it.
      if (await holder.probe(PROBE_MS)) return false;
      holder.terminate();
    }
    if (!(await claimLive(hub.database, room.spaceId, clientId, hub.fanout.processKey))) return false;
    if (!session.isOpen) {
      await releaseLive(hub.database, room.spaceId, clientId, hub.fanout.processKey);
      return false;
    }
    // Another session of this process may have taken it while the database was asked.
    const now = room.live.get(clientId);
    if (now && now !== session) return false;
    room.live.set(clientId, session);
    if (!session.claimed?.includes(clientId)) (session.claimed ??= []).push(clientId);
    return true;
  }

  async function push(room: Room): Promise<void> {
    if (room.retired) return;
    const listeners = [...room.sessions].filter((session) => session.wantsHead);
    if (listeners.length === 0) return;
    const connected = new Set(listeners.map((session) => session.owner));
    const devices = (await progressOf(hub.database, room.spaceId)).map((entry) => ({
      id: entry.deviceId,
      name: entry.name,
      applied: entry.appliedSeq,
      seenAt: entry.seenAt.getTime(),
      connected: connected.has(ownerKey(entry.userId, entry.deviceId)),
    }));
    const frame = jsonFrame(MESSAGE.devices, { devices });
    for (const session of listeners) session.send(frame);
  }

  async function flushNow(): Promise<void> {
    // Taken together: what a device reports while this waits for the database is saved, and told, the next time.
    const saving = [...progress.values()];
    progress.clear();
    const rooms = [...dirty];
    dirty.clear();
    try {
      await saveProgress(hub.database, saving);
    } catch (error) {
      hub.logger.warn({ err: error }, 'could not save how far devices have come; it is tried again');
      for (const entry of saving) {
        const key = `${entry.spaceId}\n${entry.userId}\n${entry.deviceId}`;
        const newer = progress.get(key);
        if (!newer || newer.appliedSeq < entry.appliedSeq) progress.set(key, entry);
      }
      for (const room of rooms) dirty.add(room);
      return;
    }
    for (const spaceId of new Set(saving.map((entry) => entry.spaceId))) {
      hub.fanout.announce({ kind: 'devices', spaceId });
    }
    for (const room of rooms) {
      try {
        await push(room);
      } catch (error) {
        hub.logger.warn({ err: error, spaceId: room.spaceId }, 'could not tell how far devices have come');
      }
    }
  }

  return {
    hello,
    applied(session, room, seq) {
      noteProgress(session, Math.min(seq, room.seq));
      dirty.add(room);
    },
    left(session, room) {
      if (session.deviceId === null || !room) return;
      dirty.add(room);
      for (const clientId of session.claimed ?? []) {
        // The next claim by this process passes anyway; another process waits for this.
        releaseLive(hub.database, room.spaceId, clientId, hub.fanout.processKey).catch((error: unknown) => {
          hub.logger.warn({ err: error, spaceId: room.spaceId }, 'could not release a client id');
        });
      }
    },
    changed(room) {
      dirty.add(room);
    },
    flush() {
      if (dirty.size === 0 && progress.size === 0) return flushing ?? Promise.resolve();
      flushing ??= flushNow().finally(() => {
        flushing = null;
      });
      return flushing;
    },
  };
}

function readHello(text: string): Hello {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw new MalformedError('a hello that is no JSON');
  }
  const { protocol, device, clientIds, writing } = (said ?? {}) as Record<string, unknown>;
  const { id, name } = (device ?? {}) as Record<string, unknown>;
  const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isId(protocol)) throw new MalformedError('a hello without a protocol');
  if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id))
    throw new MalformedError('a hello without a device id');
  if (typeof name !== 'string' || name.length > 200 || name.includes('\0')) {
    throw new MalformedError('a hello without a device name');
  }
  if (!Array.isArray(clientIds) || clientIds.length > MAX_IDS || !clientIds.every(isId)) {
    throw new MalformedError('a hello with malformed client ids');
  }
  if (writing !== null && !isId(writing)) throw new MalformedError('a hello with a malformed writing id');
  return { protocol, device: { id, name }, clientIds: [...new Set(clientIds)], writing };
}
