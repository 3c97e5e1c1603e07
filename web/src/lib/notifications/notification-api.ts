/**
 * What the server offers around notifications and history, over its HTTP API with the browser's session.
 *
 * Promise: every outcome is a value; 'unreachable' means that no answer came. Answers are checked field by field, so a
 * server that is older or newer leaves gaps and never breaks a page.
 */

import {
  type NotificationPreferences,
  readNotificationPreferences,
} from '@holdfast/core/notification-preferences.ts';

export type ServerResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string };

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
  readonly ordinal: number | null;
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly userName: string | null;
  readonly deviceName: string | null;
  readonly claimedAt: number;
  readonly receivedAt: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
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
  audit(
    spaceId: string,
    o: { task: string; limit: number; cursor?: string | null },
  ): Promise<ServerResult<Page<AuditEntry>>>;
}

const ANSWER_TIMEOUT_MS = 20_000;
const ODD = {
  ok: false,
  code: 'odd-answer',
  message: 'The server answered in a way this version cannot read.',
} as const;

export function createNotificationServer(origin: string): NotificationServer {
  async function call(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<ServerResult<unknown>> {
    let response: Response;
    try {
      response = await fetch(new URL(path, origin), {
        method,
        credentials: 'include',
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      });
    } catch {
      return {
        ok: false,
        code: 'unreachable',
        message: 'The server could not be reached. Nothing was changed.',
      };
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: answer };
    const { code, detail } = isRecord(answer) ? answer : {};
    return {
      ok: false,
      code: typeof code === 'string' ? code : `http-${String(response.status)}`,
      message: typeof detail === 'string' ? detail : `The server answered with ${String(response.status)}.`,
    };
  }

  async function done(answer: Promise<ServerResult<unknown>>): Promise<ServerResult<null>> {
    const result = await answer;
    return result.ok ? { ok: true, value: null } : result;
  }

  function preferencesOf(result: ServerResult<unknown>): ServerResult<NotificationPreferences> {
    if (!result.ok) return result;
    const read = readNotificationPreferences(result.value);
    return read.ok ? { ok: true, value: read.preferences } : ODD;
  }

  function pageOf<T>(
    result: ServerResult<unknown>,
    field: string,
    read: (value: Record<string, unknown>) => T | null,
  ): ServerResult<Page<T>> {
    if (!result.ok) return result;
    const list = isRecord(result.value) ? result.value[field] : null;
    if (!isRecord(result.value) || !Array.isArray(list)) return ODD;
    const { nextCursor } = result.value;
    const items = list
      .filter(isRecord)
      .map(read)
      .filter((item) => item !== null);
    return { ok: true, value: { items, next: typeof nextCursor === 'string' ? nextCursor : null } };
  }

  return {
    preferences: async () => preferencesOf(await call('GET', '/api/v1/notification-preferences')),
    savePreferences: async (preferences) =>
      preferencesOf(await call('PUT', '/api/v1/notification-preferences', preferences)),
    async history({ limit, cursor }) {
      const query = pageQuery(limit, cursor);
      return pageOf(await call('GET', `/api/v1/notifications?${query}`), 'notifications', readEntry);
    },
    async test() {
      const result = await call('POST', '/api/v1/notifications/test', {});
      if (!result.ok) return result;
      const entry = isRecord(result.value) ? readEntry(result.value) : null;
      if (!isRecord(result.value) || !entry) return ODD;
      const { skipped } = result.value;
      const list = (Array.isArray(skipped) ? skipped : []).filter(isRecord);
      return {
        ok: true,
        value: {
          entry,
          skipped: list.map(({ channel, reason }) => ({
            channel: text(channel) ?? '',
            reason: text(reason) ?? '',
          })),
        },
      };
    },
    async pushKey() {
      const result = await call('GET', '/api/v1/push-subscriptions/key');
      if (!result.ok) return result;
      const key = isRecord(result.value) ? result.value['key'] : null;
      return typeof key === 'string' ? { ok: true, value: key } : ODD;
    },
    subscribe: ({ endpoint, keys }, deviceId) =>
      done(call('POST', '/api/v1/push-subscriptions', { endpoint, keys, deviceId })),
    unsubscribe: (endpoint) => done(call('DELETE', '/api/v1/push-subscriptions', { endpoint })),
    async audit(spaceId, { task, limit, cursor }) {
      const query = `task=${encodeURIComponent(task)}&${pageQuery(limit, cursor)}`;
      const path = `/api/v1/spaces/${encodeURIComponent(spaceId)}/audit?${query}`;
      return pageOf(await call('GET', path), 'entries', readAudit);
    },
  };
}

function pageQuery(limit: number, cursor: string | null | undefined): string {
  return `limit=${String(limit)}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
}

function readEntry(value: Record<string, unknown>): NotificationEntry | null {
  const { id, kind, state, deliveries } = value;
  const fireAt = instant(value['fireAt']);
  if (typeof id !== 'string' || typeof kind !== 'string' || typeof state !== 'string' || fireAt === null) {
    return null;
  }
  return {
    id,
    kind,
    taskId: text(value['taskId']),
    ordinal: typeof value['ordinal'] === 'number' ? value['ordinal'] : 0,
    fireAt,
    state,
    reason: text(value['reason']),
    shownAt: instant(value['shownAt']),
    actedAt: instant(value['actedAt']),
    action: text(value['action']),
    deliveries: (Array.isArray(deliveries) ? deliveries : []).filter(isRecord).map((delivery) => ({
      channel: text(delivery['channel']) ?? '',
      target: text(delivery['target']) ?? '',
      state: text(delivery['state']) ?? '',
      error: text(delivery['error']),
      sentAt: instant(delivery['sentAt']),
    })),
  };
}

function readAudit(value: Record<string, unknown>): AuditEntry | null {
  const { seq, field, ordinal } = value;
  const claimedAt = instant(value['claimedAt']);
  const receivedAt = instant(value['receivedAt']);
  if (typeof field !== 'string' || claimedAt === null || receivedAt === null) return null;
  return {
    seq: Number(seq),
    ordinal: typeof ordinal === 'number' ? ordinal : null,
    field,
    before: value['before'] ?? null,
    after: value['after'] ?? null,
    userName: text(value['userName']),
    deviceName: text(value['deviceName']),
    claimedAt,
    receivedAt,
  };
}

/** An instant as ISO text or epoch ms. */
function instant(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
