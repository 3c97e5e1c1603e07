/**
 * Events between processes by PUBLISH and SUBSCRIBE of Redis 6 and newer, or Valkey, over one connection (RESP 3).
 *
 * Promise: a subscriber that reads too slowly is thrown out by the server (client-output-buffer-limit pubsub), which is a loss of
 * the connection like any other. Nothing is stored in the server.
 * Limits: one server, or a proxy in front of several; the library's own way to come back is off, since event-stream.ts does that
 * for every transport alike. The only importer of @redis/client.
 */
import { createClient } from '@redis/client';
import type { ConnectionHandlers, EventConnection } from '@holdfast/db/event-stream.ts';
import type { BusAddress } from './bus-address.ts';

/** Redis takes 512 MB; this keeps what one message can hold up short. */
const MAX_MESSAGE_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 5000;

export async function connectRedis(
  address: BusAddress,
  channel: string,
  handlers: ConnectionHandlers,
): Promise<EventConnection> {
  const { host, port, tls, user, password } = address;
  const common = { host, port, connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false } as const;
  const client = createClient({
    RESP: 3,
    socket: tls ? { ...common, tls: true } : { ...common, tls: false },
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    name: 'holdfast',
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
  });
  client.on('error', (error: Error) => handlers.lost(error));
  client.on('end', () => handlers.lost());
  try {
    await client.connect();
    await client.subscribe(channel, (text) => handlers.message(text));
  } catch (error) {
    client.destroy();
    throw error;
  }
  return {
    maxMessageBytes: MAX_MESSAGE_BYTES,
    send: async (text) => {
      await client.publish(channel, text);
    },
    probe: async () => {
      await client.ping();
    },
    close: async () => client.destroy(),
  };
}
