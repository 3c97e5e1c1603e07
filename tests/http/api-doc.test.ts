/** Rule [AP15] of sync-server/http/SPEC.md: docs/api.md is run as it stands. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { runServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { openScript } from './script.ts';

const PAGE = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

let shared: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  shared = await testDatabase();
  server = await runServer({ databaseUrl: shared.url });
});

afterAll(async () => {
  await server.close();
  await shared.drop();
});

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly status: number | undefined;
}

/** What curl would send: the few options that the page uses, since not every machine that tests has curl. */
function readCurl(line: string, variables: ReadonlyMap<string, string>): Request {
  const status = /#\s*(\d{3})\s*$/.exec(line)?.[1];
  const words = [...line.replace(/#\s*\d{3}\s*$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) =>
      single ??
      (double ?? bare ?? '').replaceAll(/\$(\w+)/g, (_, name: string) => {
        const value = variables.get(name);
        if (value === undefined) throw new Error(`The page uses $${name} before it is there`);
        return value;
      }),
  );
  expect(words.shift()).toBe('curl');
  const headers: Record<string, string> = {};
  const data: string[] = [];
  let method: string | undefined;
  let url = '';
  let isQuery = false;
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const next = (): string => words.shift() ?? '';
    if (word === '-X') method = next();
    else if (word === '-G') isQuery = true;
    else if (word === '-d') data.push(next());
    else if (word === '-H') {
      const [name = '', ...value] = next().split(': ');
      headers[name] = value.join(': ');
    } else if (word.startsWith('-')) throw new Error(`This reader does not know curl's ${word}`);
    else url = word;
  }
  return {
    method: method ?? (data.length > 0 && !isQuery ? 'POST' : 'GET'),
    url: isQuery ? `${url}?${data.join('&')}` : url,
    headers,
    body: isQuery || data.length === 0 ? undefined : data.join('&'),
    status: status === undefined ? undefined : Number(status),
  };
}

/** The names of fields and the sorts of values, which is what an example promises. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

test('[AP15] every example of docs/api.md works, one after the other, and answers as the page shows', async () => {
  const script = await openScript(server, 'docs@example.org');
  const variables = new Map([
    ['HOLDFAST', server.url],
    ['TOKEN', script.token],
    ['SPACE', script.spaceId],
  ]);
  const blocks = [...PAGE.matchAll(/^```(sh|json)\n([\s\S]*?)^```/gm)];
  let answer: unknown;
  let requests = 0;
  for (const [, kind, text = ''] of blocks) {
    if (kind === 'json') {
      expect(shapeOf(answer)).toEqual(shapeOf(JSON.parse(text)));
      continue;
    }
    for (const line of text.replaceAll(/\\\n\s*/g, '').split('\n')) {
      // The reader sets these; here they are what they stand for.
      if (line === '' || /^[A-Z]+=/.test(line)) continue;
      const { method, url, headers, body, status } = readCurl(line, variables);
      const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
      const told = await response.text();
      expect(status === undefined ? response.ok : response.status === status, `${line}\n${told}`).toBe(true);
      answer = told === '' ? null : JSON.parse(told);
      requests++;
      const { id, title } = (answer ?? {}) as { id?: string; title?: string };
      if (id !== undefined && title !== undefined) variables.set('TASK', id);
    }
  }
  expect(requests).toBeGreaterThan(15);
});

test('[AP15] every parameter of listing tasks stands on the page', async () => {
  const response = await fetch(`${server.url}/api/v1/openapi.json`);
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>;
  };
  const parameters = paths['/api/v1/spaces/{spaceId}/tasks']?.['get']?.parameters ?? [];
  const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(PAGE).toContain(`\`${name}\``);
});
