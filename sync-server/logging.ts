/**
 * The log: one JSON object a line, on standard error by default.
 *
 * Promise: secrets that ride in headers are never written, whatever is passed.
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
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
    },
    destination,
  );
}
