/**
 * Swiping a row on a touch screen: the way one reads completes it, back puts it off until tomorrow. So to the right
 * completes, and where reading goes from right to left, to the left.
 *
 * Promise: nothing happens before the finger has gone far enough and lets go; what would happen is shown under the
 * row meanwhile; an up or down movement is a scroll and never a swipe. Rows need `touch-action: pan-y`.
 */

import { inlineStep } from '../look/direction.ts';

const SLOP_PX = 12;
const ACT_AFTER_PX = 84;
const MAX_PX = 132;

export type SwipeAction = 'complete' | 'tomorrow';

export class Swipe {
  #id: string | null = $state(null);
  #offset = $state(0);
  readonly #act: (id: string, action: SwipeAction) => void;

  constructor(act: (id: string, action: SwipeAction) => void) {
    this.#act = act;
  }

  get id(): string | null {
    return this.#id;
  }

  /** How far the row has been pulled, in pixels; the way one reads is positive. */
  get offset(): number {
    return this.#offset;
  }

  /** What letting go would do now. */
  get action(): SwipeAction | null {
    if (this.#offset >= ACT_AFTER_PX) return 'complete';
    return this.#offset <= -ACT_AFTER_PX ? 'tomorrow' : null;
  }

  /** For the row's pointerdown. `isTaken` tells that the row is being dragged instead. */
  begin(event: PointerEvent, id: string, isTaken: () => boolean): void {
    if (event.pointerType !== 'touch' || this.#id !== null) return;
    const { clientX: startX, clientY: startY, pointerId } = event;
    const onmove = (moved: PointerEvent): void => {
      if (moved.pointerId !== pointerId) return;
      const across = (moved.clientX - startX) * inlineStep();
      if (this.#id === null) {
        const down = Math.abs(moved.clientY - startY);
        if (isTaken() || down > SLOP_PX) stop();
        else if (Math.abs(across) > SLOP_PX) this.#id = id;
        return;
      }
      this.#offset = Math.max(-MAX_PX, Math.min(MAX_PX, across));
    };
    const onup = (up: PointerEvent): void => {
      if (up.pointerId !== pointerId) return;
      const action = this.action;
      stop();
      if (action) this.#act(id, action);
    };
    const stop = (): void => {
      window.removeEventListener('pointermove', onmove);
      window.removeEventListener('pointerup', onup);
      window.removeEventListener('pointercancel', stop);
      this.#id = null;
      this.#offset = 0;
    };
    window.addEventListener('pointermove', onmove);
    window.addEventListener('pointerup', onup);
    window.addEventListener('pointercancel', stop);
  }
}
