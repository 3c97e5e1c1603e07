/**
 * The shapes of the API of notifications. What stands in schemas.ts about shapes holds here too.
 *
 * Why preferences are judged by core and only described here: the app judges by the same, and two judges would differ.
 */
import { readNotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import { z } from 'zod';
import { toJsonSchema } from './schemas.ts';
import type { Schema } from './schemas.ts';

const timeOfDay = z.string().meta({ description: 'HH:mm on the wall clock of timeZone.' });
const instant = z.iso.datetime().meta({ description: 'An instant in UTC, ISO 8601.' });

export const preferences = z.object({
  timeZone: z.string().meta({ description: 'IANA name of where you are.' }),
  channels: z.object({ push: z.boolean(), email: z.boolean(), app: z.boolean() }),
  quietHours: z
    .object({ from: timeOfDay, to: timeOfDay })
    .nullable()
    .meta({ description: 'Reminders are held then, and told by one digest at the end.' }),
  defaultReminder: z.string().nullable().meta({
    description: 'ISO 8601 duration before the due time of what has a time and no reminder of its own.',
  }),
  allDayTime: timeOfDay,
  digestTime: timeOfDay.nullable().meta({ description: 'Of a daily digest by e-mail; null: none.' }),
  showText: z.boolean().meta({ description: 'Whether a push may carry the title of the task.' }),
  locale: z.enum(['en', 'de']).optional().meta({ description: 'Of e-mails.' }),
});

export const preferencesInput: Schema = z
  .unknown()
  .superRefine((value, context) => {
    const read = readNotificationPreferences(value);
    for (const { field, message } of read.ok ? [] : read.faults) {
      context.addIssue({
        code: 'custom',
        path: field === '' ? [] : field.split('.'),
        message: message.replace(/\.$/, ''),
      });
    }
  })
  .meta(toJsonSchema(preferences, 'input'));

const delivery = z.object({
  channel: z.enum(['push', 'email', 'app']),
  target: z.string().meta({ description: 'Of push the name of the device, of e-mail the address.' }),
  state: z.enum(['pending', 'sent', 'failed', 'expired']),
  attempts: z.int(),
  error: z.string().nullable(),
  sentAt: instant.nullable(),
});

export const notification = z.object({
  id: z.uuid(),
  kind: z.enum(['reminder', 'digest', 'test']),
  spaceId: z.uuid(),
  taskId: z.string().nullable(),
  ordinal: z.int().nullable(),
  fireAt: instant,
  state: z.enum(['planned', 'sending', 'held', 'sent', 'missed', 'cancelled', 'failed']),
  reason: z.string().nullable().meta({ description: 'Why it was held, missed, cancelled or failed.' }),
  plannedAt: instant,
  settledAt: instant.nullable(),
  shownAt: instant.nullable(),
  actedAt: instant.nullable(),
  action: z.string().nullable(),
  deliveries: z.array(delivery),
});

export const historyQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
  task: z.string().min(1).max(200).optional().meta({ description: 'Only of this task.' }),
});

export const history = z.object({
  notifications: z.array(notification),
  nextCursor: z.string().nullable().meta({ description: 'For the next page; null: this was the last.' }),
});

export const testResult = notification.extend({
  skipped: z
    .array(z.object({ channel: z.enum(['push', 'email', 'app']), reason: z.string() }))
    .meta({ description: 'Channels by which it did not go, and why.' }),
});

export const actedInput = z.strictObject({
  action: z.string().regex(/^[a-z][a-z-]{0,31}$/, 'It must be a word like open, complete or snooze'),
});

export const pushKey = z.object({ key: z.string().meta({ description: 'VAPID public key, base64url.' }) });

const base64url = (bytes: number, what: string): z.ZodString =>
  z
    .string()
    .regex(new RegExp(`^[\\w-]{${Math.ceil((bytes * 4) / 3)}}=*$`), `It must be ${what} in base64url`);

export const subscriptionInput = z.object({
  endpoint: z.string().max(2000),
  keys: z.object({
    p256dh: base64url(65, 'a P-256 public key of 65 bytes'),
    auth: base64url(16, 'a secret of 16 bytes'),
  }),
  deviceId: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'It must be a device id')
    .nullish(),
  expirationTime: z.number().nullish().meta({ description: 'As browsers send it; not looked at.' }),
});

export const subscriptionEnd = z.object({ endpoint: z.string().max(2000) });

export const unsubscribeQuery = z.strictObject({ token: z.string().max(400) });
export const page = z.string();
