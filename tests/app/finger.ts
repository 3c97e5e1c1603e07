/**
 * A finger on a touch screen: real touch events of the browser, which mouse clicks of a test are not.
 *
 * Why not Playwright's touchscreen: it can tap and nothing else.
 */
import type { Locator } from '../support/chromium.ts';
import type { Person } from './person.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Finger {
  down(at: Point): Promise<void>;
  /** In some steps, as a finger moves. */
  moveTo(at: Point): Promise<void>;
  up(): Promise<void>;
}

export async function fingerOf({ context, page }: Person): Promise<Finger> {
  const devtools = await context.newCDPSession(page);
  let last: Point = { x: 0, y: 0 };
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: readonly Point[]): Promise<unknown> =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints: [...points] });
  return {
    async down(at) {
      last = at;
      await send('touchStart', [at]);
    },
    async moveTo(at) {
      const from = last;
      last = at;
      for (const part of [0.2, 0.4, 0.6, 0.8, 1]) {
        await send('touchMove', [{ x: from.x + (at.x - from.x) * part, y: from.y + (at.y - from.y) * part }]);
      }
    },
    async up() {
      await send('touchEnd', []);
    },
  };
}

/** The middle of what is on the screen. */
export async function middleOf(locator: Locator): Promise<Point> {
  const box = await locator.boundingBox();
  if (!box) throw new Error(`${String(locator)} is not on the screen`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
