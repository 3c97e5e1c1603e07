/**
 * The log: one JSON object a line, on standard error by default.
 *
 * Promise: secrets that ride in headers are never written, whatever is passed. Of an error its type, code, message, stack and
 * cause are, and nothing else that it carries: Postgres puts whole rows into `detail`. Where a message quotes what it was given
 * (what cannot be read as JSON, or as a value of a type), the quotation is left out.
 * Limits: callers log ids, counts and durations; the text of a task never, which no filter here could tell.
 * Why a slice of pino: the rest of the server sees four verbs and `child`, so the library can be changed here.
 */
import { destination as fileDestination, pino } from 'pino';
import type { DestinationStream } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Logger;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error when left out, since standard output says `holdfast ready`. */
  readonly destination?: { write(line: string): void };
}

const SECRETS = ['authorization', 'cookie', 'password', 'token', 'secret'];

export function createLogger(options: LogOptions): Logger {
  const destination: DestinationStream = options.destination ?? fileDestination({ dest: 2, sync: true });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
    },
    destination,
  );
}

const MAX_CAUSES = 5;

function errorFields(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error;
  const { code, cause } = error as Error & { code?: unknown };
  return {
    type: error.name,
    message: withoutQuotation(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: withoutQuotation(error.stack ?? ''),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: errorFields(cause, depth + 1) }),
  };
}

/** V8's of JSON.parse, and Postgres's of class 22. Both may go over several lines. */
const QUOTING = [
  /(Unexpected token ).*?(is not valid JSON)/gs,
  /((?:Expected|Unterminated|Bad|Unexpected|No number|Exponent)[^\n]* in JSON at position \d+)[^\n]*/g,
  /(invalid input (?:syntax for type|value for enum) [\w ]+: )".*?"(?=\n|$)/gs,
  /(value ")[^"]*(" is out of range)/g,
] as const;

function withoutQuotation(text: string): string {
  return QUOTING.reduce(
    (left, pattern) =>
      left.replace(pattern, (_, before: string, after: unknown) =>
        typeof after === 'string' ? `${before}[...] ${after}` : `${before}[...]`,
      ),
    text,
  );
}
