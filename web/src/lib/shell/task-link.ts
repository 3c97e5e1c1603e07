/**
 * The address of a task, to send to oneself or to whoever shares the space: it names the task alone, so that it holds
 * wherever the task is moved.
 *
 * Where the clipboard is not to be had (plain http, a refusal) the address is shown instead, to be copied by hand.
 */

import { resolve } from '$app/paths';
import type { Toasts } from './toasts.svelte.ts';
import { t } from '../words/language.ts';

export async function copyTaskLink(id: string, toasts: Toasts): Promise<void> {
  const link = new URL(`${resolve('/')}?task=${encodeURIComponent(id)}`, location.origin).href;
  // The browser gives none to a page that did not come over https, whatever its types say.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  try {
    if (!clipboard) throw new Error('no clipboard');
    await clipboard.writeText(link);
    toasts.show(t('Link copied'));
  } catch {
    toasts.show(t('Copy this link: {link}', { link }));
  }
}
