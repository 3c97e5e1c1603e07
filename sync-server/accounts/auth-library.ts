/**
 * better-auth behind our own words: accounts with a password, and sessions in a signed cookie.
 *
 * Promise: passwords are hashed with scrypt off the event loop; session cookies are HttpOnly and
 * SameSite=Lax, and carry Secure exactly when the request came by https; nothing is reported to anyone.
 * Limits: of the library's endpoints only those wrapped here can be reached, so what it adds in a later
 * version is not open by accident. Origin checks and rate limits are ours (accounts/same-origin.ts,
 * http/rate-limits.ts), because the library knows one base URL while a home server is reached by several
 * (127.0.0.1, a LAN address, a name behind a proxy).
 * Why a library at all: hashing, signed cookies, rolling expiry and, later, reset, passkeys and OIDC.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { betterAuth } from 'better-auth';
import { isAPIError } from 'better-auth/api';
import type { AccountRole } from '@holdfast/db/account-tables.ts';
import type { Database } from '@holdfast/db/database.ts';
import type { Logger } from '../logging.ts';

const DAY_SECONDS = 24 * 60 * 60;

/** A local-first app is opened again after weeks; each visit renews the session. */
const SESSION_DAYS = 90;
export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 256;
/** The library's name for signing in with a password. */
const BY_PASSWORD = 'credential';
export const SESSION_COOKIE = 'holdfast.session_token';

export interface SessionUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: AccountRole;
}

export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly userAgent: string | null;
  /** Where it was begun; the last half of an IPv6 address is left out. */
  readonly address: string | null;
}

export type AuthFailureCode =
  'wrong-credentials' | 'email-taken' | 'weak-password' | 'long-password' | 'invalid-email' | 'signed-out';

export type AuthOutcome<T> =
  | { readonly ok: true; readonly value: T; readonly setCookie: readonly string[] }
  | { readonly ok: false; readonly code: AuthFailureCode };

export interface AuthLibrary {
  signUp(
    input: { name: string; email: string; password: string },
    role: AccountRole,
    from: Headers,
  ): Promise<AuthOutcome<SessionUser>>;
  signIn(input: { email: string; password: string }, from: Headers): Promise<AuthOutcome<SessionUser>>;
  signOut(from: Headers): Promise<AuthOutcome<null>>;
  /** Null without a live session. `renew` extends it when it is a day old, which sets the cookie anew. */
  session(
    from: Headers,
    renew: boolean,
  ): Promise<{ user: SessionUser; session: Session; setCookie: readonly string[] } | null>;
  sessionsOf(from: Headers): Promise<AuthOutcome<readonly Session[]>>;
  /** Ends every session of the caller, this one too. */
  revokeAll(from: Headers): Promise<AuthOutcome<null>>;
  /** Ends every other session of the caller. */
  changePassword(
    input: { currentPassword: string; newPassword: string },
    from: Headers,
  ): Promise<AuthOutcome<null>>;
  /** Sets a password without asking for the old one, and ends every session: for whoever runs the server. */
  resetPassword(userId: string, newPassword: string): Promise<AuthOutcome<null>>;
  /** Throws, naming the columns, when the migrated tables are not what the library expects. */
  checkTables(): Promise<void>;
}

export interface AuthLibraryOptions {
  readonly database: Database;
  readonly secret: string;
  readonly logger: Logger;
}

export function createAuthLibrary(options: AuthLibraryOptions): AuthLibrary {
  // The library takes no role from a caller, which is right for what comes from a request; this one comes
  // from us. Asking the database inside the hook would take a second connection while the first is held.
  const newRole = new AsyncLocalStorage<AccountRole>();
  const auth = build(options, newRole);

  async function attempt<R, T>(
    call: () => Promise<{ headers: Headers; response: R }>,
    value: (response: R) => T,
  ): Promise<AuthOutcome<T>> {
    try {
      const { headers, response } = await call();
      return { ok: true, value: value(response), setCookie: headers.getSetCookie() };
    } catch (error) {
      const code = failureCode(error);
      if (code === undefined) throw error;
      return { ok: false, code };
    }
  }

  return {
    signUp: (body, role, from) =>
      attempt(
        () => newRole.run(role, () => auth.api.signUpEmail({ body, headers: from, returnHeaders: true })),
        ({ user }) => userOf(user),
      ),
    signIn: (body, from) =>
      attempt(
        () => auth.api.signInEmail({ body, headers: from, returnHeaders: true }),
        ({ user }) => userOf(user),
      ),
    signOut: (from) =>
      attempt(
        () => auth.api.signOut({ headers: from, returnHeaders: true }),
        () => null,
      ),
    async session(from, renew) {
      const { headers, response } = await auth.api.getSession({
        headers: from,
        query: { disableRefresh: !renew },
        returnHeaders: true,
      });
      if (!response) return null;
      return {
        user: userOf(response.user),
        session: sessionOf(response.session),
        setCookie: headers.getSetCookie(),
      };
    },
    sessionsOf: (from) =>
      attempt(
        () => auth.api.listSessions({ headers: from, returnHeaders: true }),
        (sessions) => sessions.map(sessionOf),
      ),
    revokeAll: (from) =>
      attempt(
        () => auth.api.revokeSessions({ headers: from, returnHeaders: true }),
        () => null,
      ),
    changePassword: (body, from) =>
      attempt(
        async () => {
          // In two steps, because in one the library ends this session too and begins another, and the
          // socket of the very device on which the password is changed would be sent away for good.
          await auth.api.changePassword({ body, headers: from });
          return auth.api.revokeOtherSessions({ headers: from, returnHeaders: true });
        },
        () => null,
      ),
    async resetPassword(userId, newPassword) {
      if (newPassword.length < MIN_PASSWORD_LENGTH) return { ok: false, code: 'weak-password' };
      if (newPassword.length > MAX_PASSWORD_LENGTH) return { ok: false, code: 'long-password' };
      const { password, internalAdapter } = await auth.$context;
      const hash = await password.hash(newPassword);
      const ways = await internalAdapter.findAccounts(userId);
      if (ways.some((way) => way.providerId === BY_PASSWORD)) {
        await internalAdapter.updatePassword(userId, hash);
      } else {
        await internalAdapter.createAccount({
          userId,
          accountId: userId,
          providerId: BY_PASSWORD,
          password: hash,
        });
      }
      // After the password, so that nobody begins a session with the old one in between.
      await internalAdapter.deleteUserSessions(userId);
      return { ok: true, value: null, setCookie: [] };
    },
    async checkTables() {
      const context = await auth.$context;
      await context.explicitSchemaCheck?.();
    },
  };
}

function build(options: AuthLibraryOptions, newRole: AsyncLocalStorage<AccountRole>) {
  const { logger } = options;
  return betterAuth({
    appName: 'Holdfast',
    // Only a placeholder: nothing of what is wrapped here builds a link from it.
    baseURL: 'http://holdfast.invalid',
    basePath: '/api/auth',
    secret: options.secret,
    // Said twice, because without this a BETTER_AUTH_SECRETS in the environment would win.
    secrets: [{ version: 1, value: options.secret }],
    database: { db: options.database.kysely, type: 'postgres', transaction: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: {
      // A wrong password is a warning to the library and nothing unusual to us.
      level: 'error',
      // The library's own messages can hold an e-mail address.
      log: (_level, message) => logger.error({ library: 'better-auth' }, withoutAddresses(message)),
    },
    emailAndPassword: {
      enabled: true,
      autoSignIn: true,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
    },
    session: {
      modelName: 'account_session',
      expiresIn: SESSION_DAYS * DAY_SECONDS,
      updateAge: DAY_SECONDS,
      fields: {
        userId: 'user_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    user: {
      modelName: 'account_user',
      fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
      additionalFields: { role: { type: 'string', required: true, input: false, defaultValue: 'member' } },
    },
    account: {
      modelName: 'account_credential',
      fields: {
        userId: 'user_id',
        accountId: 'account_id',
        providerId: 'provider_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    verification: {
      modelName: 'account_verification',
      fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    databaseHooks: {
      user: {
        create: {
          before: (user) => Promise.resolve({ data: { ...user, role: newRole.getStore() ?? 'member' } }),
        },
      },
    },
    advanced: {
      cookiePrefix: 'holdfast',
      // Secure is added for each request by http/cookies: one server may be reached by http and https.
      useSecureCookies: false,
      disableCSRFCheck: true,
      disableOriginCheck: true,
      database: { generateId: () => crypto.randomUUID(), validateSchema: false },
    },
  });
}

function userOf(user: { id: string; name: string; email: string; role?: unknown }): SessionUser {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    role: user.role === 'administrator' ? 'administrator' : 'member',
  };
}

function sessionOf(session: {
  id: string;
  userId: string;
  createdAt: Date;
  expiresAt: Date;
  userAgent?: string | null | undefined;
  ipAddress?: string | null | undefined;
}): Session {
  return {
    id: session.id,
    userId: session.userId,
    createdAt: session.createdAt,
    expiresAt: session.expiresAt,
    userAgent: session.userAgent || null,
    address: session.ipAddress || null,
  };
}

const FAILURES: Readonly<Record<string, AuthFailureCode>> = {
  INVALID_EMAIL_OR_PASSWORD: 'wrong-credentials',
  INVALID_PASSWORD: 'wrong-credentials',
  USER_ALREADY_EXISTS: 'email-taken',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: 'email-taken',
  PASSWORD_TOO_SHORT: 'weak-password',
  PASSWORD_TOO_LONG: 'long-password',
  INVALID_EMAIL: 'invalid-email',
  // All else that it validates has been checked before it is called.
  VALIDATION_ERROR: 'invalid-email',
  UNAUTHORIZED: 'signed-out',
};

/** Undefined for what is no expected failure: that is a bug or an outage, and is thrown on. */
function failureCode(error: unknown): AuthFailureCode | undefined {
  if (!isAPIError(error)) return undefined;
  const code: unknown = error.body?.code;
  return typeof code === 'string' ? FAILURES[code] : undefined;
}

function withoutAddresses(message: string): string {
  return message.replace(/\S+@\S+/g, '[address]');
}
