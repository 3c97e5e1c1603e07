/**
 * People with devices, a log, workers, a push service and a mail server: everything between an edit and what arrives.
 *
 * Promise: edits are made on a replica and appended to the log as the sync server does; the workers are the product's, with
 * a clock that the test sets; what is sent is read where it arrives. `turn` does what is to be done at that instant.
 */
import { createReplica, type Replica } from '@holdfast/core/testing/replica.ts';
import { DEFAULT_NOTIFICATION_PREFERENCES } from '@holdfast/core/notification-preferences.ts';
import type { NotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import { createDatabase, type Database } from '@holdfast/db/database.ts';
import { savePreferences, saveSubscription } from '@holdfast/db/notifications.ts';
import type { SpaceEvent } from '@holdfast/db/space-events.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';
import { createWorkers, type Workers } from '@holdfast/workers/workers.ts';
import webpush from 'web-push';
import { testDatabase } from '../support/postgres.ts';
import { startPushService, type PushService, type TestSubscription } from '../support/push-service.ts';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink.ts';
import { recordUpdates } from './space.ts';

export const VAPID = { ...webpush.generateVAPIDKeys(), subject: 'mailto:operator@example.org' };

export interface Row {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly fireAt: string;
  readonly kind: string;
  readonly key: string;
}

export interface World {
  readonly database: Database;
  readonly push: PushService;
  readonly smtp: SmtpSink;
  readonly spaceId: string;
  /** Ann's. */
  readonly ann: Replica;
  /** What the sync servers were told. */
  readonly announced: SpaceEvent[];
  readonly log: { readonly level: string; readonly message: string; readonly fields: object }[];
  readonly now: number;
  /** Sets the clock of workers and of the replica. */
  at(instant: string): void;
  /** Brings what the replica did since to the log, received now or at another time. */
  send(options?: { readonly receivedAt?: string; readonly userId?: string }): Promise<void>;
  prefer(preferences: Partial<NotificationPreferences>, userId?: string): Promise<void>;
  subscribe(options?: {
    readonly userId?: string;
    readonly deviceId?: string;
    readonly host?: string;
  }): Promise<TestSubscription>;
  /** Another process on the same database. */
  anotherWorker(): Workers;
  /** One turn of every job, at the set time. */
  turn(): Promise<void>;
  readonly workers: Workers;
  /** Of reminders and digests, by time. */
  rows(): Promise<Row[]>;
  states(): Promise<string[]>;
  deliveries(): Promise<{ channel: string; state: string; attempts: number; error: string | null }[]>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly allowPrivate?: boolean;
  readonly smtp?: boolean;
  readonly publicUrl?: string;
}

export const ANN = 'ann';
export const START = '2026-11-23T08:00:00Z';

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const test = await testDatabase();
  const database = createDatabase({ url: test.url, onError: () => undefined, maxConnections: 6 });
  const push = await startPushService();
  const smtp = await startSmtpSink();
  for (const id of [ANN, 'ben']) {
    await database.kysely
      .insertInto('account_user')
      .values({ id, name: id, email: `${id}@example.org` })
      .execute();
  }
  const { id: spaceId } = await createSpace(database, { name: 'Own', kind: 'personal', ownerId: ANN });
  const ann = createReplica(7, { startMs: Date.parse(START) });
  const updates = recordUpdates(ann.doc);
  const announced: SpaceEvent[] = [];
  const log: World['log'] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void log.push({ level, message, fields });
  const logger = { info: note('info'), warn: note('warn'), error: note('error') };
  let nowMs = Date.parse(START);
  const begun: Workers[] = [];

  function newWorkers(): Workers {
    const workers = createWorkers({
      database,
      logger,
      now: () => nowMs,
      announce: (event) => void announced.push(event),
      ca: push.ca,
      config: {
        publicUrl: options.publicUrl,
        vapid: VAPID,
        smtp: options.smtp === false ? undefined : { url: smtp.url, from: 'Holdfast <holdfast@example.org>' },
        allowPrivateEndpoints: options.allowPrivate ?? true,
        secret: 'a secret of at least thirty-two characters',
      },
    });
    begun.push(workers);
    return workers;
  }
  const workers = newWorkers();

  async function rows(): Promise<Row[]> {
    const found = await database.kysely
      .selectFrom('notification')
      .select(['id', 'state', 'reason', 'fire_at', 'kind', 'key'])
      .orderBy('fire_at')
      .orderBy('key')
      .execute();
    return found.map(({ fire_at: at, ...row }) => ({ ...row, fireAt: at.toISOString().slice(0, 16) }));
  }

  return {
    database,
    push,
    smtp,
    spaceId,
    ann,
    announced,
    log,
    workers,
    get now() {
      return nowMs;
    },
    at(instant) {
      nowMs = Date.parse(instant);
      ann.clock.ms = nowMs;
    },
    async send({ receivedAt = new Date(nowMs).toISOString(), userId = ANN } = {}) {
      const batch = crypto.randomUUID();
      const entries = updates.take().map((body) => ({ body, userId, deviceId: 'laptop' }));
      if (entries.length === 0) return;
      await appendBatch(database, batch, [{ spaceId, entries }], 10_000);
      await database.kysely
        .updateTable('update_log')
        .set({ received_at: new Date(receivedAt) })
        .where('batch', '=', batch)
        .execute();
    },
    async prefer(preferences, userId = ANN) {
      const whole = { ...DEFAULT_NOTIFICATION_PREFERENCES, timeZone: 'Europe/Berlin', ...preferences };
      await savePreferences(database, userId, whole, new Date(nowMs));
    },
    async subscribe({ userId = ANN, deviceId = null as string | null, host } = {}) {
      const subscription = push.subscribe(host === undefined ? {} : { host });
      await saveSubscription(database, {
        userId,
        deviceId,
        endpoint: subscription.endpoint,
        ...subscription.keys,
        userAgent: null,
        now: new Date(nowMs),
      });
      return subscription;
    },
    anotherWorker: newWorkers,
    turn: () => workers.runOnce(),
    rows,
    async states() {
      return (await rows()).map(
        ({ fireAt, state, reason }) => `${fireAt} ${state}${reason === null ? '' : ` ${reason}`}`,
      );
    },
    async deliveries() {
      return database.kysely
        .selectFrom('notification_delivery')
        .select(['channel', 'state', 'attempts', 'error'])
        .orderBy('channel')
        .orderBy('target')
        .execute();
    },
    async stop() {
      for (const each of begun) await each.close();
      await push.close();
      await smtp.close();
      await database.close();
      await test.drop();
    },
  };
}
