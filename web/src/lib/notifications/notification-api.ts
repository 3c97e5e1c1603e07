/**
 * What the server offers around notifications and history, over its HTTP API with the browser's session.
 *
 * Promise: every outcome is a value, as server-call.ts says. Answers are checked field by field.
 */

import {
  type NotificationPreferences,
  readNotificationPreferences,
} from '@holdfast/core/notification-preferences.ts';
import {
  createServerCall,
  isRecord,
  ODD_ANSWER,
  type Page,
  readInstant,
  readPage,
  readText,
  type ServerResult,
  withoutValue,
} from '../server-call.ts';

export interface Delivery {
  readonly channel: string;
  readonly target: string;
  readonly state: string;
  readonly error: string | null;
  readonly sentAt: number | null;
}

/** One line of the history of notifications. Times are epoch ms. */
export interface NotificationEntry {
  readonly id: string;
  readonly kind: string;
  readonly taskId: string | null;
  readonly ordinal: number;
  readonly fireAt: number;
  readonly state: string;
  readonly reason: string | null;
  readonly shownAt: number | null;
  readonly actedAt: number | null;
  readonly action: string | null;
  readonly deliveries: readonly Delivery[];
}

export interface SentTest {
  readonly entry: NotificationEntry;
  readonly skipped: readonly { readonly channel: string; readonly reason: string }[];
}

export interface AuditEntry {
  readonly seq: number;
  readonly entity: string;
  readonly entityId: string;
  readonly ordinal: number | null;
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly userName: string | null;
  /** Null, or `api:` and a token's, where no device made it. */
  readonly deviceId: string | null;
  readonly deviceName: string | null;
  readonly claimedAt: number;
  readonly receivedAt: number;
}

export interface NotificationServer {
  preferences(): Promise<ServerResult<NotificationPreferences>>;
  savePreferences(preferences: NotificationPreferences): Promise<ServerResult<NotificationPreferences>>;
  history(o: { limit: number; cursor?: string | null }): Promise<ServerResult<Page<NotificationEntry>>>;
  /** What is being sent, and by which ways it is not. */
  test(): Promise<ServerResult<SentTest>>;
  pushKey(): Promise<ServerResult<string>>;
  subscribe(subscription: PushSubscriptionJSON, deviceId: string): Promise<ServerResult<null>>;
  unsubscribe(endpoint: string): Promise<ServerResult<null>>;
  audit(spaceId: string, question: AuditQuestion): Promise<ServerResult<Page<AuditEntry>>>;
}

export interface AuditQuestion {
  /** Absent: of everything in the space. */
  readonly task?: string;
  /** Only what the server got after this instant, epoch ms. */
  readonly after?: number;
  readonly limit: number;
  readonly cursor?: string | null;
}

export function createNotificationServer(origin: string): NotificationServer {
  const call = createServerCall(origin);

  function preferencesOf(result: ServerResult<unknown>): ServerResult<NotificationPreferences> {
    if (!result.ok) return result;
    const read = readNotificationPreferences(result.value);
    return read.ok ? { ok: true, value: read.preferences } : ODD_ANSWER;
  }

  return {
    preferences: async () => preferencesOf(await call('GET', '/api/v1/notification-preferences')),
    savePreferences: async (preferences) =>
      preferencesOf(await call('PUT', '/api/v1/notification-preferences', preferences)),
    async history({ limit, cursor }) {
      const query = pageQuery(limit, cursor);
      return readPage(await call('GET', `/api/v1/notifications?${query}`), 'notifications', readEntry);
    },
    async test() {
      const result = await call('POST', '/api/v1/notifications/test', {});
      if (!result.ok) return result;
      const entry = isRecord(result.value) ? readEntry(result.value) : null;
      if (!isRecord(result.value) || !entry) return ODD_ANSWER;
      const { skipped } = result.value;
      const list = (Array.isArray(skipped) ? skipped : []).filter(isRecord);
      return {
        ok: true,
        value: {
          entry,
          skipped: list.map(({ channel, reason }) => ({
            channel: readText(channel) ?? '',
            reason: readText(reason) ?? '',
          })),
        },
      };
    },
    async pushKey() {
      const result = await call('GET', '/api/v1/push-subscriptions/key');
      if (!result.ok) return result;
      const key = isRecord(result.value) ? result.value['key'] : null;
      return typeof key === 'string' ? { ok: true, value: key } : ODD_ANSWER;
    },
    subscribe: async ({ endpoint, keys }, deviceId) =>
      withoutValue(await call('POST', '/api/v1/push-subscriptions', { endpoint, keys, deviceId })),
    unsubscribe: async (endpoint) =>
      withoutValue(await call('DELETE', '/api/v1/push-subscriptions', { endpoint })),
    async audit(spaceId, { task, after, limit, cursor }) {
      const since = after === undefined ? undefined : new Date(after).toISOString();
      const of = Object.entries({ task, after: since }).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${encodeURIComponent(value)}&`],
      );
      const query = `${of.join('')}${pageQuery(limit, cursor)}`;
      const path = `/api/v1/spaces/${encodeURIComponent(spaceId)}/audit?${query}`;
      return readPage(await call('GET', path), 'entries', readAudit);
    },
  };
}

function pageQuery(limit: number, cursor: string | null | undefined): string {
  return `limit=${String(limit)}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
}

function readEntry(value: Record<string, unknown>): NotificationEntry | null {
  const { id, kind, state, deliveries } = value;
  const fireAt = readInstant(value['fireAt']);
  if (typeof id !== 'string' || typeof kind !== 'string' || typeof state !== 'string' || fireAt === null) {
    return null;
  }
  return {
    id,
    kind,
    taskId: readText(value['taskId']),
    ordinal: typeof value['ordinal'] === 'number' ? value['ordinal'] : 0,
    fireAt,
    state,
    reason: readText(value['reason']),
    shownAt: readInstant(value['shownAt']),
    actedAt: readInstant(value['actedAt']),
    action: readText(value['action']),
    deliveries: (Array.isArray(deliveries) ? deliveries : []).filter(isRecord).map((delivery) => ({
      channel: readText(delivery['channel']) ?? '',
      target: readText(delivery['target']) ?? '',
      state: readText(delivery['state']) ?? '',
      error: readText(delivery['error']),
      sentAt: readInstant(delivery['sentAt']),
    })),
  };
}

function readAudit(value: Record<string, unknown>): AuditEntry | null {
  const { seq, field, ordinal } = value;
  const claimedAt = readInstant(value['claimedAt']);
  const receivedAt = readInstant(value['receivedAt']);
  if (typeof field !== 'string' || claimedAt === null || receivedAt === null) return null;
  return {
    seq: Number(seq),
    entity: readText(value['entity']) ?? 'task',
    entityId: readText(value['entityId']) ?? '',
    ordinal: typeof ordinal === 'number' ? ordinal : null,
    field,
    before: value['before'] ?? null,
    after: value['after'] ?? null,
    userName: readText(value['userName']),
    deviceId: readText(value['deviceId']),
    deviceName: readText(value['deviceName']),
    claimedAt,
    receivedAt,
  };
}
