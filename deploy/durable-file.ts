/**
 * A small file that is either the old one or the new one, whatever happens.
 *
 * Promise: written beside its place, flushed, renamed over it, and the folder flushed: after a power cut the
 * reader finds one whole version.
 * Why its own module although short: keys, the format marker and the database's password all need exactly this.
 */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeFileDurably(path: string, content: string, mode: number): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  const file = await open(beside, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  // Windows cannot open a folder, and flushes renames with the journal.
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
