/**
 * What the dashboard and the rules ask, put to a Prometheus that scrapes the real app.
 *
 * Promise: of the dashboard every query, of a recording rule what it records, and of an alert each selector in it must return
 * a series; an alert itself is silent while all is well, so it is judged by what it looks at.
 * Limits: a label that is matched by a value which only a fault brings (status=~"5..") must be there, with whatever value.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Query {
  /** Where it stands, for who has to mend it. */
  readonly where: string;
  readonly expression: string;
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

interface Rule {
  readonly type: 'recording' | 'alerting';
  readonly name: string;
  readonly query: string;
  readonly lastError?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const DASHBOARD = 'deploy/helm/holdfast/files/dashboard.json';
/** Of a scrape every second, as the checks do it; Grafana puts four scrapes in its place. */
const RATE_INTERVAL = '20s';

export async function dashboardQueries(): Promise<Query[]> {
  const { panels } = JSON.parse(await readFile(join(root, DASHBOARD), 'utf8')) as Dashboard;
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      where: `the panel "${title}"`,
      expression: expr.replaceAll('$__rate_interval', RATE_INTERVAL),
    })),
  );
}

/** As Prometheus itself has read them. */
export async function ruleQueries(prometheus: string): Promise<Query[]> {
  const { groups } = await ask<{ groups: readonly { readonly rules: readonly Rule[] }[] }>(
    prometheus,
    '/api/v1/rules',
  );
  return groups
    .flatMap(({ rules }) => rules)
    .flatMap(({ type, name, query, lastError }) => {
      if (lastError) throw new Error(`The rule ${name} cannot be evaluated: ${lastError}`);
      if (type === 'recording') return [{ where: `the rule ${name}`, expression: name }];
      return selectorsIn(query).map((expression) => ({ where: `the alert ${name}`, expression }));
    });
}

/** The same selectors, with a matcher of a value that may be absent made into one for the label. */
function selectorsIn(query: string): string[] {
  return [...query.matchAll(/([a-z_:][\w:]*)(\{[^}]*\})?/gi)].flatMap(([, name = '', matchers]) => {
    const isMetric = matchers !== undefined || name.includes(':');
    if (!isMetric) return [];
    const present = (matchers ?? '').replaceAll(/(\w+)(?:=~|!=|!~|=)"[^"]*"/g, (matcher, label: string) =>
      label === 'job' ? matcher : `${label}!=""`,
    );
    return [`${name}${present}`];
  });
}

/** Those that return nothing now. */
export async function silentAmong(prometheus: string, queries: readonly Query[]): Promise<Query[]> {
  const silent: Query[] = [];
  for (const query of queries) {
    const path = `/api/v1/query?query=${encodeURIComponent(query.expression)}`;
    const { result } = await ask<{ result: readonly unknown[] }>(prometheus, path);
    if (result.length === 0) silent.push(query);
  }
  return silent;
}

async function ask<Data>(prometheus: string, path: string): Promise<Data> {
  const response = await fetch(`${prometheus}${path}`);
  const answer = (await response.json()) as { status: string; error?: string; data: Data };
  if (answer.status !== 'success')
    throw new Error(`Prometheus refuses ${decodeURIComponent(path)}: ${answer.error}`);
  return answer.data;
}
