/** Rules LG: a real server at its most talkative, with task texts that are recognised wherever they turn up. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createAccount } from '../support/account.ts';
import { startApp } from '../support/app.ts';
import type { App } from '../support/app.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { testDatabase } from '../support/postgres.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { MESSAGE } from '../support/wire.ts';
import { HANG_MS } from './machine.ts';

/** One word, so that no cutting of sentences hides it. */
const WORD = 'Zwiebelfischchen';

type Line = Readonly<Record<string, unknown>>;

function linesOf(app: App): Line[] {
  return app
    .logs()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}

async function untilLogged(app: App, message: string): Promise<Line> {
  return vi.waitFor(
    () => {
      const line = linesOf(app).find(({ msg }) => msg === message);
      expect(line, message).toBeDefined();
      return line as Line;
    },
    { timeout: HANG_MS, interval: 20 },
  );
}

test('[LG1] [LG2] lines name request, connection and space, and no text of a task is in a log or a trace, whatever goes wrong', async () => {
  const otlp = await startOtlpReceiver();
  onTestFinished(() => otlp.close());
  const database = await testDatabase();
  onTestFinished(() => database.drop());
  // Answers with what it was given, as a sloppy endpoint may.
  const hook = createServer((request, response) => {
    response.writeHead(500, `Refused`);
    request.pipe(response);
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  onTestFinished(() => {
    hook.closeAllConnections();
    hook.close();
  });
  const app = await startApp({
    databaseUrl: database.url,
    env: {
      LOG_LEVEL: 'trace',
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      ALLOW_PRIVATE_ENDPOINTS: 'true',
      RATE_LIMITS: 'off',
    },
  });
  const account = await createAccount(app.url);
  const { spaceId, token } = account;
  const address = `${app.url.replace(/^http/, 'ws')}/sync/${spaceId}`;
  const call = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${app.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-request-id': 'mine-1',
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  // Edits by socket: title, notes, tag, list, and a task that the projection is made to refuse.
  const client = await connectRawClient({ url: address, token, headers: { 'x-request-id': 'socket-1' } });
  await Promise.all([client.synced, client.answered]);
  const { document, doc } = createReplica(7, { startMs: Date.now() });
  const { port } = hook.address() as AddressInfo;
  await call('POST', '/api/v1/webhooks', { spaceId, url: `http://127.0.0.1:${port}/${WORD}` });
  doc.on('update', (update: Uint8Array) => client.sendUpdate(update));
  must(document.createList({ name: `List ${WORD}` }));
  const { id } = must(document.createTask({ title: `Title ${WORD}`, notes: `Notes ${WORD}` }));
  expect((await client.receipt()).status).toBe(0);

  // The API: found, malformed in every way, in a path, and a header.
  const tasks = `/api/v1/spaces/${spaceId}/tasks`;
  const answers = [
    await call('POST', tasks, { title: `Made ${WORD}`, tags: [WORD] }),
    await call('GET', `${tasks}?q=${WORD}`),
    await call('GET', `${tasks}?nonsense=${WORD}`),
    await call('PATCH', `${tasks}/${id}`, { title: `Changed ${WORD}`, due: WORD }),
    await call('POST', tasks, `{"title": ${WORD}`),
    await call('GET', `${tasks}/${WORD}`),
    await call('GET', `/api/v1/${WORD}`),
    await call('GET', `/${WORD}`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    201,
    200,
    400,
    400,
    400,
    404,
    404,
    expect.any(Number),
  ]);
  await rawRequest(app.port, `${WORD} / HTTP/1.1\r\nHost: x\r\n\r\n`);
  await rawRequest(app.port, `GET / HTTP/1.1\r\nHost: ${WORD}:a:b\r\n\r\n`);
  await rawRequest(app.port, `GET /sync/${WORD} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n`);

  // Frames that no app sends.
  const text = new TextEncoder().encode(WORD);
  for (const frame of [
    new Uint8Array([MESSAGE.sync, 2, text.length, ...text]),
    new Uint8Array([MESSAGE.sync, 9, text.length, ...text]),
    new Uint8Array([MESSAGE.awareness, text.length, ...text]),
    new Uint8Array([MESSAGE.hello, text.length, ...text]),
  ]) {
    const hostile = await connectRawClient({ url: address, token });
    await hostile.synced;
    hostile.sendFrame(frame);
    await Promise.race([hostile.closed, hostile.receipt().catch(() => undefined)]);
    hostile.terminate();
  }

  // Before its table goes away.
  await otlp.until((spans) => spans.some(({ name }) => name === 'deliver webhook'));

  // A row that the database refuses: Postgres tells the whole of it. And a table that is away, for the API.
  const inside = createDatabase({ url: database.url, onError: () => undefined, maxConnections: 1 });
  onTestFinished(() => inside.close());
  const run = (statement: string): Promise<unknown> => inside.run({ name: '', text: statement }, []);
  await run(`ALTER TABLE projected_task ADD CHECK (title <> 'Refuse ${WORD}')`);
  must(document.createTask({ title: `Refuse ${WORD}` }));
  await client.receipt();
  const failed = await untilLogged(app, 'a space could not be projected; tried again later');
  await run('ALTER TABLE webhook RENAME TO webhook_away');
  expect((await call('GET', '/api/v1/webhooks')).status).toBe(500);
  await run(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no more rows'; END $$`);
  await run('CREATE TRIGGER refuse BEFORE INSERT ON update_log FOR EACH ROW EXECUTE FUNCTION refuse()');
  must(document.createTask({ title: `Lost ${WORD}` }));
  await client.closed;

  await app.stop();

  const opened = linesOf(app).find(({ requestId }) => requestId === 'socket-1');
  expect(opened).toMatchObject({ spaceId, connectionId: expect.stringMatching(/^[\w-]{36}$/) as string });
  const { connectionId } = opened as { connectionId: string };
  const ofConnection = linesOf(app).filter((line) => line.connectionId === connectionId);
  expect(ofConnection.map(({ msg }) => msg)).toEqual([
    'a socket opened',
    'the server closes a socket',
    'a socket is gone',
  ]);
  expect(ofConnection.every((line) => line.spaceId === spaceId)).toBe(true);
  expect(failed).toMatchObject({
    spaceId,
    err: { message: expect.stringMatching(/check constraint/) as string },
  });
  expect(
    linesOf(app).find(({ msg }) => msg === 'the database refused edits; everyone in the room must come back'),
  ).toMatchObject({ spaceId });
  expect(linesOf(app).find(({ msg }) => msg === 'request failed')).toMatchObject({ requestId: 'mine-1' });
  expect(
    linesOf(app).filter(({ msg, route }) => msg === 'request' && String(route).includes('{spaceId}')),
  ).toEqual(expect.arrayContaining([expect.objectContaining({ requestId: 'mine-1', spaceId })]));
  expect(new Set(otlp.spans.map(({ name }) => name))).toEqual(
    new Set(['edit', 'commit', 'relay', 'project', 'deliver webhook']),
  );
  expect(otlp.spans.some(({ name, hasFailed }) => name === 'commit' && hasFailed)).toBe(true);
  for (const body of otlp.bodies) expect(body.includes(WORD)).toBe(false);
  const telling = app
    .logs()
    .split('\n')
    .filter((line) => line.toLowerCase().includes(WORD.toLowerCase()));
  expect(telling).toEqual([]);
});

test('[LG2] an error is logged without what it carries and without what it quotes', () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  const detailed = Object.assign(new Error('new row violates a check'), {
    code: '23514',
    detail: `Failing row contains (${WORD}).`,
    where: `COPY projected_task, line 1: "${WORD}"`,
  });
  const quoting = ['{"a":', `"${WORD}`, WORD, `{"${WORD}" 1}`, `[1, ${WORD}]`, `{"a":"${WORD}\n"}`].map(
    (json) => {
      try {
        return JSON.parse(json) as never;
      } catch (error) {
        return error;
      }
    },
  );
  for (const err of [
    detailed,
    new Error('wrapped', { cause: detailed }),
    new Error(`invalid input syntax for type uuid: "${WORD} "quoted" and\nmore"`),
    new Error(`value "${WORD}" is out of range for type integer`),
    ...quoting,
    `${WORD} thrown as a string`,
  ]) {
    logger.error({ err }, 'it failed');
  }
  expect(lines.filter((line) => line.includes(WORD))).toEqual([]);
  const [first] = lines.map((line) => JSON.parse(line) as { err: object });
  expect(first?.err).toMatchObject({
    type: 'Error',
    code: '23514',
    message: 'new row violates a check',
    stack: expect.stringContaining('logs.test.ts') as string,
  });
});

async function rawRequest(port: number, text: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(text);
  await once(socket, 'close');
}
