/** What the app waits for before it starts: Temporal, in a browser that has none of its own. */

import { provideTemporal } from '@holdfast/core/recurrence/temporal.ts';

export const init = provideTemporal;
