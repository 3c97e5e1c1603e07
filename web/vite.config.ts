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
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { webManifest } from './web-manifest.ts';

const clientFolder = '.svelte-kit/output/client';
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
      writeFileSync('build/boot.js', inline[1].replace(/^\s*/, '').concat('\n'));
      writeFileSync('build/index.html', page.replace(inline[0], '<script src="/boot.js"></script>'));
    },
  };
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
      globIgnores: ['sw.js', '**/*.map'],
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
    sveltekit({
      adapter: staticPage(),
      version: { name: buildId, pollInterval: 0 },
      serviceWorker: { register: false },
      // One file: a tab that stays open over an update never asks for a part that is gone.
      output: { bundleStrategy: 'single' },
      paths: { relative: false },
      compilerOptions: { runes: true },
    }),
    pwa(),
  ],
  build: { target: 'es2023' },
});
