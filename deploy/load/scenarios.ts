/**
 * The four load scenarios, once for k6 (k6/holdfast.ts) and once for Node (`npm run bench -- load`): who there is, what they
 * do, and how fast. docs/load-testing.md tells them in words.
 *
 * Promise: both tools run these functions and no others, so what they measure is the same.
 * Limits: all of a space's devices are of one account, because a load needs no invitations; accounts share their work among
 * many spaces, because making one costs the server a password's hash.
 */
import { createDevice } from './device.ts';
import type { Answer, Call, Device, World } from './device.ts';
import { updateFrame, receiptFrame, readFrame, step1Frame, EMPTY_STATE_VECTOR } from './frames.ts';
import { createWriter, seedUpdates } from './writer.ts';

export const SCENARIOS = ['open', 'steady', 'api', 'storm'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Settings {
  readonly users: number;
  /** Devices of each user, all in one space. */
  readonly devices: number;
  /** Tasks that each space begins with. */
  readonly tasks: number;
  readonly minutes: number;
  /** Of one device; each time half as long to half as long again. */
  readonly secondsBetweenEdits: number;
  /** Programs that use the HTTP API at once, without a pause. */
  readonly scripts: number;
  readonly scenarios: readonly Scenario[];
}

export const STANDARD: Settings = {
  users: 10,
  devices: 2,
  tasks: 100,
  minutes: 1,
  secondsBetweenEdits: 20,
  scripts: 4,
  scenarios: SCENARIOS,
};

/** How often each user opens the app in the scenario `open`. */
export const OPENINGS_PER_USER = 3;
/** The longest pause before each, as a share of that between two edits. */
const OPENING_PAUSE = 0.25;
/** How often each script goes through `API_STEPS`. */
export const API_ROUNDS = 25;
/** Devices return from a storm within so long of each other, as the app spreads its first attempt; then they try again. */
const RETURN_WITHIN_MS = 1000;
const ACCOUNTS = 10;

export interface People {
  readonly baseUrl: string;
  readonly places: readonly Place[];
  /** Client ids from here on belong to this run. */
  readonly firstClientId: number;
}

/** A user's space, and the token with which its devices come. */
export interface Place {
  readonly token: string;
  readonly spaceId: string;
}

/** Settings as text, from a command line or from k6's environment; throws an error that names every fault. */
export function settingsFrom(given: Readonly<Record<string, string | undefined>>): Settings {
  const faults: string[] = [];
  const number = (name: string, standard: number, least: number, most: number): number => {
    const text = given[name];
    if (text === undefined || text === '') return standard;
    const value = Number(text);
    if (value >= least && value <= most) return value;
    faults.push(`${name} is '${text}' and must be a number from ${least} to ${most}`);
    return standard;
  };
  const names = (given['scenarios'] ?? SCENARIOS.join(',')).split(',');
  for (const name of names) {
    if (!SCENARIOS.includes(name as Scenario)) {
      faults.push(`scenarios has '${name}' and may have ${SCENARIOS.join(', ')}`);
    }
  }
  const settings = {
    users: number('users', STANDARD.users, 1, 20_000),
    devices: number('devices', STANDARD.devices, 1, 1000),
    tasks: number('tasks', STANDARD.tasks, 0, 100_000),
    minutes: number('minutes', STANDARD.minutes, 0.01, 1440),
    secondsBetweenEdits: number('seconds-between-edits', STANDARD.secondsBetweenEdits, 0.05, 3600),
    scripts: number('scripts', STANDARD.scripts, 1, 1000),
    scenarios: names as Scenario[],
  };
  if (faults.length > 0) throw new Error(faults.join('; '));
  return settings;
}

/** Makes accounts (or takes those of `tokens`), a space for each user, and its tasks. */
export async function preparePeople(
  world: World,
  baseUrl: string,
  settings: Settings,
  tokens: readonly string[],
): Promise<People> {
  const known = [...tokens];
  while (known.length < Math.min(tokens.length === 0 ? ACCOUNTS : tokens.length, settings.users)) {
    known.push(await signUp(world, baseUrl));
  }
  const updates = seedUpdates(settings.tasks, world.nowMs());
  const places: Place[] = [];
  for (let user = 0; user < settings.users; user++) {
    const token = known[user % known.length] ?? '';
    const made = await call(world, {
      method: 'POST',
      url: `${baseUrl}/api/v1/spaces`,
      headers: jsonHeaders(token),
      body: JSON.stringify({ name: `Load ${user + 1}` }),
    });
    const place = { token, spaceId: (JSON.parse(made.body) as { id: string }).id };
    await seed(world, syncUrl(baseUrl, place), token, updates);
    places.push(place);
  }
  return { baseUrl, places, firstClientId: 1_000_000 + Math.floor(world.random() * 1_000_000_000) };
}

/** Someone opens the app on a device that has nothing yet, after a while, and closes it. */
export async function openApp(world: World, people: People, settings: Settings, user: number): Promise<void> {
  await world.after(settings.secondsBetweenEdits * 1000 * OPENING_PAUSE * world.random());
  const place = placeOf(people, user);
  const startedAtMs = world.nowMs();
  await call(world, {
    method: 'GET',
    url: `${people.baseUrl}/api/v1/me`,
    headers: { authorization: `Bearer ${place.token}` },
  });
  world.note('me', world.nowMs() - startedAtMs);
  const device = deviceOf(world, people, settings, 'open', user * settings.devices);
  await device.connect();
  world.count('opened');
  device.close();
  await device.closed();
}

/** Device number `n` of all, from 0. */
export function deviceOf(
  world: World,
  people: People,
  settings: Settings,
  scenario: Scenario,
  n: number,
): Device {
  const place = placeOf(people, Math.floor(n / settings.devices));
  const all = settings.users * settings.devices;
  return createDevice({
    world,
    url: syncUrl(people.baseUrl, place),
    token: place.token,
    seedTasks: settings.tasks,
    writer: createWriter({
      clientId: people.firstClientId + SCENARIOS.indexOf(scenario) * all + n,
      seedTasks: settings.tasks,
      device: n % settings.devices,
      devices: settings.devices,
      random: () => world.random(),
      nowMs: () => world.nowMs(),
    }),
  });
}

/** Edits at a human pace for the time of the settings, and waits for every receipt. It stays connected. */
export async function editSteadily(world: World, device: Device, settings: Settings): Promise<void> {
  const pauseMs = settings.secondsBetweenEdits * 1000;
  const untilMs = world.nowMs() + settings.minutes * 60_000;
  for (let next = pauseMs * world.random(); world.nowMs() + next < untilMs;) {
    await world.after(next);
    await device.edit();
    next = pauseMs * (0.5 + world.random());
  }
  await device.allKept();
}

/** Waits until the server goes (or goes itself at `leaveAtMs`), makes an edit meanwhile, and comes back with everyone else. */
export async function returnFromStorm(world: World, device: Device, leaveAtMs: number): Promise<void> {
  const leaving = Math.max(0, leaveAtMs - world.nowMs());
  if (Number.isFinite(leaving)) void world.after(leaving).then(() => device.close());
  await device.closed();
  const awaySinceMs = world.nowMs();
  const kept = device.edit();
  // A server that is just going may still let someone in, and closes again.
  for (let isKept = false; !isKept;) {
    await world.after(RETURN_WITHIN_MS * world.random());
    isKept = await device.connect().then(
      () => Promise.race([kept.then(() => true), device.closed().then(() => false)]),
      () => false,
    );
  }
  world.count('returns');
  world.note('back', world.nowMs() - awaySinceMs);
}

/** One call of a script; `kept` is what earlier calls of the same round left. */
export interface ApiStep {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: (spaceId: string, kept: Kept) => string;
  readonly body?: (kept: Kept) => object;
  readonly status: number;
  readonly keep?: (answer: unknown) => Kept;
}

export interface Kept {
  readonly taskId?: string;
}

export const API_STEPS: readonly ApiStep[] = [
  {
    name: 'list',
    method: 'GET',
    path: (spaceId) => `/api/v1/spaces/${spaceId}/tasks?status=open&limit=50`,
    status: 200,
  },
  {
    name: 'create',
    method: 'POST',
    path: (spaceId) => `/api/v1/spaces/${spaceId}/tasks`,
    body: () => ({ title: 'Write to the landlord', due: '2030-11-30', tags: ['errands'] }),
    status: 201,
    keep: (answer) => ({ taskId: (answer as { id: string }).id }),
  },
  {
    name: 'patch',
    method: 'PATCH',
    path: (spaceId, { taskId }) => `/api/v1/spaces/${spaceId}/tasks/${taskId ?? ''}`,
    body: () => ({ priority: 'high' }),
    status: 200,
  },
  {
    name: 'complete',
    method: 'POST',
    path: (spaceId, { taskId }) => `/api/v1/spaces/${spaceId}/tasks/${taskId ?? ''}/complete`,
    status: 200,
  },
];

/** One round of a script, as k6 runs it; Node hands `API_STEPS` to its HTTP load tool. */
export async function useApi(world: World, people: People, user: number): Promise<void> {
  const place = placeOf(people, user);
  let kept: Kept = {};
  for (const step of API_STEPS) {
    const startedAtMs = world.nowMs();
    const answer = await world.request(apiCall(people.baseUrl, place, step, kept));
    world.note('api', world.nowMs() - startedAtMs);
    world.count('calls');
    if (answer.status !== step.status) {
      world.count('failures');
      return;
    }
    if (step.keep) kept = step.keep(JSON.parse(answer.body));
  }
}

export function apiCall(baseUrl: string, place: Place, step: ApiStep, kept: Kept): Call {
  return {
    method: step.method,
    url: baseUrl + step.path(place.spaceId, kept),
    headers: jsonHeaders(place.token),
    ...(step.method === 'GET' ? {} : { body: JSON.stringify(step.body?.(kept) ?? {}) }),
  };
}

export function placeOf(people: People, user: number): Place {
  const place = people.places[user % people.places.length];
  if (place === undefined) throw new Error('Nobody was prepared');
  return place;
}

async function signUp(world: World, baseUrl: string): Promise<string> {
  const origin = { origin: baseUrl };
  const digits = String(world.random()).slice(2);
  const signedUp = await call(world, {
    method: 'POST',
    url: `${baseUrl}/api/auth/sign-up/email`,
    headers: { ...jsonHeaders(), ...origin },
    body: JSON.stringify({
      name: 'Load',
      email: `load-${world.nowMs()}-${digits}@example.org`,
      password: `correct horse ${digits}`,
    }),
  });
  const made = await call(world, {
    method: 'POST',
    url: `${baseUrl}/api/v1/tokens`,
    headers: { ...jsonHeaders(), ...origin, cookie: signedUp.cookie },
    body: JSON.stringify({ name: 'load test' }),
  });
  return (JSON.parse(made.body) as { token: string }).token;
}

function seed(world: World, url: string, token: string, updates: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = world.openSocket(url, token, {
      opened: () => socket.send(step1Frame(EMPTY_STATE_VECTOR)),
      message(bytes) {
        const frame = readFrame(bytes);
        if (frame.kind === 'step1') {
          for (const update of updates) socket.send(updateFrame(update));
          socket.send(receiptFrame(1));
        } else if (frame.kind === 'receipt') {
          if (frame.status === 0) resolve();
          else reject(new Error('The server refused the tasks that a space begins with'));
          socket.close();
        }
      },
      closed: (code, reason) => reject(new Error(`The socket to ${url} closed: ${code} ${reason}`)),
    });
  });
}

async function call(world: World, request: Call): Promise<Answer> {
  const answer = await world.request(request);
  if (answer.status < 200 || answer.status > 299) {
    world.count('failures');
    throw new Error(`${request.method} ${request.url} answered ${answer.status}: ${answer.body}`);
  }
  return answer;
}

function jsonHeaders(token?: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

function syncUrl(baseUrl: string, place: Place): string {
  return `${baseUrl.replace(/^http/, 'ws')}/sync/${place.spaceId}`;
}
