/**
 * Notifications, as the person sees them: preferences, history, tests, and the subscriptions of their devices; and the link
 * of mails that turns them off.
 *
 * Promise: everything is the caller's own. What changes here is planned and sent by the workers, which are told; they find
 * it in the tables also where the telling gets lost. Opening the link of a mail changes nothing by itself, because mail
 * programs open links; the button on its page does, and so does a mail program's own (RFC 8058).
 */
import {
  DEFAULT_NOTIFICATION_PREFERENCES,
  readNotificationPreferences,
} from '@holdfast/core/notification-preferences.ts';
import type { NotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import type { Database } from '@holdfast/db/database.ts';
import {
  noteActed,
  noteShown,
  notificationHistory,
  queueTest,
  removeSubscription,
  savePreferences,
  saveSubscription,
  storedPreferences,
  subscriptionsOf,
  turnMailOff,
} from '@holdfast/db/notifications.ts';
import type { HistoryEntry, HistoryPosition } from '@holdfast/db/notifications.ts';
import { readUnsubscribeToken } from '@holdfast/db/unsubscribe-token.ts';
import { isUuid } from '@holdfast/db/uuid.ts';
import type { ServerConfig } from '../config.ts';
import * as schemas from './notification-schemas.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { Problem } from './problem.ts';
import { endpointFault } from './public-endpoint.ts';
import type { RateLimits } from './rate-limits.ts';
import { tooMany } from './serve-operations.ts';

export interface NotificationOperationsOptions {
  readonly database: Database;
  readonly rateLimits: RateLimits;
  readonly now: () => number;
  readonly config: Pick<
    ServerConfig,
    'authSecret' | 'vapidPublicKey' | 'hasMailServer' | 'allowPrivateEndpoints'
  >;
  /** There is something for the workers to plan or to send. */
  readonly changed: (userId: string) => void;
}

const GROUP = 'Notifications';

export function notificationOperations(options: NotificationOperationsOptions): Operation[] {
  const { database, rateLimits, now, config, changed } = options;

  async function preferencesOf(userId: string): Promise<NotificationPreferences> {
    const read = readNotificationPreferences(await storedPreferences(database, userId));
    return read.ok ? read.preferences : DEFAULT_NOTIFICATION_PREFERENCES;
  }

  /** By which channels a test goes, and why not by the others. */
  async function waysFor(userId: string): Promise<{
    channels: NotificationPreferences['channels'];
    skipped: { channel: 'push' | 'email' | 'app'; reason: string }[];
  }> {
    const { channels } = await preferencesOf(userId);
    const faults: Record<'push' | 'email' | 'app', string | null> = {
      push: !channels.push
        ? 'You have turned push off.'
        : config.vapidPublicKey === undefined
          ? 'The server has no keys for push.'
          : (await subscriptionsOf(database, userId)) === 0
            ? 'None of your devices has push turned on.'
            : null,
      email: !channels.email
        ? 'You have turned e-mail off.'
        : config.hasMailServer === true
          ? null
          : 'The server has no mail server (SMTP_URL and MAIL_FROM).',
      app: channels.app ? null : 'You have turned notifications in the app off.',
    };
    return {
      channels: { push: faults.push === null, email: faults.email === null, app: faults.app === null },
      skipped: (['push', 'email', 'app'] as const).flatMap((channel) => {
        const reason = faults[channel];
        return reason === null ? [] : [{ channel, reason }];
      }),
    };
  }

  function accountOf(token: string): string {
    const userId = readUnsubscribeToken(config.authSecret, token);
    if (userId === null) {
      throw new Problem(
        'not-found',
        'This link is not one of this server, or it was cut short by a mail program.',
      );
    }
    return userId;
  }

  return [
    operation({
      id: 'getNotificationPreferences',
      method: 'get',
      path: '/api/v1/notification-preferences',
      group: GROUP,
      summary: 'How you want to be told; the defaults where you never said',
      access: 'user',
      result: schemas.preferences,
      status: 200,
      handle: ({ principal }) => preferencesOf(principal.userId),
    }),
    operation({
      id: 'putNotificationPreferences',
      method: 'put',
      path: '/api/v1/notification-preferences',
      group: GROUP,
      summary: 'Set how you want to be told; what is planned is planned anew by it',
      access: 'user',
      body: schemas.preferencesInput,
      result: schemas.preferences,
      status: 200,
      async handle({ principal, body }) {
        // The schema is core's own judgement.
        const preferences = body as NotificationPreferences;
        await savePreferences(database, principal.userId, preferences, new Date(now()));
        changed(principal.userId);
        return preferences;
      },
    }),
    operation({
      id: 'listNotifications',
      method: 'get',
      path: '/api/v1/notifications',
      group: GROUP,
      summary: 'What is planned, and what became of what was: newest first',
      access: 'user',
      query: schemas.historyQuery,
      result: schemas.history,
      status: 200,
      async handle({ principal, query: { limit, cursor, task } }) {
        const after = cursor === undefined ? null : positionOf(cursor);
        const found = await notificationHistory(database, principal.userId, {
          limit: limit + 1,
          after,
          taskId: task,
        });
        const page = found.slice(0, limit);
        const last = page.at(-1);
        return {
          notifications: page.map(shown),
          nextCursor: found.length > limit && last ? cursorAfter(last) : null,
        };
      },
    }),
    operation({
      id: 'testNotifications',
      method: 'post',
      path: '/api/v1/notifications/test',
      group: GROUP,
      summary: 'Send yourself a test by every channel that is on; says what was queued and what was not',
      access: 'user',
      result: schemas.testResult,
      status: 200,
      async handle({ principal: { userId } }) {
        const waitMs = rateLimits.take('notification-test', userId);
        if (waitMs > 0) throw tooMany(waitMs);
        const { channels, skipped } = await waysFor(userId);
        const id = await queueTest(database, userId, channels, new Date(now()));
        const [entry] = id === null ? [] : await notificationHistory(database, userId, { limit: 1, id });
        if (!entry) throw new Problem('not-found', 'You have no space yet; open the app once.');
        changed(userId);
        return { ...shown(entry), skipped };
      },
    }),
    operation({
      id: 'noteNotificationShown',
      method: 'post',
      path: '/api/v1/notifications/{id}/shown',
      group: GROUP,
      summary: 'A device showed it; the first time counts',
      access: 'user',
      status: 204,
      problems: ['not-found'],
      async handle({ principal, params: { id = '' } }) {
        if (!(await noteShown(database, principal.userId, id, new Date(now())))) throw noSuch();
      },
    }),
    operation({
      id: 'noteNotificationActed',
      method: 'post',
      path: '/api/v1/notifications/{id}/acted',
      group: GROUP,
      summary: 'What was done with it: open, complete, snooze, dismiss',
      access: 'user',
      body: schemas.actedInput,
      status: 204,
      problems: ['not-found'],
      async handle({ principal, params: { id = '' }, body }) {
        if (!(await noteActed(database, principal.userId, id, body.action, new Date(now())))) throw noSuch();
      },
    }),
    operation({
      id: 'getPushKey',
      method: 'get',
      path: '/api/v1/push-subscriptions/key',
      group: GROUP,
      summary: 'The key by which a browser subscribes to push from this server',
      access: 'user',
      result: schemas.pushKey,
      status: 200,
      problems: ['not-found'],
      handle: () => {
        if (config.vapidPublicKey === undefined)
          throw new Problem('not-found', 'This server has no keys for push.');
        return Promise.resolve({ key: config.vapidPublicKey });
      },
    }),
    operation({
      id: 'savePushSubscription',
      method: 'post',
      path: '/api/v1/push-subscriptions',
      group: GROUP,
      summary: 'Send pushes to this browser; send it again at every start',
      access: 'user',
      body: schemas.subscriptionInput,
      status: 204,
      async handle({ principal, body, headers }) {
        const fault = await endpointFault(body.endpoint, config.allowPrivateEndpoints === true);
        if (fault !== null) {
          throw new Problem('invalid-input', `endpoint: ${fault}`, {
            errors: [{ field: 'endpoint', message: fault }],
          });
        }
        await saveSubscription(database, {
          userId: principal.userId,
          deviceId: body.deviceId ?? null,
          endpoint: body.endpoint,
          ...body.keys,
          userAgent: headers.get('user-agent')?.slice(0, 300) ?? null,
          now: new Date(now()),
        });
      },
    }),
    operation({
      id: 'removePushSubscription',
      method: 'delete',
      path: '/api/v1/push-subscriptions',
      group: GROUP,
      summary: 'Send no more pushes to this browser',
      access: 'user',
      body: schemas.subscriptionEnd,
      status: 204,
      problems: ['not-found'],
      async handle({ principal, body }) {
        if (!(await removeSubscription(database, principal.userId, body.endpoint))) {
          throw new Problem('not-found', 'You have no subscription of this endpoint.');
        }
      },
    }),
    operation({
      id: 'askUnsubscribe',
      method: 'get',
      path: '/api/v1/unsubscribe',
      group: GROUP,
      summary: 'The page behind the link of a mail: asks, and changes nothing',
      access: 'public',
      query: schemas.unsubscribeQuery,
      result: schemas.page,
      isPage: true,
      status: 200,
      problems: ['not-found'],
      handle({ query: { token } }) {
        accountOf(token);
        return Promise.resolve(ASKING);
      },
    }),
    operation({
      id: 'unsubscribe',
      method: 'post',
      path: '/api/v1/unsubscribe',
      group: GROUP,
      summary: 'Turn e-mails about tasks off, by the link of one of them and without signing in',
      access: 'public',
      query: schemas.unsubscribeQuery,
      result: schemas.page,
      isPage: true,
      status: 200,
      problems: ['not-found'],
      async handle({ query: { token } }) {
        const userId = accountOf(token);
        if (!(await turnMailOff(database, userId, DEFAULT_NOTIFICATION_PREFERENCES, new Date(now())))) {
          throw new Problem('not-found', 'This account does not exist any more, and gets no mails.');
        }
        changed(userId);
        return DONE;
      },
    }),
  ];
}

function noSuch(): Problem {
  return new Problem('not-found', 'You have no notification with this id.');
}

function shown(entry: HistoryEntry) {
  return {
    ...entry,
    fireAt: entry.fireAt.toISOString(),
    plannedAt: entry.plannedAt.toISOString(),
    settledAt: entry.settledAt?.toISOString() ?? null,
    shownAt: entry.shownAt?.toISOString() ?? null,
    actedAt: entry.actedAt?.toISOString() ?? null,
    deliveries: entry.deliveries.map((delivery) => ({
      ...delivery,
      sentAt: delivery.sentAt === null ? null : new Date(delivery.sentAt).toISOString(),
    })),
  };
}

function cursorAfter({ fireAt, id }: HistoryEntry): string {
  return Buffer.from(`${fireAt.getTime()}.${id}`).toString('base64url');
}

function positionOf(cursor: string): HistoryPosition {
  const [ms = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split('.');
  const fireAt = new Date(Number(ms));
  if (ms === '' || Number.isNaN(fireAt.getTime()) || !isUuid(id)) {
    throw new Problem('invalid-input', 'cursor: It must be one that an answer gave.', {
      errors: [{ field: 'cursor', message: 'It must be one that an answer gave.' }],
    });
  }
  return { fireAt, id };
}

const pageOf = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>:root { color-scheme: light dark } body { font: 16px/1.6 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem } button { font: inherit; padding: .5rem 1rem }</style>
</head>
<body><main><h1>${title}</h1>${body}</main></body>
</html>
`;

const ASKING = pageOf(
  'Turn e-mails off?',
  '<p>Holdfast will send you no more reminders and digests by e-mail. Your tasks and other notifications stay as they are.</p>' +
    '<form method="post"><button>Turn e-mails off</button></form>',
);
const DONE = pageOf(
  'E-mails are off',
  '<p>You get no more reminders and digests by e-mail. You can turn them on again in the settings of the app.</p>',
);
