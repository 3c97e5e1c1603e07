/**
 * Reads cases from standard input and prints a hash of the answers, for hosts.test.ts to compare between hosts. With `polyfill` as argument the host's own
 * Temporal is taken away first, so that temporal-polyfill answers, as it does in Safari.
 */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { GeneratedCase } from './generate.ts';

if (process.argv.includes('polyfill')) Reflect.deleteProperty(globalThis, 'Temporal');
const { occurrences } = await import('@holdfast/core/recurrence.ts');
const { openSeries } = await import('@holdfast/core/recurrence/series.ts');
const { Temporal } = await import('@holdfast/core/recurrence/temporal.ts');

const hash = createHash('sha256');
let answered = 0;
for (const { rrule, start, timeZone } of JSON.parse(await text(process.stdin)) as GeneratedCase[]) {
  const found = occurrences({ rrule, start, timeZone, limit: 12 });
  answered += found.length;
  const middle = found[Math.floor(found.length / 2)]?.instant ?? '2026-01-01T00:00:00Z';
  hash.update(JSON.stringify([found, occurrences({ rrule, start, timeZone, limit: 3, after: middle })]));
  const series = openSeries({ rrule, start, timeZone, mode: 'schedule', missed: 'skip' });
  const first = series.first();
  if (first)
    hash.update(
      JSON.stringify(series.advance({ ...first, kind: 'done', at: Date.parse(middle), zone: 'UTC' })),
    );
}
const native = 'Temporal' in globalThis && Temporal === globalThis.Temporal;
process.stdout.write(
  JSON.stringify({
    hash: hash.digest('hex'),
    answered,
    native,
    // The proof that this host is where it was sent.
    hostOffsetMinutes: new Date(Date.UTC(2026, 0, 15)).getTimezoneOffset(),
  }),
);
