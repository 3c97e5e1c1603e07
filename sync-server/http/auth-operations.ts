/**
 * Signing up, in and out: /api/auth/*.
 *
 * Promise: what ends a session here also ends its open sockets on this server at once (`ended`).
 * Limits: sockets on another server of the same installation end at that server's next recheck.
 */
import type { Accounts, SignUpFailureCode } from '../accounts/accounts.ts';
import type { AuthLibrary, Session } from '../accounts/auth-library.ts';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '../accounts/auth-library.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { Problem } from './problem.ts';
import type { RateLimitName, RateLimits } from './rate-limits.ts';
import * as schemas from './schemas.ts';
import { tooMany } from './serve-operations.ts';

export interface AuthOperationsOptions {
  readonly accounts: Accounts;
  readonly library: AuthLibrary;
  readonly rateLimits: RateLimits;
  /** Some or all sessions of this user have ended. */
  readonly ended: (userId: string) => void;
  readonly sendsMail: boolean;
}

const GROUP = 'Accounts';

export function authOperations(options: AuthOperationsOptions): Operation[] {
  const { accounts, library, rateLimits, ended, sendsMail } = options;

  function take(name: RateLimitName, caller: string): void {
    const waitMs = rateLimits.take(name, caller);
    if (waitMs > 0) throw tooMany(waitMs);
  }

  return [
    operation({
      id: 'signUp',
      method: 'post',
      path: '/api/auth/sign-up/email',
      group: GROUP,
      summary: 'Make an account and sign in to it',
      access: 'public',
      body: schemas.signUpInput,
      result: schemas.signedIn,
      status: 200,
      problems: [
        'weak-password',
        'long-password',
        'invalid-email',
        'email-taken',
        'signup-closed',
        'invite-required',
        'invite-invalid',
      ],
      async handle({ body, headers, connection, setCookies }) {
        take('sign-up-address', connection.network);
        const outcome = await accounts.signUp(body, headersFor(headers, connection.address));
        if (!outcome.ok) throw refusal(outcome.code);
        setCookies(outcome.setCookie);
        return { user: outcome.value };
      },
    }),
    operation({
      id: 'signIn',
      method: 'post',
      path: '/api/auth/sign-in/email',
      group: GROUP,
      summary: 'Sign in; the answer sets the session cookie',
      access: 'public',
      body: schemas.signInInput,
      result: schemas.signedIn,
      status: 200,
      problems: ['wrong-credentials', 'invalid-email'],
      async handle({ body, headers, connection, setCookies }) {
        const account = `${connection.network} ${body.email.toLowerCase()}`;
        take('sign-in-address', connection.network);
        take('sign-in-account', account);
        const outcome = await accounts.signIn(body, headersFor(headers, connection.address));
        if (!outcome.ok) throw refusal(outcome.code);
        rateLimits.giveBack('sign-in-address', connection.network);
        rateLimits.giveBack('sign-in-account', account);
        setCookies(outcome.setCookie);
        return { user: outcome.value };
      },
    }),
    operation({
      id: 'signOut',
      method: 'post',
      path: '/api/auth/sign-out',
      group: GROUP,
      summary: 'End this session',
      access: 'public',
      result: schemas.done,
      status: 200,
      async handle({ headers, setCookies }) {
        // Without a live session there is nothing to end, which is what was asked for.
        const live = await library.session(headers, false);
        const outcome = await library.signOut(headers);
        if (outcome.ok) setCookies(outcome.setCookie);
        if (live) ended(live.user.id);
        return { done: true };
      },
    }),
    operation({
      id: 'getSession',
      method: 'get',
      path: '/api/auth/get-session',
      group: GROUP,
      summary: 'The session of this request, or null; renews it',
      access: 'public',
      result: schemas.currentSession,
      status: 200,
      async handle({ headers, setCookies }) {
        const live = await library.session(headers, true);
        if (!live) return null;
        setCookies(live.setCookie);
        return { user: live.user, session: shown(live.session) };
      },
    }),
    operation({
      id: 'listSessions',
      method: 'get',
      path: '/api/auth/list-sessions',
      group: GROUP,
      summary: 'Where you are signed in',
      access: 'session',
      result: schemas.sessions,
      status: 200,
      async handle({ headers, principal }) {
        const outcome = await library.sessionsOf(headers);
        if (!outcome.ok) throw refusal(outcome.code);
        return {
          sessions: outcome.value.map((session) => ({
            ...shown(session),
            current: session.id === principal.sessionId,
          })),
        };
      },
    }),
    operation({
      id: 'revokeSessions',
      method: 'post',
      path: '/api/auth/revoke-sessions',
      group: GROUP,
      summary: 'Sign out everywhere, here too; API tokens stay',
      access: 'session',
      result: schemas.done,
      status: 200,
      async handle({ headers, principal, setCookies }) {
        const outcome = await library.revokeAll(headers);
        if (!outcome.ok) throw refusal(outcome.code);
        const out = await library.signOut(headers);
        if (out.ok) setCookies(out.setCookie);
        ended(principal.userId);
        return { done: true };
      },
    }),
    operation({
      id: 'changePassword',
      method: 'post',
      path: '/api/auth/change-password',
      group: GROUP,
      summary: 'Change the password; ends every other session',
      access: 'session',
      body: schemas.changePasswordInput,
      result: schemas.done,
      status: 200,
      problems: ['wrong-credentials', 'weak-password', 'long-password'],
      async handle({ body, headers, principal, setCookies }) {
        take('sign-in-account', principal.userId);
        const outcome = await library.changePassword(body, headers);
        if (!outcome.ok) throw refusal(outcome.code);
        rateLimits.giveBack('sign-in-account', principal.userId);
        setCookies(outcome.setCookie);
        ended(principal.userId);
        return { done: true };
      },
    }),
    operation({
      id: 'requestPasswordReset',
      method: 'post',
      path: '/api/auth/request-password-reset',
      group: GROUP,
      summary:
        'Mail a link to a new password to this address, if it has an account; the answer is always the same',
      access: 'public',
      body: schemas.requestResetInput,
      status: 204,
      problems: ['mail-unavailable'],
      async handle({ body, connection }) {
        if (!sendsMail) {
          const detail = 'This server sends no mail. Whoever runs it can reset your password.';
          throw new Problem('mail-unavailable', detail);
        }
        take('reset-address', connection.network);
        take('reset-account', body.email.toLowerCase());
        await accounts.requestReset(body.email);
      },
    }),
    operation({
      id: 'resetPassword',
      method: 'post',
      path: '/api/auth/reset-password',
      group: GROUP,
      summary: 'Set a new password by the link of such a mail; ends every session. API tokens stay',
      access: 'public',
      body: schemas.resetPasswordInput,
      result: schemas.done,
      status: 200,
      problems: ['invalid-reset', 'weak-password', 'long-password'],
      async handle({ body, connection }) {
        take('reset-address', connection.network);
        const outcome = await accounts.resetByLink({ token: body.token, password: body.newPassword });
        if (!outcome.ok) throw refusal(outcome.code);
        ended(outcome.userId);
        return { done: true };
      },
    }),
  ];
}

function shown({ id, createdAt, expiresAt, userAgent, address }: Session) {
  return {
    id,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    userAgent,
    address,
  };
}

/** The library notes the address of a session from this header; it has no sight of the socket. */
function headersFor(headers: Headers, address: string): Headers {
  const copy = new Headers(headers);
  copy.set('x-forwarded-for', address);
  return copy;
}

const DETAILS: Readonly<Record<SignUpFailureCode | 'invalid-reset', string>> = {
  'invalid-reset': 'This link is unknown, used or too old. Ask for a new one.',
  'wrong-credentials': 'The e-mail address or the password is wrong.',
  'email-taken': 'There is an account with this e-mail address. Sign in instead.',
  'weak-password': `A password needs at least ${String(MIN_PASSWORD_LENGTH)} characters.`,
  'long-password': `A password may have at most ${String(MAX_PASSWORD_LENGTH)} characters.`,
  'invalid-email': 'This does not look like an e-mail address: name@example.org.',
  'signed-out': 'Your session has ended. Sign in again.',
  'signup-closed': 'This server takes no new accounts. Ask the person who runs it.',
  'invite-required':
    'This server takes new accounts by invitation only. Ask the person who runs it for a code.',
  'invite-invalid': 'This invitation is unknown, used or too old. Ask for a new one.',
};

function refusal(code: SignUpFailureCode | 'invalid-reset'): Problem {
  return new Problem(code, DETAILS[code]);
}
