/**
 * The words of mails that are no notifications.
 *
 * Promise: what a person calls themselves is text in the HTML too; a kind that this version does not know is not sent.
 */
import { PASSWORD_RESET_MAIL } from '@holdfast/db/password-resets.ts';
import type { PasswordResetMail } from '@holdfast/db/password-resets.ts';

export interface MailWords {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Null: of a later version, or its link would lead nowhere. */
export function wordsOfQueuedMail(
  kind: string,
  body: unknown,
  publicUrl: string | undefined,
): MailWords | null {
  if (kind !== PASSWORD_RESET_MAIL || publicUrl === undefined) return null;
  const { name, token } = body as PasswordResetMail;
  const link = `${publicUrl}/reset?token=${encodeURIComponent(token)}`;
  const lines = [
    `Hello ${name},`,
    'somebody, most likely you, asked for a new password for your Holdfast account.',
    'With this link you set it. It works once, and for one hour:',
    link,
    'If it was not you, there is nothing to do: your password stays as it is.',
  ];
  return {
    subject: 'A new password for Holdfast',
    text: `${lines.join('\n\n')}\n`,
    html: lines
      .map(
        (line) =>
          `<p>${line === link ? `<a href="${escaped(link)}">Set a new password</a>` : escaped(line)}</p>`,
      )
      .join('\n'),
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
}
