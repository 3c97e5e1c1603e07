/**
 * Every setting of Holdfast, in one table: name, type, default, unit and what it is for.
 *
 * Promise: the environment is read here, once, and nowhere else; all faults are reported together, each naming
 * the setting, its value and the mend; secrets are never shown in a fault. env.example and docs/settings.md are
 * made from this table by settings-page.ts, and a test fails when they are stale.
 * Limits: an environment is full of names that are not ours, so a name is called unknown only where it was
 * surely meant for us: it begins with HOLDFAST_, or is one of ours but for its case, its underscores or one
 * letter (DATABASE_URI). Anything wider would refuse to start on perfectly good machines.
 * Why an empty value counts as absent: compose files pass `NAME=` for what is not set.
 */
import { LOG_LEVELS } from '@holdfast/sync-server/logging.ts';
import { parseBusUrl } from './bus/bus-address.ts';
import { StartFault } from './fault.ts';

interface Setting<Value> {
  /** In words, for the table: `port`, `open, invite or closed`. */
  readonly type: string;
  /** As it would be written in the environment; undefined where absence means something of its own. */
  readonly standard?: string;
  /** What absence means, where there is no plain default. */
  readonly absent?: string;
  readonly unit?: string;
  readonly sentence: string;
  readonly secret?: true;
  /** The value, or a fault that completes the sentence "NAME must be ...". */
  parse(text: string): { readonly value: Value } | { readonly mustBe: string };
}

/** As OpenTelemetry names them for every program. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export const SETTINGS = {
  HOST: {
    type: 'host name or address',
    standard: '127.0.0.1',
    sentence: 'The address to listen on. 0.0.0.0 lets other machines in: put HTTPS in front then.',
    parse: matching(/^[A-Za-z0-9.:_%-]+$/, 'a host name or an address, for example 127.0.0.1 or 0.0.0.0'),
  },
  PORT: {
    type: 'number',
    standard: '8787',
    unit: 'TCP port',
    sentence: 'The port to listen on; 0 takes a free one.',
    parse: wholeNumber(0, 65_535),
  },
  DATA_DIR: {
    type: 'path',
    standard: './data',
    sentence: 'The folder for the embedded database and its keys. Relative to the folder of Holdfast.',
    parse: (text) => (text.includes('\0') ? { mustBe: 'a path' } : { value: text }),
  },
  DATABASE_URL: {
    type: 'URL',
    absent: 'the embedded database in DATA_DIR',
    sentence: 'A Postgres 15 or newer to use instead of the embedded one.',
    secret: true,
    parse: url(['postgres:', 'postgresql:'], 'like postgres://user:password@host:5432/name'),
  },
  PUBLIC_URL: {
    type: 'URL',
    absent: 'the address that a request came to',
    sentence: 'The address that people use, when a proxy stands in front. Without a path.',
    parse: origin,
  },
  SIGNUP: {
    type: 'open, invite or closed',
    standard: 'open',
    sentence: 'Who may make an account. The first one is always allowed and is the administrator.',
    parse: oneOf(['open', 'invite', 'closed']),
  },
  SMTP_URL: {
    type: 'URL',
    absent: 'no mail is sent',
    sentence: 'The mail server, smtp://user:password@host:587 or smtps://.',
    secret: true,
    parse: url(['smtp:', 'smtps:'], 'like smtp://user:password@host:587'),
  },
  MAIL_FROM: {
    type: 'mail address',
    absent: 'no mail is sent',
    sentence: 'The sender of mails, plain or as "Holdfast <tasks@example.org>".',
    parse: matching(/^[^<>\r\n]*<[^<>\s@]+@[^<>\s@]+>$|^[^<>\s@]+@[^<>\s@]+$/, 'a mail address'),
  },
  VAPID_PUBLIC_KEY: {
    type: 'base64url, 65 bytes',
    absent: 'made and kept',
    sentence: 'The public key that push services know this server by. Set both keys or none.',
    parse: bytes(65),
  },
  VAPID_PRIVATE_KEY: {
    type: 'base64url, 32 bytes',
    absent: 'made and kept',
    sentence: 'Its private half. A new pair makes every device subscribe again.',
    secret: true,
    parse: bytes(32),
  },
  VAPID_SUBJECT: {
    type: 'mailto: or https: address',
    absent: 'PUBLIC_URL',
    sentence: 'Where a push service reaches the person who runs this server.',
    parse: url(['mailto:', 'https:'], 'like mailto:you@example.org or https://example.org'),
  },
  AUTH_SECRET: {
    type: 'text, at least 32 characters',
    absent: 'made and kept',
    sentence:
      'Signs session cookies; a new one signs everyone out. If set, then for all servers of one database.',
    secret: true,
    parse: (text) => (text.length >= 32 ? { value: text } : { mustBe: 'at least 32 characters long' }),
  },
  BUS_URL: {
    type: 'URL',
    absent: 'Postgres notifications',
    sentence:
      'A redis://, rediss://, valkey:// or nats:// server that carries hints between many servers (docs/scaling.md).',
    secret: true,
    parse: parseBusUrl,
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: 'URL',
    absent: 'no traces are sent',
    sentence:
      'Where OpenTelemetry traces go, by OTLP over HTTP (docs/tracing.md). They carry ids and counts, never the text of a task.',
    parse: url(['http:', 'https:'], 'like http://host:4318'),
  },
  OTEL_TRACES_SAMPLER: {
    type: SAMPLERS.join(', '),
    standard: 'parentbased_always_on',
    sentence: 'Which edits are traced, where traces are sent.',
    parse: oneOf(SAMPLERS),
  },
  OTEL_TRACES_SAMPLER_ARG: {
    type: 'number from 0 to 1',
    standard: '1',
    sentence: 'Of the samplers by ratio: the share of edits that is traced.',
    parse: share,
  },
  LOG_LEVEL: {
    type: LOG_LEVELS.join(', '),
    standard: 'info',
    sentence: 'How much is logged. Logs carry ids, never the text of a task.',
    parse: oneOf(LOG_LEVELS),
  },
  METRICS_TOKEN: {
    type: 'text, at least 16 characters',
    absent: '/metrics is open to whoever reaches the server',
    sentence: 'When set, /metrics wants it as a Bearer token.',
    secret: true,
    parse: (text) =>
      /^\S{16,}$/.test(text) ? { value: text } : { mustBe: 'at least 16 characters, no spaces' },
  },
  AUDIT_RETENTION_DAYS: {
    type: 'number',
    standard: '30',
    unit: 'days',
    sentence: 'How long the record of who changed what is kept.',
    parse: wholeNumber(1, 36_500),
  },
  RATE_LIMITS: {
    type: 'on or off',
    standard: 'on',
    sentence: 'off for benchmarks and trusted networks.',
    parse: yesNo('on', 'off'),
  },
  ALLOW_PRIVATE_ENDPOINTS: {
    type: 'true or false',
    standard: 'false',
    sentence: 'Lets push, webhook and mail targets be private addresses.',
    parse: yesNo('true', 'false'),
  },
} satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof SETTINGS;

type ValueOf<S> = S extends { parse(text: string): infer R }
  ? Extract<R, { value: unknown }>['value']
  : never;
type Optional<Name extends SettingName> = (typeof SETTINGS)[Name] extends { standard: string }
  ? never
  : undefined;

/** One value for each setting; undefined where it is absent and has no plain default. */
export type Config = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> | Optional<Name> };

/** Read by the tests and the benchmark, never by the servers; here so that they are not called unknown. */
export const DEVELOPER_SETTINGS: Readonly<Record<string, string>> = {
  HOLDFAST_PROPERTY_RUNS: 'How many random histories each property test tries.',
  HOLDFAST_PROPERTY_SEED: 'The seed of the property tests, to see a failure again.',
  HOLDFAST_RECURRENCE_RUNS: 'How many random recurrence rules are compared with the brute force.',
  HOLDFAST_RECURRENCE_SEED: 'The seed of the recurrence rules, to see a difference again.',
  HOLDFAST_SERIES_RUNS: 'How many random histories of a recurring task are tried.',
  HOLDFAST_SERIES_SEED: 'The seed of those histories, to see a failure again.',
  HOLDFAST_KILL_ROUNDS: 'How often the kill tests kill the server.',
  HOLDFAST_DB_KILL_ROUNDS: 'How often the kill tests kill the database.',
  HOLDFAST_KILL_SEED: 'The seed of the kill tests.',
  HOLDFAST_CONTAINER_LAB:
    'A program that gives verify:deploy an engine and base images for its checks in containers.',
  HOLDFAST_UPDATE_GUIDE: '1: the test of the guide writes its pictures into docs/guide/pictures.',
  HOLDFAST_PICTURES:
    'A folder for the pictures of every page that tests of the app leave, in English (else test-results/pictures), in German and from right to left.',
  HOLDFAST_BENCH_PROFILE: 'A folder: the benchmark writes a CPU profile of each server into it.',
};

export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of settingEntries()) {
    const text = env[name]?.trim() || setting.standard;
    if (text === undefined) continue;
    const parsed = setting.parse(text);
    if ('value' in parsed) values[name] = parsed.value;
    else faults.push(`${name} must be ${parsed.mustBe}${setting.secret ? '' : `, and is "${text}"`}.`);
  }
  if (!env['VAPID_PUBLIC_KEY']?.trim() !== !env['VAPID_PRIVATE_KEY']?.trim()) {
    faults.push('VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY belong together: set both or none.');
  }
  faults.push(...unknownNames(env));
  if (faults.length > 0) throw new StartFault(faultMessage(faults));
  return values as Config;
}

export function settingEntries(): [SettingName, Setting<unknown>][] {
  return Object.entries(SETTINGS) as [SettingName, Setting<unknown>][];
}

function faultMessage(faults: readonly string[]): string {
  const count = faults.length === 1 ? 'a setting is' : `${faults.length} settings are`;
  return [`${count} wrong (docs/settings.md lists them all):`, ...faults.map((fault) => `  - ${fault}`)].join(
    '\n',
  );
}

function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.keys(SETTINGS);
  const faults: string[] = [];
  for (const name of Object.keys(env)) {
    if (name in SETTINGS || name in DEVELOPER_SETTINGS || !env[name]?.trim()) continue;
    const meant = known.find((ours) => looksLike(name, ours));
    if (meant) faults.push(`${name} is unknown: did you mean ${meant}?`);
    else if (name.startsWith('HOLDFAST_')) {
      const bare = known.find((ours) => name === `HOLDFAST_${ours}`);
      faults.push(`${name} is unknown${bare ? `: it is called ${bare}.` : '.'}`);
    }
  }
  return faults;
}

/** Short names (HOST, PORT) have too many innocent neighbours. */
const MIN_LENGTH_TO_COMPARE = 6;
const MIN_LENGTH_TO_GUESS_A_LETTER = 8;

function looksLike(name: string, ours: string): boolean {
  if (ours.length < MIN_LENGTH_TO_COMPARE) return false;
  const bare = (text: string): string => text.replaceAll('_', '').toUpperCase();
  if (bare(name) === bare(ours)) return true;
  return ours.length >= MIN_LENGTH_TO_GUESS_A_LETTER && differByOneLetter(name, ours);
}

function differByOneLetter(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  return Math.max(one.length, other.length) - start - end === 1;
}

// --- the types of values ---

type Parse<Value> = Setting<Value>['parse'];

function matching(pattern: RegExp, mustBe: string): Parse<string> {
  return (text) => (pattern.test(text) ? { value: text } : { mustBe });
}

function wholeNumber(min: number, max: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return { value };
    return { mustBe: `a whole number from ${min} to ${max}` };
  };
}

function share(text: string): ReturnType<Parse<number>> {
  const value = Number(text);
  return /^\d*\.?\d+$/.test(text) && value <= 1 ? { value } : { mustBe: 'a number from 0 to 1, like 0.1' };
}

function oneOf<const Word extends string>(words: readonly Word[]): Parse<Word> {
  return (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { mustBe: `one of ${words.join(', ')}` } : { value };
  };
}

function yesNo(yes: string, no: string): Parse<boolean> {
  return (text) => (text === yes || text === no ? { value: text === yes } : { mustBe: `${yes} or ${no}` });
}

function url(protocols: readonly string[], mustBe: string): Parse<string> {
  return (text) => {
    const parsed = URL.parse(text);
    return parsed && protocols.includes(parsed.protocol) ? { value: text } : { mustBe };
  };
}

function origin(text: string): ReturnType<Parse<string>> {
  const parsed = URL.parse(text);
  const plain = parsed && /^https?:$/.test(parsed.protocol) && parsed.pathname === '/' && !parsed.search;
  return plain
    ? { value: parsed.origin }
    : { mustBe: 'an address without a path, like https://tasks.example.org' };
}

function bytes(count: number): Parse<string> {
  return (text) => {
    const right = /^[A-Za-z0-9_-]+$/.test(text) && Buffer.from(text, 'base64url').length === count;
    return right ? { value: text } : { mustBe: `${count} bytes in base64url` };
  };
}
