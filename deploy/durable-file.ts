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
  await renameDurably(beside, path);
}

/** The content of the file must have been flushed already. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  // Windows cannot open a folder, and flushes renames with the journal.
  if (process.platform === 'win32') return;
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
