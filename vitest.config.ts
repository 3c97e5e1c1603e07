/**
 * How the tests run: every `*.test.ts` of the servers, the core and the tests folder in Node, with one real
 * Postgres for all of them.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'web/build/**', 'web/.svelte-kit/**', 'data/**'],
    globalSetup: ['tests/support/postgres-setup.ts'],
    // Two cores are what a small CI machine has. A third worker was tried: browsers and servers keep both cores busy, so it
    // makes nothing quicker, and every single test slower.
    maxWorkers: 2,
    // Only against a hang: on a busy machine, starting a server and a database takes many times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A test that was left alone by mistake must not turn the rest off unseen.
    allowOnly: false,
  },
});
