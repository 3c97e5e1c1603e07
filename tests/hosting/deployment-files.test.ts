/** What the chart, the rules and the workflows repeat from elsewhere, and could forget to follow. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '@holdfast/deploy/config.ts';
import { createMetrics } from '@holdfast/sync-server/metrics.ts';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const chart = 'deploy/helm/holdfast';
const rules = read(`${chart}/files/prometheus-rules.yaml`);
const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map((match) => match[1] ?? '').sort();
const workflows = globSync('.github/workflows/*.yaml', { cwd: root }).map((path) => ({
  path,
  text: read(path),
}));

/** The chart decides these by itself. */
const OF_THE_CHART = ['HOST', 'PORT', 'DATA_DIR', 'DATABASE_URL'];

test('[HM1] the chart passes on exactly the settings that there are, and is of the version of the app', () => {
  interface Schema {
    readonly properties: Readonly<Record<string, Schema>>;
  }
  const { properties } = JSON.parse(read(`${chart}/values.schema.json`)) as Schema;
  const plain = Object.keys(properties['settings']?.properties ?? {});
  const secret = Object.keys(properties['secrets']?.properties['values']?.properties ?? {});
  expect([...OF_THE_CHART, ...plain, ...secret].sort()).toEqual(Object.keys(SETTINGS).sort());
  // A secret among the plain settings would stand in the release and in every pod's description.
  const isSecret = (name: string): boolean => 'secret' in SETTINGS[name as keyof typeof SETTINGS];
  expect(plain.filter(isSecret)).toEqual([]);
  const passedOn = /range \$name := list (.+) }}/.exec(read(`${chart}/templates/_helpers.tpl`))?.[1] ?? '';
  expect([...passedOn.matchAll(/"(\w+)"/g)].map((match) => match[1]).sort()).toEqual(secret.sort());

  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(/^appVersion: ['"](.+)['"]$/m.exec(read(`${chart}/Chart.yaml`))?.[1]).toBe(version);
});

test('[DP1] every alert has a runbook and is tried, and every runbook has an alert', () => {
  expect(alerts.length).toBeGreaterThan(10);
  const runbooks = globSync('docs/runbooks/Holdfast*.md', { cwd: root })
    .map((path) => path.replace(/^.*[\\/](\w+)\.md$/, '$1'))
    .sort();
  expect(runbooks).toEqual(alerts);
  const named = [...rules.matchAll(/runbook: docs\/runbooks\/(\w+)\.md/g)].map((match) => match[1]).sort();
  expect(named).toEqual(alerts);
  const tried = read('deploy/observability/prometheus-rules.test.yaml');
  // Firing, and not only silent.
  expect(alerts.filter((alert) => !tried.includes(`runbook: docs/runbooks/${alert}.md`))).toEqual([]);
});

test('[DP2] the rules and the dashboard ask for metrics that the servers have', async () => {
  const sources = globSync('{sync-server,workers,deploy}/**/*.ts', { cwd: root }).filter(
    (path) => !path.includes('node_modules') && !path.endsWith('.test.ts'),
  );
  const code = sources.map(read).join('\n');
  const { panels } = JSON.parse(read(`${chart}/files/dashboard.json`)) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
  const recorded = new Set([...rules.matchAll(/- record: (\S+)$/gm)].map((match) => match[1]));
  const used = [...queries.matchAll(/\bholdfast:[\w:]+/g)].map(([name]) => name);
  expect(used.filter((name) => !recorded.has(name))).toEqual([]);
  const metrics = createMetrics();
  const always = await metrics.text();
  metrics.close();
  const asked = new Set(
    [...`${rules}\n${queries}`.matchAll(/\b(?:holdfast|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name),
  );
  expect(asked.size).toBeGreaterThan(10);
  const unknown = [...asked].filter((name) => {
    const base = name.replace(/_(bucket|count|sum)$/, '');
    const grouped = /^holdfast_(?:projection|database)_(.+)$/.exec(base)?.[1];
    return !(
      code.includes(`'${base}'`) ||
      always.includes(`# HELP ${base} `) ||
      (grouped !== undefined && new RegExp(`gauge\\(\\s*'${grouped}'`).test(code))
    );
  });
  expect(unknown).toEqual([]);
});

test('[DP4] workflows run what is pinned by commit, with few permissions, one rollout at a time', () => {
  expect(workflows.length).toBeGreaterThan(3);
  for (const { path, text } of workflows) {
    const used = [...text.matchAll(/uses: (\S+)/g)].map((match) => match[1] ?? '');
    const loose = used.filter((action) => !/^\.\/|@[0-9a-f]{40}$/.test(action));
    expect(loose, path).toEqual([]);
    expect(text, path).toMatch(/^permissions:( \{\}|\n {2}contents: read)$/m);
    expect(text, path).toMatch(/^ *concurrency:$/m);
    // What a person typed becomes a variable and never a part of a script.
    for (const script of text.matchAll(/run: \|\n((?: {10}.*\n?|\n)+)/g)) {
      expect(script[1], path).not.toMatch(/\$\{\{/);
    }
  }
  const rollouts = workflows.filter(({ text }) => /KUBECONFIG/.test(text));
  expect(rollouts.length).toBe(2);
  for (const { path, text } of rollouts) {
    expect(text, path).toMatch(
      /group: rollout-\$\{\{ inputs\.environment \}\}\n\s+cancel-in-progress: false/,
    );
    expect(text, path).toMatch(/environment: \$\{\{ inputs\.environment \}\}/);
  }
});
