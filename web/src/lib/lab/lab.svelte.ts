/** The lab for components: the bridge from its listeners to runes, and where a lesson is. */

import { createSubscriber } from 'svelte/reactivity';
import { random } from '../device/random.ts';
import { createLab, type Lab } from './lab.ts';
import { LESSONS, type Lesson } from './lessons.ts';

export class LabState {
  #lab: Lab = $state.raw(newLab());
  #lesson: Lesson | null = $state.raw(null);
  #done = $state(0);
  #changes = $derived.by(() => {
    const lab = this.#lab;
    return createSubscriber((update) => lab.subscribe(update));
  });

  /** Reading it in a component follows every later change of either device. */
  get lab(): Lab {
    this.#changes();
    return this.#lab;
  }
  get lesson(): Lesson | null {
    return this.#lesson;
  }
  /** How many steps of the lesson were done. */
  get done(): number {
    return this.#done;
  }

  /** With new devices. null: no lesson. */
  begin(id: string | null): void {
    this.#lab.close();
    this.#lab = newLab();
    this.#lesson = LESSONS.find((lesson) => lesson.id === id) ?? null;
    this.#done = 0;
  }

  step(): void {
    const step = this.#lesson?.steps[this.#done];
    if (!step) return;
    step.run(this.#lab);
    this.#done += 1;
  }

  close(): void {
    this.#lab.close();
  }
}

function newLab(): Lab {
  return createLab({ now: Date.now, random, post: queueMicrotask });
}
