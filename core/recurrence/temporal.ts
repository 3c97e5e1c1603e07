/**
 * The one place Temporal comes from: the host's own where it has one (Node 26, Chromium, Firefox), else
 * temporal-polyfill (Safari, Node 24). Everything that needs zones or calendar dates imports it from here.
 *
 * Promise: on Node it is there at once. In a browser without it, whoever opens a document awaits `provideTemporal` first;
 * until then there is none. A browser that has it never loads the polyfill, which is 20 kB compressed.
 *
 * Why not a top-level await: scripts of a service worker know none, and the worker completes recurring tasks.
 */
import type { Temporal as TemporalApi } from 'temporal-polyfill';

type Api = typeof TemporalApi;

interface Host {
  readonly Temporal?: Api;
  readonly process?: {
    readonly getBuiltinModule?: (name: 'module') => {
      createRequire: (from: string) => (name: string) => unknown;
    };
  };
}

const host = globalThis as Host;

/** Filled by `provideTemporal` where the host has none; read it when it is used and keep no copy. */
export let Temporal = host.Temporal ?? (fromNode() as Api);

export async function provideTemporal(): Promise<void> {
  if ((Temporal as Api | undefined) === undefined) ({ Temporal } = await import('temporal-polyfill'));
}

/** Node can load it without waiting, and no bundler sees it do so. */
function fromNode(): Api | undefined {
  const require = host.process?.getBuiltinModule?.('module').createRequire(import.meta.url);
  return (require?.('temporal-polyfill') as { Temporal: Api } | undefined)?.Temporal;
}
