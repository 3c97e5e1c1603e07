/**
 * Draws the app's icons from their two SVGs: `node tests/app/icons.ts`. The PNGs are committed, so that a build
 * needs no browser; run this after changing a drawing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../support/chromium.ts';

const FOLDER = new URL('../../web/static/icons/', import.meta.url);

const ICONS = [
  { source: 'icon.svg', target: 'icon-192.png', size: 192 },
  { source: 'icon.svg', target: 'icon-512.png', size: 512 },
  { source: 'maskable.svg', target: 'maskable-192.png', size: 192 },
  { source: 'maskable.svg', target: 'maskable-512.png', size: 512 },
  // iOS rounds the corners itself and shows no transparency.
  { source: 'maskable.svg', target: 'apple-touch-icon.png', size: 180 },
];

const browser = await launchChromium();
for (const { source, target, size } of ICONS) {
  const drawing = await readFile(fileURLToPath(new URL(source, FOLDER)), 'utf8');
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${drawing}`);
  await writeFile(fileURLToPath(new URL(target, FOLDER)), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
