/** What the frame of every page can do, for whatever is inside it. */

import { createContext } from 'svelte';

/** The commands that ask for something more. */
export type CommandPage = 'due' | 'priority' | 'list' | 'tag' | 'untag' | 'repeat' | 'snooze' | 'new-list';

export interface Frame {
  readonly add: () => void;
  readonly go: (path: string) => void;
  /** No page: all of them. */
  readonly openCommands: (page?: CommandPage) => void;
  readonly openSheet: () => void;
  readonly focusList: () => void;
}

export const [getFrame, setFrame] = createContext<Frame>();
