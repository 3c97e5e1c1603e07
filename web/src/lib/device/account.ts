/**
 * Accounts over the server's HTTP API. Nothing is stored here: the session is the browser's cookie.
 *
 * Promise: every outcome is a value. 'unreachable' means that no answer of the server came; any other code
 * is the server's own (RFC 9457 problem documents), with its sentence.
 */

import { t, translated } from '../words/language.ts';

export interface SignedIn {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  /** The personal space. */
  readonly spaceId: string;
}

export type AccountResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface AccountClient {
  signUp(input: {
    name: string;
    email: string;
    password: string;
    invite?: string;
  }): Promise<AccountResult<SignedIn>>;
  signIn(input: { email: string; password: string }): Promise<AccountResult<SignedIn>>;
  signOut(): Promise<AccountResult<null>>;
  /** How a forgotten password is set anew here. */
  passwordReset(): Promise<AccountResult<'mail' | 'operator'>>;
  /** The outcome is the same whether the address has an account or not. */
  requestReset(email: string): Promise<AccountResult<null>>;
  /** `token` is that of the link in the mail. */
  resetPassword(input: { token: string; newPassword: string }): Promise<AccountResult<null>>;
}

const ANSWER_TIMEOUT_MS = 20_000;

export function createAccountClient(serverUrl: string): AccountClient {
  async function call(method: 'GET' | 'POST', path: string, body?: object): Promise<AccountResult<unknown>> {
    let response: Response;
    try {
      response = await fetch(new URL(path, serverUrl), {
        method,
        credentials: 'include',
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      });
    } catch {
      return {
        ok: false,
        code: 'unreachable',
        message: t('The server could not be reached. Check the network and try again; nothing was changed.'),
      };
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: answer };
    const problem = answer as { code?: unknown; detail?: unknown } | null;
    return {
      ok: false,
      code: typeof problem?.code === 'string' ? problem.code : `http-${response.status}`,
      message:
        typeof problem?.detail === 'string'
          ? translated(problem.detail)
          : t('The server answered with {status}.', { status: response.status }),
    };
  }

  async function enter(path: string, body: object): Promise<AccountResult<SignedIn>> {
    const entered = await call('POST', path, body);
    if (!entered.ok) return entered;
    const me = await call('GET', '/api/v1/me');
    if (!me.ok) return me;
    const { user, spaces } = me.value as {
      user?: { id?: string; email?: string; name?: string };
      spaces?: { id?: string }[];
    };
    // The personal space comes first.
    const spaceId = spaces?.[0]?.id;
    if (!user?.id || !spaceId) {
      return {
        ok: false,
        code: 'odd-answer',
        message: t('The server answered in a way this version cannot read.'),
      };
    }
    return { ok: true, value: { userId: user.id, email: user.email ?? '', name: user.name ?? '', spaceId } };
  }

  return {
    signUp: (input) => enter('/api/auth/sign-up/email', input),
    signIn: (input) => enter('/api/auth/sign-in/email', input),
    async signOut() {
      return nothing(await call('POST', '/api/auth/sign-out', {}));
    },
    async passwordReset() {
      const result = await call('GET', '/api/v1/server');
      if (!result.ok) return result;
      const way = (result.value as { passwordReset?: unknown } | null)?.passwordReset;
      return { ok: true, value: way === 'mail' ? 'mail' : 'operator' };
    },
    async requestReset(email) {
      return nothing(await call('POST', '/api/auth/request-password-reset', { email }));
    },
    async resetPassword(input) {
      return nothing(await call('POST', '/api/auth/reset-password', input));
    },
  };
}

function nothing(result: AccountResult<unknown>): AccountResult<null> {
  return result.ok ? { ok: true, value: null } : result;
}
