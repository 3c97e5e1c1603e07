/**
 * The stores of a document's database. Why a file of its own: they are opened before stored-document.ts and its Yjs are there.
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
