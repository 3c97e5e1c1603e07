/** What comes when everything that was asked for is there: nobody waits for it, and it waits for a moment without work. */

import { Absence } from './absence/absence.svelte.ts';
import type { Clock } from './clock.svelte.ts';
import type { Device } from './device/device.ts';
import type { Reminding } from './notifications/reminding.svelte.ts';
import { whenIdle } from './shell/idle.ts';
import type { TaskStore } from './tasks/task-store.svelte.ts';

interface Started {
  readonly tasks: TaskStore;
  readonly clock: Clock;
  readonly reminding: Reminding;
}

/** What happened while nobody looked. */
export async function afterStart(device: Device, { tasks, clock, reminding }: Started): Promise<Absence> {
  const absence = new Absence({ device, server: reminding.server });
  await absence.open();
  prepareViews(tasks, clock);
  return absence;
}

/** What pages begin with: made once of all tasks and kept up by each edit, so a first visit finds it made. */
function prepareViews(tasks: TaskStore, { today, timeZone }: Clock): void {
  whenIdle(() => {
    void tasks.prepare(() => {
      tasks.upcoming(today, timeZone);
      tasks.dated(timeZone);
      void tasks.all;
      void tasks.trash;
      void tasks.completed;
    });
  });
}
