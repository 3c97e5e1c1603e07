/**
 * The scenarios one after the other against one server, and what came of each.
 *
 * Promise: an edit or a call that fails is in the counts; a scenario ends when everyone is through.
 */
import type { Device } from '@holdfast/deploy/load/device.ts';
import {
  OPENINGS_PER_USER,
  deviceOf,
  editSteadily,
  openApp,
  preparePeople,
  returnFromStorm,
} from '@holdfast/deploy/load/scenarios.ts';
import type { People, Scenario, Settings } from '@holdfast/deploy/load/scenarios.ts';
import { loadHttp } from './http-load.ts';
import type { NodeWorld, Seen } from './node-world.ts';

export interface LoadTarget {
  readonly url: string;
  /** Absent where the server is somebody else's: then all devices leave and return at once. */
  readonly restart?: () => Promise<void>;
}

export interface LoadRun {
  readonly world: NodeWorld;
  readonly target: LoadTarget;
  readonly settings: Settings;
  readonly people: People;
}

/** Sockets that are opened at once while nothing is measured, so that no queue overflows. */
const AT_ONCE = 50;

export async function prepareLoad(
  world: NodeWorld,
  target: LoadTarget,
  settings: Settings,
  tokens: readonly string[] = [],
): Promise<LoadRun> {
  const people = await preparePeople(world, target.url, settings, tokens);
  world.take();
  return { world, target, settings, people };
}

export async function runScenario(run: LoadRun, scenario: Scenario): Promise<Seen> {
  const { world, people, settings } = run;
  switch (scenario) {
    case 'open':
      await Promise.all(
        range(settings.users).map(async (user) => {
          for (let n = 0; n < OPENINGS_PER_USER; n++) await openApp(world, people, settings, user);
        }),
      );
      break;
    case 'steady': {
      const devices = await connectAll(run, 'steady');
      await Promise.all(devices.map((device) => editSteadily(world, device, settings)));
      // What the others did last is still on its way.
      await Promise.all(devices.map((device) => device.caughtUp()));
      await closeAll(devices);
      break;
    }
    case 'api':
      await loadHttp(world, people, settings);
      break;
    case 'storm': {
      const devices = await connectAll(run, 'storm');
      const leaveAtMs = run.target.restart ? Number.POSITIVE_INFINITY : world.nowMs();
      const returned = devices.map((device) => returnFromStorm(world, device, leaveAtMs));
      await run.target.restart?.();
      await Promise.all(returned);
      await closeAll(devices);
    }
  }
  return world.take();
}

/** All devices of the settings, in step. */
export async function connectAll(run: LoadRun, scenario: Scenario): Promise<Device[]> {
  const { world, people, settings } = run;
  const devices = range(settings.users * settings.devices).map((n) =>
    deviceOf(world, people, settings, scenario, n),
  );
  for (let first = 0; first < devices.length; first += AT_ONCE) {
    await Promise.all(devices.slice(first, first + AT_ONCE).map((device) => device.connect()));
  }
  return devices;
}

export async function closeAll(devices: readonly Device[]): Promise<void> {
  for (const device of devices) device.close();
  await Promise.all(devices.map((device) => device.closed()));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
