/** Rules PR of sync-server/http/SPEC.md: from asking for a link to the new password, over a real mail dialogue. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMailChannel } from '@holdfast/workers/channels/mail.ts';
import { sendMailJob } from '@holdfast/workers/mail/send-mail-job.ts';
import { NO_METRICS } from '@holdfast/workers/telemetry.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { startSmtpSink } from '../support/smtp-sink.ts';
import type { SmtpSink } from '../support/smtp-sink.ts';
import { PASSWORD, runServer } from './running-server.ts';
import type { RunningServer, Visitor } from './running-server.ts';

const MINUTE_MS = 60_000;
const PUBLIC_URL = 'https://tasks.example.org';
const NEW_PASSWORD = 'a wholly new battery';

let database: TestDatabase;
let server: RunningServer;
let ada: Visitor;
let sink: SmtpSink;
let nowMs: number;
const log: unknown[] = [];

beforeEach(async () => {
  nowMs = Date.now();
  log.length = 0;
  database = await testDatabase();
  const config = { publicUrl: PUBLIC_URL, sendsMail: true };
  server = await runServer({ databaseUrl: database.url, config, now: () => nowMs });
  ada = server.visitor();
  await ada.signUp('ada@example.org', { name: 'Ada <b>' });
  sink = await startSmtpSink();
});

afterEach(async () => {
  await sink.close();
  await server.close();
  await database.drop();
});

const ask = (email: string) => server.visitor().post('/api/auth/request-password-reset', { email });
const reset = (token: string, newPassword = NEW_PASSWORD) =>
  server.visitor().post('/api/auth/reset-password', { token, newPassword });

/** What the workers do at this time. */
async function sendMails(): Promise<void> {
  const mail = createMailChannel({ url: sink.url, from: 'Holdfast <tasks@example.org>' });
  const note = (fields: object): void => void log.push(fields);
  const job = sendMailJob({
    database: server.database,
    logger: { info: note, warn: note, error: note },
    metrics: NO_METRICS,
    mail,
    publicUrl: PUBLIC_URL,
  });
  const turn = { now: () => nowMs, isStopping: false };
  while ((await job.turn(turn)) === 'again');
  mail.close();
}

/** The token of the newest mail. */
function token(): string {
  const found = /^https:\/\/tasks\.example\.org\/reset\?token=([\w-]+)$/m.exec(sink.mails.at(-1)?.text ?? '');
  return found?.[1] ?? '';
}

async function queued(): Promise<number> {
  const rows = await server.database.run<{ n: number }>(
    { name: '', text: 'SELECT count(*) AS n FROM mail_queue' },
    [],
  );
  return rows[0]?.n ?? -1;
}

test('[PR1] a link comes by mail, sets a new password once, and ends every session', async () => {
  expect(await ask('Ada@Example.org')).toMatchObject({ status: 204 });
  await sendMails();
  expect(sink.mails).toHaveLength(1);
  expect(sink.mails[0]).toMatchObject({ to: ['ada@example.org'], subject: 'A new password for Holdfast' });
  expect(sink.mails[0]?.html).toContain('Hello Ada &#60;b&#62;,');
  expect(await queued()).toBe(0);
  const link = token();
  expect(link).toMatch(/^[\w-]{43}$/);

  // Too short is said, and spends nothing.
  expect(await reset(link, 'short')).toMatchObject({ status: 400, body: { code: 'weak-password' } });
  expect((await ada.get('/api/v1/me')).status).toBe(200);
  const { token: apiToken } = (await ada.post('/api/v1/tokens', { name: 'stays' })).body;
  const both = await Promise.all([reset(link), reset(link, 'another password')]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
  const password = both[0].status === 200 ? NEW_PASSWORD : 'another password';
  expect((await ada.get('/api/v1/me')).status).toBe(401);
  expect((await server.visitor().signIn('ada@example.org', PASSWORD)).status).toBe(401);
  expect((await server.visitor().signIn('ada@example.org', password)).status).toBe(200);
  const authorization = `Bearer ${String(apiToken)}`;
  expect((await server.visitor().get('/api/v1/me', { authorization })).status).toBe(200);
  expect(await reset(link)).toMatchObject({ status: 400, body: { code: 'invalid-reset' } });
});

test('[PR2] the answer is the same for an address without an account, and nothing is sent to it', async () => {
  const [known, unknown, none] = [
    await ask('ada@example.org'),
    await ask('eve@example.org'),
    await ask('no address'),
  ];
  for (const answer of [unknown, none]) {
    expect(answer.status).toBe(known.status);
    expect(answer.body).toEqual(known.body);
  }
  await sendMails();
  expect(sink.mails.map(({ to }) => to)).toEqual([['ada@example.org']]);
});

test('[PR3] a link works for an hour, and one that is used spends the others of the person', async () => {
  await ask('ada@example.org');
  await sendMails();
  const first = token();
  await ask('ada@example.org');
  await sendMails();
  const second = token();
  expect(second).not.toBe(first);
  nowMs += 59 * MINUTE_MS;
  expect((await reset(second)).status).toBe(200);
  expect((await reset(first)).status).toBe(400);

  await ask('ada@example.org');
  await sendMails();
  nowMs += 60 * MINUTE_MS;
  expect(await reset(token())).toMatchObject({ status: 400, body: { code: 'invalid-reset' } });
  expect((await reset('')).status).toBe(400);
  // The tables of accounts never held a link.
  const rows = await server.database.run({ name: '', text: 'SELECT * FROM account_verification' }, []);
  expect(JSON.stringify(rows)).not.toContain(token());
});

test('[PR4] asking is limited by address and by network, whether there is an account or not', async () => {
  const limited = await runServer({
    databaseUrl: database.url,
    config: { publicUrl: PUBLIC_URL, sendsMail: true, rateLimits: true },
    now: () => nowMs,
  });
  const askThere = (email: string) => limited.visitor().post('/api/auth/request-password-reset', { email });
  for (const email of ['ada@example.org', 'eve@example.org']) {
    for (let n = 0; n < 3; n++) expect((await askThere(email)).status).toBe(204);
    expect(await askThere(email)).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
  }
  for (let n = 0; n < 12; n++) await askThere(`some-${String(n)}@example.org`);
  expect((await askThere('another@example.org')).status).toBe(429);
  nowMs += 10 * MINUTE_MS;
  expect((await askThere('ada@example.org')).status).toBe(204);
  await limited.close();
  // And by what is open at once, where limits are off or servers many.
  for (let n = 0; n < 9; n++) await ask('ada@example.org');
  expect(await queued()).toBe(5);
});

test('[PR5] a server that sends no mail says so, and before anyone asks', async () => {
  const silent = await runServer({ databaseUrl: database.url });
  const answer = await silent
    .visitor()
    .post('/api/auth/request-password-reset', { email: 'ada@example.org' });
  expect(answer).toMatchObject({ status: 503, body: { code: 'mail-unavailable' } });
  expect((await silent.visitor().get('/api/v1/server')).body).toMatchObject({ passwordReset: 'operator' });
  expect((await server.visitor().get('/api/v1/server')).body).toMatchObject({ passwordReset: 'mail' });
  expect(await queued()).toBe(0);
  await silent.close();
});

test('[PR6] a mail that cannot be sent waits and is tried again until it has expired; addresses are not logged', async () => {
  await ask('ada@example.org');
  sink.answer({ code: 451, words: 'try ada@example.org later' });
  await sendMails();
  expect(sink.mails).toEqual([]);
  nowMs += 4999;
  await sendMails();
  expect(sink.mails).toEqual([]);
  nowMs += 1;
  await sendMails();
  expect(sink.mails).toHaveLength(1);

  await ask('ada@example.org');
  sink.answer({ code: 550, words: 'no such person as ada@example.org' });
  await sendMails();
  expect(await queued()).toBe(0);

  await ask('ada@example.org');
  nowMs += 61 * MINUTE_MS;
  await sendMails();
  expect(sink.mails).toHaveLength(1);
  expect(log).toHaveLength(2);
  expect(JSON.stringify(log)).not.toContain('ada@');
  expect(JSON.stringify(server.log)).not.toMatch(/ada@|token=/);
});
