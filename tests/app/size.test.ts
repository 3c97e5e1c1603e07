/** How much script stands between an address and a list of tasks. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const BUILD = fileURLToPath(new URL('../../web/build/', import.meta.url));
const LIMIT_KB = 98;

/** What the page names, what its start script asks for, and all that these import. */
function firstScripts(): Map<string, string> {
  const page = readFileSync(join(BUILD, 'index.html'), 'utf8');
  const named = [...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, file]) => file ?? '');
  const found = new Map<string, string>();
  const add = (file: string): void => {
    if (found.has(file)) return;
    const text = readFileSync(join(BUILD, file), 'utf8');
    found.set(file, text);
    for (const [, other] of text.matchAll(/(?:from|import)\s*["'](\.[^"']+\.js)["']/g)) {
      add(join(dirname(file), other ?? ''));
    }
  };
  for (const file of named) add(file);
  return found;
}

test(`[P31] initial JavaScript is at most ${String(LIMIT_KB)} kB gzip`, () => {
  const sizes = [...firstScripts()].map(
    ([file, text]) => [file, gzipSync(text, { level: 9 }).length] as const,
  );
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(2);
  expect(bytes).toBeLessThanOrEqual(LIMIT_KB * 1000);
});

test('[P31] what only some need is not in it: the grammar of quick add, Temporal where the browser has it, the task panel', () => {
  const text = [...firstScripts().values()].join('\n');
  // Words that no minifier changes: of a grammar, of the polyfill, of the panel.
  for (const word of ['übermorgen', 'Cannot use valueOf', 'Move to trash'])
    expect([word, text.includes(word)]).toEqual([word, false]);
  expect(text).toContain('Add a task');
});

test('[P31] no script puts icons together', () => {
  const folder = join(BUILD, '_app/immutable');
  const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  );
  expect(scripts.length).toBeGreaterThan(10);
  // A property of Lucide's own component, which no minifier renames.
  const found = scripts.filter((file) =>
    readFileSync(join(folder, file), 'utf8').includes('absoluteStrokeWidth'),
  );
  expect(found).toEqual([]);
});
