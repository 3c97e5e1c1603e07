/**
 * A real Chromium for the tests that need a browser.
 *
 * Promise: takes what the machine has (CHROMIUM, an installed one, Playwright's cache); `npm test` runs this file
 * first, which otherwise gets one: Debian's package where this is root, else Playwright's own download. A machine
 * where none of that works is told what to install; no test is skipped for it.
 * Where there is one, pages are drawn by Chromium's headless shell: the same engine, storage and network without the
 * windows around it, for half of the processor. Whatever needs more than a page asks for the whole browser.
 * Limits: the only importer of playwright-core.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

export type { Browser, BrowserContext, CDPSession, Locator, Page, Worker } from 'playwright-core';

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Only Debian packages it under a name of its own. */
const HEADLESS_SHELL = '/usr/bin/chromium-headless-shell';

/** No sandbox, since root and containers have none; no traffic that is not the test's own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const DOWNLOAD_LIMIT_MS = 5 * 60_000;

export interface ChromiumOptions {
  readonly args?: readonly string[];
  /** With notifications, push and a profile as a person has them, which the headless shell lacks. */
  readonly isWhole?: boolean;
}

/** A browser with nothing in it; every context of it is a device of its own. */
export function launchChromium(options: ChromiumOptions = {}): Promise<Browser> {
  return chromium.launch(launchOptions(options));
}

/** A browser whose profile lies in `folder`, so that it can be closed or killed and come back with what it stored. */
export function launchProfile(
  folder: string,
  options: ChromiumOptions & BrowserContextOptions = {},
): Promise<BrowserContext> {
  const { args, isWhole, ...context } = options;
  return chromium.launchPersistentContext(folder, {
    ...context,
    ...launchOptions({ ...(args ? { args } : {}), isWhole: isWhole ?? true }),
  });
}

/** Errors of the page that no test expected, collected from now on. */
export function collectPageErrors(page: Page): readonly string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  return errors;
}

function launchOptions(options: ChromiumOptions): { executablePath: string; headless: true; args: string[] } {
  const executablePath = options.isWhole === true ? findChromium() : (findHeadlessShell() ?? findChromium());
  if (executablePath === undefined) throw new Error(ADVICE);
  return { executablePath, headless: true, args: [...FLAGS, ...(options.args ?? [])] };
}

const ADVICE =
  'There is no Chromium: run "npm test", which gets one, or install it (Debian: apt-get install chromium), or set ' +
  'CHROMIUM to the path of one.';

/** The path of a Chromium that is there, or undefined. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM'];
  if (named) return named;
  return [...INSTALLED, chromium.executablePath()].find((path) => path && existsSync(path));
}

/** CHROMIUM names the one browser for everything. */
function findHeadlessShell(): string | undefined {
  return !process.env['CHROMIUM'] && existsSync(HEADLESS_SHELL) ? HEADLESS_SHELL : undefined;
}

/** Gets one when there is none. Slow: only the test command calls this. */
function obtainChromium(): string {
  // The system's package brings the libraries that a bare machine lacks, so it goes first where it may.
  for (const attempt of [undefined, installByApt, downloadByPlaywright]) {
    attempt?.();
    const found = findChromium();
    if (found && spawnSync(found, ['--version'], { stdio: 'ignore' }).status === 0) {
      obtainHeadlessShell();
      return found;
    }
  }
  throw new Error(ADVICE);
}

function downloadByPlaywright(): void {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
  process.stderr.write('Getting a Chromium by Playwright ...\n');
  spawnSync(process.execPath, [cli, 'install', '--no-shell', 'chromium'], {
    stdio: ['ignore', 2, 2],
    timeout: DOWNLOAD_LIMIT_MS,
  });
}

function installByApt(): void {
  if (!mayInstall()) return;
  process.stderr.write('Getting a Chromium from the system packages ...\n');
  apt('update');
  apt('install', '-y', '--no-install-recommends', 'chromium');
}

/** Only for speed: without it the whole browser draws everything. */
function obtainHeadlessShell(): void {
  if (process.env['CHROMIUM'] || existsSync(HEADLESS_SHELL) || !mayInstall()) return;
  process.stderr.write("Getting Chromium's headless shell from the system packages ...\n");
  apt('update');
  apt('install', '-y', '--no-install-recommends', 'chromium-headless-shell');
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2], env });
}

if (import.meta.main) process.stdout.write(`${obtainChromium()}\n`);
