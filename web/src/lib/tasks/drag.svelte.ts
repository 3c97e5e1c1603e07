/**
 * Moving by hand: with a mouse or pen by dragging a row, on a touch screen after holding it for a moment.
 *
 * Where the list has zones (`data-zone`: sections, columns, days), it is dropped in the nearest one, also in one that
 * holds nothing.
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
  /** The name of the zone; null where there are none. */
  readonly zone: string | null;
}

export interface DragOptions {
  readonly list: () => HTMLElement | undefined;
  readonly ondrop: (id: string, place: DropPlace, isByFinger: boolean) => void;
  /** What is moved, by the name of its data attribute. Default: tasks. */
  readonly item?: 'task' | 'zone' | 'list';
  /** May be moved across too, and not up and down alone. */
  readonly isFree?: boolean;
  /** What scrolls across, where there is more than fits. */
  readonly strip?: () => HTMLElement | undefined;
}

export class Drag {
  #id: string | null = $state(null);
  #offset = $state(0);
  #place: DropPlace | null = $state.raw(null);
  #point = $state.raw({ x: 0, y: 0 });
  readonly #options: DragOptions;
  #stop: (() => void) | undefined;

  constructor(options: DragOptions) {
    this.#options = options;
  }

  /** Where the pointer is in the window: for what is drawn beside it. */
  get point(): { readonly x: number; readonly y: number } {
    return this.#point;
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

  /** For the pointerdown of the row, or of what holds it and the row. */
  begin(event: PointerEvent, id: string, row = event.currentTarget as HTMLElement): void {
    if (event.button !== 0 || this.#stop) return;
    const target = event.target as HTMLElement;
    if (target.closest(this.#options.item === 'list' ? 'input, button' : 'input, textarea, a')) return;
    const isTouch = event.pointerType === 'touch';
    const startX = event.clientX;
    const startY = event.clientY;
    const startScroll = scroller().scrollTop;
    let lastX = startX;
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
      this.#scrollStrip(lastX);
      this.#offset = lastY - startY + (element.scrollTop - startScroll);
      this.#point = { x: lastX, y: lastY };
      this.#place = this.#placeAt(lastX, lastY);
      frame = requestAnimationFrame(step);
    };
    const onmove = (moved: PointerEvent): void => {
      if (moved.pointerId !== event.pointerId) return;
      lastX = moved.clientX;
      lastY = moved.clientY;
      if (this.#id !== null) {
        moved.preventDefault();
        return;
      }
      const distance = Math.hypot(moved.clientX - startX, moved.clientY - startY);
      if (distance < SLOP_PX) return;
      if (isTouch) stop();
      else if (this.#options.isFree === true || Math.abs(moved.clientY - startY) >= SLOP_PX) lift();
    };
    const onup = (up: PointerEvent): void => {
      if (up.pointerId !== event.pointerId) return;
      if (this.#id === null) {
        stop();
        return;
      }
      // Where it is let go, which may be further on than where it was when the screen was last drawn.
      const place = this.#placeAt(up.clientX, up.clientY);
      stop();
      swallowNextClick();
      if (place) this.#options.ondrop(id, place, isTouch);
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

  #scrollStrip(x: number): void {
    const strip = this.#options.strip?.();
    if (!strip) return;
    const { left, right } = strip.getBoundingClientRect();
    if (x < left + EDGE_PX) strip.scrollLeft -= (left + EDGE_PX - x) / 5;
    else if (x > right - EDGE_PX) strip.scrollLeft += (x - right + EDGE_PX) / 5;
  }

  #placeAt(x: number, y: number): DropPlace | null {
    const list = this.#options.list();
    if (!list) return null;
    const top = list.getBoundingClientRect().top;
    const { item = 'task' } = this.#options;
    const within = item === 'task' ? zoneAt(list, x, y) : undefined;
    const zone = within?.dataset['zone'] ?? null;
    const rows = [...(within ?? list).querySelectorAll<HTMLElement>(`[data-${item}]`)].filter(
      (row) => row.dataset[item] !== this.#id,
    );
    let end: number | null = null;
    for (const row of rows) {
      const box = row.getBoundingClientRect();
      if (y < box.top + box.height / 2) {
        return { beforeId: row.dataset[item] ?? null, y: box.top - top, zone };
      }
      end = box.bottom - top;
    }
    if (end !== null) return { beforeId: null, y: end, zone };
    return within ? { beforeId: null, y: within.getBoundingClientRect().bottom - top, zone } : null;
  }
}

/** The nearest zone to a point, if there are any. */
function zoneAt(list: HTMLElement, x: number, y: number): HTMLElement | undefined {
  let nearest: HTMLElement | undefined;
  let least = Infinity;
  for (const zone of list.querySelectorAll<HTMLElement>('[data-zone]')) {
    const { left, right, top, bottom } = zone.getBoundingClientRect();
    const distance = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    if (distance >= least) continue;
    least = distance;
    nearest = zone;
  }
  return nearest;
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
