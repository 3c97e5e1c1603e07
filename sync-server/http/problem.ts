/**
 * Everything that can go wrong in an answer, as RFC 9457 problem documents.
 *
 * Promise: each refusal has a code that programs may rely on, and a sentence that names the thing and the
 * mend. The id of the request is added by http/app.ts.
 * Limits: `type` is about:blank, so that no address has to be kept alive; `code` is the name to switch on.
 */

const PROBLEMS = {
  'malformed-request': [400, 'The request is not HTTP'],
  'malformed-json': [400, 'The body is not JSON'],
  'invalid-input': [400, 'The request is not valid'],
  'weak-password': [400, 'The password is too short'],
  'long-password': [400, 'The password is too long'],
  'invalid-email': [400, 'That is no e-mail address'],
  'invalid-reset': [400, 'The link to a new password is not valid'],
  'endpoint-refused': [400, 'That address may not be called'],
  'signed-out': [401, 'Not signed in'],
  'wrong-credentials': [401, 'Wrong e-mail address or password'],
  'invalid-token': [401, 'The API token is not valid'],
  'cross-origin': [403, 'Refused: the request comes from another site'],
  'signup-closed': [403, 'Sign-up is closed'],
  'invite-required': [403, 'Sign-up needs an invitation'],
  'invite-invalid': [403, 'The invitation is not valid'],
  'not-administrator': [403, 'Only the administrator may do that'],
  'session-required': [403, 'Sign in to do that'],
  'read-only': [403, 'You may not change this space'],
  'not-found': [404, 'Not found'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  'request-timeout': [408, 'The request took too long to arrive'],
  conflict: [409, 'It cannot be done as things are'],
  'webhook-limit': [409, 'There are too many webhooks'],
  'email-taken': [409, 'That e-mail address has an account'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'The body must be JSON'],
  'too-many-requests': [429, 'Too many requests'],
  'upgrade-required': [426, 'This path speaks WebSocket'],
  'headers-too-large': [431, 'The headers are too large'],
  internal: [500, 'Something went wrong here'],
  'mail-unavailable': [503, 'This server sends no mail'],
  unavailable: [503, 'Not available at the moment'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;
export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];
export const PROBLEM_TYPE = 'application/problem+json';

export interface FieldFault {
  /** Dotted path into the body or the query. */
  readonly field: string;
  readonly message: string;
  /** Of a query: which characters are meant, counted from 0 in UTF-16 code units, `end` not among them. */
  readonly start?: number;
  readonly end?: number;
  /** What to write there instead, where something was meant. */
  readonly suggestion?: string;
}

export interface ProblemExtra {
  readonly errors?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Thrown by handlers; the HTTP error handler turns it into the answer. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly FieldFault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, extra: ProblemExtra = {}) {
    super(detail, { cause: extra.cause });
    this.name = 'Problem';
    this.code = code;
    this.errors = extra.errors;
    this.headers = extra.headers ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

export function problemResponse(problem: Problem, requestId: string): Response {
  const [status, title] = PROBLEMS[problem.code];
  const body = {
    type: 'about:blank',
    title,
    status,
    code: problem.code,
    detail: problem.message,
    requestId,
    ...(problem.errors ? { errors: problem.errors } : {}),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store', ...problem.headers },
  });
}

export function statusOf(code: ProblemCode): number {
  return PROBLEMS[code][0];
}
