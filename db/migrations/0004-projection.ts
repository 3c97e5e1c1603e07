/**
 * What workers keep: the projection of every space, the audit of every change, planned reminders and what became of
 * them, and the outbox of events with its webhooks.
 *
 * Every table of a space carries space_id first in its key. Nothing here is the truth: that is the log, and all of the
 * projection can be made anew from it. The audit, the history of notifications and the outbox cannot, and are therefore
 * written in the same transaction as the cursor that says how far the log was read.
 *
 * No foreign key points to space from what the projection writes: its check takes a lock on the space's row, which every
 * append waits for, until the whole turn is committed.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // --- the projection
  await sql`
    CREATE TABLE projection_cursor (
      space_id uuid PRIMARY KEY,
      seq bigint NOT NULL DEFAULT 0,
      audit_seq bigint NOT NULL DEFAULT 0,
      audit_hash bytea,
      outbox_seq bigint NOT NULL DEFAULT 0,
      failures integer NOT NULL DEFAULT 0,
      retry_at timestamptz,
      error text,
      projected_at timestamptz,
      reconciled_at timestamptz,
      drift integer NOT NULL DEFAULT 0
    )`.execute(db);
  await sql`
    CREATE TABLE projected_task (
      space_id uuid NOT NULL,
      id text NOT NULL,
      title text NOT NULL,
      notes text NOT NULL,
      status text NOT NULL CHECK (status IN ('open', 'done', 'cancelled')),
      priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 4),
      start jsonb,
      due jsonb,
      due_date text,
      due_at timestamptz,
      list_id text,
      parent_id text,
      section text,
      sort_order text,
      tags text[] NOT NULL DEFAULT '{}',
      reminders jsonb NOT NULL DEFAULT '[]',
      rule jsonb,
      ordinal integer,
      trashed_at timestamptz,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      closed_at timestamptz,
      created_by text,
      search tsvector,
      digest text NOT NULL,
      PRIMARY KEY (space_id, id)
    )`.execute(db);
  await sql`CREATE INDEX projected_task_by_due ON projected_task (space_id, due_date) WHERE due_date IS NOT NULL`.execute(
    db,
  );
  await sql`CREATE INDEX projected_task_search ON projected_task USING gin (search)`.execute(db);
  await sql`
    CREATE TABLE projected_occurrence (
      space_id uuid NOT NULL,
      task_id text NOT NULL,
      ordinal integer NOT NULL,
      state text NOT NULL CHECK (state IN ('open', 'done', 'skipped')),
      body jsonb NOT NULL,
      closed_at timestamptz,
      PRIMARY KEY (space_id, task_id, ordinal)
    )`.execute(db);
  await sql`
    CREATE TABLE projected_list (
      space_id uuid NOT NULL,
      id text NOT NULL,
      name text NOT NULL,
      color text,
      sort_order text,
      trashed_at timestamptz,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (space_id, id)
    )`.execute(db);
  await sql`
    CREATE TABLE projected_tag (
      space_id uuid NOT NULL,
      id text NOT NULL,
      name text NOT NULL,
      color text,
      trashed_at timestamptz,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (space_id, id)
    )`.execute(db);

  // --- the audit
  await sql`
    CREATE TABLE audit (
      space_id uuid NOT NULL,
      seq bigint NOT NULL,
      log_seq bigint NOT NULL,
      entity text NOT NULL CHECK (entity IN ('task', 'list', 'tag', 'filter')),
      entity_id text NOT NULL,
      ordinal integer,
      field text NOT NULL,
      before jsonb,
      after jsonb,
      user_id text,
      device_id text,
      writer text NOT NULL,
      stamp bigint NOT NULL,
      stands boolean NOT NULL DEFAULT true,
      claimed_at timestamptz NOT NULL,
      received_at timestamptz NOT NULL,
      hash bytea NOT NULL,
      PRIMARY KEY (space_id, seq)
    )`.execute(db);
  await sql`
    CREATE UNIQUE INDEX audit_once ON audit (space_id, entity, entity_id, coalesce(ordinal, -1), field, stamp, writer)`.execute(
    db,
  );
  await sql`CREATE INDEX audit_by_entity ON audit (space_id, entity_id, seq)`.execute(db);
  // Refused here and not only in the program: whoever has the database's password should at least have to mean it.
  await sql`
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND current_setting('holdfast.audit_retention', true) = 'on' THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'The audit is append-only: % is refused.', TG_OP USING ERRCODE = '55000';
    END $$`.execute(db);
  await sql`
    CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()`.execute(db);
  await sql`
    CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()`.execute(db);
  // Where the chain begins once its older part was removed: the hash before the first row that is left.
  await sql`
    CREATE TABLE audit_anchor (
      space_id uuid PRIMARY KEY,
      seq bigint NOT NULL,
      hash bytea NOT NULL,
      pruned_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);

  // --- reminders and notifications
  await sql`
    CREATE TABLE notification_preferences (
      user_id text PRIMARY KEY REFERENCES account_user (id) ON DELETE CASCADE,
      body jsonb NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now(),
      planned_at timestamptz
    )`.execute(db);
  await sql`
    CREATE INDEX notification_preferences_to_plan ON notification_preferences (updated_at)
    WHERE planned_at IS NULL`.execute(db);
  await sql`
    CREATE TABLE push_subscription (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id text NOT NULL REFERENCES account_user (id) ON DELETE CASCADE,
      device_id text,
      endpoint text NOT NULL UNIQUE,
      p256dh text NOT NULL,
      auth text NOT NULL,
      user_agent text,
      created_at timestamptz NOT NULL DEFAULT now(),
      confirmed_at timestamptz NOT NULL DEFAULT now(),
      succeeded_at timestamptz,
      failed_at timestamptz,
      failures integer NOT NULL DEFAULT 0
    )`.execute(db);
  await sql`CREATE INDEX push_subscription_by_user ON push_subscription (user_id)`.execute(db);
  // One firing for one person: planned, then what became of it. Its key is that of core/reminders.ts.
  await sql`
    CREATE TABLE notification (
      id uuid NOT NULL DEFAULT gen_random_uuid(),
      space_id uuid NOT NULL,
      user_id text NOT NULL,
      key text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('reminder', 'digest', 'test')),
      task_id text,
      ordinal integer,
      reminder_id text,
      fire_at timestamptz NOT NULL,
      state text NOT NULL CHECK (
        state IN ('planned', 'sending', 'held', 'sent', 'missed', 'cancelled', 'failed')
      ),
      reason text,
      lease_by uuid,
      lease_until timestamptz,
      planned_at timestamptz NOT NULL DEFAULT now(),
      settled_at timestamptz,
      shown_at timestamptz,
      acted_at timestamptz,
      action text,
      digest uuid,
      PRIMARY KEY (space_id, user_id, key),
      UNIQUE (id)
    )`.execute(db);
  await sql`CREATE INDEX notification_due ON notification (fire_at) WHERE state IN ('planned', 'sending')`.execute(
    db,
  );
  await sql`CREATE INDEX notification_held ON notification (user_id) WHERE state = 'held'`.execute(db);
  await sql`CREATE INDEX notification_of_digest ON notification (digest) WHERE digest IS NOT NULL`.execute(
    db,
  );
  await sql`CREATE INDEX notification_of_task ON notification (space_id, task_id)`.execute(db);
  await sql`CREATE INDEX notification_of_user ON notification (user_id, fire_at DESC)`.execute(db);
  await sql`
    CREATE TABLE notification_delivery (
      notification_id uuid NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
      channel text NOT NULL CHECK (channel IN ('push', 'email', 'app', 'close')),
      target text NOT NULL,
      state text NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'expired')),
      attempts integer NOT NULL DEFAULT 0,
      next_at timestamptz,
      error text,
      sent_at timestamptz,
      PRIMARY KEY (notification_id, channel, target)
    )`.execute(db);
  await sql`
    CREATE INDEX notification_delivery_due ON notification_delivery (next_at) WHERE state = 'pending'`.execute(
    db,
  );

  // --- mail that is not a notification (a forgotten password); sent by the workers, who alone speak SMTP
  await sql`
    CREATE TABLE mail_queue (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      recipient text NOT NULL,
      kind text NOT NULL,
      body jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      next_at timestamptz NOT NULL DEFAULT now(),
      lease_until timestamptz,
      error text
    )`.execute(db);

  // --- the outbox
  await sql`
    CREATE TABLE outbox (
      space_id uuid NOT NULL,
      seq bigint NOT NULL,
      id uuid NOT NULL,
      type text NOT NULL,
      subject text NOT NULL,
      at timestamptz NOT NULL,
      data jsonb NOT NULL,
      PRIMARY KEY (space_id, seq)
    )`.execute(db);
  await sql`CREATE INDEX outbox_by_age ON outbox (at)`.execute(db);
  await sql`
    CREATE TABLE webhook (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      user_id text NOT NULL REFERENCES account_user (id) ON DELETE CASCADE,
      space_id uuid NOT NULL REFERENCES space (id) ON DELETE CASCADE,
      url text NOT NULL,
      secret text NOT NULL,
      types text[] NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      paused_at timestamptz,
      seq bigint NOT NULL DEFAULT 0,
      attempts integer NOT NULL DEFAULT 0,
      next_at timestamptz,
      lease_by uuid,
      lease_until timestamptz,
      succeeded_at timestamptz,
      error text,
      test_id uuid,
      tested_at timestamptz,
      test_error text
    )`.execute(db);
  await sql`CREATE INDEX webhook_by_space ON webhook (space_id)`.execute(db);
  await sql`
    CREATE TABLE webhook_dead_letter (
      webhook_id uuid NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
      space_id uuid NOT NULL,
      seq bigint NOT NULL,
      event jsonb NOT NULL,
      attempts integer NOT NULL,
      error text NOT NULL,
      dead_at timestamptz NOT NULL DEFAULT now(),
      replay_at timestamptz,
      PRIMARY KEY (webhook_id, seq)
    )`.execute(db);
}
