/**
 * The load scenarios for k6 1.0 or newer (docs/load-testing.md):
 *
 *   k6 run -e BASE_URL=https://tasks.example.org -e TOKENS=hf_… -e USERS=50 deploy/load/k6/holdfast.ts
 *
 * Limits: a device is a virtual user of its own. Written by k6's documentation and types; what stands here is run by a test
 * on a stand-in for k6's modules, and has not been run by k6.
 */
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import type { Options, Scenario as K6Scenario } from 'k6/options';
import { setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';
import { COUNTS, DURATIONS } from '../device.ts';
import type { Count, Duration, World } from '../device.ts';
import {
  API_ROUNDS,
  OPENINGS_PER_USER,
  deviceOf,
  editSteadily,
  openApp,
  preparePeople,
  returnFromStorm,
  settingsFrom,
  useApi,
} from '../scenarios.ts';
import type { People, Scenario } from '../scenarios.ts';

const settings = settingsFrom({
  users: __ENV['USERS'],
  devices: __ENV['DEVICES'],
  tasks: __ENV['TASKS'],
  minutes: __ENV['MINUTES'],
  'seconds-between-edits': __ENV['SECONDS_BETWEEN_EDITS'],
  scripts: __ENV['SCRIPTS'],
  scenarios: __ENV['SCENARIOS'],
});
const baseUrl = __ENV['BASE_URL'] ?? 'http://127.0.0.1:8787';
const tokens = (__ENV['TOKENS'] ?? '').split(',').filter((token) => token !== '');

const trends = Object.fromEntries(
  Object.keys(DURATIONS).map((name) => [name, new Trend(`holdfast_${name}`, true)]),
) as Record<Duration, Trend>;
const counters = Object.fromEntries(
  Object.keys(COUNTS).map((name) => [name, new Counter(`holdfast_${name}`)]),
) as Record<Count, Counter>;

const MINUTE_S = 60;
const devices = settings.users * settings.devices;
/** How long each scenario may take, in seconds; they run one after the other. */
const SECONDS: Record<Scenario, number> = {
  open: 2 * MINUTE_S,
  steady: settings.minutes * MINUTE_S + MINUTE_S,
  api: 5 * MINUTE_S,
  storm: 3 * MINUTE_S,
};
/** Into the scenario: until then everyone has come. */
const STORM_AFTER_MS = Number(__ENV['STORM_AFTER_SECONDS'] ?? 30) * 1000;
const USERS_AND_ROUNDS: Record<Scenario, { readonly vus: number; readonly iterations: number }> = {
  open: { vus: settings.users, iterations: OPENINGS_PER_USER },
  steady: { vus: devices, iterations: 1 },
  api: { vus: settings.scripts, iterations: API_ROUNDS },
  storm: { vus: devices, iterations: 1 },
};

export const options: Options = {
  scenarios: scenarios(),
  setupTimeout: '30m',
  thresholds: { holdfast_failures: ['count==0'], holdfast_refused: ['count==0'] },
};

function scenarios(): Record<string, K6Scenario> {
  const made: Record<string, K6Scenario> = {};
  let startS = 0;
  for (const name of settings.scenarios) {
    made[name] = {
      executor: 'per-vu-iterations',
      exec: `${name}Scenario`,
      ...USERS_AND_ROUNDS[name],
      startTime: `${startS}s`,
      maxDuration: `${SECONDS[name]}s`,
    };
    startS += SECONDS[name];
  }
  return made;
}

const world: World = {
  async request({ method, url, headers, body }) {
    // A jar of its own for each call: cookies are sent where a scenario says so and nowhere else.
    const answer = await http.asyncRequest(method, url, body ?? null, {
      headers: { ...headers },
      jar: new http.CookieJar(),
    });
    const cookie = Object.values(answer.cookies)
      .flat()
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    return { status: answer.status, body: String(answer.body ?? ''), cookie };
  },
  openSocket(url, token, listener) {
    const socket = new WebSocket(url, null, { headers: { authorization: `Bearer ${token}` } });
    socket.binaryType = 'arraybuffer';
    let reason = '';
    socket.addEventListener('open', () => listener.opened());
    socket.addEventListener('message', (event) => {
      if ('data' in event && event.data instanceof ArrayBuffer) {
        listener.message(new Uint8Array(event.data));
      }
    });
    socket.addEventListener('error', (event) => {
      if ('error' in event) reason = event.error;
    });
    // k6 tells no code.
    socket.addEventListener('close', () => listener.closed(0, reason));
    return { send: (frame) => socket.send(frame), close: () => socket.close() };
  },
  nowMs: () => Date.now(),
  after: (ms) => new Promise((resolve) => void setTimeout(() => resolve(), Math.max(1, ms))),
  random: () => Math.random(),
  note: (duration, ms) => trends[duration].add(ms),
  count: (what, by = 1) => counters[what].add(by),
};

export async function setup(): Promise<People> {
  return preparePeople(world, baseUrl, settings, tokens);
}

export async function openScenario(people: People): Promise<void> {
  await openApp(world, people, settings, number() % settings.users);
}

export async function steadyScenario(people: People): Promise<void> {
  const device = deviceOf(world, people, settings, 'steady', number());
  await device.connect();
  await editSteadily(world, device, settings);
  device.close();
  await device.closed();
}

export async function apiScenario(people: People): Promise<void> {
  await useApi(world, people, number());
}

export async function stormScenario(people: People): Promise<void> {
  const device = deviceOf(world, people, settings, 'storm', number());
  await device.connect();
  await returnFromStorm(world, device, exec.scenario.startTime + STORM_AFTER_MS);
  device.close();
  await device.closed();
}

/** From 0, another for each iteration of the scenario. */
function number(): number {
  return exec.scenario.iterationInTest;
}
