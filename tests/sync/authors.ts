/** Documents whose edits a test takes one by one. */
import * as Y from 'yjs';

export interface Author {
  readonly doc: Y.Doc;
  /** Sets a key of `tasks` (undefined deletes it) and returns the update that says so. */
  edit(key: string, value: unknown): Uint8Array;
}

export function author(clientId?: number): Author {
  const doc = new Y.Doc();
  if (clientId !== undefined) doc.clientID = clientId;
  return {
    doc,
    edit(key, value) {
      let made = new Uint8Array();
      const listener = (update: Uint8Array): void => {
        made = new Uint8Array(update);
      };
      doc.on('update', listener);
      if (value === undefined) doc.getMap('tasks').delete(key);
      else doc.getMap('tasks').set(key, value);
      doc.off('update', listener);
      return made;
    },
  };
}
