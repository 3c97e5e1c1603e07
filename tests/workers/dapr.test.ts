/** Rules DA of workers/SPEC.md: the outbox through a Dapr sidecar, from an edit on a device to the topic. */
import { readdir, readFile } from 'node:fs/promises';
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, TaskId } from '@holdfast/core/document.ts';
import { createEndpointGuard } from '@holdfast/workers/channels/endpoint-guard.ts';
import { EFFECTS } from '@holdfast/workers/projection/effects.ts';
import { createProjector, PROJECTION } from '@holdfast/workers/projection/projector.ts';
import { NO_METRICS } from '@holdfast/workers/telemetry.ts';
import { MAX_ATTEMPTS, deliverWebhooksJob } from '@holdfast/workers/webhooks/deliver-job.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { runServer } from '../http/running-server.ts';
import { createAccount } from '../support/account.ts';
import { startApp } from '../support/app.ts';
import { testDatabase } from '../support/postgres.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { cloudEventFaults, startDaprSidecar } from './dapr-sidecar.ts';
import type { DaprSidecar } from './dapr-sidecar.ts';

const HOUR_MS = 60 * 60_000;
const DAPR_FILES = new URL('../../deploy/dapr/', import.meta.url);

let sidecar: DaprSidecar;

beforeEach(async () => {
  sidecar = await startDaprSidecar({ components: { 'holdfast-events': ['tasks'] } });
});

afterEach(() => sidecar.close());

/** As docs/dapr.md writes it, with the sidecar's port. */
async function publishUrl(spaceId: string): Promise<string> {
  const page = await readFile(new URL('../../docs/dapr.md', import.meta.url), 'utf8');
  const url = /`http:\/\/localhost:3500([^`]+)`/.exec(page)?.[1];
  if (url === undefined) throw new Error('docs/dapr.md names no address');
  return `${sidecar.url}${url.replace('<space id>', spaceId)}`;
}

const messages = (): Readonly<Record<string, unknown>>[] => sidecar.published.map(({ message }) => message);

function titleAfter({ data }: Readonly<Record<string, unknown>>): unknown {
  const { changes } = data as { changes: { field: string; after: unknown }[] };
  return changes.find(({ field }) => field === 'title')?.after;
}

test('[DA1] edits of a device arrive in the topic as CloudEvents, unwrapped, in the order of their space; after a broker that was away as well', async () => {
  const database = await testDatabase();
  const app = await startApp({ databaseUrl: database.url, env: { ALLOW_PRIVATE_ENDPOINTS: 'true' } });
  const ada = await createAccount(app.url);
  const spaceIds = [ada.spaceId, await ada.newSpace('Club')];
  for (const spaceId of spaceIds) {
    const made = await fetch(`${app.url}/api/v1/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ spaceId, url: await publishUrl(spaceId) }),
    });
    expect(made.status, await made.text()).toBe(201);
  }
  sidecar.isBrokerUp = () => sidecar.refused.length >= 2;

  const titles = new Map<string, string[]>();
  for (const spaceId of spaceIds) {
    const doc = new Y.Doc();
    const client = await connectRawClient({
      url: `${app.url.replace('http', 'ws')}/sync/${spaceId}`,
      token: ada.token,
      doc,
    });
    await client.answered;
    doc.on('update', (update: Uint8Array) => client.sendUpdate(update));
    const document = openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
    const made = document.createTask({ title: 'Edit 0' });
    if (!made.ok) throw new Error('The task was refused');
    const told = ['Edit 0'];
    for (let n = 1; n < 10; n++) {
      document.editTask(made.id as TaskId, { title: `Edit ${n}` });
      told.push(`Edit ${n}`);
    }
    expect((await client.receipt()).status).toBe(0);
    titles.set(spaceId, told);
    document.close();
    await client.close();
  }
  await sidecar.until(20);

  expect(sidecar.faults).toEqual([]);
  expect(sidecar.published).toHaveLength(20);
  for (const spaceId of spaceIds) {
    const ours = sidecar.published.filter(({ key }) => key === spaceId);
    expect(ours.map(({ message }) => titleAfter(message))).toEqual(titles.get(spaceId));
    expect(ours.map(({ message }) => message['source'])).toEqual(ours.map(() => `/spaces/${spaceId}`));
    const sequences = ours.map(({ message }) => String(message['sequence']));
    expect(sequences).toEqual([...sequences].sort());
  }
  expect(messages()[0]).toMatchObject({
    specversion: '1.0',
    type: 'dev.holdfast.task.created',
    datacontenttype: 'application/json',
    pubsubname: 'holdfast-events',
    topic: 'tasks',
  });
  // What the broker did not take came again under the same id, and once.
  expect(sidecar.refused.map(({ status }) => status)).toEqual(sidecar.refused.map(() => 500));
  expect(sidecar.refused).toHaveLength(2);
  const ids = messages().map(({ id }) => id);
  for (const { id } of sidecar.refused) expect(ids.filter((each) => each === id)).toHaveLength(1);
  expect(new Set(ids).size).toBe(20);
  await app.stop();
  await database.drop();
});

test('[DA2] what no sidecar takes for a day is a dead letter, the next goes on, and a replay sends the same event', async () => {
  const database = await testDatabase();
  let nowMs = Math.floor(Date.now() / 1000) * 1000;
  const server = await runServer({
    databaseUrl: database.url,
    config: { allowPrivateEndpoints: true },
    now: () => nowMs,
  });
  const ada = server.visitor();
  await ada.signUp('ada@example.org');
  const me = (await ada.get('/api/v1/me')).body as { spaces: { id: string }[] };
  const spaceId = me.spaces[0]?.id ?? '';
  const made = await ada.post('/api/v1/webhooks', { spaceId, url: await publishUrl(spaceId) });
  const { id: webhookId } = made.body as { id: string };
  const projector = createProjector(server.database, EFFECTS, PROJECTION);
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const job = deliverWebhooksJob({
    database: server.database,
    logger: quiet,
    metrics: NO_METRICS,
    guard: createEndpointGuard({ allowPrivate: true }),
    publicUrl: 'https://tasks.example.org',
    random: () => 0.5,
    patienceMs: 100_000,
  });
  const work = async (): Promise<void> => {
    while ((await job.turn({ now: () => nowMs, isStopping: false })) === 'again');
  };
  const edit = async (title: string): Promise<void> => {
    expect((await ada.post(`/api/v1/spaces/${spaceId}/tasks`, { title })).status).toBe(201);
    await projector.project(spaceId, nowMs);
  };

  sidecar.isBrokerUp = () => false;
  await edit('First');
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    await work();
    expect(sidecar.refused).toHaveLength(attempt + 1);
    nowMs += HOUR_MS;
  }
  expect(new Set(sidecar.refused.map(({ id }) => id)).size).toBe(1);
  sidecar.isBrokerUp = () => true;
  await edit('Second');
  await work();
  expect(messages().map(({ data }) => (data as { task: { title: string } }).task.title)).toEqual(['Second']);

  const path = `/api/v1/webhooks/${webhookId}/dead-letters`;
  const letters = (await ada.get(path)).body as { deadLetters: unknown[] };
  expect(letters.deadLetters).toHaveLength(1);
  expect((await ada.post(`${path}/replay`, {})).status).toBeLessThan(300);
  await work();
  expect(messages()[1]).toMatchObject({
    id: sidecar.refused[0]?.id,
    data: { task: { title: 'First' } },
    sequence: '0000000000000001',
  });
  expect((await ada.get(path)).body).toMatchObject({ deadLetters: [] });
  expect(sidecar.faults).toEqual([]);

  // A topic that is not allowed, and a component that is not there, are failures and not deliveries.
  for (const [wrong, status] of [
    ['holdfast-events/other', 403],
    ['other/tasks', 404],
  ] as const) {
    await ada.send(
      'PATCH',
      `/api/v1/webhooks/${webhookId}`,
      { 'content-type': 'application/json' },
      JSON.stringify({ url: `${sidecar.url}/v1.0/publish/${wrong}` }),
    );
    await edit(wrong);
    await work();
    expect(sidecar.refused.at(-1)?.status).toBe(status);
  }
  await job.close?.();
  await projector.close();
  await server.close();
  await database.drop();
});

test('[DA1] the stand-in tells what CloudEvents 1.0 does not allow, and wraps what is no CloudEvent', async () => {
  expect(cloudEventFaults({ specversion: '1.0', id: '1', source: '/a', type: 't' })).toEqual([]);
  expect(
    cloudEventFaults({
      specversion: '0.3',
      id: '',
      source: 'a b',
      time: 'today',
      datacontenttype: 'json',
      subject: '',
      web_hook: 1,
      extra: {},
      data: 1,
      data_base64: '',
    }),
  ).toEqual([
    'type is missing',
    'id is not a text that is not empty',
    'specversion is not 1.0',
    'source is not a URI reference',
    'subject is not a text that is not empty',
    'time is not a time of RFC 3339',
    'datacontenttype is not a media type',
    'both data and data_base64 are there',
    'web_hook is no name of an attribute',
    'extra is neither text, number nor truth value',
  ]);
  const publish = (query: string, type: string): Promise<Response> =>
    fetch(`${sidecar.url}/v1.0/publish/holdfast-events/tasks${query}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: JSON.stringify({ id: 'mine', specversion: '1.0', source: '/a', type: 't' }),
    });
  expect((await publish('', 'application/json')).status).toBe(204);
  expect((await publish('?metadata.rawPayload=true', 'application/json')).status).toBe(204);
  expect((await publish('?metadata.ttlInSeconds=60', 'application/cloudevents+json')).status).toBe(204);
  const [wrapped, raw, event] = messages();
  expect(wrapped).toMatchObject({ type: 'com.dapr.event.sent', data: { id: 'mine' } });
  expect(raw).toEqual({ id: 'mine', specversion: '1.0', source: '/a', type: 't' });
  expect(event).toMatchObject({ id: 'mine', type: 't', expiration: expect.stringMatching(/^\d{4}-/) });
});

/** The fields of each kind of component, from Dapr's reference of components, and what every component may have. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'pubsub.kafka/v1': [
    ...['brokers', 'consumerGroup', 'consumerID', 'clientID', 'authType', 'saslUsername', 'saslPassword'],
    ...['saslMechanism', 'initialOffset', 'maxMessageBytes', 'consumeRetryInterval', 'consumeRetryEnabled'],
    ...['version', 'caCert', 'clientCert', 'clientKey', 'skipVerify', 'disableTls', 'oidcTokenEndpoint'],
    ...['oidcClientID', 'oidcClientSecret', 'oidcScopes', 'heartbeatInterval', 'sessionTimeout'],
  ],
  'state.postgresql/v2': [
    ...['connectionString', 'tablePrefix', 'metadataTableName', 'timeout', 'cleanupInterval', 'maxConns'],
    ...['connectionMaxIdleTime', 'queryExecMode', 'actorStateStore'],
  ],
  'bindings.cron/v1': ['schedule', 'direction', 'route'],
  'secretstores.kubernetes/v1': ['kubeconfigPath', 'defaultNamespace'],
};

test('[DA3] the component files name kinds, versions and fields that Dapr knows, and secrets by reference', async () => {
  const files = (await readdir(DAPR_FILES)).filter((name) => name.endsWith('.yaml'));
  expect(files).toHaveLength(5);
  const kinds: string[] = [];
  for (const file of files) {
    const text = await readFile(new URL(file, DAPR_FILES), 'utf8');
    const value = (name: string): string | undefined =>
      new RegExp(`^ *${name}: (\\S+)$`, 'm').exec(text)?.[1];
    expect(value('apiVersion'), file).toBe('dapr.io/v1alpha1');
    if (value('kind') === 'Configuration') continue;
    expect(value('kind'), file).toBe('Component');
    const kind = `${value('type') ?? ''}/${value('version') ?? ''}`;
    kinds.push(kind);
    const names = [...text.matchAll(/^ {4}- name: (\w+)$/gm)].map(([, name]) => name);
    expect(FIELDS[kind], `${file}: ${kind}`).toEqual(expect.arrayContaining(names));
    for (const secret of ['saslUsername', 'saslPassword', 'connectionString', 'brokers']) {
      if (names.includes(secret)) expect(text).toMatch(new RegExp(`- name: ${secret}\\n      secretKeyRef:`));
    }
  }
  expect(kinds.sort()).toEqual(Object.keys(FIELDS).sort());
});
