/**
 * E-mail: one message over the operator's SMTP server.
 *
 * Promise: what the server says becomes one of three outcomes. A message may be sent again when the connection ended before
 * the server said that it has it; its Message-ID is then the same, so that mail programs can tell.
 * Limits: it sends once; trying again is the caller's. The SMTP server is the operator's own choice and may be private.
 */
import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';

export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same for the same message, whenever it is sent. */
  readonly id: string;
  /** A link that ends such mails without signing in, by GET with a question and by POST at once (RFC 8058). */
  readonly unsubscribeUrl?: string | undefined;
}

export type MailOutcome =
  | { readonly kind: 'sent' }
  /** The server will not take it. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string };

export interface MailChannel {
  sendMail(message: MailMessage): Promise<MailOutcome>;
  close(): void;
}

export interface MailChannelOptions {
  readonly url: string;
  readonly from: string;
}

const MAX_CONNECTIONS = 4;
const ATTEMPT_MS = 20_000;

export function createMailChannel({ url, from }: MailChannelOptions): MailChannel {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    connectionTimeout: ATTEMPT_MS / 2,
    greetingTimeout: ATTEMPT_MS / 2,
    socketTimeout: ATTEMPT_MS,
    // What people wrote is text, never a path.
    disableFileAccess: true,
    disableUrlAccess: true,
  } as Parameters<typeof createTransport>[0]);
  // A pooled connection that breaks while it is idle tells so by an event, which would end the process.
  transport.on('error', () => undefined);

  return {
    async sendMail(message) {
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: message.to },
          subject: message.subject,
          text: message.text,
          html: message.html,
          messageId: `<${createHash('sha256').update(message.id).digest('hex').slice(0, 40)}@${domainOf(from)}>`,
          headers: {
            // RFC 3834: nobody is to answer that they are on holiday.
            'Auto-Submitted': 'auto-generated',
            ...(message.unsubscribeUrl === undefined
              ? {}
              : {
                  'List-Unsubscribe': `<${message.unsubscribeUrl}>`,
                  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
                }),
          },
        });
        return { kind: 'sent' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    close: () => transport.close(),
  };
}

function outcomeOf(error: unknown): MailOutcome {
  const { responseCode, message, code } = error as {
    responseCode?: number;
    message?: string;
    code?: string;
  };
  const reason = `The mail server: ${(message ?? String(error)).replaceAll(/\s+/g, ' ')}`;
  // Signing in can fail for what the operator mends; an address that is refused stays so.
  const isFinal = code !== 'EAUTH' && responseCode !== undefined && responseCode >= 500;
  return { kind: isFinal ? 'refused' : 'later', reason };
}

function domainOf(from: string): string {
  return /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
}
