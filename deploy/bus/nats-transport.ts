/**
 * Events between processes by core NATS: one subject, no streams, nothing is stored.
 *
 * Promise: a subscriber that reads too slowly is thrown out by the server, which is a loss of the connection like any other; so is
 * a permission that is missing, since nothing would arrive.
 * Limits: a message is at most what the server takes (max_payload, by default 1 MB). Of a cluster the host of the address is used,
 * which may be a name that leads to any of its servers; the library's own way to come back is off, since event-stream.ts does that
 * for every transport alike. The only importer of @nats-io/transport-node.
 */
import { connect } from '@nats-io/transport-node';
import type { ConnectionHandlers, EventConnection } from '@holdfast/db/event-stream.ts';
import type { BusAddress } from './bus-address.ts';

/** Less than most servers take: it keeps what one message can hold up short. */
const MAX_MESSAGE_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 5000;

export async function connectNats(
  address: BusAddress,
  subject: string,
  handlers: ConnectionHandlers,
): Promise<EventConnection> {
  const { host, port, tls, user, password } = address;
  const client = await connect({
    servers: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    name: 'holdfast',
    reconnect: false,
    ignoreClusterUpdates: true,
    noEcho: true,
    timeout: CONNECT_TIMEOUT_MS,
    ...(tls ? { tls: {} } : {}),
    ...(user !== undefined && password === undefined ? { token: user } : {}),
    ...(password === undefined ? {} : { user: user ?? '', pass: password }),
  });
  void client.closed().then((error) => handlers.lost(error ?? undefined));
  void watchForRefusals(client.status(), handlers);
  client.subscribe(subject, {
    callback: (error, message) => {
      if (error) handlers.lost(error);
      else handlers.message(message.string());
    },
  });
  // Afterwards the server has the subscription.
  await client.flush();
  return {
    maxMessageBytes: Math.min(MAX_MESSAGE_BYTES, client.info?.max_payload ?? MAX_MESSAGE_BYTES),
    send: async (text) => {
      client.publish(subject, text);
      await client.flush();
    },
    probe: () => client.flush(),
    close: () => client.close(),
  };
}

async function watchForRefusals(
  states: AsyncIterable<{ readonly type: string; readonly error?: unknown }>,
  handlers: ConnectionHandlers,
): Promise<void> {
  for await (const { type, error } of states) {
    if (type === 'error') handlers.lost(error instanceof Error ? error : new Error(String(error)));
  }
}
