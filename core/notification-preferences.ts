/**
 * How a person wants to be reminded: one shape for the server, which sends, and for the app, which shows and edits it.
 *
 * Promise: pure. What is stored may be older or newer than this code, so it is read field by field, and a field that is
 * not understood takes its default. Wall clock times are read in `timeZone`.
 */
export interface NotificationPreferences {
  /** IANA name; the person's */
  readonly timeZone: string;
  readonly channels: { readonly push: boolean; readonly email: boolean; readonly app: boolean };
  /** HH:mm, may pass midnight; null: none */
  readonly quietHours: { readonly from: string; readonly to: string } | null;
  /** ISO 8601 duration before a due date with a time; null: none */
  readonly defaultReminder: string | null;
  /** HH:mm: when to be reminded of what has a date and no time */
  readonly allDayTime: string;
  /** HH:mm: when the daily digest is sent by e-mail; null: none */
  readonly digestTime: string | null;
  /** May a push carry the task's title? */
  readonly showText: boolean;
}
