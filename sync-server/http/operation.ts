/**
 * One operation of the API: what it takes, who may call it, what it gives, and what it does.
 *
 * Promise: the same object is served (http/serve-operations.ts) and described (http/openapi.ts), so the
 * description cannot drift from what is served.
 */
import type { Principal } from '../accounts/principal.ts';
import type { Connection } from './connection.ts';
import type { ProblemCode } from './problem.ts';
import type { ObjectSchema, Schema } from './schemas.ts';

/**
 * public: anyone. user: a session or an API token. session: a session only, for what a leaked token must
 * not be able to do, such as making another token.
 */
export type Access = 'public' | 'user' | 'session';

export interface Call<Body, A extends Access, Query = unknown> {
  readonly body: Body;
  readonly query: Query;
  /** Values of {names} in the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly principal: A extends 'public' ? undefined : Principal;
  readonly headers: Headers;
  readonly connection: Connection;
  /** Adds Set-Cookie headers as the auth library wrote them. */
  setCookies(cookies: readonly string[]): void;
  /** Another status than the operation's own, where the same call may do more or less; and headers. */
  answerWith(status: 200 | 201, headers?: Readonly<Record<string, string>>): void;
}

export interface OperationSpec<Body, Result, A extends Access, Query = unknown> {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With {names} for parameters. */
  readonly path: `/api/${string}`;
  readonly group: string;
  readonly summary: string;
  /** More than the summary, where there is more to know. */
  readonly description?: string;
  readonly access: A;
  /** Parameters after the `?`; a field that is a list may be given several times. Unknown ones are refused. */
  readonly query?: ObjectSchema<Query>;
  /** Headers that mean something to this operation, with a sentence each. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Schema<Body>;
  readonly result?: Schema<Result>;
  /** The result is a page of HTML for people, and not JSON. */
  readonly isPage?: boolean;
  readonly status: 200 | 201 | 204;
  /** Another status that a success may have, and when. */
  readonly otherStatus?: { readonly status: 200 | 201; readonly when: string };
  /** The body may be left out altogether. */
  readonly isBodyOptional?: boolean;
  /** Besides those that any operation of this kind may give. */
  readonly problems?: readonly ProblemCode[];
  handle(call: Call<Body, A, Query>): Promise<Result>;
}

/** An operation whose types have been checked and then forgotten, so that all kinds stand in one list. */
export type Operation = Omit<OperationSpec<unknown, unknown, Access>, 'handle'> & {
  handle(call: Call<unknown, Access>): Promise<unknown>;
};

export function operation<Body, Result, A extends Access, Query = unknown>(
  spec: OperationSpec<Body, Result, A, Query>,
): Operation {
  // Sound because serve-operations parses body and query with these very schemas and demands this very access.
  return spec as unknown as Operation;
}

export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}
