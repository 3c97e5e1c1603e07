/**
 * The shapes of the API, each written once: requests are checked by them and openapi.json is made from them.
 *
 * Promise: what this file does not describe is neither accepted nor promised. Unknown fields of a request
 * are refused, so that a misspelt one is noticed; signing in and up overlook them, because clients made for
 * the auth library send a few that mean nothing here.
 * Limits: answers are typed by these shapes but not checked again at run time; tests compare them.
 */
import { z } from 'zod';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '../accounts/auth-library.ts';
import { PROBLEM_CODES } from './problem.ts';
import type { FieldFault } from './problem.ts';

// eslint-disable-next-line no-control-regex -- control characters are what it is for
const CONTROL = /[\u0000-\u001f\u007f]/;

export type Schema<T = unknown> = z.ZodType<T>;
/** Of a query: its fields can be told apart from each other. */
export type ObjectSchema<T = unknown> = z.ZodObject & z.ZodType<T>;

/** One line that Postgres and every screen can hold: no control characters, no half of a surrogate pair. */
const line = z
  .string()
  .trim()
  .refine((text) => text.isWellFormed() && !CONTROL.test(text), 'It may not hold control characters');
const name = line.min(1).max(200);
const instant = z.iso.datetime().meta({ description: 'An instant in UTC, ISO 8601.' });
const password = z.string().meta({
  minLength: MIN_PASSWORD_LENGTH,
  maxLength: MAX_PASSWORD_LENGTH,
  description: `${String(MIN_PASSWORD_LENGTH)} to ${String(MAX_PASSWORD_LENGTH)} characters.`,
});

export const signUpInput = z.object({
  name,
  email: z.string().trim().max(320),
  password,
  invite: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'An invitation code, where sign-up needs one.' }),
});

export const signInInput = z.object({ email: z.string().trim().max(320), password: z.string() });

export const changePasswordInput = z.strictObject({ currentPassword: z.string(), newPassword: password });

export const requestResetInput = z.strictObject({ email: z.string().trim().max(320) });

export const resetPasswordInput = z.strictObject({ token: z.string().max(200), newPassword: password });

export const done = z.object({ done: z.literal(true) });

export const user = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: z.enum(['administrator', 'member']),
});

export const signedIn = z.object({ user });

export const session = z.object({
  id: z.string(),
  createdAt: instant,
  expiresAt: instant,
  userAgent: z.string().nullable(),
  address: z.string().nullable().meta({ description: 'Where it was begun.' }),
  current: z.boolean().meta({ description: 'Whether it is the session of this request.' }),
});

export const currentSession = z
  .object({ user, session: session.omit({ current: true }) })
  .nullable()
  .meta({ description: 'null when not signed in.' });

export const sessions = z.object({ sessions: z.array(session) });

export const space = z.object({
  id: z.uuid(),
  name: z.string(),
  role: z.enum(['owner', 'editor', 'viewer']),
});

export const me = z.object({
  user,
  spaces: z.array(space).meta({ description: 'The personal space comes first.' }),
});

export const server = z.object({
  version: z.string(),
  signUp: z
    .enum(['open', 'invite', 'closed'])
    .meta({ description: 'Who may sign up now; open while there is no account at all.' }),
  passwordReset: z.enum(['mail', 'operator']).meta({
    description: 'How a forgotten password is set anew: by a link in a mail, or by whoever runs the server.',
  }),
});

export const spaceInput = z.strictObject({ name });

export const tokenInput = z.strictObject({ name });

export const newToken = z.object({
  id: z.uuid(),
  token: z.string().meta({ description: 'Shown this once. Send it as Authorization: Bearer.' }),
});

export const tokens = z.object({
  tokens: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      createdAt: instant,
      lastUsedAt: instant.nullable().meta({ description: 'To the minute.' }),
    }),
  ),
});

export const devices = z.object({
  devices: z.array(z.object({ id: z.string(), name: z.string(), firstSeenAt: instant, lastSeenAt: instant })),
});

export const inviteInput = z.strictObject({ validDays: z.int().min(1).max(90).default(14) });

export const newInvite = z.object({
  id: z.uuid(),
  code: z.string().meta({ description: 'Shown this once; good for one sign-up.' }),
  expiresAt: instant,
});

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(PROBLEM_CODES as [string, ...string[]]),
  detail: z.string(),
  requestId: z.string(),
  errors: z
    .array(
      z.object({
        field: z.string(),
        message: z.string(),
        start: z.int().optional().meta({
          description: 'Of a query: the first character that is meant, counted from 0 (UTF-16 code units).',
        }),
        end: z.int().optional().meta({ description: 'The first character after it.' }),
        suggestion: z.string().optional().meta({ description: 'What to write there instead.' }),
      }),
    )
    .optional(),
});

/** The fields of a query that may be given several times. */
export function listFields(schema: ObjectSchema): ReadonlySet<string> {
  const { properties } = toJsonSchema(schema, 'input') as { properties?: Record<string, { type?: unknown }> };
  const lists = Object.entries(properties ?? {}).filter(([, property]) => property.type === 'array');
  return new Set(lists.map(([name]) => name));
}

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly FieldFault[] };

export function parse<T>(schema: Schema<T>, input: unknown): Parsed<T> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, faults: result.error.issues.flatMap(faultsOf) };
}

function faultsOf(issue: z.core.$ZodIssue): FieldFault[] {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...issue.path, key].join('.'),
      message: 'There is no such field.',
    }));
  }
  return [{ field, message: sentence(issue) }];
}

function sentence(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'It is missing.'
        : `It must be ${ARTICLES[issue.expected] ?? issue.expected}, not ${shown(issue)}.`;
    case 'invalid_value':
      return `It must be ${listed(issue.values.map(String))}, not ${shown(issue)}.`;
    case 'invalid_union':
      return unionSentence(issue);
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'It may not be empty.';
      return `It must have at least ${String(issue.minimum)}${issue.origin === 'string' ? ' characters' : ''}.`;
    case 'too_big':
      return `It may have at most ${String(issue.maximum)}${issue.origin === 'string' ? ' characters' : ''}.`;
    default:
      return `${issue.message}.`;
  }
}

/** The fault of the alternative that came closest: the one with the fewest faults. */
function unionSentence(issue: Extract<z.core.$ZodIssue, { code: 'invalid_union' }>): string {
  const closest = [...issue.errors].sort((a, b) => a.length - b.length)[0]?.[0];
  if (closest === undefined) return `${issue.message}.`;
  const [fault] = faultsOf(closest);
  if (fault === undefined) return `${issue.message}.`;
  return fault.field === '' ? fault.message : `${fault.field}: ${fault.message}`;
}

/** What was sent, cut short; of what may be secret only its sort. */
function shown(issue: z.core.$ZodIssue): string {
  const { input } = issue;
  if (/password|token|code|secret|invite/i.test(issue.path.join('.'))) {
    return input === null ? 'null' : Array.isArray(input) ? 'a list' : `a ${typeof input}`;
  }
  if (typeof input === 'number') return String(input);
  const text = JSON.stringify(input) ?? typeof input;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function listed(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `one of ${values.join(', ')}`;
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

/** JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
export function toJsonSchema(schema: Schema, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}
