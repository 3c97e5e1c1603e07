/**
 * `npm run bench [-- <name>] [-- options]`: runs the named bench, or all of them, and prints a table each.
 * How each is measured, and what it measured where, stands in docs/benchmarks.md.
 */
import { benchApp } from './app.ts';
import { benchFanout } from './fanout.ts';
import { benchLoad } from './load/bench.ts';
import { benchProjection } from './projection.ts';
import { benchRecurrence } from './recurrence.ts';
import { benchReminders } from './reminders/bench.ts';
import { benchSync } from './sync/bench.ts';

const benches: Record<string, (options: string[]) => Promise<void>> = {
  sync: benchSync,
  recurrence: benchRecurrence,
  projection: benchProjection,
  app: benchApp,
  reminders: benchReminders,
  fanout: benchFanout,
  load: benchLoad,
};

const [first, ...rest] = process.argv.slice(2);
const isName = first !== undefined && !first.startsWith('--');
const options = isName ? rest : process.argv.slice(2);

if (isName && !(first in benches)) {
  console.error(`There is no bench '${first}'. There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(benches)) {
  if (!isName || name === first) await bench(options);
}
