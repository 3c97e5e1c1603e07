/**
 * `npm run format`: lays out every file and writes the ones that are generated.
 *
 * Why not prettier alone: env.example and docs/settings.md come from the settings table, and whoever changes the
 * table runs this anyway.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { writeSettingsFiles } from './settings-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

await writeSettingsFiles();
const prettier = spawn(
  process.execPath,
  [fileURLToPath(import.meta.resolve('prettier/bin/prettier.cjs')), '--write', '--log-level=warn', '.'],
  { cwd: root, stdio: 'inherit' },
);
const [code] = (await once(prettier, 'exit')) as [number | null];
process.exitCode = code ?? 1;
