/**
 * The checks in containers: what `npm run verify:deploy` runs beside an engine, with the images built.
 *
 *   node tests/containers/run.ts REPORT.json
 *
 * Promise: compose's own file is used as it is, with no other settings than ports and a password; everything is taken down
 * again. Nothing is judged by a log: edits are looked for in documents that a fresh client reads.
 * Limits: the checks build on each other, so the first failure ends them, and the rest is counted as failed.
 */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { Agent, get as getSecurely } from 'node:https';
import { join } from 'node:path';
import * as Y from 'yjs';
import { Faults, runChecks } from '@holdfast/deploy/verification/check.ts';
import type { Check } from '@holdfast/deploy/verification/check.ts';
import { readFresh } from '../kill/writers.ts';
import { createAccount } from '../support/account.ts';
import type { TestAccount } from '../support/account.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { PROJECT, containers, root } from './docker.ts';
import { startSteadyWriter } from './steady-writer.ts';
import type { SteadyWriter } from './steady-writer.ts';

/** Only against a hang. */
const LIMIT_MS = 180_000;
const MIB = 1024 * 1024;
/** Of an image, beyond its base: a stand-in for a base may have any size. node:26-bookworm-slim has about 250 MB, and all must be below 350. */
const MAX_ADDED_BYTES = 90 * MIB;
const BASE = 'node:26-bookworm-slim';
const MAX_ABSENCE_MS = 3_000;
const WRITERS = 6;
const HEARD_WITHIN_MS = 10_000;

/** The engine has a network of its own, in which the usual ports are free. */
const env = { POSTGRES_PASSWORD: randomUUID().replaceAll('-', '') };
const proxy = 'http://127.0.0.1:8080';
const SERVERS = ['holdfast', 'holdfast-2'] as const;
/** A name that only a router at home knows; docs/containers.md has the recipe. */
const HOME_NAME = 'holdfast.home.arpa';
const ROOT_CERTIFICATE = '/data/caddy/pki/authorities/local/root.crt';

const engine = containers(env, LIMIT_MS);
let account: TestAccount;
let writers: SteadyWriter[] = [];

const checks: Check[] = [
  {
    name: 'the image without a database is small enough',
    run: async () => {
      const size = async (image: string): Promise<number> =>
        Number(await engine.docker('image', 'inspect', '-f', '{{.Size}}', image));
      const base = await size(BASE);
      const added = (await size('holdfast:latest')) - base;
      if (added > MAX_ADDED_BYTES)
        throw new Error(`It adds ${inMib(added)}, of ${inMib(MAX_ADDED_BYTES)} allowed.`);
      const addedHome = (await size('holdfast:home')) - base;
      return `${inMib(added)} on top of its base; with Postgres ${inMib(addedHome)}`;
    },
  },
  {
    name: 'compose with two servers behind the proxy comes up healthy',
    run: async () => {
      await engine.compose('up', '-d', 'postgres', ...SERVERS, 'proxy');
      await engine.untilHealthy(await engine.idOf('postgres'), ...(await serverIds()));
      await engine.until('the proxy answers', async () => (await fetch(`${proxy}/readyz`)).ok);
      account = await createAccount(proxy);
      return undefined;
    },
  },
  {
    name: 'an edit reaches a second client through the other server',
    run: async () => {
      const [one, other] = [await startWriter('one'), await startWriter('other')];
      const counts = await Promise.all(SERVERS.map(connectionsOf));
      if (counts.some((count) => count !== 1)) {
        throw new Error(`The two sockets are not on two servers: ${counts.join(' and ')}.`);
      }
      await engine.until('each has an edit of the other', () =>
        Promise.resolve(has(one.doc, 'other-0') && has(other.doc, 'one-0')),
      );
      await finish([one, other]);
      return undefined;
    },
  },
  {
    name: 'every server is replaced under load, nothing is lost or doubled, and nobody is away for 3 s',
    run: async () => {
      writers = await Promise.all(Array.from({ length: WRITERS }, (_, n) => startWriter(`rolling${n}`)));
      for (const server of SERVERS) {
        const before = writers.map(({ told }) => told);
        await engine.until('everybody writes', () =>
          Promise.resolve(writers.every(({ told }, n) => told > (before[n] ?? 0) + 5)),
        );
        await engine.compose('up', '-d', '--no-deps', '--force-recreate', server);
        await engine.untilHealthy(await engine.idOf(server));
        // The proxy looks every second, and the next must not go before it has seen this one.
        await engine.until('a socket through the proxy reaches it', () => reaches(server));
      }
      await finish(writers);
      await mustHoldAll(writers);
      const absencesMs = writers.flatMap((writer) => writer.absencesMs);
      if (absencesMs.length < WRITERS)
        throw new Error(`Only ${absencesMs.length} sockets were cut: that was no replacement.`);
      const longestMs = Math.max(...absencesMs);
      if (longestMs > MAX_ABSENCE_MS) throw new Error(`A client was away for ${Math.round(longestMs)} ms.`);
      const edits = writers.reduce((sum, { made }) => sum + made, 0);
      return `${edits} edits, ${absencesMs.length} returns, the longest after ${Math.round(longestMs)} ms`;
    },
  },
  {
    name: 'SIGTERM ends a server with 0, and every receipt was honoured',
    run: async () => {
      writers = await Promise.all(Array.from({ length: WRITERS }, (_, n) => startWriter(`ended${n}`)));
      await engine.until('everybody writes', () => Promise.resolve(writers.every(({ told }) => told > 10)));
      for (const id of await serverIds()) {
        await engine.docker('stop', id);
        const code = await engine.docker('inspect', '-f', '{{.State.ExitCode}}', id);
        if (code !== '0') throw new Error(`It ended with ${code}.`);
      }
      const toldBefore = writers.map(({ name, told }) => ({ name, told }));
      await engine.compose('up', '-d', '--no-deps', ...SERVERS);
      await engine.untilHealthy(...(await serverIds()));
      await engine.until('the proxy answers', async () => (await fetch(`${proxy}/readyz`)).ok);
      await mustHold(toldBefore);
      await finish(writers);
      await mustHoldAll(writers);
      return undefined;
    },
  },
  {
    name: 'a database that is killed with -9 under load loses nothing that was told',
    run: async () => {
      writers = await Promise.all(Array.from({ length: WRITERS }, (_, n) => startWriter(`killed${n}`)));
      await engine.until('everybody writes', () => Promise.resolve(writers.every(({ told }) => told > 10)));
      const id = await engine.idOf('postgres');
      await engine.docker('kill', '--signal=KILL', id);
      const toldBefore = writers.map(({ name, told }) => ({ name, told }));
      await engine.docker('start', id);
      await engine.untilHealthy(id);
      await engine.until('the servers are ready again', async () => (await fetch(`${proxy}/readyz`)).ok);
      await mustHold(toldBefore);
      await finish(writers);
      await mustHoldAll(writers);
      return `${writers.reduce((sum, { told }) => sum + told, 0)} edits`;
    },
  },
  {
    name: "the operator's doctor finds everything well",
    run: async () => {
      await engine.docker('exec', await engine.idOf('holdfast'), 'holdfast', 'doctor');
      return undefined;
    },
  },
  {
    name: 'what the chart runs beside the app works: its wait for the database, and what helm test asks',
    run: async () => {
      const inNetwork = [
        'run',
        '--rm',
        '--network',
        `${PROJECT}_default`,
        '--read-only',
        '--cap-drop',
        'ALL',
        '--user',
        '1000',
      ];
      const url = `DATABASE_URL=postgres://holdfast:x@postgres:5432/holdfast`;
      const wait = await scriptIn('deploy/helm/holdfast/templates/_helpers.tpl');
      await engine.docker(...inNetwork, '-e', url, '--entrypoint', 'node', 'holdfast:latest', '-e', wait);
      const asked = await scriptIn('deploy/helm/holdfast/templates/tests/answers.yaml');
      const at = ['-e', 'APP=proxy:80', '-e', 'WORKERS=holdfast:8787', '--entrypoint', 'node'];
      const answers = await engine.docker(
        ...inNetwork,
        ...at,
        'holdfast:latest',
        '--input-type=module',
        '-e',
        asked,
      );
      return `${answers.split('\n').length} answers`;
    },
  },
  {
    name: 'by HTTPS with the proxy’s own certificate an edit is saved for who trusts its root, and nobody else gets in',
    run: async () => {
      const site = { SITE_ADDRESS: HOME_NAME, CADDY_TLS: 'tls internal', PUBLIC_URL: `https://${HOME_NAME}` };
      const home = containers({ ...env, ...site }, LIMIT_MS);
      await home.compose('up', '-d', '--no-deps', 'proxy');
      let ca = '';
      await home.until('the proxy answers by HTTPS', async () => {
        ca = await home.docker('exec', await home.idOf('proxy'), 'cat', ROOT_CERTIFICATE);
        return (await askAtHome('https', ca)).status === 200;
      });
      const stranger = await askAtHome('https', undefined).catch(
        (error: NodeJS.ErrnoException) => error.code,
      );
      // OpenSSL's word for it differs with what the proxy sends along.
      if (typeof stranger !== 'string' || !/CERT|SIGNATURE/.test(stranger))
        throw new Error(`Who does not trust the root was answered: ${JSON.stringify(stranger)}`);
      const { status, location } = await askAtHome('http', undefined);
      if (status !== 308 || location !== `https://${HOME_NAME}/readyz`)
        throw new Error(`Plain HTTP is answered by ${status} ${location}.`);

      const doc = new Y.Doc();
      const url = `wss://127.0.0.1:8443/sync/${account.spaceId}`;
      const options = { url, token: account.token, headers: { host: HOME_NAME } };
      const agent = new Agent({ ca, servername: HOME_NAME });
      const writer = await connectRawClient({ ...options, agent, doc });
      await Promise.all([writer.synced, writer.answered]);
      doc.once('update', (update: Uint8Array) => writer.sendUpdate(update));
      doc.getMap('tasks').set('by-https/born', { t: Date.now() * 1024, by: 'a' });
      const receipt = await writer.receipt();
      if (receipt.status !== 0) throw new Error(`The edit was refused: ${receipt.text}`);
      await writer.close();
      const fresh = new Y.Doc();
      const reader = await connectRawClient({ ...options, agent, doc: fresh });
      await reader.synced;
      await reader.close();
      agent.destroy();
      if (!has(fresh, 'by-https')) throw new Error('The edit is not there.');
      return undefined;
    },
  },
  {
    name: 'one container with its own database, read-only and without privileges, serves and ends with 0',
    run: async () => {
      const name = `holdfast-home-${randomUUID().slice(0, 8)}`;
      await engine.docker(
        ...['run', '-d', '--name', name, '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'],
        ...[
          '--security-opt',
          'no-new-privileges',
          '-v',
          `${name}:/data`,
          '-p',
          '127.0.0.1:18888:8787',
          'holdfast:home',
        ],
      );
      try {
        await engine.untilHealthy(name);
        await createAccount('http://127.0.0.1:18888');
        await engine.docker('stop', '--time=30', name);
        const code = await engine.docker('inspect', '-f', '{{.State.ExitCode}}', name);
        if (code !== '0') throw new Error(`It ended with ${code}.`);
      } finally {
        await engine.docker('rm', '-f', '-v', name);
        await engine.docker('volume', 'rm', '-f', name);
      }
      return undefined;
    },
  },
];

if (import.meta.main) {
  const report = process.argv[2];
  if (report === undefined) throw new Error('Where shall the report be written?');
  await engine.compose('down', '-v', '--remove-orphans').catch(() => undefined);
  let hasFailed = false;
  const inTurn = checks.map(({ name, run }) => ({
    name,
    run: async () => {
      if (hasFailed) throw new Faults(['not tried, because one before it failed']);
      hasFailed = true;
      const words = await run();
      hasFailed = false;
      return words;
    },
  }));
  const summary = await runChecks(inTurn);
  for (const writer of writers) void writer.finish().catch(() => undefined);
  await writeFile(report, JSON.stringify(summary));
  await engine.compose('down', '-v', '--remove-orphans', '--timeout=5').catch(() => undefined);
  // A writer whose server is gone would go on trying.
  process.exit(summary.failures.length > 0 ? 1 : 0);
}

// --- what the checks are made of ---

/** The program that a template of the chart hands to node: a block of text, by its indentation. */
async function scriptIn(template: string): Promise<string> {
  const lines = (await readFile(join(root, template), 'utf8')).split('\n');
  const begin = lines.findIndex((line) => /^ +- \|$/.test(line)) + 1;
  const indent = /^ */.exec(lines[begin] ?? '')?.[0] ?? '';
  const end = lines.findIndex((line, n) => n > begin && line !== '' && !line.startsWith(indent));
  return lines.slice(begin, end).join('\n');
}

function startWriter(name: string): Promise<SteadyWriter> {
  return startSteadyWriter({ name, url: proxy, spaceId: account.spaceId, token: account.token });
}

async function finish(all: readonly SteadyWriter[]): Promise<void> {
  await Promise.all(all.map((writer) => writer.finish()));
  const faults = all.flatMap((writer) => writer.faults);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

async function serverIds(): Promise<string[]> {
  return Promise.all(SERVERS.map((server) => engine.idOf(server)));
}

/** Read inside of the container: only the proxy and one server have a port on this machine. */
async function connectionsOf(server: string): Promise<number> {
  const text = await insideFetch(server, '/metrics');
  return Number(/^holdfast_sync_connections (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
}

/** The proxy sends a new socket to whoever has the fewest. */
async function reaches(server: string): Promise<boolean> {
  const before = await connectionsOf(server);
  const visitor = await connectRawClient({
    url: `${proxy.replace(/^http/, 'ws')}/sync/${account.spaceId}`,
    token: account.token,
  });
  try {
    return (await connectionsOf(server)) > before;
  } finally {
    await visitor.close();
  }
}

async function insideFetch(server: string, path: string): Promise<string> {
  const script = `fetch('http://127.0.0.1:8787${path}').then((response) => response.text()).then(console.log)`;
  return engine.docker('exec', await engine.idOf(server), 'node', '-e', script);
}

/** As a device on the same network, whose router knows the name. */
function askAtHome(
  scheme: 'http' | 'https',
  ca: string | undefined,
): Promise<{ readonly status: number | undefined; readonly location: string | undefined }> {
  const options = { host: '127.0.0.1', path: '/readyz', headers: { host: HOME_NAME } };
  return new Promise((resolve, reject) => {
    const asked =
      scheme === 'http'
        ? get({ ...options, port: 8080 })
        : getSecurely({ ...options, port: 8443, servername: HOME_NAME, ...(ca === undefined ? {} : { ca }) });
    asked.on('error', reject).on('response', (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode, location: answer.headers.location });
    });
  });
}

async function mustHoldAll(all: readonly SteadyWriter[]): Promise<void> {
  const made = all.map(({ name, made }) => ({ name, told: made }));
  await untilHeld(made, (doc) => {
    const ids = [...doc.getMap('tasks').keys()];
    return all.flatMap(({ name, made }) => {
      const count = ids.filter((id) => new RegExp(`^${name}-\\d+/born$`).test(id)).length;
      return count === made ? [] : [`${name} made ${made} tasks, and there are ${count}`];
    });
  });
}

async function mustHold(
  expected: readonly { readonly name: string; readonly told: number }[],
): Promise<void> {
  await untilHeld(expected, () => []);
}

/**
 * Whoever reads anew may be answered by the server that did not yet hear of the other's last commits, or heard nothing, since
 * its listening connection went with the database. It looks again every two seconds (docs/scaling.md), so all must be there
 * soon; who made it has left by then and brings nothing again.
 */
async function untilHeld(
  expected: readonly { readonly name: string; readonly told: number }[],
  furtherFaults: (doc: Y.Doc) => readonly string[],
): Promise<void> {
  const deadline = performance.now() + HEARD_WITHIN_MS;
  for (;;) {
    const doc = await freshDocument();
    const missing = expected.flatMap(({ name, told }) =>
      Array.from({ length: told }, (_, n) => `${name}-${n}`).filter((id) => !has(doc, id)),
    );
    const faults = [
      ...(missing.length > 0
        ? [`${missing.length} edits were lost: ${missing.slice(0, 5).join(', ')} ...`]
        : []),
      ...furtherFaults(doc),
    ];
    if (faults.length === 0) return;
    if (performance.now() > deadline) throw new Error(faults.join('\n'));
  }
}

async function freshDocument(): Promise<Y.Doc> {
  const doc = (await readFresh(proxy, account, [account.spaceId])).get(account.spaceId);
  if (!doc) throw new Error('There is no document.');
  return doc;
}

function has(doc: Y.Doc, id: string): boolean {
  return doc.getMap('tasks').has(`${id}/born`);
}

function inMib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
