/**
 * The door from HTTP to a space's document: lets the caller in, asks, and turns what comes back into an answer.
 *
 * Promise: a stranger learns not even that the space exists; a viewer reads and is refused to write; what was refused
 * names its field; an edit that was not stored is never answered as done, and one of which that is unknown says how
 * to ask again.
 */
import { createHash } from 'node:crypto';
import type { Database } from '@holdfast/db/database.ts';
import { spaceAccess } from '@holdfast/db/space-access.ts';
import type { SpaceAccess } from '@holdfast/db/space-access.ts';
import type { Principal } from '../accounts/principal.ts';
import { WRITING_CALLS } from '../replica/calls.ts';
import type { CallName, Calls, Refused } from '../replica/calls.ts';
import { zoneFault } from '../replica/moments.ts';
import { NotStoredError } from '../replica/replicas.ts';
import type { SyncEndpoint } from '../sync/endpoint.ts';
import { SpaceGoneError } from '../sync/room.ts';
import { Problem } from './problem.ts';

export interface SpaceCaller {
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
}

export interface SpaceDoor {
  /** Throws a Problem when the caller may not, or when what was asked cannot be. */
  ask<Name extends CallName>(
    caller: SpaceCaller,
    name: Name,
    input: Calls[Name]['input'],
    /** IANA name: instead of the person's own. */
    timeZone?: string,
  ): Promise<Calls[Name]['value']>;
  /** Throws a Problem for who is no member. */
  enter(caller: SpaceCaller): Promise<SpaceAccess & { readonly spaceId: string }>;
}

export interface SpaceDoorOptions {
  readonly database: Database;
  readonly sync: Pick<SyncEndpoint, 'ask'>;
  readonly now: () => number;
}

export function createSpaceDoor({ database, sync, now }: SpaceDoorOptions): SpaceDoor {
  async function enter({ principal, params }: SpaceCaller): Promise<SpaceAccess & { spaceId: string }> {
    const spaceId = (params['spaceId'] ?? '').toLowerCase();
    const access = await spaceAccess(database, principal.userId, spaceId);
    if (!access) throw noSuchSpace();
    return { ...access, spaceId };
  }

  return {
    enter,
    async ask(caller, name, input, timeZone) {
      const { role, head, epoch, spaceId, timeZone: own } = await enter(caller);
      if (role === 'viewer' && WRITING_CALLS.has(name)) {
        throw new Problem('read-only', 'You may read this space but not change it; ask an owner for more.');
      }
      const { userId, tokenId, sessionId } = caller.principal;
      const author = { userId, deviceId: `api:${tokenId ?? sessionId ?? ''}`, role };
      const zone = timeZone ?? (own !== null && zoneFault(own) === null ? own : 'UTC');
      try {
        const asking = { nowMs: now(), timeZone: zone };
        const outcome = await sync.ask({ spaceId, head, epoch, author, caller: asking, name, input });
        if (!outcome.ok) throw problemOf(outcome);
        return outcome.value;
      } catch (error) {
        if (error instanceof SpaceGoneError) throw noSuchSpace();
        if (error instanceof NotStoredError) throw notStored(error);
        throw error;
      }
    },
  };
}

/**
 * The id under which a create with this `Idempotency-Key` is made: the same key of the same person in the same space is
 * the same thing, on any server and for ever, without anything to remember.
 */
export function idFromKey(caller: SpaceCaller, kind: string, key: string): string {
  const { principal, params } = caller;
  if (key.length > 255) {
    throw new Problem('invalid-input', 'Idempotency-Key: It may have at most 255 characters.', {
      errors: [{ field: 'Idempotency-Key', message: 'It may have at most 255 characters.' }],
    });
  }
  const text = JSON.stringify([kind, principal.userId, params['spaceId']?.toLowerCase(), key]);
  const digest = createHash('sha256').update(text).digest();
  return [...digest.subarray(0, ID_LENGTH)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Longer than core's own, which are of 16: so no id that was made by chance is ever one of these. */
const ID_LENGTH = 22;

function problemOf({ code, message, field, faults }: Refused): Problem {
  const [first] = faults ?? [];
  if (field !== undefined && faults !== undefined && first !== undefined) {
    // People count characters from one.
    const place = `character ${String(first.start + 1)}`;
    return new Problem('invalid-input', `${field}, at ${place}: ${first.message}`, {
      errors: faults.map(({ message: each, start, end, suggestion }) => ({
        field,
        message: each,
        start,
        end,
        ...(suggestion === undefined ? {} : { suggestion }),
      })),
    });
  }
  switch (code) {
    case 'not-found':
      return new Problem('not-found', message);
    case 'invalid':
    case 'ring':
      return new Problem('invalid-input', field === undefined ? message : `${field}: ${message}`, {
        errors: [{ field: field ?? '', message }],
      });
    default:
      return new Problem('conflict', message, field === undefined ? {} : { errors: [{ field, message }] });
  }
}

function noSuchSpace(): Problem {
  return new Problem(
    'not-found',
    'There is no such space, or you are no member of it. GET /api/v1/me lists yours.',
  );
}

function notStored(error: NotStoredError): Problem {
  const detail = error.isUnknown
    ? 'The database took too long, so it is not known whether this was stored. Ask again with the same id or Idempotency-Key.'
    : 'The server cannot store anything at the moment. Nothing was changed; try again.';
  return new Problem('unavailable', detail, { headers: { 'Retry-After': '5' }, cause: error });
}
