import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { DESKTOP, PHONE, newPerson } from './person.ts';
import type { Person } from './person.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

let browser: Browser;
let site: StaticSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchChromium(), serveBuild()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function violations(person: Person, theme: 'light' | 'dark'): Promise<string[]> {
  // Otherwise it opens a page for each result, to keep frames of other origins apart, which there are none of.
  const builder = new AxeBuilder({ page: person.page }).setLegacyMode();
  // The themes differ in their colours alone, so in the dark only those are looked at again.
  if (theme === 'dark') builder.withRules(['color-contrast']);
  else builder.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
  const { violations: found } = await builder.analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}

const screens = [
  { name: 'a desktop', viewport: DESKTOP },
  { name: 'a phone', viewport: PHONE },
];

describe.each(['light', 'dark'] as const)('in %s', (theme) => {
  test.each(screens)('[P27] no page has a violation that axe can find, on $name', async ({ viewport }) => {
    const anna = await newPerson(browser, site.url, { viewport, theme, isNotInstalled: true });
    const seen: Record<string, string[]> = { 'empty inbox': await violations(anna, theme) };
    await anna.add('Buy bread', 'Call Tom', 'Donaudampfschifffahrtsgesellschaftskapitänsmütze abholen');
    const task = await anna.open('Call Tom');
    await task.getByRole('button', { name: 'Due', exact: true }).click();
    await task.getByRole('button', { name: 'Today', exact: true }).click();
    await task.getByRole('combobox', { name: 'Priority' }).selectOption('Urgent');
    await task.getByRole('combobox', { name: 'Tags' }).fill('errands');
    await task.getByRole('combobox', { name: 'Tags' }).press('Enter');
    await task.getByRole('button', { name: 'Remove tag errands' }).waitFor();
    await task.getByRole('button', { name: 'Due', exact: true }).click();
    seen['task'] = await violations(anna, theme);
    await task.getByRole('button', { name: 'Close' }).click();
    seen['inbox'] = await violations(anna, theme);
    await anna.tick('Buy bread').click();
    await anna.page.getByRole('button', { name: 'Undo' }).waitFor();
    seen['completed'] = await violations(anna, theme);
    await anna.page.keyboard.press('j');
    await anna.page.keyboard.press('v');
    await anna.page.getByRole('region', { name: 'Selection' }).waitFor();
    seen['selection'] = await violations(anna, theme);
    await anna.page.keyboard.press('Control+k');
    await anna.page.getByRole('combobox', { name: 'Commands' }).waitFor();
    seen['commands'] = await violations(anna, theme);
    for (const place of [
      '/today',
      '/upcoming',
      '/trash',
      '/settings',
      '/sync',
      '/devices',
      '/conflicts',
      '/away',
      '/lab',
      '/help',
      '/lists',
    ]) {
      await anna.page.goto(place);
      await anna.page.getByRole('heading', { level: 1 }).waitFor();
      await anna.sync.filter({ hasText: 'On this device only' }).waitFor();
      seen[place] = await violations(anna, theme);
    }
    await anna.page.goto('/lab');
    await anna.page.getByRole('button', { name: 'One title, two edits' }).click();
    const next = anna.page.getByRole('button', { name: 'Do it' });
    while ((await next.count()) > 0) await next.click();
    await anna.page.getByRole('button', { name: 'Use this instead' }).first().waitFor();
    await anna.page.getByRole('button', { name: 'Cut the wire: Phone' }).click();
    seen['lab with two titles'] = await violations(anna, theme);
    await anna.page.goto('/search');
    const field = anna.page.getByRole('searchbox', { name: 'Search' });
    await anna.page.getByRole('button', { name: 'Filter', exact: true }).click();
    await field.fill('call or @errands');
    await anna.page.getByRole('button', { name: 'Save as view' }).click();
    await anna.page.getByRole('textbox', { name: 'Name of the view' }).fill('Out and about');
    await field.pressSequentially(' or due to');
    await field.press('ArrowDown');
    await anna.page.getByRole('option', { name: 'today', selected: true }).waitFor();
    seen['/search'] = await violations(anna, theme);
    await field.fill('call or @errands');
    await anna.page.getByRole('button', { name: 'Save', exact: true }).click();
    await anna.page.getByRole('heading', { level: 1, name: 'Out and about' }).waitFor();
    await anna.page.getByRole('button', { name: 'Edit this view' }).click();
    await anna.page.getByRole('textbox', { name: 'What it looks for' }).fill('call or due nxt');
    await anna.page.getByText('is no date').waitFor();
    seen['view'] = await violations(anna, theme);
    await anna.close();
    expect(Object.fromEntries(Object.entries(seen).filter(([, found]) => found.length > 0))).toEqual({});
  });

  // Colours are the theme's alone, so in the dark the phone shows nothing that the desktop does not.
  test.each(screens.filter(({ viewport }) => theme === 'light' || viewport === DESKTOP))(
    '[P27] nor has a list, a board, the calendar, the tags or notes, on $name',
    async ({ viewport }) => {
      const anna = await newPerson(browser, site.url, { viewport, theme, isNotInstalled: true });
      const seen: Record<string, string[]> = {};
      await anna.quickAdd.fill('Bread today @errands');
      await anna.quickAdd.press('Enter');
      await anna.row('Bread').waitFor();
      await anna.untilSync('On this device only');
      for (const place of ['/calendar', '/completed', '/tags']) {
        await anna.page.goto(place);
        await anna.page.getByRole('heading', { level: 1 }).waitFor();
        await anna.sync.filter({ hasText: 'On this device only' }).waitFor();
        seen[place] = await violations(anna, theme);
      }
      await anna.page.goto('/lists');
      await anna.untilSync('On this device only');
      await anna.page.getByRole('textbox', { name: 'New list' }).fill('House');
      await anna.page.getByRole('textbox', { name: 'New list' }).press('Enter');
      await anna.page.getByRole('button', { name: 'Add a section' }).click();
      await anna.page.getByRole('textbox', { name: 'Name of the new section' }).fill('Garden');
      await anna.page.keyboard.press('Enter');
      await anna.page.getByRole('button', { name: 'Add a task in Garden' }).click();
      await anna.quickAdd.fill('Rake');
      await anna.quickAdd.press('Enter');
      await anna.row('Rake').waitFor();
      seen['list'] = await violations(anna, theme);
      await anna.page.getByRole('button', { name: 'Show as a board' }).click();
      await anna.page.getByRole('group', { name: 'Board' }).waitFor();
      await anna.open('Rake');
      const notes = anna.task.getByRole('textbox', { name: 'Notes' });
      await notes.fill('# Tools\n- [ ] the [rake](https://example.org)');
      await notes.blur();
      await anna.task.getByRole('checkbox', { name: 'the rake' }).waitFor();
      seen['board and notes'] = await violations(anna, theme);
      await anna.close();
      expect(Object.fromEntries(Object.entries(seen).filter(([, found]) => found.length > 0))).toEqual({});
    },
  );
});
