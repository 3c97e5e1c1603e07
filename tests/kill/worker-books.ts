/**
 * What the tables must say after workers were killed: each a check of one kind of book, with faults in words.
 *
 * Why a list: whoever makes workers write something more adds a check here, and the same killing proves it.
 */
import { canonicalJson } from '@holdfast/core/canonical.ts';
import type { Database } from '@holdfast/db/database.ts';
import { verifyAudit } from '@holdfast/workers/audit/verify.ts';
import { compareSpace } from '@holdfast/workers/projection/reconcile.ts';
import { readingOf, readingOfTables, storedDocument } from '../workers/reading.ts';
import type { EditStream } from './edit-stream.ts';

export interface BookCheck {
  readonly name: string;
  /** What is wrong, in words; empty when nothing is. */
  faults(database: Database, spaceId: string, stream: EditStream): Promise<string[]>;
}

export const BOOKS: readonly BookCheck[] = [
  {
    name: 'projection',
    async faults(database, spaceId) {
      const document = readingOf(await storedDocument(database, spaceId));
      const tables = await readingOfTables(database, spaceId);
      const drift = await compareSpace(database, spaceId, Date.now());
      return [
        ...(canonicalJson(document) === canonicalJson(tables)
          ? []
          : ['the projection is not what the document reads']),
        ...(drift === 0 ? [] : [`${drift} rows differ from a new document`]),
      ];
    },
  },
  {
    name: 'audit',
    async faults(database, spaceId, stream) {
      const rows = await database.kysely
        .selectFrom('audit')
        .selectAll()
        .where('space_id', '=', spaceId)
        .orderBy('seq')
        .execute();
      const { broken } = await verifyAudit(database, spaceId);
      const told = new Map<string, number>();
      for (const row of rows) {
        if (row.field === 'occurrence') continue;
        const id = row.ordinal === null ? row.entity_id : `${row.entity_id}#${row.ordinal}`;
        const name = `${id}/${row.field}@${row.writer} ${row.stamp}`;
        told.set(name, (told.get(name) ?? 0) + 1);
      }
      const written = stream.written(spaceId);
      const opened = rows.filter((row) => row.field === 'occurrence');
      const openings = new Set(
        opened.map((row) => `${row.entity_id}#${row.ordinal} ${row.stamp} ${row.writer}`),
      );
      return [
        ...(broken === null ? [] : [`row ${broken.seq} ${broken.reason}`]),
        ...[...written]
          .filter((name) => told.get(name) !== 1)
          .map((name) => `${name} ${told.get(name) ?? 0} times`),
        ...[...told.keys()].filter((name) => !written.has(name)).map((name) => `${name} was never written`),
        ...(openings.size === opened.length ? [] : ['an occurrence was opened twice by one change']),
      ];
    },
  },
  {
    name: 'outbox',
    async faults(database, spaceId) {
      const events = await database.kysely
        .selectFrom('outbox')
        .selectAll()
        .where('space_id', '=', spaceId)
        .orderBy('seq')
        .execute();
      const standing = await database.kysely
        .selectFrom('audit')
        .select(({ fn }) => fn.countAll<number>().as('rows'))
        .where('space_id', '=', spaceId)
        .where('stands', '=', true)
        .executeTakeFirst();
      const changes = events.reduce(
        (sum, { data }) => sum + (data as { changes: unknown[] }).changes.length,
        0,
      );
      return [
        ...events
          .filter((event, i) => event.seq !== i + 1)
          .map((event) => `event ${event.seq} is out of line`),
        ...(new Set(events.map((event) => event.id)).size === events.length
          ? []
          : ['an event is there twice']),
        ...(changes === Number(standing?.rows)
          ? []
          : [`${changes} changes in events, ${standing?.rows} in the audit`]),
      ];
    },
  },
];
