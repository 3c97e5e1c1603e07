/**
 * How the tests run: every `*.test.ts` of the servers, the core and the tests folder in Node, with one real
 * Postgres for all of them.
 *
 * Why two groups: a worker of its own for a file costs more than many a file's tests, and what loads the server takes
 * seconds for it each time. Nothing of ours holds anything in a module, so files share a worker where
 * all they do happens in their own process. What ends processes, browsers or network lines does not.
 */
import { defineConfig } from 'vitest/config';

const EXCLUDED = ['**/node_modules/**', 'web/build/**', 'web/.svelte-kit/**', 'data/**'];

/** Start or end other programs: a worker each. They take longest, so they come first, and no core is idle at the end. */
const WITH_PROCESSES = ['tests/{app,hosting,kill,device,peers,sync,bench}/**/*.test.ts'];

const common = {
  // Two cores are what a small CI machine has. A third worker was tried: browsers and servers keep both cores busy, so it
  // makes nothing quicker, and every single test slower.
  maxWorkers: 2,
  // Only against a hang: on a busy machine, starting a server and a database takes many times as long.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // A test that was left alone by mistake must not turn the rest off unseen.
  allowOnly: false,
};

export default defineConfig({
  test: {
    ...common,
    // Once for both groups, which is why neither inherits from here.
    globalSetup: ['tests/support/postgres-setup.ts'],
    projects: [
      // Vitest takes them in the order of their names.
      { test: { ...common, name: '1 with processes', include: WITH_PROCESSES, exclude: EXCLUDED } },
      {
        test: {
          ...common,
          name: '2 in one process',
          include: ['**/*.test.ts'],
          exclude: [...EXCLUDED, ...WITH_PROCESSES],
          isolate: false,
        },
      },
    ],
  },
});
