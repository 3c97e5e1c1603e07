/** What Dockerfile and compose.yaml repeat from elsewhere, and could forget to follow. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '@holdfast/deploy/config.ts';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const dockerfile = read('Dockerfile');

test('[CI1] the image starts servers with the flags of npm start', () => {
  const { server } = JSON.parse(read('deploy/node-flags.json')) as { server: string[] };
  expect(/NODE_OPTIONS=("[^"]*"|\S+)/.exec(dockerfile)?.[1]?.replaceAll('"', '')).toBe(server.join(' '));
});

test('[CI2] every workspace is known to the image, and no setting of it or of compose.yaml is unknown', () => {
  const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
  const copied = [...dockerfile.matchAll(/^COPY (\S+)\/package\.json \S+\/$/gm)].map((match) => match[1]);
  expect(copied.sort()).toEqual([...workspaces].sort());
  const service = read('compose.yaml').split('\nservices:\n')[0] ?? '';
  const set = [...service.matchAll(/^ {4}([A-Z_]+):/gm)].map((match) => match[1] ?? '');
  expect(set).toContain('DATABASE_URL');
  expect(set.filter((name) => !(name in SETTINGS))).toEqual([]);
});

test('[CI3] the image runs as an ordinary user, in exec form, with a health check', () => {
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).toMatch(/^HEALTHCHECK .*CMD \["/m);
  expect(dockerfile).toMatch(/^ENTRYPOINT \["/m);
  expect(dockerfile).not.toMatch(/^# *syntax=/m);
});
