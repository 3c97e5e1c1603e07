/** The load test in small, against a whole server: what is counted, and nothing of time. */
import { DURATIONS } from '@holdfast/deploy/load/device.ts';
import { API_ROUNDS, API_STEPS, OPENINGS_PER_USER, settingsFrom } from '@holdfast/deploy/load/scenarios.ts';
import { expect, test } from 'vitest';
import { testDatabase } from '../../support/postgres.ts';
import { createNodeWorld } from './node-world.ts';
import { prepareLoad, runScenario } from './run-load.ts';
import { startLoadedServers } from './servers.ts';

test('[LT2] a small load: everyone is in step, every edit is kept and reaches every peer, every call succeeds, all come back', async () => {
  const database = await testDatabase();
  const servers = await startLoadedServers(
    { createDatabase: () => Promise.resolve(database.url), pid: process.pid },
    'load',
  );
  try {
    const settings = settingsFrom({
      users: '2',
      devices: '3',
      tasks: '250',
      minutes: '0.02',
      'seconds-between-edits': '0.2',
      scripts: '2',
    });
    const run = await prepareLoad(createNodeWorld(), servers, settings);
    const none = { refused: 0, failures: 0 };

    const opened = await runScenario(run, 'open');
    expect(opened.counts).toMatchObject({ ...none, opened: 2 * OPENINGS_PER_USER, dropped: 0 });
    expect(opened.durations.inStep).toHaveLength(2 * OPENINGS_PER_USER);

    const { counts, durations } = await runScenario(run, 'steady');
    expect(counts.edits).toBeGreaterThan(6);
    expect(counts).toMatchObject({
      ...none,
      receipts: counts.edits,
      received: counts.edits * 2,
      dropped: 0,
    });
    expect(durations.kept).toHaveLength(counts.edits);

    const api = await runScenario(run, 'api');
    expect(api.counts).toMatchObject({ ...none, calls: 2 * API_ROUNDS * API_STEPS.length });

    const storm = await runScenario(run, 'storm');
    expect(storm.counts).toMatchObject({ ...none, edits: 6, receipts: 6, returns: 6 });
    expect(storm.counts.dropped).toBeGreaterThanOrEqual(6);

    await servers.untilQuiet();
    const disk = await servers.disk();
    for (const kind of ['log', 'projection', 'audit', 'outbox'] as const)
      expect(disk[kind]).toBeGreaterThan(0);
    expect(Object.keys(durations)).toEqual(Object.keys(DURATIONS));
  } finally {
    await servers.stop();
    await database.drop();
  }
});

test('[LT3] settings that cannot be are refused, all faults at once', () => {
  expect(() => settingsFrom({ users: '0', tasks: 'many', scenarios: 'open,sleep' })).toThrow(
    "scenarios has 'sleep' and may have open, steady, api, storm; users is '0' and must be a number from 1 to 20000; " +
      "tasks is 'many' and must be a number from 0 to 100000",
  );
  expect(settingsFrom({ users: '7', scenarios: 'steady' })).toMatchObject({
    users: 7,
    devices: 2,
    scenarios: ['steady'],
  });
});
