/** The settings, through the function that reads them and through a start that is refused. */
import { idleSettings, readConfig } from '@holdfast/deploy/config.ts';
import { staleSettingsFiles } from '@holdfast/deploy/settings-page.ts';
import { expect, test } from 'vitest';
import { attemptStart } from '../support/app.ts';

test('[HO4] with nothing set, everything has its default', () => {
  expect(readConfig({})).toEqual({
    HOST: '127.0.0.1',
    PORT: 8787,
    DATA_DIR: './data',
    SIGNUP: 'open',
    LOG_LEVEL: 'info',
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_TRACES_SAMPLER_ARG: 1,
    AUDIT_RETENTION_DAYS: 30,
    RATE_LIMITS: true,
    ALLOW_PRIVATE_ENDPOINTS: false,
  });
});

test('[HO4] an empty value is an absent one', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: ' ' })).toEqual(readConfig({}));
});

test('[HO4] every fault is told at once, with the mend and without secrets', async () => {
  const attempt = await attemptStart({
    env: {
      PORT: '99999',
      SIGNUP: 'maybe',
      RATE_LIMITS: 'true',
      PUBLIC_URL: 'https://example.org/tasks',
      AUTH_SECRET: 'tooshort-hush',
      DATABASE_URL: 'mysql://root:hush@host/db',
      VAPID_PUBLIC_KEY: 'abc',
      DATABASE_URI: 'postgres://x',
      SIGN_UP: 'open',
      HOLDFAST_PORT: '1',
    },
  });
  expect((await attempt.exited).code).toBe(1);
  const said = attempt.stderr();
  await attempt.cleanUp();
  for (const fault of [
    'PORT must be a whole number from 0 to 65535, and is "99999".',
    'SIGNUP must be one of open, invite, closed, and is "maybe".',
    'RATE_LIMITS must be on or off, and is "true".',
    'PUBLIC_URL must be an address without a path',
    'AUTH_SECRET must be at least 32 characters long.',
    'DATABASE_URL must be like postgres://',
    'VAPID_PUBLIC_KEY must be 65 bytes in base64url',
    'VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY belong together',
    'DATABASE_URI is unknown: did you mean DATABASE_URL?',
    'SIGN_UP is unknown: did you mean SIGNUP?',
    'HOLDFAST_PORT is unknown: it is called PORT.',
  ]) {
    expect(said).toContain(fault);
  }
  expect(said).not.toContain('hush');
  expect(said).not.toMatch(/^\s+at /m);
});

test('[HO4] names that only look a little like ours are left alone', () => {
  const innocent = {
    HOSTNAME: 'a',
    HOSTS: 'b',
    PORTS: 'c',
    DATADOG: 'd',
    LOGNAME: 'root',
    npm_config_port: 'x',
  };
  expect(readConfig(innocent)).toEqual(readConfig({}));
});

test('[HO4] what is set but does nothing yet is named', () => {
  expect(idleSettings({ BUS_URL: 'redis://host', PORT: '1', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual([
    'BUS_URL',
  ]);
});

test('[HO5] env.example and docs/settings.md are what "npm run format" would write', async () => {
  expect((await staleSettingsFiles()).map((file) => file.path)).toEqual([]);
});
