/**
 * Everything that leaves a number behind, once: edits by socket and by API, a refused one, a hostile frame, a reminder with its
 * push, a webhook, a mail. Where a push service, a receiver and a mail server are there, they take what they get.
 *
 * Promise: resolves when all of it was asked for; what follows from it (the firing of the reminder, say) comes after.
 */
import { createECDH, randomBytes } from 'node:crypto';
import * as Y from 'yjs';
import { createAccount } from '../support/account.ts';
import type { TestAccount } from '../support/account.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { MESSAGE } from '../support/wire.ts';

export interface Outside {
  /** As a browser would give it. */
  readonly subscription: {
    readonly endpoint: string;
    readonly keys: { readonly p256dh: string; readonly auth: string };
  };
  readonly webhookUrl: string;
}

/** With keys that are keys, at a place where nobody takes anything. */
export function nobodysSubscription(endpoint: string): Outside['subscription'] {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const keys = { p256dh: ecdh.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') };
  return { endpoint, keys };
}

const REMIND_AFTER_MS = 1500;
const STAMP = Date.UTC(2026, 10, 1) * 1024;

export async function busyDay(url: string, outside: Outside): Promise<TestAccount> {
  const account = await createAccount(url);
  const call = caller(url, account);
  await call('POST', '/api/v1/push-subscriptions', outside.subscription);
  await call('POST', '/api/v1/webhooks', { spaceId: account.spaceId, url: outside.webhookUrl });
  await edits(url, account);
  await hostile(url, account);
  const at = new Date(Date.now() + REMIND_AFTER_MS).toISOString();
  const tasks = `/api/v1/spaces/${account.spaceId}/tasks`;
  await call('POST', tasks, { title: 'Water the plants', reminders: [{ at }] });
  await call('GET', `${tasks}?q=plants`);
  await call('POST', '/api/auth/request-password-reset', { email: account.email });
  return account;
}

/** Two apps, and an edit of one that the other shows. */
async function edits(url: string, { spaceId, token }: TestAccount): Promise<void> {
  const address = `${url.replace(/^http/, 'ws')}/sync/${spaceId}`;
  const [mine, theirs] = [new Y.Doc(), new Y.Doc()];
  const writer = await connectRawClient({ url: address, token, doc: mine });
  const reader = await connectRawClient({ url: address, token, doc: theirs });
  await Promise.all([writer.synced, writer.answered, reader.synced, reader.answered]);
  const by = mine.clientID.toString(36);
  const came = new Promise<void>((resolve) => {
    theirs.on('update', () => {
      if (theirs.getMap('tasks').has('seen/born')) resolve();
    });
  });
  mine.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin === null) writer.sendUpdate(update);
  });
  for (const id of ['one', 'two', 'seen']) {
    mine.transact(() => {
      mine.getMap('tasks').set(`${id}/born`, { t: STAMP, by });
      mine.getMap('tasks').set(`${id}/title@${by}`, { v: id, t: STAMP });
    });
  }
  await writer.receipt();
  await came;
  await writer.close();
  await reader.close();
}

/** A frame that means nothing: its sender is sent away. */
async function hostile(url: string, { spaceId, token }: TestAccount): Promise<void> {
  const visitor = await connectRawClient({ url: `${url.replace(/^http/, 'ws')}/sync/${spaceId}`, token });
  await visitor.synced;
  visitor.sendFrame(new Uint8Array([MESSAGE.sync, 2, 3, 255, 255, 255]));
  await visitor.closed;
}

function caller(
  url: string,
  { token }: TestAccount,
): (method: string, path: string, body?: object) => Promise<void> {
  return async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', origin: url },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  };
}
