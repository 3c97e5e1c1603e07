/**
 * The build of the app: a static single page (adapter-static with a fallback), so any file server can carry it
 * and a service worker can answer every navigation from one cached page.
 *
 * vite-plugin-pwa 2 knows nothing of kit 3, hence the two changes made to it below: its index.html hook would
 * look for a page that kit writes only later, and it would run once for each of kit's two environments, the
 * second time over a folder that has no client in it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import adapter from '@sveltejs/adapter-static';
import type { Adapter } from '@sveltejs/kit';
import { sveltekit } from '@sveltejs/kit/vite';
import { build, defineConfig, type Plugin, type Rolldown } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { staticIcons } from './static-icons.ts';
import { webManifest } from './web-manifest.ts';

const clientFolder = '.svelte-kit/output/client';
/** Named in src/offline/reminders.ts too. */
const DOCUMENT_WORKER = 'document-worker.js';
/**
 * Kit numbers the layout 0, the error page 1, and the pages in order of their paths: 2 is the Inbox. It asks for the first two
 * at once, whatever the page: in a part with others, the error page brought half of the app along before the first drawing.
 */
const FIRST_NODES = [0, 1, 2];
const FIRST_PART = 'first';
/** What is asked for as soon as the first page is drawn. One file: some twenty cost the page more to ask for than to run. */
const SECOND_MODULES = ['src/lib/device/device.ts', 'src/lib/shell/shortcuts.ts'];
const SECOND_PART = 'second';
const EARLY_PARTS = ['start', FIRST_PART];
/** Every page has letters of it. Without it in time, all text is measured twice. */
const FIRST_FONT = /-latin-wght-normal\./;
/**
 * What is slow the first time a page asks for it, asked for while the scripts still come: the browser's own process opens its
 * storage, and the first formatter of dates reads the data of its language.
 */
const WARM_UP = `
try {
  indexedDB.databases().catch(() => undefined);
} catch {
  // The app says what it lacks without a storage.
}
setTimeout(() => new Intl.DateTimeFormat().resolvedOptions());
`;
const buildId = Date.now().toString(36);

/**
 * Moves kit's inline start script into a file, so that the page runs under `script-src 'self'` with no hash that
 * a server would have to know.
 */
function staticPage(): Adapter {
  const inner = adapter({ fallback: 'index.html' });
  return {
    ...inner,
    async adapt(builder) {
      await inner.adapt(builder);
      const page = readFileSync('build/index.html', 'utf8');
      const inline = /<script>([\s\S]*?)<\/script>/.exec(page);
      if (!inline?.[1])
        throw new Error('build/index.html has no inline start script: kit has changed its page');
      writeFileSync('build/boot.js', inline[1].replace(/^\s*/, '').concat(WARM_UP));
      const links = filesOf(FIRST_PART)
        .flatMap((file) => headLink(file))
        .filter((link) => !page.includes(link))
        .join('');
      writeFileSync(
        'build/index.html',
        page.replace(inline[0], '<script src="/boot.js"></script>').replace('</head>', `${links}</head>`),
      );
    },
  };
}

/** Asked for by the page itself, before the scripts that need it have come. */
function headLink(file: string): string[] {
  if (file.endsWith('.js')) return [`<link href="/${file}" rel="modulepreload">`];
  if (file.endsWith('.css')) return [`<link href="/${file}" rel="stylesheet">`];
  if (!FIRST_FONT.test(file)) return [];
  return [`<link href="/${file}" rel="preload" as="font" type="font/woff2" crossorigin>`];
}

/** The files that such a part is made of and those of what it imports. */
function filesOf(name: string): string[] {
  const path = '.svelte-kit/output/client/.vite/manifest.json';
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<
    string,
    {
      readonly file: string;
      readonly name?: string;
      readonly imports?: readonly string[];
      readonly css?: readonly string[];
      readonly assets?: readonly string[];
    }
  >;
  const found = new Set<string>();
  const add = (key: string): void => {
    const part = manifest[key];
    if (!part) throw new Error(`${key} is not in vite's manifest: vite writes it in another way`);
    if (found.has(part.file)) return;
    found.add(part.file);
    for (const file of [...(part.css ?? []), ...(part.assets ?? [])]) found.add(file);
    for (const other of part.imports ?? []) add(other);
  };
  const named = Object.entries(manifest).filter(([, part]) => part.name === name);
  if (named.length === 0) throw new Error(`vite's manifest names no part ${name}`);
  for (const [key] of named) add(key);
  return [...found];
}

/**
 * The document's code for the service worker, as a script that the worker loads when it needs it. Built apart: it and the
 * page are bundles of their own, and a classic worker can import scripts but no modules.
 */
function documentWorker(): Plugin {
  return {
    name: 'holdfast:document-worker',
    apply: 'build',
    applyToEnvironment: (environment) => environment.name === 'client',
    async generateBundle() {
      const result = await build({
        configFile: false,
        logLevel: 'warn',
        publicDir: false,
        build: {
          write: false,
          target: 'es2023',
          lib: {
            entry: 'src/lib/device/background.ts',
            formats: ['iife'],
            name: 'holdfastDocumentWorker',
            fileName: () => DOCUMENT_WORKER,
          },
        },
        define: { 'process.env.NODE_ENV': '"production"' },
      });
      const output = Array.isArray(result) ? result[0] : result;
      const script = output && 'output' in output ? output.output[0] : undefined;
      if (!script) throw new Error('src/lib/device/background.ts gave no script');
      this.emitFile({ type: 'asset', fileName: DOCUMENT_WORKER, source: script.code });
    },
  };
}

/**
 * What comes with the first script and what comes after the first paint. Kit's `single` has one entry, whose parts the
 * page names in its head; its rule that there is only one file is lifted, so that `import()` cuts off a part. What the
 * first page needs is named in the head too (see `staticPage`), since the entry would ask for it only after it has run.
 *
 * A window that stays open over an update must not ask for a part that is gone: the service worker keeps the parts of its
 * version until the window reloads, and without one all of them are loaded as soon as the browser is idle.
 */
function lazyParts(): Plugin {
  return {
    name: 'holdfast:lazy-parts',
    apply: 'build',
    configEnvironment(name) {
      if (name !== 'client') return undefined;
      return {
        build: { rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } } },
      };
    },
  };
}

/** Chromium compiles what is marked so while it comes, beside the page, and not function by function while the page waits. */
function compileEarly(): Plugin {
  return {
    name: 'holdfast:compile-early',
    apply: 'build',
    applyToEnvironment: (environment) => environment.name === 'client',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const part of Object.values(bundle)) {
          if (part.type === 'chunk' && EARLY_PARTS.includes(part.name))
            part.code = `//# allFunctionsCalledOnLoad\n${part.code}`;
        }
      },
    },
  };
}

/**
 * The entry in one file and the first page in another: some forty files cost more to ask for than to read. Not both in one,
 * since what the entry waits for (`init` in hooks.client.ts) has to be there before a module of a page runs. The rest keeps the
 * borders of its `import()`s, but small neighbours share a file; none shares one with what only some browsers load.
 */
const GROUPS: Rolldown.CodeSplittingGroup[] = [
  { name: (id, context) => (isReachedFrom(id, isEntry, context) ? 'start' : null), priority: 4 },
  { name: (id, context) => (isReachedFrom(id, isFirstNode, context) ? FIRST_PART : null), priority: 3 },
  { name: (id, context) => (isReachedFrom(id, isSecond, context) ? SECOND_PART : null), priority: 2.5 },
  { name: 'german', test: /[\\/]words[\\/]german\.ts$/, priority: 2 },
  { name: 'temporal', test: /[\\/]temporal-polyfill[\\/]/, priority: 2 },
  { name: 'later', entriesAware: true, entriesAwareMergeThreshold: 20_000, priority: 1 },
];

type ModuleInfo = ReturnType<Rolldown.ChunkingContext['getModuleInfo']>;

const isEntry = (_id: string, module: ModuleInfo): boolean => module?.isEntry === true;
const isFirstNode = (id: string): boolean =>
  FIRST_NODES.some((node) => id.endsWith(`client-optimized/nodes/${node}.js`));

const isSecond = (id: string): boolean => SECOND_MODULES.some((path) => id.endsWith(path));

/** Whether such a module imports this one, itself or through others. */
function isReachedFrom(
  id: string,
  isSuch: (id: string, module: ModuleInfo) => boolean,
  context: Rolldown.ChunkingContext,
): boolean {
  const seen = new Set([id]);
  for (const each of seen) {
    const module = context.getModuleInfo(each);
    if (isSuch(each, module)) return true;
    for (const importer of module?.importers ?? []) seen.add(importer);
  }
  return false;
}

function pwa(): Plugin[] {
  const plugins = VitePWA({
    strategies: 'injectManifest',
    injectRegister: false,
    srcDir: 'src/offline',
    filename: 'sw.ts',
    outDir: clientFolder,
    base: '/',
    manifest: webManifest,
    includeManifestIcons: false,
    injectManifest: {
      globDirectory: clientFolder,
      globPatterns: ['**/*.{js,css,woff2,svg,png,webmanifest}'],
      // The worker keeps the scripts that it imports by itself.
      globIgnores: ['sw.js', DOCUMENT_WORKER, '**/*.map'],
      // Kit writes the page after the worker is built, so its revision is the build's own name.
      additionalManifestEntries: [
        { url: '/index.html', revision: buildId },
        { url: '/boot.js', revision: buildId },
      ],
      dontCacheBustURLsMatching: /^_app\/immutable\//,
      maximumFileSizeToCacheInBytes: 4 * 1024 * 1024,
    },
  }) as Plugin[];
  for (const plugin of plugins) {
    delete plugin.transformIndexHtml;
    if (plugin.name === 'vite-plugin-pwa:build') {
      plugin.applyToEnvironment = (environment) => environment.name === 'client';
    }
  }
  return plugins;
}

export default defineConfig({
  plugins: [
    staticIcons(),
    sveltekit({
      adapter: staticPage(),
      version: { name: buildId, pollInterval: 0 },
      serviceWorker: { register: false },
      output: { bundleStrategy: 'single' },
      paths: { relative: false },
      compilerOptions: { runes: true },
    }),
    lazyParts(),
    compileEarly(),
    documentWorker(),
    pwa(),
  ],
  build: {
    target: 'es2023',
    // A part is asked for by name, and the parts that it imports by the browser: naming some thirty of them at once, in links
    // that the page makes, took longer than a frame; after the first visit they come from the browser's own store anyway.
    modulePreload: {
      resolveDependencies: (_file, needed, { hostType }) => (hostType === 'js' ? [] : needed),
    },
  },
});
