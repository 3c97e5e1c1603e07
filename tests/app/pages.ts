/**
 * The pages of the app that have an address of their own, and the screens they are looked at on, for the tests that look at
 * all of them. Not here: pages of one list, tag or view, which need one to be made first.
 */
import { DESKTOP, PHONE } from './person.ts';

export const PAGES = [
  '/',
  '/today',
  '/upcoming',
  '/calendar',
  '/search',
  '/lists',
  '/tags',
  '/completed',
  '/trash',
  '/settings',
  '/sync',
  '/devices',
  '/conflicts',
  '/away',
  '/help',
  '/lab',
  '/reset',
] as const;

export type PagePath = (typeof PAGES)[number];

/** All pages but those that a test has a reason to leave out or looks at by itself. */
export function pagesBut(...left: PagePath[]): PagePath[] {
  return PAGES.filter((page) => !left.includes(page));
}

export const SCREENS = [
  { name: 'desktop', viewport: DESKTOP },
  { name: 'phone', viewport: PHONE },
] as const;
