/**
 * Outcomes of commands: expected failures are values with a code for programs and a sentence for people.
 */

export type FailureCode =
  | 'invalid' // an input that cannot be stored; the message says which
  | 'not-found' // no such task, list or tag, or it was purged
  | 'ring' // a task cannot be put below itself
  | 'nothing' // nothing to undo, redo or resolve
  | 'superseded' // what it builds on was changed since, here or elsewhere
  | 'not-an-export' // a file that is not ours
  | 'newer-version' // a file of a later version of Holdfast
  | 'damaged'; // a file that is ours and broken

export interface Failure {
  readonly ok: false;
  readonly code: FailureCode;
  /** A plain sentence for a person. */
  readonly message: string;
}
export type Success<T extends object = object> = { readonly ok: true } & T;
export type Result<T extends object = object> = Success<T> | Failure;

export const DONE: Success = { ok: true };

export function failure(code: FailureCode, message: string): Failure {
  return { ok: false, code, message };
}
