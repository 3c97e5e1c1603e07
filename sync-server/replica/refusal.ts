/**
 * Failures of core's commands inside a batch, as refusals of the call.
 *
 * Promise: the first failure ends the batch and the call, and nothing of it is stored (replicas.ts drops the document).
 */
import type { Result } from '@holdfast/core/document.ts';
import { refused } from './calls.ts';
import type { Outcome, Refused } from './calls.ts';

class CommandRefused extends Error {
  readonly refusal: Refused;

  constructor(refusal: Refused) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** @throws what `attempt` turns into a refusal */
export function must<T extends object>(result: Result<T>, field?: string): T {
  if (!result.ok) throw new CommandRefused(refusalOf(result, field));
  return result;
}

/** What the commands give, or the refusal of the first that failed. */
export function attempt<T>(commands: () => T): Outcome<T> {
  try {
    return { ok: true, value: commands() };
  } catch (error) {
    if (error instanceof CommandRefused) return error.refusal;
    throw error;
  }
}

export function refusalOf(result: { code: Refused['code']; message: string }, field?: string): Refused {
  // A task that is not there is told before; what is missing here is an occurrence, or what an input names.
  if (result.code === 'not-found' && field === 'ordinal') return refused('conflict', result.message, field);
  return refused(result.code, result.message, result.code === 'ring' ? 'parentId' : field);
}
