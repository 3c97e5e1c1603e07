/**
 * Spaces and who belongs to them.
 *
 * Promise: every account has exactly one personal space, even when two requests ask for it at once.
 * Limits: permission is by space only; what a role may do is decided by the callers.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { MemberRole, SpaceKind } from './schema.ts';
import { isUuid } from './uuid.ts';

export interface SpaceOfMember {
  readonly id: string;
  readonly name: string;
  readonly kind: SpaceKind;
  readonly role: MemberRole;
}

export interface OwnedSpace {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
}

export async function createSpace(
  database: Database,
  input: { name: string; kind: SpaceKind; ownerId: string },
): Promise<SpaceOfMember> {
  const id = randomUUID();
  await sql`
    WITH made AS (
      INSERT INTO space (id, name, kind) VALUES (${id}, ${input.name}, ${input.kind}) RETURNING id
    )
    INSERT INTO member (space_id, user_id, role) SELECT id, ${input.ownerId}, 'owner' FROM made`.execute(
    database.kysely,
  );
  return { id, name: input.name, kind: input.kind, role: 'owner' };
}

/** The personal space of an account, made now if there is none. Safe to call at any time, from anywhere. */
export async function ensurePersonalSpace(
  database: Database,
  userId: string,
  name: string,
): Promise<SpaceOfMember> {
  return database.kysely.transaction().execute(async (tx) => {
    // The lock is what makes it one: two first requests of an account would otherwise both find none.
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`personal-space:${userId}`}, 0))`.execute(tx);
    const found = await tx
      .selectFrom('space')
      .innerJoin('member', 'member.space_id', 'space.id')
      .select(['space.id', 'space.name', 'space.kind', 'member.role'])
      .where('member.user_id', '=', userId)
      .where('space.kind', '=', 'personal')
      .executeTakeFirst();
    if (found) return found;
    const id = randomUUID();
    await tx.insertInto('space').values({ id, name, kind: 'personal' }).execute();
    await tx.insertInto('member').values({ space_id: id, user_id: userId, role: 'owner' }).execute();
    return { id, name, kind: 'personal', role: 'owner' };
  });
}

/** The personal space first, then by age. */
export async function spacesOf(database: Database, userId: string): Promise<SpaceOfMember[]> {
  return database.kysely
    .selectFrom('space')
    .innerJoin('member', 'member.space_id', 'space.id')
    .select(['space.id', 'space.name', 'space.kind', 'member.role'])
    .where('member.user_id', '=', userId)
    .orderBy('space.kind', 'asc')
    .orderBy('space.created_at', 'asc')
    .execute();
}

/** A space with the account it belongs to; null for an unknown space or a malformed id. */
export async function ownedSpace(database: Database, spaceId: string): Promise<OwnedSpace | null> {
  if (!isUuid(spaceId)) return null;
  return (await owned(database).where('space.id', '=', spaceId).executeTakeFirst()) ?? null;
}

/** Null where it was not made yet. */
export async function personalSpaceOf(database: Database, userId: string): Promise<OwnedSpace | null> {
  const found = owned(database).where('space.kind', '=', 'personal').where('member.user_id', '=', userId);
  return (await found.executeTakeFirst()) ?? null;
}

function owned(database: Database) {
  return database.kysely
    .selectFrom('space')
    .innerJoin('member', 'member.space_id', 'space.id')
    .select(['space.id', 'space.name', 'member.user_id as ownerId'])
    .where('member.role', '=', 'owner')
    .orderBy('member.user_id');
}

/** The role of a user in a space; null for a stranger, an unknown space or a malformed id. */
export async function roleIn(
  database: Database,
  userId: string,
  spaceId: string,
): Promise<MemberRole | null> {
  if (!isUuid(spaceId)) return null;
  const rows = await database.run<{ role: MemberRole }>(ROLE_IN, [spaceId, userId]);
  return rows[0]?.role ?? null;
}

/** Adds a member or changes the role of one. */
export async function setMember(
  database: Database,
  spaceId: string,
  userId: string,
  role: MemberRole,
): Promise<void> {
  await database.kysely
    .insertInto('member')
    .values({ space_id: spaceId, user_id: userId, role })
    .onConflict((conflict) => conflict.columns(['space_id', 'user_id']).doUpdateSet({ role }))
    .execute();
}

export async function removeMember(database: Database, spaceId: string, userId: string): Promise<void> {
  await database.kysely
    .deleteFrom('member')
    .where('space_id', '=', spaceId)
    .where('user_id', '=', userId)
    .execute();
}

const ROLE_IN = {
  name: 'role-in',
  text: 'SELECT role FROM member WHERE space_id = $1 AND user_id = $2',
};
