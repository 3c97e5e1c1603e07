/**
 * Reordering by hand: with a mouse or pen by dragging a row, on a touch screen after holding it for a moment.
 *
 * Promise: a drag that has not begun never swallows a click or a scroll; Escape and a lost pointer put everything
 * back; near the edge the list scrolls. What is moved is decided when it is dropped, by the rows that are then on
 * the screen, so a list of any length can be dragged through.
 */

const HOLD_MS = 320;
const SLOP_PX = 5;
const EDGE_PX = 72;

export interface DropPlace {
  /** The row before which to drop; null for the end. */
  readonly beforeId: string | null;
  /** Where to draw the line, in pixels from the top of the list. */
  readonly y: number;
}

export class Drag {
  #id: string | null = $state(null);
  #offset = $state(0);
  #place: DropPlace | null = $state.raw(null);
  readonly #list: () => HTMLElement | undefined;
  readonly #ondrop: (id: string, place: DropPlace) => void;
  #stop: (() => void) | undefined;

  constructor(o: { list: () => HTMLElement | undefined; ondrop: (id: string, place: DropPlace) => void }) {
    this.#list = o.list;
    this.#ondrop = o.ondrop;
  }

  /** The row that is in the hand. */
  get id(): string | null {
    return this.#id;
  }

  /** How far it has been moved, in pixels. */
  get offset(): number {
    return this.#offset;
  }

  get place(): DropPlace | null {
    return this.#place;
  }

  /** For the row's pointerdown. */
  begin(event: PointerEvent, id: string): void {
    if (event.button !== 0 || this.#stop) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, a')) return;
    const row = event.currentTarget as HTMLElement;
    const isTouch = event.pointerType === 'touch';
    const startX = event.clientX;
    const startY = event.clientY;
    const startScroll = scroller().scrollTop;
    let lastY = startY;
    let frame = 0;
    let hold: ReturnType<typeof setTimeout> | undefined;

    const lift = (): void => {
      this.#id = id;
      this.#offset = 0;
      row.setPointerCapture(event.pointerId);
      navigator.vibrate?.(8);
      step();
    };
    const step = (): void => {
      if (this.#id === null) return;
      const element = scroller();
      const fromBottom = window.innerHeight - lastY;
      if (lastY < EDGE_PX) element.scrollTop -= (EDGE_PX - lastY) / 5;
      else if (fromBottom < EDGE_PX) element.scrollTop += (EDGE_PX - fromBottom) / 5;
      this.#offset = lastY - startY + (element.scrollTop - startScroll);
      this.#place = this.#placeAt(lastY);
      frame = requestAnimationFrame(step);
    };
    const onmove = (moved: PointerEvent): void => {
      if (moved.pointerId !== event.pointerId) return;
      lastY = moved.clientY;
      if (this.#id !== null) {
        moved.preventDefault();
        return;
      }
      const distance = Math.hypot(moved.clientX - startX, moved.clientY - startY);
      if (distance < SLOP_PX) return;
      if (isTouch) stop();
      else if (Math.abs(moved.clientY - startY) >= SLOP_PX) lift();
    };
    const onup = (up: PointerEvent): void => {
      if (up.pointerId !== event.pointerId) return;
      const place = this.#place;
      const wasLifted = this.#id !== null;
      stop();
      if (!wasLifted) return;
      swallowNextClick();
      if (place) this.#ondrop(id, place);
    };
    const onkeydown = (key: KeyboardEvent): void => {
      if (key.key !== 'Escape' || this.#id === null) return;
      key.preventDefault();
      key.stopPropagation();
      stop();
    };
    // A scroll that has begun cannot be stopped; while a row is in the hand none may begin.
    const ontouchmove = (touch: TouchEvent): void => {
      if (this.#id !== null) touch.preventDefault();
    };
    const oncontextmenu = (menu: Event): void => {
      if (isTouch) menu.preventDefault();
    };
    const stop = (): void => {
      clearTimeout(hold);
      cancelAnimationFrame(frame);
      window.removeEventListener('pointermove', onmove);
      window.removeEventListener('pointerup', onup);
      window.removeEventListener('pointercancel', stop);
      window.removeEventListener('keydown', onkeydown, true);
      row.removeEventListener('touchmove', ontouchmove);
      row.removeEventListener('contextmenu', oncontextmenu);
      this.#id = null;
      this.#offset = 0;
      this.#place = null;
      this.#stop = undefined;
    };
    this.#stop = stop;
    window.addEventListener('pointermove', onmove, { passive: false });
    window.addEventListener('pointerup', onup);
    window.addEventListener('pointercancel', stop);
    window.addEventListener('keydown', onkeydown, true);
    row.addEventListener('touchmove', ontouchmove, { passive: false });
    row.addEventListener('contextmenu', oncontextmenu);
    if (isTouch) hold = setTimeout(lift, HOLD_MS);
  }

  cancel(): void {
    this.#stop?.();
  }

  #placeAt(y: number): DropPlace | null {
    const list = this.#list();
    if (!list) return null;
    const top = list.getBoundingClientRect().top;
    const rows = [...list.querySelectorAll<HTMLElement>('[data-task]')].filter(
      (row) => row.dataset['task'] !== this.#id,
    );
    let end: number | null = null;
    for (const row of rows) {
      const box = row.getBoundingClientRect();
      if (y < box.top + box.height / 2) return { beforeId: row.dataset['task'] ?? null, y: box.top - top };
      end = box.bottom - top;
    }
    return end === null ? null : { beforeId: null, y: end };
  }
}

function scroller(): Element {
  return document.scrollingElement ?? document.documentElement;
}

/** The click that follows the release of a dragged row must not open it. */
function swallowNextClick(): void {
  const swallow = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener('click', swallow, { capture: true, once: true });
  requestAnimationFrame(() => {
    requestAnimationFrame(() => {
      window.removeEventListener('click', swallow, { capture: true });
    });
  });
}
