/** What the app waits for before it starts: its language, and Temporal in a browser that has none of its own. */

import { provideTemporal } from '@holdfast/core/recurrence/temporal.ts';
import { beginApp } from '#lib/app-start.ts';
import { speakChosenLanguage } from '#lib/words/app-language.ts';

export async function init(): Promise<void> {
  beginApp();
  await Promise.all([speakChosenLanguage(), provideTemporal()]);
}
