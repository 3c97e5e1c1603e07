/** Rules TR: real servers and workers as processes, and a receiver that reads OTLP. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import { createTracing } from '@holdfast/deploy/tracing.ts';
import type { TracingOptions } from '@holdfast/deploy/tracing.ts';
import { expect, onTestFinished, test } from 'vitest';
import { createAccount } from '../support/account.ts';
import type { TestAccount } from '../support/account.ts';
import { startApp, temporaryDataDir } from '../support/app.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import type { OtlpReceiver, ReceivedSpan } from '../support/otlp-receiver.ts';
import { testDatabase } from '../support/postgres.ts';
import { startPushService } from '../support/push-service.ts';
import { connectRawClient } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { freePort } from '../observability/watchers.ts';

const TITLE = 'Buy a surprise for Grandma';

async function receiver(): Promise<OtlpReceiver> {
  const started = await startOtlpReceiver();
  onTestFinished(() => started.close());
  return started;
}

async function connect(url: string, { spaceId, token }: TestAccount): Promise<RawClient> {
  const client = await connectRawClient({ url: `${url.replace(/^http/, 'ws')}/sync/${spaceId}`, token });
  await Promise.all([client.synced, client.answered]);
  return client;
}

test('[TR1] [TR2] one edit is one trace: frame, commit, relay here and on another server, projection, reminder, push', async () => {
  const otlp = await receiver();
  const database = await testDatabase();
  onTestFinished(() => database.drop());
  const push = await startPushService();
  onTestFinished(() => push.close());
  const authority = join(await temporaryDataDir(), 'authority.pem');
  await writeFile(authority, push.ca);
  const start = (role: string): ReturnType<typeof startApp> =>
    startApp({
      databaseUrl: database.url,
      args: [`--role=${role}`],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
        ALLOW_PRIVATE_ENDPOINTS: 'true',
        NODE_EXTRA_CA_CERTS: authority,
      },
    });
  const [first, second] = [await start('sync'), await start('sync')];
  await start('workers');
  const account = await createAccount(first.url);
  const subscribed = await fetch(`${first.url}/api/v1/push-subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(push.subscribe()),
  });
  expect(subscribed.ok).toBe(true);
  const [writer, reader] = [await connect(first.url, account), await connect(second.url, account)];

  const { document, doc } = createReplica(7, { startMs: Date.now() });
  const at = new Date(Date.now() + 500).toISOString();
  // One edit: what the app does in one transaction is one frame.
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  doc.transact(() => {
    const { id } = must(document.createTask({ title: TITLE }));
    must(document.addReminder(id, { at }));
  });
  expect(updates).toHaveLength(1);
  for (const update of updates) writer.sendUpdate(update);
  expect((await writer.receipt()).status).toBe(0);
  await push.received(1);

  const wanted = ['edit', 'commit', 'relay', 'relay', 'project', 'fire', 'deliver push'];
  const ofEdit = (spans: readonly ReceivedSpan[]): ReceivedSpan[] => {
    const edit = spans.find(({ name }) => name === 'edit');
    return spans.filter(({ traceId }) => traceId === edit?.traceId);
  };
  await otlp.until((spans) => ofEdit(spans).length >= wanted.length);
  const found = ofEdit(otlp.spans);
  expect(found.map(({ name }) => name).sort()).toEqual([...wanted].sort());
  const edit = found.find(({ name }) => name === 'edit');
  const parentOf = (name: string): (string | undefined)[] =>
    found
      .filter((span) => span.name === name)
      .map(({ parentId }) => found.find(({ spanId }) => spanId === parentId)?.name);
  expect(edit?.parentId).toBe('');
  expect(parentOf('commit')).toEqual(['edit']);
  expect(parentOf('relay')).toEqual(['edit', 'edit']);
  expect(parentOf('project')).toEqual(['edit']);
  expect(parentOf('fire')).toEqual(['project']);
  expect(parentOf('deliver push')).toEqual(['fire']);
  expect(edit?.attributes).toEqual({
    'holdfast.connection.id': expect.stringMatching(/^[\w-]{36}$/) as string,
    'holdfast.space.id': account.spaceId,
    'holdfast.edit.bytes': updates[0]?.length,
    'holdfast.seq': expect.any(Number) as number,
  });
  expect(new Set(found.map(({ role }) => role))).toEqual(new Set(['sync', 'workers']));
  expect(found.find(({ name }) => name === 'deliver push')?.attributes).toMatchObject({
    'holdfast.outcome': 'sent',
  });
  expect(found.every(({ durationNs, hasFailed }) => durationNs >= 0n && !hasFailed)).toBe(true);

  for (const { attributes, name } of otlp.spans) {
    expect(
      Object.keys(attributes).filter((key) => !KNOWN.has(key)),
      name,
    ).toEqual([]);
  }
  for (const body of otlp.bodies) expect(body.includes('Grandma')).toBe(false);
  await writer.close();
  await reader.close();
});

/** Ids, counts and outcomes, each looked at by a person when it was put here. */
const KNOWN = new Set([
  'holdfast.attempt',
  'holdfast.audit.rows',
  'holdfast.commit.edits',
  'holdfast.connection.id',
  'holdfast.edit.bytes',
  'holdfast.event.seq',
  'holdfast.events',
  'holdfast.late_ms',
  'holdfast.notification.id',
  'holdfast.outcome',
  'holdfast.rows',
  'holdfast.seq',
  'holdfast.sockets',
  'holdfast.space.id',
  'holdfast.webhook.id',
]);

test('[TR3] without an endpoint, or with a sampler that takes nothing, no library for traces is loaded', async () => {
  const database = await testDatabase();
  onTestFinished(() => database.drop());
  const watch = join(await temporaryDataDir(), 'watch.mjs');
  await writeFile(
    watch,
    `import { registerHooks } from 'node:module';
     registerHooks({ load(url, context, next) {
       if (url.includes('@opentelemetry/sdk-trace')) process.stderr.write('loaded the tracer\\n');
       return next(url, context);
     } });`,
  );
  const logsWith = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const preload = `--import=${pathToFileURL(watch).href}`;
    const app = await startApp({ databaseUrl: database.url, env: { ...env, NODE_OPTIONS: preload } });
    await app.stop();
    return app.logs();
  };
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  expect(await logsWith({})).not.toContain('loaded the tracer');
  expect(await logsWith({ ...endpoint, OTEL_TRACES_SAMPLER: 'always_off' })).not.toContain(
    'loaded the tracer',
  );
  expect(await logsWith(endpoint)).toContain('loaded the tracer');
});

test('[TR4] with nobody there to take traces every edit gets its receipt, one line is logged, and the end is in order', async () => {
  const database = await testDatabase();
  onTestFinished(() => database.drop());
  const app = await startApp({
    databaseUrl: database.url,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`, RATE_LIMITS: 'off' },
  });
  const account = await createAccount(app.url);
  const writer = await connect(app.url, account);
  const { document, doc } = createReplica(7, { startMs: Date.now() });
  doc.on('update', (update: Uint8Array) => writer.sendUpdate(update));
  const count = 600;
  for (let n = 0; n < count; n++) must(document.createTask({ title: `Task ${n}` }));
  expect((await writer.receipt()).status).toBe(0);
  await writer.close();
  const tasks = await fetch(`${app.url}/api/v1/spaces/${account.spaceId}/tasks?limit=1`, {
    headers: { authorization: `Bearer ${account.token}` },
  });
  expect(tasks.status).toBe(200);
  expect(await app.stop()).toEqual({ code: 0, signal: null });
  expect(app.logs().match(/traces cannot be sent/g)).toHaveLength(1);
});

function tracing(options: Partial<TracingOptions>): ReturnType<typeof createTracing> {
  return createTracing({
    endpoint: 'http://127.0.0.1:1',
    sampler: 'parentbased_always_on',
    samplerArg: 1,
    role: 'all',
    version: '0',
    onTrouble: () => undefined,
    ...options,
  });
}

test('[TR4] while they are not taken, no more than 2048 spans are held beside those under way', async () => {
  const otlp = await receiver();
  const letGo = otlp.hold();
  const traces = tracing({ endpoint: otlp.url });
  const make = (count: number): void => {
    for (let n = 0; n < count; n++) traces.start('edit', { attributes: { 'holdfast.edit.bytes': n } }).end();
  };
  make(600);
  // The first batch is under way and stays so.
  await otlp.until((spans) => spans.length > 0);
  const underWay = otlp.spans.length;
  make(20_000);
  letGo();
  await traces.close();
  expect(otlp.spans.length).toBeGreaterThan(underWay);
  expect(otlp.spans.length).toBeLessThanOrEqual(underWay + 2048);
});

test('[TR5] the sampler decides for a whole trace, and what follows from an edit follows its decision', async () => {
  const otlp = await receiver();
  const tenth = tracing({ endpoint: otlp.url, sampler: 'parentbased_traceidratio', samplerArg: 0.1 });
  const roots = Array.from({ length: 400 }, () => {
    const edit = tenth.start('edit', {});
    const commit = tenth.start('commit', { parent: edit.context });
    commit.end();
    edit.end();
    return edit.context;
  });
  await tenth.close();
  const kept = Map.groupBy(otlp.spans, ({ traceId }) => traceId);
  expect(kept.size).toBe(roots.filter((context) => context.endsWith('-01')).length);
  expect(kept.size).toBeGreaterThan(0);
  expect(kept.size).toBeLessThan(200);
  for (const spans of kept.values()) expect(spans.map(({ name }) => name).sort()).toEqual(['commit', 'edit']);

  const parent = `00-${'5'.repeat(32)}-${'7'.repeat(16)}`;
  for (const [sampler, spans] of [
    ['traceidratio', []],
    ['parentbased_traceidratio', ['of a traced one']],
    ['parentbased_always_on', ['of a traced one', 'of none']],
    ['always_on', ['of a traced one', 'of none', 'of one that is not']],
  ] as const) {
    const before = otlp.spans.length;
    const traces = tracing({ endpoint: otlp.url, sampler, samplerArg: 0 });
    traces.start('of none', {}).end();
    traces.start('of a traced one', { parent: `${parent}-01` }).end();
    traces.start('of one that is not', { parent: `${parent}-00` }).end();
    await traces.close();
    const names = otlp.spans.slice(before).map(({ name }) => name);
    expect([sampler, names.sort()]).toEqual([sampler, spans]);
  }
});
