/**
 * What goes wrong with a rule on purpose: an expected failure that reaches a person. `code` is for programs and for
 * translation, `part` names the rule part at fault, the message is an English sentence with the value and the mend.
 */
export const RECURRENCE_ERROR_CODES = [
  /** The text is no RRULE value. */
  'malformed',
  /** Well formed, but RFC 5545 gives the combination no meaning. */
  'meaningless',
  /** No such IANA time zone. */
  'unknown-zone',
  /** The start, `after`, `limit` or another input beside the rule is not of its form. */
  'bad-input',
  /** The answer would need more work or memory than one call may take. */
  'too-much',
] as const;

export type RecurrenceErrorCode = (typeof RECURRENCE_ERROR_CODES)[number];

export class RecurrenceError extends Error {
  readonly code: RecurrenceErrorCode;
  readonly part: string | undefined;

  constructor(code: RecurrenceErrorCode, message: string, part?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RecurrenceError';
    this.code = code;
    this.part = part;
  }
}
