/**
 * What axe finds in a page: WCAG 2.2 A and AA, and what it calls best practice.
 *
 * Limits: a page that stays gets axe once, since to send and compile it costs more than to run it; and only violations are
 * worked out, since to describe everything that is right costs more still. One document: the app has no frames.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '../support/chromium.ts';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What it finds in the page as it stands, each with its place and how to mend it. */
export async function violations(page: Page): Promise<string[]> {
  return run(page, (builder) => builder.withTags(TAGS));
}

/**
 * The same in light, and in dark the colours alone, since the themes differ in nothing else, or everything. The page goes
 * from one to the other as it stands, as when the system does at dusk. Begins and ends in light.
 */
export async function violationsInBothThemes(
  page: Page,
  inDark: 'colours' | 'everything' = 'colours',
): Promise<string[]> {
  const light = await violations(page);
  await turnTo(page, 'dark');
  const dark = await run(page, (builder) =>
    inDark === 'everything' ? builder.withTags(TAGS) : builder.withRules(['color-contrast']),
  );
  await turnTo(page, 'light');
  return [...light, ...dark.map((found) => `in dark: ${found}`)];
}

/** Resolves when the other theme is drawn, and no colour is on its way any more. */
export async function turnTo(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.locator(`html[data-theme="${theme}"]`).waitFor();
  // However short a transition is, it begins with the colour of before.
  await page.evaluate(async () => {
    const endless = (animation: Animation): boolean =>
      animation.effect?.getComputedTiming().endTime === Infinity;
    const ending = document.getAnimations().filter((animation) => !endless(animation));
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}

async function run(page: Page, choose: (builder: AxeBuilder) => AxeBuilder): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in globalThis);
  // Otherwise it opens a page for each result, to keep frames of other origins apart.
  const builder = new AxeBuilder({ page, ...(isThere ? { axeSource: ';' } : {}) }).setLegacyMode();
  const { violations: found } = await choose(builder.options({ resultTypes: ['violations'] })).analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}
