/** Rules [H1] to [H11] of sync-server/http/SPEC.md, through the front door of a listening server. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as schemas from '@holdfast/sync-server/http/schemas.ts';
import type { Schema } from '@holdfast/sync-server/http/schemas.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { PASSWORD, createVisitor, runServer } from './running-server.ts';
import type { Answer, RunningServer, Visitor } from './running-server.ts';

const INLINE = 'document.documentElement.dataset.started = "yes";';
const PAGE = `<!doctype html><title>Holdfast</title><script>${INLINE}</script><script src="/boot.js"></script>`;
const SCRIPT = 'export const answer = 42;\n'.repeat(200);

let shared: TestDatabase;
let webRoot: string;
let server: RunningServer;
let visitor: Visitor;
let nowMs = Date.now();

beforeAll(async () => {
  shared = await testDatabase();
  webRoot = mkdtempSync(join(tmpdir(), 'holdfast-web-'));
  mkdirSync(join(webRoot, '_app/immutable'), { recursive: true });
  writeFileSync(join(webRoot, 'index.html'), PAGE);
  writeFileSync(join(webRoot, 'sw.js'), '// worker');
  writeFileSync(join(webRoot, 'manifest.webmanifest'), '{"name":"Holdfast"}');
  writeFileSync(join(webRoot, '_app/immutable/app.Dx3k.js'), SCRIPT);
  writeFileSync(join(webRoot, '_app/version.json'), '{}');
  server = await runServer({
    databaseUrl: shared.url,
    webRoot,
    config: { metricsToken: 'scrape-me', rateLimits: true },
    now: () => nowMs,
  });
  visitor = server.visitor();
  await visitor.signUp('http@example.org');
});

afterAll(async () => {
  await server.close();
  await shared.drop();
  rmSync(webRoot, { recursive: true });
});

describe('requests', () => {
  test('[H1] every answer carries an id; a sane one is kept', async () => {
    const paths = [
      '/',
      '/boot.js',
      '/healthz',
      '/api/v1/me',
      '/api/nothing',
      '/api/docs',
      '/metrics',
      '/sync/x',
    ];
    for (const path of paths) {
      expect((await server.visitor().get(path)).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      const kept = await server.visitor().get(path, { 'x-request-id': 'proxy:7f.3-a_1' });
      expect(kept.headers.get('x-request-id')).toBe('proxy:7f.3-a_1');
      if (kept.status >= 400) expect(kept.body.requestId).toBe('proxy:7f.3-a_1');
    }
    for (const insane of ['a b', '<script>', 'x'.repeat(129), '']) {
      const answer = await server.visitor().get('/healthz', { 'x-request-id': insane });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('[H1] so does the answer to an upgrade', async () => {
    const sent = request({
      port: server.port,
      host: '127.0.0.1',
      path: `/sync/${crypto.randomUUID()}`,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        'x-request-id': 'socket-1',
      },
    });
    sent.end();
    const [response, socket] = (await once(sent, 'upgrade')) as [IncomingMessage, Socket];
    expect(response.headers['x-request-id']).toBe('socket-1');
    socket.destroy();
  });

  function expectProblem(answer: Answer, status: number, code: string): void {
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ type: 'about:blank', status, code, title: expect.any(String) });
    expect(String(answer.body.detail)).toMatch(/\w.*\.$/);
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
  }

  test('[H2] what is not there, or not so, is a problem document', async () => {
    expectProblem(await visitor.get('/api/v1/nothing'), 404, 'not-found');
    expectProblem(await visitor.get('/api'), 404, 'not-found');
    expectProblem(await visitor.get('/api/auth/delete-user'), 404, 'not-found');
    const wrongMethod = await visitor.send('PUT', '/api/v1/tokens');
    expectProblem(wrongMethod, 405, 'method-not-allowed');
    expect(wrongMethod.headers.get('allow')).toBe('POST, GET');
    expectProblem(await visitor.send('POST', '/today'), 405, 'method-not-allowed');
    expectProblem(await server.visitor().get('/api/v1/me'), 401, 'signed-out');
    expectProblem(await visitor.get('/sync/abc'), 426, 'upgrade-required');
  });

  test('[H2] a body that is not what it should be is a problem document', async () => {
    const json = { 'content-type': 'application/json' };
    const send = (headers: Record<string, string>, body?: BodyInit) =>
      visitor.send('POST', '/api/v1/spaces', headers, body);
    expectProblem(await send(json, '{"name":'), 400, 'malformed-json');
    expectProblem(await send(json, ''), 400, 'malformed-json');
    expectProblem(await send(json, new Uint8Array([0x22, 0xff, 0x22])), 400, 'malformed-json');
    expectProblem(
      await send({ 'content-type': 'text/plain' }, '{"name":"x"}'),
      415,
      'unsupported-media-type',
    );
    expectProblem(await send({}), 415, 'unsupported-media-type');
    const misfit = await send(json, '{"name":"","colour":"red"}');
    expectProblem(misfit, 400, 'invalid-input');
    expect(misfit.body.errors).toHaveLength(2);
    for (const body of ['null', '[]', '"x"', '{"name":7}', '{"__proto__":{"name":"x"}}']) {
      expectProblem(await send(json, body), 400, 'invalid-input');
    }
  });

  test('[H2] a text that no database can hold is refused, not a fault', async () => {
    const nul = await visitor.post('/api/v1/spaces', { name: 'a\0b' });
    expectProblem(nul, 400, 'invalid-input');
    expectProblem(await visitor.post('/api/v1/spaces', { name: 'half \ud83d' }), 400, 'invalid-input');
    expectProblem(await visitor.signUp('nul@example.org', { name: 'a\0b' }), 400, 'invalid-input');
    expectProblem(await visitor.signUp('nul\0@example.org'), 400, 'invalid-email');
    expectProblem(await visitor.signIn('nul\0@example.org'), 400, 'invalid-email');
    expectProblem(await visitor.send('DELETE', '/api/v1/devices/%00'), 404, 'not-found');
    expectProblem(await visitor.send('DELETE', '/api/v1/tokens/%00'), 404, 'not-found');
    expect((await visitor.post('/api/v1/spaces', { name: 'Haus \u{1f3e1}' })).status).toBe(201);
  });

  test('[H2] a body over the limit is refused, announced or not', async () => {
    const json = { 'content-type': 'application/json' };
    const large = JSON.stringify({ name: 'x'.repeat(300_000) });
    expectProblem(await visitor.send('POST', '/api/v1/spaces', json, large), 413, 'too-large');
    const unannounced = new Blob([large]).stream();
    expectProblem(await visitor.send('POST', '/api/v1/spaces', json, unannounced), 413, 'too-large');
    expect((await visitor.get('/api/v1/me')).status).toBe(200);
  });

  test('[H2] what is no request gets a problem document too', async () => {
    const talk = async (bytes: string) => {
      const socket = connect(server.port, '127.0.0.1');
      socket.end(bytes);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      return text;
    };
    for (const [bytes, status, code] of [
      ['GET / HTTP/1.1\r\nHost: x\r\nX: ' + 'y'.repeat(20_000) + '\r\n\r\n', 431, 'headers-too-large'],
      ['hello\r\n\r\n', 400, 'malformed-request'],
      ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed-request'],
      ['TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405, 'method-not-allowed'],
      ['GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400, 'malformed-request'],
      [
        'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        404,
        'not-found',
      ],
    ] as const) {
      const text = await talk(bytes);
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
      expect(text).toMatch(/^x-request-id: [0-9a-f-]{36}\r$/im);
      expect(text).toContain(`"code":"${code}"`);
    }
  });

  test('[H3] a bug tells the outside its id, and the log the rest', async () => {
    const own = await testDatabase();
    const broken = await runServer({ databaseUrl: own.url });
    await broken.database.kysely.schema.alterTable('account_user').renameTo('account_gone').execute();
    const answer = await broken.visitor().signIn('http@example.org');
    expectProblem(answer, 500, 'internal');
    expect(JSON.stringify(answer.body)).not.toMatch(/account_user/);
    const line = broken.log.find(
      (entry) => entry.requestId === answer.body.requestId && entry.level === 'error',
    );
    expect(JSON.stringify(line)).toMatch(/account_user/);
    await broken.close();
    await own.drop();
  });

  test('[H3] a database that is away is no bug: 503 and come again', async () => {
    const own = await testDatabase();
    const cut = await runServer({ databaseUrl: own.url });
    const someone = cut.visitor();
    expect((await someone.signUp('cut@example.org')).status).toBe(200);
    await own.drop();
    const answers = [
      await someone.get('/api/auth/get-session'),
      await cut.visitor().signIn('cut@example.org'),
    ];
    for (const answer of answers) {
      expect(answer.headers.get('retry-after')).toBe('5');
      expectProblem(answer, 503, 'unavailable');
    }
    await cut.close();
  });

  test('[H4] security headers stand on every answer, and a page may run what it was built with', async () => {
    for (const path of ['/', '/sw.js', '/api/v1/me', '/api/nothing', '/api/docs', '/healthz']) {
      const { headers } = await visitor.get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
    }
    const policy = (await visitor.get('/')).headers.get('content-security-policy') ?? '';
    const hash = createHash('sha256').update(INLINE).digest('base64');
    expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(policy).toContain(`ws://127.0.0.1:${String(server.port)}`);
    // A service worker fetches by the policy of its own file.
    const worker = (await visitor.get('/sw.js')).headers.get('content-security-policy');
    expect(worker).toContain("connect-src 'self'");
    expect((await visitor.get('/api/v1/me')).headers.get('content-security-policy')).toContain(
      "default-src 'none'",
    );
  });

  test('[H4] no header that a browser would complain about on a plain LAN address', async () => {
    const opener = async (headers: Record<string, string>) =>
      (await rawRequest(server.port, '/', headers)).headers['cross-origin-opener-policy'];
    for (const host of ['127.0.0.1:8787', 'localhost', '[::1]:8787', 'app.localhost:1']) {
      expect(await opener({ host })).toBe('same-origin');
    }
    expect(await opener({ host: '192.168.7.20:8787' })).toBeUndefined();
    expect(await opener({ host: '127.0.0.1.evil.example' })).toBeUndefined();
    expect(await opener({ host: 'tasks.example.org', 'x-forwarded-proto': 'https' })).toBe('same-origin');
  });

  test('[H9] the log holds no secret, address or query', async () => {
    const other = server.visitor();
    await other.signIn('http@example.org', 'a wrong password');
    await other.signIn('http@example.org');
    const { token } = (await other.post('/api/v1/tokens', { name: 'logged' })).body;
    await other.get('/api/v1/me?q=private-words', { authorization: `Bearer ${String(token)}` });
    const log = JSON.stringify(server.log);
    expect(log).toContain('/api/v1/me');
    for (const secret of [PASSWORD, 'a wrong password', String(token), 'http@example.org', 'private-words']) {
      expect(log).not.toContain(secret);
    }
    for (const value of (other.cookie() ?? '').split('='))
      if (value.length > 30) expect(log).not.toContain(value);
  });
});

describe('files', () => {
  test('[H5] hashed files are cached for ever, the others asked for anew', async () => {
    const hashed = await visitor.get('/_app/immutable/app.Dx3k.js');
    expect(hashed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(hashed.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    for (const path of ['/', '/sw.js', '/manifest.webmanifest', '/_app/version.json']) {
      const fresh = await visitor.get(path);
      expect(fresh.status).toBe(200);
      expect(fresh.headers.get('cache-control')).toBe('no-cache');
      const etag = fresh.headers.get('etag') ?? '';
      const unchanged = await visitor.get(path, { 'if-none-match': `"other", W/${etag}` });
      expect(unchanged.status).toBe(304);
      expect(unchanged.body).toEqual({ text: '' });
    }
  });

  test('[H5] a deep link gives the page, a missing asset 404', async () => {
    for (const path of ['/', '/today', '/task/8d1f', '/index.html']) {
      const page = await visitor.get(path);
      expect(page.status).toBe(200);
      expect(page.body.text).toBe(PAGE);
    }
    for (const path of ['/_app/immutable/gone.js', '/_app/nothing', '/boot.js', '/favicon.ico', '/%ff']) {
      const missing = await visitor.get(path);
      expect(missing.status).toBe(404);
      expect(missing.body).toMatchObject({ code: 'not-found' });
    }
  });

  test('[H5] no path leads out of the folder', async () => {
    writeFileSync(join(webRoot, '../outside.txt'), 'secret');
    for (const path of [
      '/../outside.txt',
      '/..%2foutside.txt',
      '/%2e%2e/outside.txt',
      '/..%5coutside.txt',
      '//etc/passwd',
    ]) {
      const answer = await rawGet(server.port, path);
      expect(answer).not.toMatch(/secret|root:/);
    }
    rmSync(join(webRoot, '../outside.txt'));
  });

  test('[H5] text is compressed for those who take it, each form with a tag of its own', async () => {
    const path = '/_app/immutable/app.Dx3k.js';
    const { headers, body } = await rawRequest(server.port, path, { 'accept-encoding': 'gzip, br' });
    expect(headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(body).toString()).toBe(SCRIPT);
    const plain = await rawRequest(server.port, path, { 'accept-encoding': 'br;q=0, identity' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.toString()).toBe(SCRIPT);
    expect(plain.headers.etag).not.toBe(headers.etag);
    expect(plain.headers.vary).toBe('Accept-Encoding');
  });
});

describe('operation', () => {
  test('[H6] alive and ready', async () => {
    expect((await visitor.get('/healthz')).body).toEqual({ status: 'alive', version: '0.0.0-test' });
    expect((await visitor.get('/readyz')).body).toEqual({ status: 'ready' });
  });

  test('[H6] a probe that speaks HTTP/1.0 without a Host is answered', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.0\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 200 /);
  });

  test('[H6] alive but not ready without migrations or a database', async () => {
    const empty = await testDatabase({ migrated: false });
    const early = await runServer({ databaseUrl: empty.url });
    expect((await early.visitor().get('/healthz')).status).toBe(200);
    const unmigrated = await early.visitor().get('/readyz');
    expect(unmigrated.status).toBe(503);
    expect(unmigrated.body).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('migrated'),
    });
    await empty.drop();
    const gone = await early.visitor().get('/readyz');
    expect(gone.body).toMatchObject({ code: 'unavailable', detail: 'The database does not answer.' });
    await early.close();
  });

  test('[H7] measurements want the token and hold no ids', async () => {
    const { id } = (await visitor.post('/api/v1/tokens', { name: 'measured' })).body;
    await visitor.send('DELETE', `/api/v1/tokens/${String(id)}`);
    expect((await visitor.get('/metrics')).status).toBe(401);
    expect((await visitor.get('/metrics', { authorization: 'Bearer scrape-mf' })).status).toBe(401);
    const { status, headers, body } = await visitor.get('/metrics', { authorization: 'Bearer scrape-me' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect(body.text).toMatch(
      /holdfast_http_request_duration_seconds_count\{method="DELETE",route="\/api\/v1\/tokens\/\{tokenId\}",status="204"\} 1/,
    );
    expect(body.text).toContain('process_cpu_seconds_total');
    expect(body.text).not.toContain(String(id));
  });

  test('[H8] the description names every operation served and no other, and the page shows them', async () => {
    const { body } = await visitor.get('/api/v1/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    const page = String((await visitor.get('/api/docs')).body.text);
    expect(page).not.toMatch(/<script|https?:\/\//);
    const paths = Object.entries(body.paths as Record<string, Record<string, { operationId: string }>>);
    expect(paths.length).toBeGreaterThan(10);
    for (const [path, methods] of paths) {
      expect(page).toContain(`<code>${path}</code>`);
      const concrete = path.replaceAll(/\{\w+\}/g, crypto.randomUUID());
      const allowed: string[] = [];
      for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
        const answer = await server.visitor().send(method.toUpperCase(), concrete);
        if (answer.status !== 405) allowed.push(method);
      }
      expect(allowed).toEqual(expect.arrayContaining(Object.keys(methods)));
      if (path.startsWith('/api/')) expect(allowed).toHaveLength(Object.keys(methods).length);
    }
    const ids = paths.flatMap(([, methods]) => Object.values(methods).map((method) => method.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('[H8] answers are as described, with no field more', async () => {
    const someone = server.visitor();
    const credentials = { email: 'described@example.org', password: PASSWORD };
    const answers: [Answer, Schema][] = [
      [await someone.get('/api/v1/server'), schemas.server],
      [await someone.get('/api/auth/get-session'), schemas.currentSession],
      [await someone.post('/api/auth/sign-up/email', { name: 'D', ...credentials }), schemas.signedIn],
      [await someone.post('/api/auth/sign-in/email', credentials), schemas.signedIn],
      [await someone.get('/api/auth/get-session'), schemas.currentSession],
      [await someone.get('/api/auth/list-sessions'), schemas.sessions],
      [await someone.get('/api/v1/me'), schemas.me],
      [await someone.post('/api/v1/spaces', { name: 'S' }), schemas.space],
      [await someone.post('/api/v1/tokens', { name: 'T' }), schemas.newToken],
      [await someone.get('/api/v1/tokens'), schemas.tokens],
      [await someone.get('/api/v1/devices'), schemas.devices],
      [await visitor.post('/api/v1/sign-up-invites', {}), schemas.newInvite],
      [await someone.post('/api/v1/sign-up-invites', {}), schemas.problem],
      [await someone.post('/api/v1/tokens', { nam: 'T' }), schemas.problem],
      [await someone.post('/api/auth/revoke-sessions'), schemas.done],
    ];
    for (const [{ body }, schema] of answers) {
      // Parsing drops what the schema does not know, so equality means that nothing more was sent.
      expect(schemas.parse(schema, body)).toEqual({ ok: true, value: body });
    }
  });

  test('[H10] draining fails readyz at once, lets what was begun finish, then frees the port', async () => {
    const leaving = await runServer({ databaseUrl: shared.url });
    const begun = request({
      port: leaving.port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/api/auth/sign-in/email',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked', expect: '100-continue' },
    });
    const answered = once(begun, 'response');
    // The server's 100 Continue proves that it has begun with this one.
    const taken = once(begun, 'continue');
    begun.write('{"email":"http@example.org",');
    await taken;
    const idle = connect(leaving.port, '127.0.0.1');
    idle.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
    const [first] = (await once(idle, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1.1 200/);
    const idleEnded = once(idle, 'close');
    idle.resume();

    const drained = leaving.server.drain();
    await idleEnded;
    const probe = await leaving.visitor().get('/readyz');
    expect(probe.status).toBe(503);
    expect(probe.body).toMatchObject({ code: 'unavailable', detail: 'The server is shutting down.' });
    expect(probe.headers.get('connection')).toBe('close');
    await drained;

    const closed = leaving.server.close();
    begun.end(`"password":"${PASSWORD}"}`);
    const [response] = (await answered) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    await closed;
    await expect(fetch(`${leaving.url}/healthz`)).rejects.toThrow();
    await leaving.database.close();
  });

  test('[H11] wrong passwords run out, right ones cost nothing, and time gives tries back', async () => {
    const far = (email: string, password: string, from: string) =>
      server
        .visitor()
        .post('/api/auth/sign-in/email', { email, password }, { 'x-forwarded-for': `8.8.8.8, ${from}` });
    await server.visitor().signUp('guessed@example.org');
    for (let n = 0; n < 12; n++)
      expect((await far('guessed@example.org', PASSWORD, '203.0.113.1')).status).toBe(200);
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++)
      statuses.push((await far('guessed@example.org', `guess ${String(n)}`, '203.0.113.2')).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    const refused = await far('guessed@example.org', PASSWORD, '203.0.113.2');
    expect(refused.body).toMatchObject({ code: 'too-many-requests' });
    expect(refused.headers.get('retry-after')).toBe('30');
    // The owner, at another address, is not locked out.
    expect((await far('guessed@example.org', PASSWORD, '203.0.113.3')).status).toBe(200);
    nowMs += 30_000;
    expect((await far('guessed@example.org', PASSWORD, '203.0.113.2')).status).toBe(200);
  });

  test('[H11] limits that are off do not count', async () => {
    const free = await runServer({ databaseUrl: shared.url });
    const answers: number[] = [];
    for (let n = 0; n < 12; n++)
      answers.push((await free.visitor().signIn('http@example.org', 'wrong again')).status);
    expect(new Set(answers)).toEqual(new Set([401]));
    await free.close();
  });
});

test('[A2] the cookie of a LAN address works there as it does on 127.0.0.1', async () => {
  const host = `192.168.7.20:${String(server.port)}`;
  const login = await rawRequest(
    server.port,
    '/api/auth/sign-in/email',
    { host, origin: `http://${host}`, 'content-type': 'application/json' },
    JSON.stringify({ email: 'http@example.org', password: PASSWORD }),
  );
  expect(login.status).toBe(200);
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  const made = await rawRequest(
    server.port,
    '/api/v1/spaces',
    { host, origin: `http://${host}`, cookie, 'content-type': 'application/json' },
    '{"name":"At home"}',
  );
  expect(made.status).toBe(201);
  expect((await createVisitor(server.url).get('/api/v1/me', { cookie })).status).toBe(200);
});

/** fetch would tidy the path, undo the compression and refuse to set Host. */
async function rawRequest(port: number, path: string, headers: Record<string, string>, body?: string) {
  const sent = request({
    port,
    host: '127.0.0.1',
    path,
    headers,
    method: body === undefined ? 'GET' : 'POST',
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

async function rawGet(port: number, path: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
