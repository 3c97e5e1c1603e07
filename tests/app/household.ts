/**
 * What a family writes down, for pictures: lists of several kinds, dates before and after the day, a repeat, steps, notes, things
 * that are done and thrown away, and titles that are long. It is written on Thursday, 26 November 2026.
 *
 * Everything is entered as a person would.
 */
import type { Person } from './person.ts';

const LINES = [
  'Buy bread and oat milk today @errands',
  'Call the dentist about Mia today 14:00 !high @family @calls',
  'Water the tomatoes every 2 days @garden #House',
  'Send the invoice for October 2026-11-25 !urgent #Work',
  'Renew the passport in 3 days !medium #House @errands',
  'Read the proposal for the new library before the council meets on monday #Work',
  'Stand-up every weekday 9:15 #Work',
  'Book the ferry for the summer in 5 days 18:00 #Cabin @family',
  'Ask Ben for the keys tomorrow #Cabin @calls',
  'Borrow the roof box in 2 days #Cabin',
  'Return the drill to the neighbours @errands',
  'Find a name for the boat !low',
  'Donaudampfschifffahrtsgesellschaftskapitänsmütze zum Schneider bringen, before the ball',
  'Fix the gutter #House',
  'Paint the fence #House @garden',
  'Change the bulbs in the cellar #House !low',
  'Sort the photographs of 2019',
  'Pay the rent in 4 days every month !high #House',
];
const DONE = [
  'Take out the bins today',
  'Thank grandma for the parcel today',
  'Order firewood 2026-11-25 #Cabin',
];
const THROWN_AWAY = ['Buy a fax machine', 'Learn the accordion'];

export async function fillHousehold(person: Person): Promise<void> {
  const { page } = person;
  await page.goto('/');
  for (const line of [...LINES, ...DONE, ...THROWN_AWAY]) {
    await person.quickAdd.fill(line);
    await person.quickAdd.press('Enter');
  }
  await person.row(THROWN_AWAY[1] ?? '').waitFor();
  await person.visit('/completed');
  await person.visit('/today');
  for (const title of ['Take out the bins', 'Thank grandma for the parcel', 'Order firewood']) {
    await person.tick(title).click();
  }
  await person.visit('/');
  for (const title of THROWN_AWAY) {
    const task = await person.open(title);
    await task.getByRole('button', { name: 'Move to trash' }).click();
    await person.row(title).waitFor({ state: 'detached' });
  }
  const task = await person.open('Find a name for the boat');
  await task
    .getByRole('textbox', { name: 'Notes' })
    .fill(
      'Short, and **easy to shout**.\n\n- [x] Ask the children\n- [ ] Look at what the others are called',
    );
  for (const step of ['Make a list', 'Sleep on it', 'Paint it on']) {
    await task.getByRole('textbox', { name: 'Add a step' }).fill(step);
    await task.getByRole('textbox', { name: 'Add a step' }).press('Enter');
  }
  await task.getByRole('checkbox', { name: 'Make a list' }).click();
  await task.getByRole('button', { name: 'Close' }).click();
  await person.visit('/lists');
  await page
    .getByRole('link', { name: /^House/ })
    .last()
    .click();
  await page.getByRole('heading', { level: 1, name: 'House' }).waitFor();
  for (const name of ['Garden', 'Cellar']) {
    await page.getByRole('button', { name: 'Add a section' }).click();
    await page.getByRole('textbox', { name: 'Name of the new section' }).fill(name);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name, exact: true }).waitFor();
  }
  for (const [title, steps] of [
    ['Paint the fence', 1],
    ['Change the bulbs in the cellar', 2],
  ] as const) {
    await person.row(title).getByRole('button', { name: title }).focus();
    // To the end of its part, and then on through the parts.
    for (let n = 0; n < 6; n++) await page.keyboard.press('Alt+ArrowDown');
    if (steps === 1) await page.keyboard.press('Alt+ArrowUp');
  }
  await person.visit('/search');
  await page.getByRole('searchbox', { name: 'Search' }).fill('#House and not @garden');
  await page.getByRole('button', { name: 'Save as view' }).click();
  await page.getByRole('textbox', { name: 'Name of the view' }).fill('Around the house');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Around the house' }).waitFor();
  await page.getByRole('button', { name: 'Dismiss' }).click();
}
