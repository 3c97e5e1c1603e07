/**
 * What a request about a space has to know before anything else, in one question to the database.
 *
 * Promise: whether the caller is a member and in which role, how far the space's log is, and in which zone the person
 * is; so an answer that is at least as new as this is as new as its question. Null: no such space, or no member of it.
 * Why one statement, alone in its file: every request of the API about a space begins with it.
 */
import type { Database } from './database.ts';
import type { MemberRole } from './schema.ts';
import { isUuid } from './uuid.ts';

export interface SpaceAccess {
  readonly role: MemberRole;
  readonly head: number;
  readonly epoch: string;
  /** Of the person's preferences, unchecked; null where there are none. */
  readonly timeZone: string | null;
}

export interface SpaceMember {
  readonly id: string;
  readonly name: string;
  readonly role: MemberRole;
}

export async function spaceAccess(
  database: Database,
  userId: string,
  spaceId: string,
): Promise<SpaceAccess | null> {
  if (!isUuid(spaceId)) return null;
  const rows = await database.run<SpaceAccess>(ACCESS, [spaceId, userId]);
  return rows[0] ?? null;
}

/** Owners first, then by name. */
export async function membersOf(database: Database, spaceId: string): Promise<SpaceMember[]> {
  return database.run<SpaceMember>(MEMBERS, [spaceId]);
}

const ACCESS = {
  name: 'space-access',
  text: `
    SELECT member.role, space.head, space.epoch::text AS epoch, preferences.body ->> 'timeZone' AS "timeZone"
    FROM member
    JOIN space ON space.id = member.space_id
    LEFT JOIN notification_preferences AS preferences ON preferences.user_id = member.user_id
    WHERE member.space_id = $1 AND member.user_id = $2`,
};

const MEMBERS = {
  name: 'members-of',
  text: `
    SELECT account_user.id, account_user.name, member.role
    FROM member JOIN account_user ON account_user.id = member.user_id
    WHERE member.space_id = $1
    ORDER BY array_position(ARRAY['owner', 'editor', 'viewer'], member.role), account_user.name, account_user.id`,
};
