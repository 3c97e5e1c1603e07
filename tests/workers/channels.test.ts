/** Rules [CH1] to [CH9] of workers/SPEC.md: what is sent, to whom it may be sent, and what answers lead to. */
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { LocalDate, TaskId } from '@holdfast/core/document.ts';
import { must } from '@holdfast/core/testing/replica.ts';
import { queueTest } from '@holdfast/db/notifications.ts';
import { readUnsubscribeToken } from '@holdfast/db/unsubscribe-token.ts';
import { createEndpointGuard } from '@holdfast/workers/channels/endpoint-guard.ts';
import { createMailChannel } from '@holdfast/workers/channels/mail.ts';
import { createPushChannel, topicOf } from '@holdfast/workers/channels/web-push.ts';
import { afterEach, expect, test } from 'vitest';
import { startPushService } from '../support/push-service.ts';
import { startSmtpSink } from '../support/smtp-sink.ts';
import { ANN, VAPID, openWorld, type World, type WorldOptions } from './reminder-world.ts';

let world: World | undefined;

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const ALL = { push: true, email: true, app: true };

/** A person, a device, and a task that was due a moment ago and is planned. */
async function due(
  options: WorldOptions & { title?: string; channels?: typeof ALL; showText?: boolean } = {},
) {
  const { title = 'Call Tom', channels = { ...ALL, email: false }, showText = false, ...more } = options;
  world = await openWorld(more);
  await world.prefer({ channels, showText });
  const when = { date: '2026-11-23' as LocalDate, time: '11:00', timeZone: 'Europe/Berlin' };
  const { id } = must(world.ann.document.createTask({ title, due: when }));
  must(world.ann.document.addReminder(id, { before: 'PT0M' }));
  await world.send();
  await world.turn();
  world.at('2026-11-23T10:00:00Z');
  return { world, id };
}

const plus = (seconds: number): string =>
  new Date(Date.parse('2026-11-23T10:00:00Z') + seconds * 1000).toISOString();

test('[CH1] a push is encrypted, signed for its service, urgent, and says how long it is of use', async () => {
  const { world: here } = await due();
  await here.subscribe();
  await here.turn();
  const [row] = await here.rows();
  expect(here.push.refusals).toEqual([]);
  expect(here.push.messages[0]).toMatchObject({
    urgency: 'high',
    ttlS: 4 * 3600,
    topic: topicOf(row?.key ?? ''),
    subject: VAPID.subject,
    vapidKey: VAPID.publicKey,
  });
});

test('[CH2] the title goes along only where the person allows it', async () => {
  const { world: here } = await due({ title: 'Secret plans' });
  await here.subscribe();
  await here.turn();
  expect(JSON.stringify(here.push.messages)).not.toContain('Secret plans');
  await world?.stop();
  const { world: shown } = await due({ title: 'Secret plans', showText: true });
  await shown.subscribe();
  await shown.turn();
  expect(shown.push.messages[0]?.payload.title).toBe('Secret plans');
});

test('[CH3] a subscription that its service does not know is removed, and the others get theirs', async () => {
  const { world: here } = await due();
  const [gone, unknown, good] = [await here.subscribe(), await here.subscribe(), await here.subscribe()];
  here.push.answer(gone.endpoint, { status: 410 });
  here.push.answer(unknown.endpoint, { status: 404, body: 'never heard of it' });
  await here.turn();
  expect(here.push.messages.map(({ endpoint }) => endpoint)).toEqual([good.endpoint]);
  const left = await here.database.kysely.selectFrom('push_subscription').select('endpoint').execute();
  expect(left).toEqual([{ endpoint: good.endpoint }]);
  const states = (await here.deliveries()).map(({ channel, state }) => `${channel} ${state}`);
  expect(states.sort()).toEqual(['app sent', 'push expired', 'push expired', 'push sent']);
});

test('[CH4] 429 and 5xx are tried again later each time, not before Retry-After, and sent once', async () => {
  const { world: here } = await due();
  const { endpoint } = await here.subscribe();
  here.push.answer(endpoint, { status: 503 }, { status: 429, headers: { 'retry-after': '60' } });
  await here.turn();
  const waiting = async (): Promise<number> => {
    const row = await here.database.kysely
      .selectFrom('notification_delivery')
      .select('next_at')
      .where('channel', '=', 'push')
      .executeTakeFirstOrThrow();
    return ((row.next_at?.getTime() ?? 0) - here.now) / 1000;
  };
  expect(await waiting()).toBeGreaterThanOrEqual(2.5);
  expect(await waiting()).toBeLessThan(7.5);
  here.at(plus(2));
  await here.turn();
  here.at(plus(8));
  await here.turn();
  expect(await waiting()).toBeGreaterThanOrEqual(60);
  here.at(plus(67));
  await here.turn();
  expect(here.push.messages).toEqual([]);
  here.at(plus(90));
  await here.turn();
  await here.turn();
  expect(here.push.messages).toHaveLength(1);
  expect((await here.deliveries())[1]).toMatchObject({ channel: 'push', state: 'sent', attempts: 3 });
});

test('[CH4] what is done while it waits to be tried again is not sent', async () => {
  const { world: here, id } = await due();
  const { endpoint } = await here.subscribe();
  here.push.answer(endpoint, { status: 500 });
  await here.turn();
  must(here.ann.document.completeTask(id));
  await here.send();
  here.at(plus(120));
  await here.turn();
  // Whether a service that failed took it all the same cannot be known, so it is asked to close it.
  expect(here.push.messages.map(({ payload }) => payload.kind)).toEqual(['close']);
  const push = (await here.deliveries()).find(({ channel }) => channel === 'push');
  expect(push).toMatchObject({ state: 'expired', error: 'closed' });
});

test('[CH5] after the last try, or at once where it can never work, it failed, with the reason', async () => {
  const { world: here } = await due({ channels: { push: true, email: false, app: false } });
  const [refusing, failing] = [await here.subscribe(), await here.subscribe()];
  here.push.answer(refusing.endpoint, { status: 403, body: 'bad key' });
  here.push.answer(failing.endpoint, ...Array.from({ length: 8 }, () => ({ status: 500, body: 'on fire' })));
  for (let n = 0; n < 12; n++) {
    here.at(plus(n * 900));
    await here.turn();
  }
  const found = (await here.deliveries()).sort((a, b) => a.attempts - b.attempts);
  expect(found).toEqual([
    { channel: 'push', state: 'failed', attempts: 1, error: 'The push service answered 403: bad key' },
    { channel: 'push', state: 'failed', attempts: 8, error: 'The push service answered 500: on fire' },
  ]);
  expect((await here.rows())[0]).toMatchObject({ state: 'failed' });
});

test('[CH6] an endpoint on a private address is refused when it is sent to, also by a name that leads there', async () => {
  const { world: here } = await due({ allowPrivate: false });
  await here.subscribe({ host: '127.0.0.1' });
  await here.subscribe({ host: 'localhost' });
  await here.turn();
  await here.turn();
  expect(here.push.messages).toEqual([]);
  const failed = (await here.deliveries()).filter(({ channel }) => channel === 'push');
  expect(failed).toHaveLength(2);
  for (const { state, error } of failed) {
    expect(state).toBe('failed');
    expect(error).toContain('ALLOW_PRIVATE_ENDPOINTS=true');
  }
});

test('[CH6] the connection goes to an address that was judged, whatever the name says the next moment', async () => {
  const service = await startPushService();
  const { port } = new URL(service.origin);
  const { keys, endpoint } = service.subscribe();
  const asked: string[] = [];
  const send = async (addresses: readonly { address: string; family: number }[], allowPrivate: boolean) => {
    const guard = createEndpointGuard({
      allowPrivate,
      resolve: (hostname) => {
        asked.push(hostname);
        return Promise.resolve(addresses);
      },
    });
    const channel = createPushChannel({ vapid: VAPID, guard, now: Date.now, ca: service.ca });
    const outcome = await channel.send({
      subscription: { endpoint: endpoint.replace(`localhost:${port}`, `push.example.org:${port}`), ...keys },
      payload: {},
      ttlMs: 1000,
      urgency: 'high',
      tag: 'x',
      signal: AbortSignal.timeout(60_000),
    });
    channel.close();
    return outcome;
  };
  expect(
    await send(
      [
        { address: '10.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ],
      false,
    ),
  ).toMatchObject({
    kind: 'refused',
  });
  // Allowed: it connects there, and fails by the name in the certificate, which is another's.
  const reached = await send([{ address: '127.0.0.1', family: 4 }], true);
  expect(reached.kind).toBe('later');
  expect((reached as { reason: string }).reason).toMatch(/push\.example\.org/);
  expect(new Set(asked)).toEqual(new Set(['push.example.org']));
  await service.close();
});

test('[CH6] a service that no authority vouches for, or that hangs up, is tried again later', async () => {
  const silent = createServer((incoming) => incoming.socket.destroy());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const service = await startPushService();
  const { keys } = service.subscribe();
  const guard = createEndpointGuard({ allowPrivate: true });
  const channel = createPushChannel({ vapid: VAPID, guard, now: Date.now });
  for (const endpoint of [service.subscribe().endpoint, `https://localhost:${port}/x`]) {
    const outcome = await channel.send({
      subscription: { endpoint, ...keys },
      payload: {},
      ttlMs: 1000,
      urgency: 'high',
      tag: 'x',
      signal: AbortSignal.timeout(60_000),
    });
    expect(outcome.kind).toBe('later');
  }
  channel.close();
  silent.close();
  await service.close();
});

test('[CH7] a reminder by e-mail: text and HTML that say the same, a link to the task and one to turn it off', async () => {
  const { world: here, id } = await due({
    title: 'Ring <Tom> & Größe\nnow',
    channels: { push: false, email: true, app: false },
    publicUrl: 'https://tasks.example.org',
  });
  await here.turn();
  const [mail] = here.smtp.mails;
  expect(mail).toMatchObject({
    from: 'holdfast@example.org',
    to: ['ann@example.org'],
    subject: 'Reminder: Ring <Tom> & Größe now',
  });
  expect(mail?.headers.from).toBe('Holdfast <holdfast@example.org>');
  expect(mail?.headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
  const link = /^<(.+)>$/.exec(mail?.headers['list-unsubscribe'] ?? '')?.[1] ?? '';
  const { origin, pathname, searchParams } = new URL(link);
  expect(origin + pathname).toBe('https://tasks.example.org/api/v1/unsubscribe');
  expect(
    readUnsubscribeToken('a secret of at least thirty-two characters', searchParams.get('token') ?? ''),
  ).toBe(ANN);
  const address = `https://tasks.example.org/?task=${id}`;
  // Whether a comma follows the weekday is the host's business.
  expect(mail?.text.replace('Monday,', 'Monday')).toContain(
    `- Ring <Tom> & Größe now (due Monday 23 November 2026, 11:00)\n  ${address}\n`,
  );
  expect(mail?.html).toContain(`<a href="${address}">Ring &lt;Tom&gt; &amp; Größe now</a>`);
  expect(mail?.text).toContain(link);
});

test('[CH7] a digest by e-mail lists what was held and is open, in the person’s language', async () => {
  world = await openWorld({ publicUrl: 'https://tasks.example.org' });
  await world.prefer({
    channels: { push: false, email: true, app: false },
    quietHours: { from: '22:00', to: '07:00' },
    locale: 'de',
  });
  const ids = ['Eins', 'Zwei', 'Drei'].map((title) => {
    const when = { date: '2026-11-23' as LocalDate, time: '23:00', timeZone: 'Europe/Berlin' };
    const { id } = must((world as World).ann.document.createTask({ title, due: when }));
    must((world as World).ann.document.addReminder(id, { before: 'PT0M' }));
    return id;
  });
  await world.send();
  await world.turn();
  world.at('2026-11-23T22:00:00Z');
  await world.turn();
  must(world.ann.document.completeTask(ids[1] as TaskId));
  await world.send();
  world.at('2026-11-24T06:00:00Z');
  await world.turn();
  expect(world.smtp.mails).toHaveLength(1);
  expect(world.smtp.mails[0]?.subject).toBe('2 Erinnerungen aus deiner Ruhezeit');
  expect(world.smtp.mails[0]?.text).toContain('- Eins (fällig Montag, 23. November 2026, 23:00)');
  expect(world.smtp.mails[0]?.text).not.toContain('Zwei');
});

test('[CH8] a mail server that is away or refuses for now is tried again; one that refuses for good ends it', async () => {
  const { world: here } = await due({ channels: { push: true, email: true, app: false } });
  await here.subscribe();
  here.smtp.answer(451, 'hang-up');
  await here.turn();
  // Nothing else waits for it.
  expect(here.push.messages).toHaveLength(1);
  here.at(plus(60));
  await here.turn();
  here.at(plus(240));
  await here.turn();
  expect(here.smtp.mails).toHaveLength(1);
  expect((await here.deliveries()).map(({ channel, state, attempts }) => [channel, state, attempts])).toEqual(
    [
      ['email', 'sent', 3],
      ['push', 'sent', 1],
    ],
  );
  here.smtp.answer(550);
  await queueTest(here.database, ANN, { push: false, email: true, app: false }, new Date(here.now));
  await here.turn();
  const failed = await here.database.kysely
    .selectFrom('notification')
    .select(['state', 'reason'])
    .where('kind', '=', 'test')
    .executeTakeFirst();
  expect(failed?.state).toBe('failed');
  expect(failed?.reason).toContain('550');
});

test('[CH8] the same mail has the same id, however often it is sent', async () => {
  const sink = await startSmtpSink();
  const channel = createMailChannel({ url: sink.url, from: 'x@example.org' });
  const message = { to: 'ann@example.org', subject: 's', text: 't', html: '<p>t</p>', id: 'one' };
  for (let n = 0; n < 2; n++) expect(await channel.sendMail(message)).toEqual({ kind: 'sent' });
  const [first, second] = sink.mails;
  expect(first?.headers['message-id']).toMatch(/^<[\da-f]{40}@example\.org>$/);
  expect(second?.headers['message-id']).toBe(first?.headers['message-id']);
  channel.close();
  await sink.close();
});

test('[CH9] a test goes by push and mail at once, and says that it is one', async () => {
  world = await openWorld();
  await world.subscribe();
  await queueTest(world.database, ANN, ALL, new Date(world.now));
  await world.turn();
  expect(world.push.messages[0]?.payload).toMatchObject({ kind: 'test', taskId: null, ordinal: null });
  expect(world.smtp.mails[0]?.subject).toBe('A test from Holdfast');
});
