/**
 * Whether a text is a uuid: anything else must not reach a uuid column, which would answer with an error.
 * Short, and a file of its own, because tables of several files have such columns.
 */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
