/**
 * What the service worker asks an open window, each with a port for the answer.
 *
 * Why a window is asked first: it has the document loaded and a client id leased, so the edit shows at once and costs no
 * new id. A window that a browser froze answers nobody; the worker then does it itself. Both may end up doing it, which
 * is harmless: a completion names its occurrence and a snooze its instant, and the same written twice is written once.
 */

import type { ActionName, PushPayload, Target } from './payload.ts';

export type WindowRequest =
  | {
      readonly type: 'holdfast:act';
      readonly action: ActionName;
      readonly target: Target;
      /** Epoch ms, of a snooze. */
      readonly until: number;
    }
  /** A push has come: will this window show it by itself? */
  | { readonly type: 'holdfast:pushed'; readonly payload: PushPayload }
  | { readonly type: 'holdfast:open'; readonly taskId: string | null };

export type WindowAnswer = { readonly ok: true } | { readonly ok: false };

export function isWindowRequest(value: unknown): value is WindowRequest {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    value.type.startsWith('holdfast:')
  );
}
