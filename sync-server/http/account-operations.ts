/**
 * What belongs to the caller: who they are, their spaces, API tokens, devices and invitations to sign up.
 */
import type { Accounts } from '../accounts/accounts.ts';
import type { AuthLibrary } from '../accounts/auth-library.ts';
import { accountById, createInvite } from '@holdfast/db/accounts.ts';
import type { Database } from '@holdfast/db/database.ts';
import { devicesOf, revokeDevice } from '@holdfast/db/own-devices.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import { createToken, revokeToken, tokensOf } from '@holdfast/db/tokens.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { Problem } from './problem.ts';
import * as schemas from './schemas.ts';

export interface AccountOperationsOptions {
  readonly database: Database;
  readonly accounts: Accounts;
  readonly library: AuthLibrary;
  /** A token of this user no longer stands. */
  readonly ended: (userId: string) => void;
  readonly now: () => number;
  readonly version: string;
  readonly sendsMail: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export function accountOperations({
  database,
  accounts,
  library,
  ended,
  now,
  version,
  sendsMail,
}: AccountOperationsOptions): Operation[] {
  return [
    operation({
      id: 'getServer',
      method: 'get',
      path: '/api/v1/server',
      group: 'Accounts',
      summary:
        'What to know before signing in: the version, who may sign up, and how a forgotten password is reset',
      access: 'public',
      result: schemas.server,
      status: 200,
      handle: async () => ({
        version,
        signUp: await accounts.signUpMode(),
        passwordReset: sendsMail ? ('mail' as const) : ('operator' as const),
      }),
    }),
    operation({
      id: 'getMe',
      method: 'get',
      path: '/api/v1/me',
      group: 'You',
      summary: 'Who you are and which spaces you have; renews the session',
      access: 'user',
      result: schemas.me,
      status: 200,
      async handle({ principal, headers, setCookies }) {
        const [user, spaces, renewed] = await Promise.all([
          accountById(database, principal.userId),
          accounts.spaces(principal.userId),
          principal.via === 'cookie' ? library.session(headers, true) : null,
        ]);
        if (!user) throw new Problem('signed-out', 'This account no longer exists.');
        if (renewed) setCookies(renewed.setCookie);
        return { user, spaces: spaces.map(({ id, name, role }) => ({ id, name, role })) };
      },
    }),
    operation({
      id: 'createSpace',
      method: 'post',
      path: '/api/v1/spaces',
      group: 'Spaces',
      summary: 'Make a further space, owned by you',
      access: 'user',
      body: schemas.spaceInput,
      result: schemas.space,
      status: 201,
      async handle({ principal, body }) {
        const space = await createSpace(database, {
          name: body.name,
          kind: 'shared',
          ownerId: principal.userId,
        });
        return { id: space.id, name: space.name, role: space.role };
      },
    }),
    operation({
      id: 'createToken',
      method: 'post',
      path: '/api/v1/tokens',
      group: 'API tokens',
      summary: 'Make an API token; it is shown this once',
      access: 'session',
      body: schemas.tokenInput,
      result: schemas.newToken,
      status: 201,
      async handle({ principal, body }) {
        return createToken(database, principal.userId, body.name);
      },
    }),
    operation({
      id: 'listTokens',
      method: 'get',
      path: '/api/v1/tokens',
      group: 'API tokens',
      summary: 'Your API tokens, without their text',
      access: 'user',
      result: schemas.tokens,
      status: 200,
      async handle({ principal }) {
        const tokens = await tokensOf(database, principal.userId);
        return {
          tokens: tokens.map((token) => ({
            id: token.id,
            name: token.name,
            createdAt: token.created_at.toISOString(),
            lastUsedAt: token.last_used_at?.toISOString() ?? null,
          })),
        };
      },
    }),
    operation({
      id: 'revokeToken',
      method: 'delete',
      path: '/api/v1/tokens/{tokenId}',
      group: 'API tokens',
      summary: 'Revoke an API token; its open sockets are closed',
      access: 'user',
      status: 204,
      problems: ['not-found'],
      async handle({ principal, params }) {
        const { tokenId = '' } = params;
        if (!(await revokeToken(database, principal.userId, tokenId))) {
          throw new Problem('not-found', 'You have no API token with this id.');
        }
        ended(principal.userId);
      },
    }),
    operation({
      id: 'listDevices',
      method: 'get',
      path: '/api/v1/devices',
      group: 'Devices',
      summary: 'Your devices, the most recently seen first',
      access: 'user',
      result: schemas.devices,
      status: 200,
      async handle({ principal }) {
        const devices = await devicesOf(database, principal.userId);
        return {
          devices: devices.map(({ id, name, firstSeen, lastSeen }) => ({
            id,
            name,
            firstSeenAt: firstSeen.toISOString(),
            lastSeenAt: lastSeen.toISOString(),
          })),
        };
      },
    }),
    operation({
      id: 'revokeDevice',
      method: 'delete',
      path: '/api/v1/devices/{deviceId}',
      group: 'Devices',
      summary: 'Revoke a device: its sessions end, its sockets are closed, and it gets no more pushes',
      description:
        'Nothing on the device itself is deleted. Signed in again it is back, with what it had not sent. API tokens are of no device and stay.',
      access: 'user',
      status: 204,
      problems: ['not-found'],
      async handle({ principal, params }) {
        const { deviceId = '' } = params;
        if (!(await revokeDevice(database, principal.userId, deviceId))) {
          throw new Problem('not-found', 'You have no device with this id.');
        }
        ended(principal.userId);
      },
    }),
    operation({
      id: 'createSignUpInvite',
      method: 'post',
      path: '/api/v1/sign-up-invites',
      group: 'Administration',
      summary: 'Make a code with which one person may sign up where SIGNUP=invite',
      access: 'session',
      body: schemas.inviteInput,
      result: schemas.newInvite,
      status: 201,
      problems: ['not-administrator'],
      async handle({ principal, body }) {
        const account = await accountById(database, principal.userId);
        if (account?.role !== 'administrator') {
          throw new Problem('not-administrator', 'Only the administrator may invite people to sign up.');
        }
        const expiresAt = new Date(now() + body.validDays * DAY_MS);
        const { id, code } = await createInvite(database, { madeBy: account.id, expiresAt });
        return { id, code, expiresAt: expiresAt.toISOString() };
      },
    }),
  ];
}
