/** The app in German, and ready for languages that are read from right to left. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GERMAN } from '../../web/src/lib/words/german.ts';
import { speak, translated } from '../../web/src/lib/words/language.ts';
import { createEndpointGuard } from '../../workers/channels/endpoint-guard.ts';
import { deliveryErrorWords } from '../../web/src/lib/notifications/history-words.ts';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator, Page } from '../support/chromium.ts';
import { violations } from './axe.ts';
import { cutOff } from './cut-off.ts';
import { PAGES, SCREENS, pagesBut } from './pages.ts';
import { DESKTOP, RIGHT_TO_LEFT, newPerson } from './person.ts';
import type { Person } from './person.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

const BUILD = fileURLToPath(new URL('../../web/build/', import.meta.url));
const WEB = fileURLToPath(new URL('../../web/src/', import.meta.url));
/** Where to write pictures of all pages, for people to look at. */
const PICTURES = process.env['HOLDFAST_PICTURES'];

let browser: Browser;
let site: StaticSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchChromium(), serveBuild()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

/** Keeps every text that was ever in the page, however short, so that no flash of another language goes unseen. */
const KEEPS_ALL_TEXT = `
  globalThis.everShown = new Set();
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records)
      for (const node of [target, ...addedNodes]) {
        const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        if (node.nodeType === Node.TEXT_NODE) everShown.add(node.data.trim());
        while (texts.nextNode()) everShown.add(texts.currentNode.data.trim());
      }
  }).observe(document, { childList: true, characterData: true, subtree: true });
`;

/** All that people read or hear: texts, and attributes that are spoken. Runs in the page. */
function shownTexts(): string[] {
  const found: string[] = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement?.closest('script, style, noscript')) found.push(node.textContent ?? '');
  }
  for (const element of document.querySelectorAll('*'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
      found.push(element.getAttribute(name) ?? '');
  return [...new Set(found.map((text) => text.replaceAll(/\s+/g, ' ').trim()))];
}

interface Known {
  readonly whole: ReadonlySet<string>;
  readonly shapes: readonly RegExp[];
}

function knownEnglish(): Known {
  const whole = new Set<string>();
  const shapes: RegExp[] = [];
  const german = new Set(
    Object.values(GERMAN).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry))),
  );
  for (const key of Object.keys(GERMAN)) {
    const english = key.replace(/^[\w ]+\|/, '').trim();
    // "Name", "Status", "Code": one word in both.
    if (german.has(english)) continue;
    if (!english.includes('{')) whole.add(english);
    else if (english.replaceAll(/\{\w+\}|[^a-z]/gi, '').length > 4) {
      const parts = english.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&'));
      shapes.push(new RegExp(`^${parts.join('.+')}$`));
    }
  }
  return { whole, shapes };
}

const ENGLISH = knownEnglish();
/** Words that German never has; what someone has typed and names of browsers are as they are everywhere. */
const ENGLISH_WORDS =
  /\b(the|your|you|and|is|are|not|with|from|this|that|task|tasks|add|tags|edit|today|tomorrow|every|before|after|yesterday|minutes?|hours?|days?|weeks?)\b/i;
const ENGLISH_ANYWHERE = /„[^“]*“|Web Locks|Chrome on Linux|Headless.*/g;

function englishIn(texts: readonly string[]): string[] {
  return texts.filter((text) => {
    const rest = text.replaceAll(ENGLISH_ANYWHERE, '');
    return (
      ENGLISH.whole.has(text) || ENGLISH.shapes.some((shape) => shape.test(rest)) || ENGLISH_WORDS.test(rest)
    );
  });
}

async function speakGerman(person: Person): Promise<void> {
  const { page } = person;
  await page.goto('/settings');
  const reloaded = page.waitForEvent('load');
  await page.getByRole('combobox', { name: 'Language', exact: true }).selectOption('Deutsch');
  await reloaded;
  await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor();
}

async function untilDrawn(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page
    .getByRole('status', { name: 'Synchronisierung' })
    .filter({ hasText: 'Nur auf diesem Gerät' })
    .waitFor();
}

async function addInGerman(page: Page, line: string, title: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Aufgabe hinzufügen' });
  await field.fill(line);
  await field.press('Enter');
  await page.getByRole('listitem').filter({ hasText: title }).first().waitFor();
}

interface Reader {
  readonly anna: Person;
  readonly page: Page;
  readonly faults: Record<string, string[]>;
  /** English words, what is cut off and, if asked for, what axe finds. */
  readonly look: (what: string, o?: { axe: boolean }) => Promise<void>;
}

async function germanReader(screen: (typeof SCREENS)[number]): Promise<Reader> {
  const anna = await newPerson(browser, site.url, { viewport: screen.viewport, isNotInstalled: true });
  const { page } = anna;
  await speakGerman(anna);
  await page.goto('/');
  await untilDrawn(page);
  const faults: Record<string, string[]> = {};
  return {
    anna,
    page,
    faults,
    async look(what, o = { axe: false }) {
      const found = [
        ...englishIn(await page.evaluate(shownTexts)),
        ...(await page.evaluate(cutOff)),
        ...(o.axe ? await violations(page) : []),
      ];
      if (found.length > 0) faults[what] = found;
      if (!PICTURES) return;
      const file = what.replaceAll(/[^\wäöü]+/g, '-');
      await page.screenshot({ path: `${PICTURES}/${screen.name}${file}.png` });
    },
  };
}

test.each(SCREENS)(
  '[DE4] no page shows an English word of the app, is cut off or has a fault that axe finds, on a $name',
  async (screen) => {
    const { anna, page, faults, look } = await germanReader(screen);
    await addInGerman(page, 'Müll rausbringen heute jede Woche @unterwegs !hoch', 'Müll rausbringen');
    await page.goto('/');
    await untilDrawn(page);
    // The guide in Help is in English.
    for (const place of pagesBut('/help')) {
      await anna.visit(place);
      await untilDrawn(page);
      await look(place, { axe: true });
    }
    expect(faults).toEqual({});
    expect(anna.errors).toEqual([]);
    await anna.close();
  },
);

test.each(SCREENS)('[DE4] nor does a panel or a dialog, on a $name', async (screen) => {
  const { anna, page, faults, look } = await germanReader(screen);
  await look(' first start');
  const adding = page.getByRole('textbox', { name: 'Aufgabe hinzufügen' });
  await adding.fill('Brot kaufen heute 9 Uhr #Haus @unterwegs !hoch');
  await adding.press('Enter');
  await page.getByText('Hinzugefügt zu Haus').first().waitFor();
  await addInGerman(page, 'Blumen gießen', 'Blumen gießen');
  await addInGerman(page, 'Müll rausbringen jede Woche', 'Müll rausbringen');
  await adding.fill('Anna anrufen morgen 9 Uhr #Neues @Ort !dringend');
  await page.getByText('Neues Etikett „Ort“').waitFor();
  await look(' quick add');
  await adding.fill('');

  await page.getByRole('checkbox', { name: 'Blumen gießen' }).click();
  await page.getByRole('button', { name: 'Rückgängig' }).waitFor();
  await look(' completed');
  await page.getByRole('button', { name: 'Müll rausbringen' }).first().click();
  const task = page
    .getByRole('region', { name: 'Aufgabe', exact: true })
    .or(page.getByRole('dialog', { name: 'Aufgabe', exact: true }));
  await task.getByRole('textbox', { name: 'Titel' }).waitFor();
  await look(' task', { axe: true });
  for (const field of ['Fällig', 'Wiederholung', 'Erinnerungen']) {
    const button = task.getByRole('button', { name: field, exact: true }).first();
    await button.click();
    await look(` task ${field}`);
    if (field === 'Wiederholung') {
      await task.getByRole('button', { name: /Etwas anderes|Diese ändern/ }).click();
      await task.getByRole('button', { name: 'Sichern' }).waitFor();
      await look(' task repeat editor');
      await task.getByRole('button', { name: 'Abbrechen' }).click();
    }
    await button.click();
  }
  await page.goto('/');
  await untilDrawn(page);
  await page.keyboard.press('j');
  await page.keyboard.press('v');
  await page.getByRole('region', { name: 'Auswahl' }).waitFor();
  await look(' selection');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').last().waitFor();
  await look(' commands');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Tastatur' }).waitFor();
  await look(' keys');
  await page.keyboard.press('Escape');

  await page.goto('/lists');
  await untilDrawn(page);
  await page.getByRole('link', { name: /Haus/ }).last().click();
  await page.getByRole('heading', { level: 1, name: 'Haus' }).waitFor();
  await page.getByRole('button', { name: 'Liste bearbeiten' }).click();
  await look(' list');
  await page.getByRole('button', { name: 'Als Board zeigen' }).click();
  await page.getByRole('group', { name: 'Board' }).waitFor();
  await look(' board');
  await page.goto('/search');
  const field = page.getByRole('searchbox', { name: 'Suche' });
  await field.fill('due nxt week');
  await page.getByText('ist kein Datum').waitFor();
  await field.fill('brot');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('combobox', { name: 'Priorität' }).waitFor();
  await look(' filters');
  await page.getByRole('button', { name: 'Als Ansicht sichern' }).click();
  await page.getByRole('textbox', { name: 'Name der Ansicht' }).fill('Bäcker');
  await page.getByRole('button', { name: 'Sichern', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Bäcker' }).waitFor();
  await page.getByRole('button', { name: 'Ansicht bearbeiten' }).click();
  await look(' view');
  expect(faults).toEqual({});
  expect(anna.errors).toEqual([]);
  await anna.close();
});

test('[DE8] a question is asked, completed, mended and kept in German, and means the same in English', async () => {
  const { anna, page } = await germanReader(SCREENS[0]);
  await addInGerman(page, 'Milch kaufen übermorgen @laden', 'Milch kaufen');
  await addInGerman(page, 'Brot kaufen übermorgen @laden @warten', 'Brot kaufen');
  await addInGerman(page, 'Käse kaufen in 3 Wochen @laden !hoch', 'Käse kaufen');
  await page.goto('/search');
  const box = page.getByRole('searchbox', { name: 'Suche' });
  const option = (name: string): Locator => page.getByRole('option', { name, exact: true });

  await box.fill('fällig in den nächsten 7 Tagen und @laden und #Eingang und nicht @warten');
  await anna.untilTitles('Milch kaufen');
  await box.fill('faellig nach uebermorgen oder Priorität hoch');
  await anna.untilTitles('Käse kaufen');
  // Whoever writes it in English gets the same.
  await box.fill('due in 2 days and not @warten');
  await anna.untilTitles('Milch kaufen');

  await box.fill('');
  await box.pressSequentially('fäl');
  await option('fällig diese Woche').waitFor();
  expect(await page.getByRole('option').allInnerTexts()).not.toContain('due today');
  await box.pressSequentially('lig über');
  await option('übermorgen').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await box.inputValue()).toBe('fällig übermorgen ');
  await box.pressSequentially('sortiert nach ti');
  await option('Titel').click();
  expect(await box.inputValue()).toBe('fällig übermorgen sortiert nach Titel ');
  await anna.untilTitles('Brot kaufen', 'Milch kaufen');

  await box.fill('fällig übermrgen und brot');
  await page.getByText('„übermrgen“ ist kein Datum.').waitFor();
  await page.getByRole('button', { name: 'Durch übermorgen ersetzen' }).click();
  expect(await box.inputValue()).toBe('fällig übermorgen und brot');
  await anna.untilTitles('Brot kaufen');

  await box.fill('kaufen');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('combobox', { name: 'Fällig', exact: true }).selectOption('Nächste 7 Tage');
  expect(await box.inputValue()).toBe('kaufen und fällig in den nächsten 7 Tagen');
  await anna.untilTitles('Milch kaufen', 'Brot kaufen');
  await page.getByRole('button', { name: 'Als Ansicht sichern' }).click();
  await page.getByRole('textbox', { name: 'Name der Ansicht' }).fill('Bald');
  await page.getByRole('button', { name: 'Sichern', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Bald' }).waitFor();
  await page.getByText('kaufen und fällig in den nächsten 7 Tagen').waitFor();
  await anna.untilTitles('Milch kaufen', 'Brot kaufen');

  await page.goto('/settings');
  const reloaded = page.waitForEvent('load');
  await page.getByRole('combobox', { name: 'Sprache', exact: true }).selectOption('English');
  await reloaded;
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await page.getByRole('link', { name: 'Bald' }).click();
  await page.getByText('kaufen and due next 7 days').waitFor();
  await anna.untilTitles('Milch kaufen', 'Brot kaufen');
  expect(anna.errors).toEqual([]);
  await anna.close();
});

/** Of the operations that the app calls, and of what stands before every one. */
const SERVER_SOURCES = [
  'http/auth-operations.ts',
  'http/account-operations.ts',
  'http/notification-operations.ts',
  'http/serve-operations.ts',
  'http/space-door.ts',
  'http/app.ts',
  'accounts/authenticate.ts',
];
/** What only a script or a page without the app meets, and what describes the API. */
const NOT_IN_THE_APP = [
  /An API token|This API token|You have no API token|Idempotency|METRICS_TOKEN|WebSocket/,
  /percent-encoding|U\+0000|does not work here|There is no \d|nothing of that name/,
  /an answer gave|give it once|at most 255|ask an owner|invite people|cut short by a mail|gets no mails/,
  /^Time to answer|^Nothing on the device itself/,
];

/** The sentences of a source with 7 for each of their values. */
function sentencesIn(source: string): string[] {
  const found = source.matchAll(/'((?:[^'\\\n]|\\.)*)'|`([^`]*)`/g);
  return [...found]
    .map(([, plain, filled]) => (plain ?? filled ?? '').replaceAll(/\$\{[^}]*\}/g, '7'))
    .filter((text) => /^[A-Z].*\.$/.test(text) && text.includes(' '));
}

test('[DE9] what the server says to whoever uses the app is said in German, and a sentence that is not known as it is', () => {
  const server = fileURLToPath(new URL('../../sync-server/', import.meta.url));
  const sentences = SERVER_SOURCES.flatMap((file) => sentencesIn(readFileSync(server + file, 'utf8')));
  expect(sentences.length).toBeGreaterThan(25);
  speak('de', GERMAN);
  try {
    const english = sentences.filter(
      (each) => translated(each) === each && !NOT_IN_THE_APP.some((one) => one.test(each)),
    );
    expect(english).toEqual([]);
    expect(translated('Too many tries. Wait 12 s and try again.')).toContain('12 s');
    expect(translated('A sentence of next year.')).toBe('A sentence of next year.');
  } finally {
    speak('en', {});
  }
});

/** What makes the errors of single deliveries, which the history of notifications shows. */
const DELIVERY_SOURCES = ['channels/web-push.ts', 'channels/mail.ts', 'reminders/deliver-job.ts'];

test('[DE9] what the workers note of a delivery that failed is said in German in the history of notifications', () => {
  const workers = fileURLToPath(new URL('../../workers/', import.meta.url));
  // A text that begins with a capital and stands where a reason or an error is given, with 7 for its values.
  const noted =
    /(?:reason(?::| =)|error:|return later\(\s*delivery,)\s*(?:'([A-Z][^'\n]*)'|`([A-Z](?:[^`$]|\$\{[^}`]*\})*))/g;
  const errors = DELIVERY_SOURCES.flatMap((file) =>
    [...readFileSync(workers + file, 'utf8').matchAll(noted)].map(([, plain, filled]) =>
      (plain ?? filled ?? '').replaceAll(/\$\{[^}]*\}/g, '7'),
    ),
  );
  const guard = createEndpointGuard({ allowPrivate: false });
  const faults = ['push', 'http://a.example.org', 'https://me@a.example.org', 'https://10.0.0.1'].map((url) =>
    guard.faultOf(url, ['https:']),
  );
  expect(errors.length).toBeGreaterThan(8);
  speak('de', GERMAN);
  try {
    const all = [...errors, ...faults.map((fault) => fault ?? '')];
    expect(all.filter((each) => deliveryErrorWords(each) === each)).toEqual([]);
  } finally {
    speak('en', {});
  }
});

test('[DE3] German is chosen in the settings, keeps what was typed, and is there from the first paint, offline too', async () => {
  const anna = await newPerson(browser, site.url, { before: KEEPS_ALL_TEXT });
  const { page } = anna;
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  // Before anything reloads: a page that is being made while the first worker takes its pages over is left out for good.
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller) return;
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
  });
  await anna.add('Brot kaufen');
  const task = await anna.open('Brot kaufen');
  await task.getByRole('textbox', { name: 'Notes' }).fill('noch nicht gesichert');
  await anna.go('Settings');
  const reloaded = page.waitForEvent('load');
  await page.getByRole('combobox', { name: 'Language', exact: true }).selectOption('Deutsch');
  await reloaded;
  await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor();

  await anna.context.setOffline(true);
  await page.goto('/');
  await untilDrawn(page);
  await page.getByRole('heading', { level: 1, name: 'Eingang' }).waitFor();
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual([
    'de',
    'ltr',
  ]);
  await page.getByRole('button', { name: 'Brot kaufen' }).click();
  const ever = await page.evaluate(() => [
    ...(globalThis as unknown as { everShown: Set<string> }).everShown,
  ]);
  expect(ever).toEqual(expect.arrayContaining(['Eingang', 'Brot kaufen']));
  expect(ever.filter((text) => ENGLISH.whole.has(text))).toEqual([]);
  expect(await page.getByRole('textbox', { name: 'Notizen' }).inputValue()).toBe('noch nicht gesichert');

  await page.goto('/settings');
  await page.getByRole('combobox', { name: 'Sprache', exact: true }).selectOption('Wie das System');
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  expect(anna.errors.filter((error) => !error.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
  await anna.close();
});

test('[DE3] a browser that speaks German gets German, and one of a language that the app has not gets English', async () => {
  const parts = readdirSync(BUILD, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  );
  const german = parts.filter((file) => readFileSync(BUILD + file, 'utf8').includes('Papierkorb'));
  expect(german).toHaveLength(1);
  const [catalog = ''] = german;
  for (const [locale, heading, lang] of [
    ['de-AT', 'Heute', 'de'],
    ['fr-FR', 'Today', 'en'],
  ] as const) {
    const context = await browser.newContext({ baseURL: site.url, locale, serviceWorkers: 'block' });
    const page = await context.newPage();
    await page.goto('/today');
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe(lang);
    await page.waitForLoadState('networkidle');
    const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    expect(asked.some((name) => name.endsWith(catalog))).toBe(lang === 'de');
    await context.close();
  }
});

test('[DE5] the worker is left the language that notifications are in', async () => {
  const anna = await newPerson(browser, site.url);
  await speakGerman(anna);
  await anna.page.waitForFunction(async () => {
    const left = (await (await caches.match('/choices'))?.json()) as { language?: string } | undefined;
    return left?.language === 'de';
  });
  await anna.close();
});

test.each(SCREENS)(
  '[DE6] read from right to left nothing stands out of the window or is cut off, on a $name',
  async ({ name, viewport }) => {
    const anna = await newPerson(browser, site.url, {
      viewport,
      isNotInstalled: true,
      before: RIGHT_TO_LEFT,
    });
    const { page } = anna;
    const faults: Record<string, string[]> = {};
    const look = async (what: string): Promise<void> => {
      const found = await page.evaluate(cutOff);
      if (found.length > 0) faults[what] = found;
      if (PICTURES)
        await page.screenshot({
          path: `${PICTURES}/rtl-${name}${what.replaceAll(/\W+/g, '-')}.png`,
        });
    };
    await anna.add('Buy bread', 'Call Tom');
    expect(await page.evaluate(() => getComputedStyle(document.body).direction)).toBe('rtl');
    if (viewport === DESKTOP) {
      // The way around is where reading begins.
      const [side, main] = await Promise.all([
        page.getByRole('navigation', { name: 'Places' }).boundingBox(),
        page.getByRole('main').boundingBox(),
      ]);
      expect(side?.x ?? 0).toBeGreaterThan(main?.x ?? Infinity);
    }
    await anna.open('Buy bread');
    await look(' task');
    await page.goto('/');
    await anna.untilSync('On this device only');
    for (const place of PAGES) {
      await anna.visit(place);
      await look(place);
    }
    expect(faults).toEqual({});
    await anna.close();
  },
);

/** Left and right of the screen, not of the text; each for a reason. */
const OF_THE_SCREEN: Readonly<Record<string, string>> = {
  'lib/tasks/drag-ghost.svelte': 'it is moved to where the pointer is',
};

test('[DE6] styles say start and end, not left and right', () => {
  const physical =
    /(?:^|[\s;{])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)[\w-]*|left|right|float|clear)\s*:|text-align:\s*(?:left|right)/;
  const uneven = /(?:^|[\s;{])(?:margin|padding|inset):\s*(\S+) (\S+) (\S+) (\S+);/;
  const found = readdirSync(WEB, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(svelte|css)$/.test(file) && !Object.hasOwn(OF_THE_SCREEN, file))
    .flatMap((file) => {
      const text = readFileSync(WEB + file, 'utf8');
      const styles = file.endsWith('.css') ? text : (/<style[^>]*>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '');
      return styles
        .split('\n')
        .filter((line) => {
          const sides = uneven.exec(line);
          return physical.test(line) || (sides !== null && sides[2] !== sides[4]);
        })
        .map((line) => `${file}: ${line.trim()}`);
    });
  expect(found).toEqual([]);
});
