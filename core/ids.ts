/**
 * The names of things in a document, and instants.
 *
 * Promise: an id is made from the randomness that is passed in, so the same source gives the same ids (tests, golden
 * bytes); two ids made anywhere do not meet (96 bits). Ids hold only characters that never separate a key's parts:
 * `/`, `@`, `#` and `.` are reserved by the document's shape (docs/document.md).
 *
 * Limit: ids written by others may be any non-empty text without the reserved characters.
 */

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

export type TaskId = Branded<string, 'TaskId'>;
export type ListId = Branded<string, 'ListId'>;
export type TagId = Branded<string, 'TagId'>;
export type SectionId = Branded<string, 'SectionId'>;
export type FilterId = Branded<string, 'FilterId'>;
/** The name under which one replica writes: its Yjs client id in base 36. */
export type Writer = Branded<string, 'Writer'>;
/** Milliseconds since 1970-01-01T00:00Z. */
export type EpochMs = Branded<number, 'EpochMs'>;
/** A calendar date, YYYY-MM-DD, of no particular zone. */
export type LocalDate = Branded<string, 'LocalDate'>;

/** A source of randomness like Math.random: at least 0, below 1. */
export type Random = () => number;

const ID_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ID_LENGTH = 16;
const RESERVED = /[/@#.]/;

/** 16 characters of 62: about 95 bits. */
export function createId(random: Random): string {
  let id = '';
  for (let i = 0; i < ID_LENGTH; i++) id += ID_ALPHABET.charAt(Math.floor(random() * ID_ALPHABET.length));
  return id;
}

/** May this text stand as an id in a key? */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200 && !RESERVED.test(value);
}

export function writerOf(clientId: number): Writer {
  return clientId.toString(36) as Writer;
}

const OCCURRENCE_ID = /^([^/@#.]{1,200})#(0|[1-9]\d{0,8})$/;

/** The id under which one occurrence of a recurring task keeps what is its own. */
export function occurrenceId(taskId: string, ordinal: number): string {
  return `${taskId}#${ordinal}`;
}

/** null: no occurrence's id. */
export function parseOccurrenceId(id: string): { readonly taskId: TaskId; readonly ordinal: number } | null {
  const [, taskId, ordinal] = OCCURRENCE_ID.exec(id) ?? [];
  return taskId === undefined ? null : { taskId: taskId as TaskId, ordinal: Number(ordinal) };
}
