/**
 * Runs the k6 script in Node, on stand-ins for k6's modules, for those who have no k6: a process of its own, given k6's
 * variables in K6_ENV (JSON), that prints what the script's metrics counted as one line of JSON.
 *
 * Promise: `setup`, then each scenario of the script's options with as many virtual users and iterations as they say, over
 * real sockets and HTTP.
 * Limits: virtual users share one program here, which k6 gives each of its own; scenarios follow one another without the waits
 * of their `startTime`; only what the script uses is there. It shows that the script does its work, and not that k6 takes it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as script from '@holdfast/deploy/load/k6/holdfast.ts';
import NodeWebSocket from 'ws';

type Script = typeof script;
interface Iteration {
  readonly scenario: { readonly startTime: number; readonly iterationInTest: number };
}

const iteration = new AsyncLocalStorage<Iteration>();
const values = new Map<string, { count: number; sum: number }>();

class Metric {
  readonly #seen = { count: 0, sum: 0 };
  constructor(name: string) {
    values.set(name, this.#seen);
  }
  add(value: number): void {
    this.#seen.count += 1;
    this.#seen.sum += value;
  }
}

class K6WebSocket extends NodeWebSocket {
  constructor(url: string, protocols: null, { headers }: { headers: Record<string, string> }) {
    super(url, protocols ?? [], { headers });
  }
}

const modules: Record<string, unknown> = {
  'k6/http': {
    CookieJar: class {},
    async asyncRequest(
      method: string,
      url: string,
      body: string | null,
      { headers }: { headers: Record<string, string> },
    ) {
      const answer = await fetch(url, { method, headers, body });
      const cookies = answer.headers.getSetCookie().map((line) => {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/);
        return [name, [{ name, value }]] as const;
      });
      return { status: answer.status, body: await answer.text(), cookies: Object.fromEntries(cookies) };
    },
  },
  'k6/execution': {
    get scenario() {
      return iteration.getStore()?.scenario;
    },
  },
  'k6/metrics': { Counter: Metric, Trend: Metric },
  'k6/timers': { setTimeout },
  'k6/websockets': { WebSocket: K6WebSocket },
};
const EXPORTS: Readonly<Record<string, string>> = {
  'k6/http': 'export default $;',
  'k6/execution': 'export default $;',
  'k6/metrics': 'export const { Counter, Trend } = $;',
  'k6/timers': 'export const { setTimeout } = $;',
  'k6/websockets': 'export const { WebSocket } = $;',
};

Object.assign(globalThis, {
  k6Modules: modules,
  __ENV: JSON.parse(process.env['K6_ENV'] ?? '{}') as unknown,
});
registerHooks({
  resolve: (specifier, context, next) =>
    specifier in EXPORTS ? { url: `k6:${specifier}`, shortCircuit: true } : next(specifier, context),
  load(url, context, next) {
    const name = url.slice('k6:'.length);
    const source = EXPORTS[name];
    if (source === undefined) return next(url, context);
    const access = `globalThis.k6Modules['${name}']`;
    return { format: 'module', source: source.replace('$', access), shortCircuit: true };
  },
});

const path = fileURLToPath(new URL('../../../deploy/load/k6/holdfast.ts', import.meta.url));
const { options, setup, ...exported } = (await import(path)) as Script;
const people = await setup();
for (const scenario of Object.values(options.scenarios ?? {})) {
  if (scenario.executor !== 'per-vu-iterations') throw new Error(`No stand-in for ${scenario.executor}`);
  const { exec = '', vus = 1, iterations = 1 } = scenario;
  const run = exported[exec as keyof typeof exported];
  const startTime = Date.now();
  let iterationInTest = 0;
  await Promise.all(
    Array.from({ length: vus }, async () => {
      for (let n = 0; n < iterations; n++) {
        await iteration.run({ scenario: { startTime, iterationInTest: iterationInTest++ } }, () =>
          run(people),
        );
      }
    }),
  );
}
process.stdout.write(`${JSON.stringify(Object.fromEntries(values))}\n`);
