/**
 * Where the page was scrolled to, across a reload.
 *
 * Promise: a page that comes again is where it was: with its first rows, and again when all of them are there, unless the
 * person has moved meanwhile.
 * Why not the router's own: it scrolls once, before there are rows to scroll to.
 */
const KEY = 'scroll';

export interface ScrollPlace {
  bringBack(): void;
}

/** To be called when the page goes. */
export function keepScrollPlace(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([location.href, scrollY]));
  } catch {
    // Without a storage the page begins at its top.
  }
}

/** Of this address, if it was reloaded or gone back to: an address that is opened anew begins at its top. */
export function takeScrollPlace(): ScrollPlace {
  let y = readPlace();
  if (y > 0) {
    for (const moved of ['wheel', 'touchmove', 'keydown', 'pointerdown']) {
      addEventListener(moved, () => (y = 0), { once: true, passive: true });
    }
  }
  return {
    bringBack() {
      if (y > 0) scrollTo(0, y);
    },
  };
}

function readPlace(): number {
  try {
    const [visit] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    const [address, y] = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as unknown[];
    return visit?.type !== 'navigate' && address === location.href ? Number(y) : 0;
  } catch {
    return 0;
  }
}
