import { expect, test } from 'vitest';
import { beforeWords } from '../words/duration-words.ts';
import { auditWords, beforeInWords } from '../tasks/audit-words.ts';
import { GERMAN } from '../words/german.ts';
import { speak } from '../words/language.ts';
import { deliveryErrorWords, historyWords } from './history-words.ts';
import type { AuditEntry, NotificationEntry } from './notification-api.ts';
import { obstacle } from './push.ts';
import type { PushSurroundings } from './push.ts';
import { pushWords } from './push-words.ts';

const NOON = new Date(2026, 10, 23, 12, 0).getTime();
const MINUTE_MS = 60_000;

const around: PushSurroundings = {
  isSecureContext: true,
  permission: 'granted',
  hasPush: true,
  isAppleMobile: false,
  isInstalled: false,
};

test('[N14] what stands in the way is told apart, and each has words that say what to do', () => {
  expect(obstacle(around)).toBeNull();
  expect(obstacle({ ...around, permission: 'default' })).toBeNull();
  expect(obstacle({ ...around, permission: 'denied' })).toBe('blocked');
  expect(obstacle({ ...around, isSecureContext: false })).toBe('insecure');
  expect(obstacle({ ...around, hasPush: false })).toBe('unsupported');
  expect(obstacle({ ...around, hasPush: false, permission: null, isAppleMobile: true })).toBe(
    'needs-install',
  );
  expect(pushWords('blocked').body).toContain('set Notifications to Allow');
  expect(pushWords('needs-install').body).toContain('Add to Home Screen');
  expect(pushWords('insecure').offer).toBeNull();
  expect(pushWords('off').offer).toBe('turn-on');
  expect(pushWords('on').offer).toBe('turn-off');
});

function entry(patch: Partial<NotificationEntry>): NotificationEntry {
  return {
    id: 'n',
    kind: 'reminder',
    taskId: 't',
    ordinal: 0,
    fireAt: NOON,
    state: 'sent',
    reason: null,
    shownAt: null,
    actedAt: null,
    action: null,
    deliveries: [],
    ...patch,
  };
}

const delivery = { channel: 'push', target: 'Laptop', state: 'sent', error: null, sentAt: NOON };

test('[N19] the history says what became of a reminder, by which ways, and why not', () => {
  const words = (patch: Partial<NotificationEntry>): string => {
    const { outcome, details } = historyWords(entry(patch), NOON + MINUTE_MS, 'en-GB');
    return [outcome, ...details].join(' · ');
  };
  expect(words({ state: 'planned' })).toBe('Planned for 12:00');
  expect(
    words({
      deliveries: [delivery, delivery, { ...delivery, channel: 'email' }],
      shownAt: NOON,
      actedAt: NOON + MINUTE_MS,
      action: 'snooze',
    }),
  ).toBe('Sent 12:00 · Sent to 2 devices, by e-mail · Shown 12:00 · Snoozed from it 12:01');
  expect(words({ state: 'missed', reason: 'late' })).toBe('Missed 12:00: the server was away at its time');
  expect(words({ state: 'cancelled', reason: 'done' })).toBe('Not sent: it was done before');
  expect(
    words({
      state: 'failed',
      deliveries: [{ ...delivery, state: 'failed', error: 'The push service answered 500' }],
    }),
  ).toBe('Not delivered · Not to a device: The push service answered 500');
  expect(words({ state: 'of a newer server', reason: 'unheard-of' })).toBe('of a newer server: unheard-of');
});

test('[N19] of a delivery that came too late is said so, and only of a device that is gone that it was forgotten', () => {
  const words = (error: string): readonly string[] =>
    historyWords(entry({ deliveries: [{ ...delivery, state: 'expired', error }] }), NOON, 'en-GB').details;
  expect(words('late')).toEqual(['Not to a device: the server was away at its time']);
  expect(words('over')).toEqual(['Not to a device: it was done before']);
  const forgotten = ['A device no longer takes notifications and was forgotten'];
  expect(words('The push service answered 410')).toEqual(forgotten);
  expect(words('The subscription is gone.')).toEqual(forgotten);
});

test.each([
  ['The push service answered 500', 'Der Push-Dienst hat mit 500 geantwortet'],
  [
    'The push service answered 403: invalid JWT: too old',
    'Der Push-Dienst hat mit 403 geantwortet: invalid JWT: too old',
  ],
  [
    'The push service was not reached: connect ECONNREFUSED 203.0.113.7:443',
    'Der Push-Dienst war nicht erreichbar: 203.0.113.7:443 hat die Verbindung abgelehnt',
  ],
  [
    'The push service was not reached: getaddrinfo ENOTFOUND push.example.org',
    'Der Push-Dienst war nicht erreichbar: push.example.org wurde nicht gefunden',
  ],
  [
    'The address of the push service: 10.0.0.1 is an address of this machine or of a private network. Such are tried only where the server is set to ALLOW_PRIVATE_ENDPOINTS=true.',
    'Die Adresse des Push-Dienstes: 10.0.0.1 ist eine Adresse des Servers selbst oder eines privaten Netzes. Solche werden nur versucht, wo der Server auf ALLOW_PRIVATE_ENDPOINTS=true gestellt ist.',
  ],
  [
    'The mail server: Invalid login: 535 5.7.8 no',
    'Der Mailserver: Die Anmeldung wurde abgelehnt: 535 5.7.8 no',
  ],
  ['A reason of next year: a new one', 'A reason of next year: a new one'],
])('[DE9] the error of a delivery is said in German as far as it is known: %s', (error, german) => {
  expect(deliveryErrorWords(error)).toBe(error);
  speak('de', GERMAN);
  try {
    expect(deliveryErrorWords(error)).toBe(german);
    const [, said] = historyWords(
      entry({ state: 'failed', deliveries: [{ ...delivery, state: 'failed', error }] }),
      NOON,
      'de',
    )
      .details.join()
      .split(/: (.*)/s);
    expect(said).toBe(german);
  } finally {
    speak('en', {});
  }
});

test('[N20] a change is said in words: who, from what to what, where, when, and when it arrived', () => {
  const context = {
    present: { today: '2026-11-23', time: '12:00', locale: 'en-GB' },
    now: NOON,
    listName: (id: string) => (id === 'home' ? 'Home' : undefined),
    tagName: (id: string) => (id === 'x' ? 'errands' : undefined),
    sectionName: (id: string) => (id === 'garden' ? 'Garden' : undefined),
    queryText: (kept: string) => kept,
  };
  const change = (patch: Partial<AuditEntry>): string => {
    const whole: AuditEntry = {
      seq: 1,
      entity: 'task',
      entityId: 't',
      ordinal: null,
      field: 'title',
      before: null,
      after: null,
      userName: 'Anna',
      deviceId: 'laptop',
      deviceName: 'Laptop',
      claimedAt: NOON - 60 * MINUTE_MS,
      receivedAt: NOON - 60 * MINUTE_MS,
      ...patch,
    };
    const { sentence, when } = auditWords(whole, context);
    return `${sentence} (${when})`;
  };
  expect(
    change({ field: 'due', before: { date: '2026-11-27' }, after: { date: '2026-11-28' }, receivedAt: NOON }),
  ).toBe('Anna changed the due date from Friday to Saturday (on Laptop, 11:00; arrived 12:00)');
  expect(change({ before: 'Call Tom', after: 'Call Tim' })).toBe(
    'Anna changed the title from “Call Tom” to “Call Tim” (on Laptop, 11:00)',
  );
  expect(change({ field: 'born', after: { at: 1 }, deviceName: null })).toBe('Anna added the task (11:00)');
  expect(change({ field: 'done', after: { kind: 'done', at: NOON } })).toContain('Anna completed it');
  expect(change({ field: 'done', before: { kind: 'done' } })).toContain('Anna opened it again');
  expect(change({ field: 'tag/x', after: true })).toContain('added the tag errands');
  expect(change({ field: 'list', after: 'home' })).toContain('set the list to Home');
  expect(change({ field: 'section', after: 'garden' })).toContain('Anna moved it into the section Garden');
  expect(change({ field: 'section', before: 'garden' })).toContain('Anna took it out of its section');
  expect(change({ field: 'reminder/r', after: { before: 'PT1H' } })).toContain(
    'set a reminder “1 hour before”',
  );
  expect(change({ field: 'snooze', after: { until: NOON } })).toContain('snoozed it until 12:00');
  expect(change({ userName: null, field: 'trashed', after: { at: 1 } })).toContain(
    'Someone moved it to the trash',
  );
  expect(
    beforeInWords(
      {
        seq: 1,
        entity: 'task',
        entityId: 't',
        ordinal: null,
        field: 'priority',
        before: 'high',
        after: null,
        userName: null,
        deviceId: null,
        deviceName: null,
        claimedAt: 0,
        receivedAt: 0,
      },
      context,
    ),
  ).toBe('High');
});

test('[N15] durations are said as people say them', () => {
  expect(beforeWords('PT0M', 'en-GB')).toBe('At the time');
  expect(beforeWords('P1DT2H', 'en-GB')).toBe('1 day 2 hours before');
  expect(beforeWords('PT90M', 'en-GB')).toBe('90 minutes before');
  expect(beforeWords('of tomorrow', 'en-GB')).toBe('of tomorrow');
});
