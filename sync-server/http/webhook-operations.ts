/**
 * Webhooks: /api/v1/webhooks. What is asked for here is done by the workers, who alone call other servers.
 *
 * Promise: a person sees and changes webhooks of their own, and makes them for spaces of theirs; the secret is shown once.
 * Addresses of this machine and of private networks are refused here already, unless they are allowed.
 * Limits: what a name in an address leads to is judged when it is called, since it may change at any time.
 */
import { isPublicAddress, literalAddress } from '@holdfast/core/public-address.ts';
import type { Database } from '@holdfast/db/database.ts';
import { roleIn } from '@holdfast/db/spaces.ts';
import {
  MAX_WEBHOOKS_PER_SPACE,
  askForTest,
  changeWebhook,
  createWebhook,
  deadLettersOf,
  deleteWebhook,
  replayDeadLetters,
  webhooksOf,
} from '@holdfast/db/webhooks.ts';
import type { Webhook } from '@holdfast/db/webhooks.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { Problem } from './problem.ts';
import * as schemas from './webhook-schemas.ts';

export interface WebhookOperationsOptions {
  readonly database: Database;
  readonly now: () => number;
  readonly allowPrivateEndpoints: boolean;
}

const GROUP = 'Webhooks';
const MAX_DEAD_LETTERS = 200;

export function webhookOperations(options: WebhookOperationsOptions): Operation[] {
  const { database, now, allowPrivateEndpoints } = options;

  async function own(userId: string, id: string): Promise<Webhook> {
    const [found] = await webhooksOf(database, userId, id);
    if (!found) throw noSuch();
    return found;
  }

  function judge(url: string): void {
    const fault = addressFault(url, allowPrivateEndpoints);
    if (fault !== null) throw new Problem('endpoint-refused', fault);
  }

  return [
    operation({
      id: 'listWebhooks',
      method: 'get',
      path: '/api/v1/webhooks',
      group: GROUP,
      summary: 'Your webhooks, and how they fare',
      access: 'user',
      result: schemas.webhooks,
      status: 200,
      handle: async ({ principal }) => ({
        webhooks: (await webhooksOf(database, principal.userId)).map(shown),
      }),
    }),
    operation({
      id: 'createWebhook',
      method: 'post',
      path: '/api/v1/webhooks',
      group: GROUP,
      summary:
        'Have the events of a space sent to an address, from the next one on; the secret is shown this once',
      access: 'user',
      body: schemas.webhookInput,
      result: schemas.newWebhook,
      status: 201,
      problems: ['not-found', 'endpoint-refused', 'webhook-limit'],
      async handle({ principal, body }) {
        const { userId } = principal;
        if ((await roleIn(database, userId, body.spaceId)) === null) {
          throw new Problem('not-found', 'You have no space with this id.');
        }
        judge(body.url);
        const made = await createWebhook(database, { userId, ...body });
        if (!made) {
          throw new Problem(
            'webhook-limit',
            `A space may have ${String(MAX_WEBHOOKS_PER_SPACE)} webhooks of yours. Remove one first.`,
          );
        }
        return { ...shown(await own(userId, made.id)), secret: made.secret };
      },
    }),
    operation({
      id: 'getWebhook',
      method: 'get',
      path: '/api/v1/webhooks/{webhookId}',
      group: GROUP,
      summary: 'A webhook, and how it fares',
      access: 'user',
      result: schemas.webhook,
      status: 200,
      problems: ['not-found'],
      handle: async ({ principal, params }) => shown(await own(principal.userId, params['webhookId'] ?? '')),
    }),
    operation({
      id: 'changeWebhook',
      method: 'patch',
      path: '/api/v1/webhooks/{webhookId}',
      group: GROUP,
      summary: 'Pause or resume a webhook, or change its address or types; what is due is then tried at once',
      access: 'user',
      body: schemas.webhookChange,
      result: schemas.webhook,
      status: 200,
      problems: ['not-found', 'endpoint-refused'],
      async handle({ principal, params, body }) {
        const who = { userId: principal.userId, id: params['webhookId'] ?? '' };
        if (body.url !== undefined) judge(body.url);
        if (!(await changeWebhook(database, who, body, new Date(now())))) throw noSuch();
        return shown(await own(who.userId, who.id));
      },
    }),
    operation({
      id: 'deleteWebhook',
      method: 'delete',
      path: '/api/v1/webhooks/{webhookId}',
      group: GROUP,
      summary: 'Remove a webhook, with what it could not deliver',
      access: 'user',
      status: 204,
      problems: ['not-found'],
      async handle({ principal, params }) {
        const who = { userId: principal.userId, id: params['webhookId'] ?? '' };
        if (!(await deleteWebhook(database, who))) throw noSuch();
      },
    }),
    operation({
      id: 'testWebhook',
      method: 'post',
      path: '/api/v1/webhooks/{webhookId}/test',
      group: GROUP,
      summary:
        'Send a trial event (dev.holdfast.webhook.test) soon, also while paused; lastTest tells what became of it',
      access: 'user',
      result: schemas.webhook,
      status: 200,
      problems: ['not-found'],
      async handle({ principal, params }) {
        const who = { userId: principal.userId, id: params['webhookId'] ?? '' };
        if (!(await askForTest(database, who))) throw noSuch();
        return shown(await own(who.userId, who.id));
      },
    }),
    operation({
      id: 'listDeadLetters',
      method: 'get',
      path: '/api/v1/webhooks/{webhookId}/dead-letters',
      group: GROUP,
      summary: 'The events that could not be delivered, the oldest 200 first',
      access: 'user',
      result: schemas.deadLetters,
      status: 200,
      problems: ['not-found'],
      async handle({ principal, params }) {
        const { id } = await own(principal.userId, params['webhookId'] ?? '');
        const letters = await deadLettersOf(database, id, MAX_DEAD_LETTERS);
        return {
          deadLetters: letters.map(({ seq, event, attempts, error, deadAt, isReplayDue }) => ({
            seq,
            event,
            attempts,
            error,
            deadAt: deadAt.toISOString(),
            replaying: isReplayDue,
          })),
        };
      },
    }),
    operation({
      id: 'replayDeadLetters',
      method: 'post',
      path: '/api/v1/webhooks/{webhookId}/dead-letters/replay',
      group: GROUP,
      summary:
        'Send them again, in order and before what is due; each is tried once and is gone when it arrives',
      access: 'user',
      body: schemas.replayInput,
      result: schemas.replayed,
      status: 200,
      problems: ['not-found'],
      async handle({ principal, params, body }) {
        const { id } = await own(principal.userId, params['webhookId'] ?? '');
        return { replaying: await replayDeadLetters(database, id, body.seqs, new Date(now())) };
      },
    }),
  ];
}

function noSuch(): Problem {
  return new Problem('not-found', 'You have no webhook with this id.');
}

/** null: it may be tried. */
function addressFault(text: string, allowPrivate: boolean): string | null {
  if (!URL.canParse(text)) return 'The address is no URL.';
  const { protocol, hostname, username, password } = new URL(text);
  if (protocol !== 'https:' && !(allowPrivate && protocol === 'http:')) {
    return 'The address must begin with https://.';
  }
  if (username !== '' || password !== '') return 'The address may not carry a user name or a password.';
  if (allowPrivate) return null;
  const literal = literalAddress(hostname);
  const isPrivate = literal === null ? /(^|\.)localhost\.?$/i.test(hostname) : !isPublicAddress(literal);
  if (!isPrivate) return null;
  return (
    `${hostname} is an address of the server's own machine or of a private network. Whoever runs the server can ` +
    'allow such by ALLOW_PRIVATE_ENDPOINTS=true.'
  );
}

function shown(webhook: Webhook) {
  const { id, spaceId, url, types, createdAt, pausedAt, succeededAt, attempts, nextAt, error } = webhook;
  return {
    id,
    spaceId,
    url,
    types: [...types],
    createdAt: createdAt.toISOString(),
    pausedAt: pausedAt?.toISOString() ?? null,
    lastDeliveredAt: succeededAt?.toISOString() ?? null,
    attempts,
    nextAttemptAt: nextAt?.toISOString() ?? null,
    error,
    deadLetters: webhook.deadLetters,
    lastTest: lastTestOf(webhook),
  };
}

function lastTestOf({ isTestDue, testedAt, testError }: Webhook) {
  if (isTestDue) return { state: 'waiting' as const, at: null, error: null };
  if (testedAt === null) return null;
  const state = testError === null ? ('delivered' as const) : ('failed' as const);
  return { state, at: testedAt.toISOString(), error: testError };
}
