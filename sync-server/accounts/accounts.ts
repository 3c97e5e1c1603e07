/**
 * The rules of having an account here: who may sign up, who is the administrator, what a new account gets.
 *
 * Promise: the first account is always allowed and is the administrator, and of any number of first
 * sign-ups at once, on any number of servers, exactly one is that; every account has one personal space.
 * Limits: the personal space is made right after the account, not in its transaction. A crash between the
 * two is mended by the next `me`, which asks for the same space in the same idempotent way.
 */
import {
  accountByEmail,
  asPossiblyFirst,
  claimInvite,
  forgetExpiredSessions,
  hasAccounts,
  releaseInvite,
} from '@holdfast/db/accounts.ts';
import type { AccountRole } from '@holdfast/db/account-tables.ts';
import type { Database } from '@holdfast/db/database.ts';
import { askForReset, claimReset } from '@holdfast/db/password-resets.ts';
import { announceOnce } from '@holdfast/db/space-events.ts';
import { ensurePersonalSpace, spacesOf } from '@holdfast/db/spaces.ts';
import type { SpaceOfMember } from '@holdfast/db/spaces.ts';
import type { ServerConfig } from '../config.ts';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from './auth-library.ts';
import type { AuthFailureCode, AuthLibrary, AuthOutcome, SessionUser } from './auth-library.ts';

export const PERSONAL_SPACE_NAME = 'Personal';

const MAX_SIGN_UPS_AT_ONCE = 3;
/** How long a link to a new password works. */
const RESET_LINK_MS = 60 * 60_000;

export interface SignUp {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly invite?: string | undefined;
}

export type SignUpFailureCode = AuthFailureCode | 'signup-closed' | 'invite-required' | 'invite-invalid';

export type SignUpOutcome =
  Extract<AuthOutcome<SessionUser>, { ok: true }> | { readonly ok: false; readonly code: SignUpFailureCode };

export type ResetOutcome =
  | { readonly ok: true; readonly userId: string }
  | { readonly ok: false; readonly code: AuthFailureCode | 'no-account' };

export type LinkOutcome =
  | { readonly ok: true; readonly userId: string }
  | { readonly ok: false; readonly code: AuthFailureCode | 'invalid-reset' };

export interface Accounts {
  signUp(input: SignUp, from: Headers): Promise<SignUpOutcome>;
  signIn(input: { email: string; password: string }, from: Headers): Promise<AuthOutcome<SessionUser>>;
  /**
   * For whoever runs the server: a new password for somebody who forgot theirs. Ends all of that person's
   * sessions, on running servers too; API tokens stay.
   */
  resetPassword(input: { email: string; password: string }): Promise<ResetOutcome>;
  /** Sends a link to a new password to the address, if it has an account; the caller cannot tell. */
  requestReset(email: string): Promise<void>;
  /** By such a link, which is spent. Ends all of the person's sessions, as resetPassword does. */
  resetByLink(input: { token: string; password: string }): Promise<LinkOutcome>;
  /** Who may sign up at this moment: the first account is always allowed. */
  signUpMode(): Promise<ServerConfig['signup']>;
  /** The caller's spaces, the personal one first. */
  spaces(userId: string): Promise<SpaceOfMember[]>;
}

export interface AccountsOptions {
  readonly database: Database;
  readonly library: AuthLibrary;
  readonly signup: ServerConfig['signup'];
  readonly now: () => number;
}

export function createAccounts({ database, library, signup, now }: AccountsOptions): Accounts {
  // Each holds a connection while the password is hashed: a burst must leave some for the log.
  const gate = createGate(MAX_SIGN_UPS_AT_ONCE);
  // One possibly-first sign-up at a time in this process: see asPossiblyFirst about connections.
  let previousFirst: Promise<unknown> = Promise.resolve();

  async function signUp(input: SignUp, from: Headers): Promise<SignUpOutcome> {
    if (await hasAccounts(database)) return further(input, from);
    const turn = previousFirst.then(async () => {
      // Whoever waited behind the first one is no longer first, and needs no lock.
      if (await hasAccounts(database)) return further(input, from);
      return asPossiblyFirst(database, async () =>
        (await hasAccounts(database)) ? further(input, from) : make(input, 'administrator', from),
      );
    });
    previousFirst = turn.catch(() => undefined);
    return turn;
  }

  async function further(input: SignUp, from: Headers): Promise<SignUpOutcome> {
    switch (signup) {
      case 'open':
        return make(input, 'member', from);
      case 'closed':
        return { ok: false, code: 'signup-closed' };
      case 'invite':
        return invited(input, from);
    }
  }

  /** The invitation is spent first, so that two sign-ups cannot share it, and given back on failure. */
  async function invited(input: SignUp, from: Headers): Promise<SignUpOutcome> {
    if (input.invite === undefined) return { ok: false, code: 'invite-required' };
    const inviteId = await claimInvite(database, input.invite, new Date(now()));
    if (inviteId === null) return { ok: false, code: 'invite-invalid' };
    let made = false;
    try {
      const outcome = await make(input, 'member', from);
      made = outcome.ok;
      return outcome;
    } finally {
      if (!made) await releaseInvite(database, inviteId);
    }
  }

  async function make(input: SignUp, role: AccountRole, from: Headers): Promise<SignUpOutcome> {
    const { name, email, password } = input;
    let outcome: SignUpOutcome;
    try {
      outcome = await gate(() => library.signUp({ name, email, password }, role, from));
    } catch (error) {
      // Two sign-ups with one address at once: the second fails on the unique column, not on a check.
      if (await accountByEmail(database, email)) return { ok: false, code: 'email-taken' };
      throw error;
    }
    if (outcome.ok) await ensurePersonalSpace(database, outcome.value.id, PERSONAL_SPACE_NAME);
    return outcome;
  }

  return {
    signUp,
    async signIn(input, from) {
      const outcome = await library.signIn(input, from);
      if (outcome.ok) await forgetExpiredSessions(database, outcome.value.id, new Date(now()));
      return outcome;
    },
    async resetPassword({ email, password }) {
      const account = await accountByEmail(database, email);
      if (!account) return { ok: false, code: 'no-account' };
      const outcome = await library.resetPassword(account.id, password);
      if (!outcome.ok) return outcome;
      // Servers remember who a cookie stands for, and have sockets open: they look again.
      await announceOnce(database, { kind: 'user', spaceId: account.id });
      return { ok: true, userId: account.id };
    },
    requestReset: (email) => askForReset(database, email, new Date(now()), new Date(now() + RESET_LINK_MS)),
    async resetByLink({ token, password }) {
      // Before the link is spent.
      if (password.length < MIN_PASSWORD_LENGTH) return { ok: false, code: 'weak-password' };
      if (password.length > MAX_PASSWORD_LENGTH) return { ok: false, code: 'long-password' };
      const userId = await claimReset(database, token, new Date(now()));
      if (userId === null) return { ok: false, code: 'invalid-reset' };
      const outcome = await library.resetPassword(userId, password);
      if (!outcome.ok) return outcome;
      await announceOnce(database, { kind: 'user', spaceId: userId });
      return { ok: true, userId };
    },
    signUpMode: async () => (signup === 'open' || (await hasAccounts(database)) ? signup : 'open'),
    async spaces(userId) {
      const spaces = await spacesOf(database, userId);
      if (spaces.some((space) => space.kind === 'personal')) return spaces;
      await ensurePersonalSpace(database, userId, PERSONAL_SPACE_NAME);
      return spacesOf(database, userId);
    },
  };
}

/** Lets at most `limit` run at once, the rest in order of arrival. */
function createGate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((enter) => waiting.push(enter));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line, so that nobody slips in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
