/**
 * The stores of a document's database. Apart from stored-document.ts, since they are opened before Yjs is there.
 */

import type { StoreDefinition } from './database.ts';
import { KEPT_STORE } from './kept.ts';

export const DOCUMENT_STORES: readonly StoreDefinition[] = [
  { name: 'updates', options: { autoIncrement: true } },
  { name: 'custom' },
  { name: 'unsent', options: { autoIncrement: true } },
  { name: 'clients', options: { keyPath: 'id' } },
  { name: 'view' },
  { name: 'meta' },
  { name: 'quarantine', options: { autoIncrement: true } },
  { name: KEPT_STORE },
];
