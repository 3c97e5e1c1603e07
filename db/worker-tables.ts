/**
 * The tables that workers write (db/migrations/0004-projection.ts), as types.
 *
 * Promise: the column types are those that the drivers of this folder return: bigint as a safe number, bytea as Buffer,
 * timestamptz as Date, jsonb as parsed JSON (pass it as a string of JSON when writing an array).
 */
import type { ColumnType, Generated } from 'kysely';

type DefaultTimestamp = ColumnType<Date, Date | undefined, Date>;
/** jsonb: read as parsed, written as text. */
type Json<T = unknown> = ColumnType<T, string, string>;

export interface ProjectionCursorTable {
  space_id: string;
  /** Everything up to this sequence of the log is projected. */
  seq: Generated<number>;
  /** Of the last audit row of the space, and its hash. */
  audit_seq: Generated<number>;
  audit_hash: Buffer | null;
  /** Of the last event of the space. */
  outbox_seq: Generated<number>;
  /** Turns that failed in a row, when to try again, and why. */
  failures: Generated<number>;
  retry_at: Date | null;
  error: string | null;
  projected_at: Date | null;
  /** When projection and document were last compared, and how many rows differed then. */
  reconciled_at: Date | null;
  drift: Generated<number>;
}

export interface ProjectedTaskTable {
  space_id: string;
  id: string;
  title: string;
  notes: string;
  status: 'open' | 'done' | 'cancelled';
  /** 0 none to 4 urgent. */
  priority: number;
  /** core's When */
  start: Json | null;
  due: Json | null;
  /** YYYY-MM-DD of `due`. */
  due_date: string | null;
  /** The instant of a due time that has a zone. */
  due_at: Date | null;
  list_id: string | null;
  parent_id: string | null;
  section: string | null;
  sort_order: string | null;
  tags: string[];
  /** core's Reminder[] */
  reminders: Json;
  /** core's SeriesRule */
  rule: Json | null;
  /** Which occurrence this shows; null without a rule. */
  ordinal: number | null;
  trashed_at: Date | null;
  created_at: Date;
  updated_at: Date;
  closed_at: Date | null;
  /** The user whose log row carried its birth. */
  created_by: string | null;
  search: ColumnType<string | null, never, never>;
  /** Of everything above as core reads it: tells whether the row is still what the document says. */
  digest: string;
}

export interface ProjectedOccurrenceTable {
  space_id: string;
  task_id: string;
  ordinal: number;
  state: 'open' | 'done' | 'skipped';
  /** core's Occurrence or ClosedOccurrence */
  body: Json;
  closed_at: Date | null;
}

export interface ProjectedListTable {
  space_id: string;
  id: string;
  name: string;
  color: string | null;
  sort_order: string | null;
  trashed_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export interface ProjectedTagTable {
  space_id: string;
  id: string;
  name: string;
  color: string | null;
  trashed_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/** What the audit tells changes of. */
export type AuditedEntity = 'task' | 'list' | 'section' | 'tag' | 'filter';

export interface AuditTable {
  space_id: string;
  /** Without gaps from the anchor on. */
  seq: number;
  /** The row of the log that brought the change. */
  log_seq: number;
  entity: AuditedEntity;
  entity_id: string;
  /** Of a change of one occurrence only. */
  ordinal: number | null;
  field: string;
  before: Json | null;
  after: Json | null;
  /** The user of the log row that first carried the change. */
  user_id: string | null;
  device_id: string | null;
  /** The Yjs client id in base 36 under whose name it was written. */
  writer: string;
  /** The register's stamp; with the writer it identifies the change. */
  stamp: number;
  /** False: a concurrent, later change stood when it came, and this one is kept beside it. */
  stands: Generated<boolean>;
  /** When its writer says it was made. */
  claimed_at: Date;
  /** When the server got it. */
  received_at: Date;
  /** SHA-256 over the hash before and this row. */
  hash: Buffer;
}

export interface AuditAnchorTable {
  space_id: string;
  seq: number;
  hash: Buffer;
  pruned_at: DefaultTimestamp;
}

export interface NotificationPreferencesTable {
  user_id: string;
  body: Json;
  updated_at: DefaultTimestamp;
  /** When reminders were last planned by these; null: not yet since they were changed. */
  planned_at: Date | null;
}

export interface PushSubscriptionTable {
  id: Generated<string>;
  user_id: string;
  device_id: string | null;
  endpoint: string;
  p256dh: string;
  auth: string;
  user_agent: string | null;
  created_at: DefaultTimestamp;
  /** The device sends it again at every start. */
  confirmed_at: DefaultTimestamp;
  succeeded_at: Date | null;
  failed_at: Date | null;
  failures: Generated<number>;
}

export type NotificationState = 'planned' | 'sending' | 'held' | 'sent' | 'missed' | 'cancelled' | 'failed';

export interface NotificationTable {
  id: Generated<string>;
  space_id: string;
  user_id: string;
  /** core/reminders.ts's key: the same for the same firing, for ever. */
  key: string;
  kind: 'reminder' | 'digest' | 'test';
  task_id: string | null;
  ordinal: number | null;
  reminder_id: string | null;
  fire_at: Date;
  state: NotificationState;
  /** Why it was missed, cancelled, held or failed. */
  reason: string | null;
  lease_by: string | null;
  lease_until: Date | null;
  planned_at: DefaultTimestamp;
  settled_at: Date | null;
  shown_at: Date | null;
  acted_at: Date | null;
  action: string | null;
  /** The id of the digest that told of it. */
  digest: string | null;
}

export interface NotificationDeliveryTable {
  notification_id: string;
  /** close: a push that asks the device to take the notification away. */
  channel: 'push' | 'email' | 'app' | 'close';
  /** Of push the subscription's id, of e-mail the address, of the app the empty text. */
  target: string;
  state: 'pending' | 'sent' | 'failed' | 'expired';
  attempts: Generated<number>;
  /** Not before; while it is being sent, when its lease ends. */
  next_at: Date | null;
  error: string | null;
  sent_at: Date | null;
}

export interface MailQueueTable {
  id: Generated<string>;
  recipient: string;
  /** Which mail: the workers hold the words. */
  kind: string;
  body: Json;
  created_at: DefaultTimestamp;
  /** Not sent after this. */
  expires_at: Date;
  attempts: Generated<number>;
  next_at: DefaultTimestamp;
  lease_until: Date | null;
  error: string | null;
}

export interface OutboxTable {
  space_id: string;
  /** Without gaps, in the order of the log. */
  seq: number;
  /** The same however often the event is made or sent. */
  id: string;
  type: string;
  subject: string;
  at: Date;
  data: Json;
}

export interface WebhookTable {
  id: Generated<string>;
  user_id: string;
  space_id: string;
  url: string;
  secret: string;
  /** Event types it wants; none is all. */
  types: string[];
  created_at: DefaultTimestamp;
  paused_at: Date | null;
  /** Everything up to this sequence of the outbox was delivered or given up. */
  seq: Generated<number>;
  attempts: Generated<number>;
  next_at: Date | null;
  lease_by: string | null;
  lease_until: Date | null;
  succeeded_at: Date | null;
  error: string | null;
  /** Of the trial event that was asked for and is not sent yet. */
  test_id: string | null;
  tested_at: Date | null;
  /** Null after a trial that arrived. */
  test_error: string | null;
}

export interface WebhookDeadLetterTable {
  webhook_id: string;
  space_id: string;
  seq: number;
  event: Json;
  attempts: number;
  error: string;
  dead_at: DefaultTimestamp;
  /** Asked for again then; once it fails anew it rests again. */
  replay_at: Date | null;
}

export interface WorkerTables {
  projection_cursor: ProjectionCursorTable;
  projected_task: ProjectedTaskTable;
  projected_occurrence: ProjectedOccurrenceTable;
  projected_list: ProjectedListTable;
  projected_tag: ProjectedTagTable;
  audit: AuditTable;
  audit_anchor: AuditAnchorTable;
  notification_preferences: NotificationPreferencesTable;
  push_subscription: PushSubscriptionTable;
  notification: NotificationTable;
  notification_delivery: NotificationDeliveryTable;
  mail_queue: MailQueueTable;
  outbox: OutboxTable;
  webhook: WebhookTable;
  webhook_dead_letter: WebhookDeadLetterTable;
}
