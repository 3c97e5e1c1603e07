/**
 * env.example and docs/settings.md, made from the one table in config.ts.
 *
 * Promise: `npm run format` writes them; a test compares them with the table, so they cannot go stale unseen.
 * Run directly, this file writes both.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DEVELOPER_SETTINGS, settingEntries } from './config.ts';

export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

export function settingsFiles(): GeneratedFile[] {
  return [
    { path: pathInRoot('env.example'), content: envExample() },
    { path: pathInRoot('docs/settings.md'), content: settingsPage() },
  ];
}

/** The files that differ from the table. */
export async function staleSettingsFiles(): Promise<GeneratedFile[]> {
  const stale: GeneratedFile[] = [];
  for (const file of settingsFiles()) {
    const stored = await readFile(file.path, 'utf8').catch(() => undefined);
    if (stored !== file.content) stale.push(file);
  }
  return stale;
}

export async function writeSettingsFiles(): Promise<void> {
  for (const file of settingsFiles()) await writeFile(file.path, file.content);
}

function envExample(): string {
  const lines = [
    '# Every setting of Holdfast. All have a default or are made by themselves; none must be set.',
    '# This file is generated from deploy/config.ts by "npm run format".',
  ];
  for (const [name, setting] of settingEntries()) {
    const fallback = setting.standard === undefined ? `Absent: ${setting.absent}. ` : '';
    lines.push('', `# ${setting.sentence}`, `# ${fallback}Type: ${typeWithUnit(setting)}.`);
    lines.push(`#${name}=${setting.standard ?? ''}`);
  }
  return `${lines.join('\n')}\n`;
}

function settingsPage(): string {
  const rows = settingEntries().map(([name, setting]) => {
    const fallback = setting.standard === undefined ? setting.absent : `\`${setting.standard}\``;
    return `| \`${name}\` | ${typeWithUnit(setting)} | ${fallback} | ${setting.sentence} |`;
  });
  const developerRows = Object.entries(DEVELOPER_SETTINGS).map(
    ([name, sentence]) => `| \`${name}\` | ${sentence} |`,
  );
  return `# Settings

Holdfast reads its settings from the environment, once, at the start. None must be set. An empty value counts as
absent. A malformed value, or a name that is nearly one of these, stops the start with a message that lists every
fault at once. This page is generated from \`deploy/config.ts\` by \`npm run format\`; \`env.example\` holds the same
as a file to copy.

| name | type | default | what it does |
|---|---|---|---|
${rows.join('\n')}

What is made when absent, AUTH_SECRET and the VAPID keys, is kept where everything else is: with the embedded
database in the data folder, in \`keys.json\`, readable by its owner alone, which belongs into your backups; with
DATABASE_URL in that database, where all its servers share it and an empty data folder loses nothing. Who does not
want the database to hold the secret that signs its sessions sets AUTH_SECRET.

## For tests and benchmarks

| name | what it does |
|---|---|
${developerRows.join('\n')}
`;
}

function typeWithUnit({ type, unit }: { type: string; unit?: string }): string {
  return unit === undefined ? type : `${type} (${unit})`;
}

function pathInRoot(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

if (import.meta.main) await writeSettingsFiles();
