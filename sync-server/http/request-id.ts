/**
 * The id by which a request is found in the log: a sane one of the sender is kept, so that a proxy's log and
 * ours can be read together; anything else could forge lines of the log, and is replaced.
 */
export function requestIdFor(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
