/** The shapes of webhooks in the API; as http/schemas.ts, whose promise and limits hold here too. */
import { z } from 'zod';

const instant = z.iso.datetime();

const types = z
  .array(z.string().regex(/^[a-z0-9]+(\.[a-z0-9-]+){1,8}$/, 'It must be like dev.holdfast.task.completed'))
  .max(50)
  .meta({
    description: 'The event types that are wanted; an empty list is all of them. See docs/events.md.',
  });

const url = z
  .string()
  .trim()
  .min(1)
  .max(2000)
  .meta({ description: 'Where events are sent by POST; https, and on the public internet.' });

export const webhookInput = z.strictObject({ spaceId: z.string(), url, types: types.default([]) });

export const webhookChange = z.strictObject({
  url: url.optional(),
  types: types.optional(),
  paused: z
    .boolean()
    .optional()
    .meta({ description: 'true: nothing is sent. false: what gathered meanwhile is sent, in order.' }),
});

export const webhook = z.object({
  id: z.uuid(),
  spaceId: z.uuid(),
  url: z.string(),
  types: z.array(z.string()),
  createdAt: instant,
  pausedAt: instant.nullable(),
  lastDeliveredAt: instant.nullable(),
  attempts: z.int().meta({ description: 'How often the event that is due was tried in vain.' }),
  nextAttemptAt: instant.nullable(),
  error: z.string().nullable().meta({ description: 'Why the last attempt failed, or why it was paused.' }),
  deadLetters: z.int().meta({ description: 'Events that were given up and are kept.' }),
  lastTest: z
    .object({
      state: z.enum(['waiting', 'delivered', 'failed']),
      at: instant.nullable(),
      error: z.string().nullable(),
    })
    .nullable(),
});

export const webhooks = z.object({ webhooks: z.array(webhook) });

export const newWebhook = webhook.extend({
  secret: z.string().meta({
    description: 'Shown this once. Verify deliveries with it by Standard Webhooks (HMAC-SHA256).',
  }),
});

export const deadLetters = z.object({
  deadLetters: z.array(
    z.object({
      seq: z.int(),
      event: z.unknown().meta({ description: 'The CloudEvent as it would have been sent.' }),
      attempts: z.int(),
      error: z.string(),
      deadAt: instant,
      replaying: z.boolean(),
    }),
  ),
});

export const replayInput = z.strictObject({
  seqs: z
    .array(z.int().min(0))
    .max(1000)
    .optional()
    .meta({ description: 'Which of the dead letters; without it all of them.' }),
});

export const replayed = z.object({ replaying: z.int() });
