/**
 * The job that plans a person's reminders anew when their preferences changed.
 *
 * Promise: what was changed is planned, whichever process took the change and whether or not a hint arrived: it is written
 * with the preferences that they have not been planned by. A space is planned while its projection stands still, so neither
 * overlooks what the other writes.
 */
import type { EpochMs } from '@holdfast/core/ids.ts';
import { nextTimeOfDay, quietUntil } from '@holdfast/core/notification-preferences.ts';
import type { Database } from '@holdfast/db/database.ts';
import {
  excludeProjection,
  lockPersonToPlan,
  markPlanned,
  moveHeldDigests,
  personalSpace,
  planDailyDigest,
  spacesOfPerson,
  tasksToPlan,
} from '@holdfast/db/reminder-plan.ts';
import type { Job } from '../job.ts';
import { planReminders, preferencesFrom } from './plan.ts';

export interface ReplanJobOptions {
  readonly database: Database;
  /** Something may be due earlier than it was. */
  readonly onPlanned: () => void;
}

const TURN_MS = 5000;

export function replanRemindersJob({ database, onPlanned }: ReplanJobOptions): Job {
  return {
    name: 'replan-reminders',
    everyMs: TURN_MS,
    wokenBy: ['plan'],
    async turn(turn) {
      const planned = await database.kysely.transaction().execute(async (tx) => {
        const person = await lockPersonToPlan(tx);
        if (person === null) return false;
        const now = turn.now();
        const { userId } = person;
        const preferences = preferencesFrom(person.preferences);
        for (const spaceId of await spacesOfPerson(tx, userId)) {
          await excludeProjection(tx, spaceId);
          const taskIds = new Set(await tasksToPlan(tx, spaceId));
          // What these preferences make past is past: nobody asked for it then.
          await planReminders(tx, { spaceId, taskIds, mayRemind: () => true, now, receivedAt: () => now });
        }
        await moveHeldDigests(tx, userId, quietUntil(preferences, now as EpochMs) ?? now);
        const home = await personalSpace(tx, userId);
        const { digestTime, timeZone } = preferences;
        const next =
          digestTime === null || home === null
            ? null
            : { spaceId: home, at: nextTimeOfDay(timeZone, digestTime, now as EpochMs) };
        await planDailyDigest(tx, userId, next, now);
        await markPlanned(tx, userId, now);
        return true;
      });
      if (!planned) return undefined;
      onPlanned();
      return turn.isStopping ? undefined : 'again';
    },
  };
}
