/** The devices of a person, as the server lists them. */

import {
  createServerCall,
  type Page,
  readInstant,
  readPage,
  type ServerResult,
  withoutValue,
} from '../server-call.ts';

export interface OwnDevice {
  readonly id: string;
  readonly name: string;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

export interface DeviceServer {
  devices(): Promise<ServerResult<Page<OwnDevice>>>;
  /** Its sessions end and it gets no more pushes; nothing on it is deleted. */
  revoke(deviceId: string): Promise<ServerResult<null>>;
}

export function createDeviceServer(origin: string): DeviceServer {
  const call = createServerCall(origin);
  return {
    devices: async () => readPage(await call('GET', '/api/v1/devices'), 'devices', readDevice),
    revoke: async (deviceId) =>
      withoutValue(await call('DELETE', `/api/v1/devices/${encodeURIComponent(deviceId)}`)),
  };
}

function readDevice(value: Record<string, unknown>): OwnDevice | null {
  const { id, name } = value;
  const lastSeenAt = readInstant(value['lastSeenAt']);
  if (typeof id !== 'string' || typeof name !== 'string' || lastSeenAt === null) return null;
  return { id, name, lastSeenAt, firstSeenAt: readInstant(value['firstSeenAt']) ?? lastSeenAt };
}
