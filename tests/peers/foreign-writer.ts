/**
 * A program of someone else's that knows Holdfast only from docs/document.md: plain Yjs, a few lines, none of
 * Holdfast's code. What these functions write is the documented shape and nothing more.
 */
import type * as Y from 'yjs';

interface Register {
  v: unknown;
  t: number;
}

export function writeTask(doc: Y.Doc, id: string, fields: Record<string, unknown>): void {
  doc.transact(() => {
    doc.getMap('tasks').set(`${id}/born`, { t: nextStamp(doc), by: writerName(doc) });
    for (const [field, value] of Object.entries(fields)) writeRegister(doc, id, field, value);
  });
}

export function writeField(doc: Y.Doc, id: string, field: string, value: unknown): void {
  doc.transact(() => writeRegister(doc, id, field, value));
}

/** The standing value and the others that were written without knowing of it. */
export function readField(doc: Y.Doc, id: string, field: string): { value: unknown; others: unknown[] } {
  const siblings = siblingKeys(doc, id, field)
    .map((key) => ({
      writer: key.slice(key.lastIndexOf('@') + 1),
      ...(doc.getMap('tasks').get(key) as Register),
    }))
    .sort((a, b) => b.t - a.t || (a.writer < b.writer ? 1 : -1));
  const [standing, ...others] = siblings;
  const text = JSON.stringify(standing?.v);
  return {
    value: standing?.v,
    others: others.filter(({ v }) => JSON.stringify(v) !== text).map(({ v }) => v),
  };
}

export function taskIds(doc: Y.Doc): string[] {
  return [...doc.getMap('tasks').keys()]
    .filter((key) => key.endsWith('/born'))
    .map((key) => key.slice(0, -5));
}

function writeRegister(doc: Y.Doc, id: string, field: string, value: unknown): void {
  const tasks = doc.getMap('tasks');
  const stamp = nextStamp(doc);
  const own = `${id}/${field}@${writerName(doc)}`;
  for (const key of siblingKeys(doc, id, field)) if (key !== own) tasks.delete(key);
  tasks.set(own, { v: value, t: stamp });
}

function siblingKeys(doc: Y.Doc, id: string, field: string): string[] {
  return [...doc.getMap('tasks').keys()].filter((key) => key.startsWith(`${id}/${field}@`));
}

function writerName(doc: Y.Doc): string {
  return doc.clientID.toString(36);
}

/** Later than every stamp in the document: milliseconds times 1024, and a counter. */
function nextStamp(doc: Y.Doc): number {
  let stamp = Date.now() * 1024;
  for (const value of doc.getMap('tasks').values()) {
    const t = (value as Partial<Register> | null)?.t;
    if (typeof t === 'number' && t >= stamp) stamp = t + 1;
  }
  return stamp;
}
