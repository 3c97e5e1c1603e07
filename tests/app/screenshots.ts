/**
 * The pictures of the README, from the built app: `node tests/app/screenshots.ts` after a build. The tasks are made
 * up; the dates follow the day of the run, so a picture is never of the past.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../support/chromium.ts';
import { DESKTOP, PHONE, newPerson } from './person.ts';
import type { Person } from './person.ts';
import { serveBuild } from './static-site.ts';

const FOLDER = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

interface Sample {
  readonly title: string;
  readonly due?: 'Today' | 'Tomorrow' | 'Weekend' | 'Next week';
  readonly time?: string;
  readonly priority?: 'Low' | 'Medium' | 'High' | 'Urgent';
  readonly tags?: readonly string[];
  readonly notes?: string;
  readonly steps?: readonly string[];
}

const SAMPLES: readonly Sample[] = [
  { title: 'Buy bread and oat milk', due: 'Today', tags: ['errands'] },
  {
    title: 'Call the dentist about Mia’s appointment',
    due: 'Today',
    time: '14:00',
    priority: 'High',
    tags: ['family', 'calls'],
  },
  {
    title: 'Plan the cabin weekend',
    due: 'Weekend',
    tags: ['family'],
    notes: 'Ben has the keys. The road is closed after the bridge, so take the long way round.',
    steps: ['Ask Ben for the keys', 'Borrow the roof box', 'Look at the weather on Thursday'],
  },
  { title: 'Send the invoice for October', due: 'Tomorrow', priority: 'Urgent', tags: ['work'] },
  {
    title: 'Read the proposal for the new library before the council meets',
    due: 'Next week',
    tags: ['work'],
  },
  { title: 'Return the drill to the neighbours', tags: ['errands'] },
  { title: 'Find a name for the boat', priority: 'Low' },
];

async function fill(person: Person): Promise<void> {
  await person.add(...SAMPLES.map(({ title }) => title));
  for (const sample of SAMPLES) {
    const task = await person.open(sample.title);
    const due = task.getByRole('button', { name: 'Due', exact: true });
    if (sample.due) {
      await due.click();
      await task.getByRole('button', { name: sample.due, exact: true }).click();
    }
    if (sample.time) {
      await due.click();
      await task.getByLabel('Time').fill(sample.time);
      await task.getByRole('button', { name: 'Done', exact: true }).click();
    }
    if (sample.priority) await task.getByRole('combobox', { name: 'Priority' }).selectOption(sample.priority);
    for (const tag of sample.tags ?? []) {
      await task.getByRole('combobox', { name: 'Tags' }).fill(tag);
      await task.getByRole('combobox', { name: 'Tags' }).press('Enter');
      await task.getByRole('button', { name: `Remove tag ${tag}` }).waitFor();
    }
    if (sample.notes) await task.getByRole('textbox', { name: 'Notes' }).fill(sample.notes);
    for (const step of sample.steps ?? []) {
      await task.getByRole('textbox', { name: 'Add a step' }).fill(step);
      await task.getByRole('textbox', { name: 'Add a step' }).press('Enter');
    }
    await task.getByRole('button', { name: 'Close' }).click();
  }
}

await mkdir(FOLDER, { recursive: true });
const [browser, site] = await Promise.all([launchChromium(), serveBuild()]);
for (const theme of ['light', 'dark'] as const) {
  const desktop = await newPerson(browser, site.url, { viewport: DESKTOP, theme });
  await fill(desktop);
  await desktop.open('Plan the cabin weekend');
  await desktop.task.getByRole('checkbox', { name: 'Ask Ben for the keys' }).check();
  await desktop.page.mouse.move(0, 0);
  await desktop.page.getByRole('button', { name: 'Dismiss' }).click();
  await desktop.untilSync('On this device only');
  await desktop.page.screenshot({ path: `${FOLDER}desktop-${theme}.png` });
  await desktop.close();

  const phone = await newPerson(browser, site.url, { viewport: PHONE, theme, scale: 2 });
  await fill(phone);
  await phone.untilSync('On this device only');
  await phone.page.screenshot({ path: `${FOLDER}phone-${theme}.png` });
  await phone.close();
}
await browser.close();
await site.close();
