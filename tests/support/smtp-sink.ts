/**
 * A mail server for tests: takes what it is given over real SMTP, and keeps it read.
 *
 * Promise: messages are kept as a mail program would show them: headers unfolded and decoded, the text and the HTML of a
 * multipart one. It refuses, or hangs up, when it is told to.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  /** Of the envelope. */
  readonly from: string;
  readonly to: readonly string[];
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** An SMTP code, with words of its own or without, or 'hang-up' at the end of the data. */
export type SmtpAnswer = number | { readonly code: number; readonly words: string } | 'hang-up';

export interface SmtpSink {
  /** smtp://127.0.0.1:<port>, for SMTP_URL. */
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
  /** How the next messages are answered, one each. */
  answer(...answers: readonly SmtpAnswer[]): void;
  /** Resolves when that many were taken in all. */
  received(count: number): Promise<readonly ReceivedMail[]>;
  close(): Promise<void>;
}

export async function startSmtpSink(): Promise<SmtpSink> {
  const mails: ReceivedMail[] = [];
  const answers: SmtpAnswer[] = [];
  let changed = Promise.withResolvers<void>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData(stream, session, callback) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const answer = answers.shift();
        if (answer === 'hang-up') {
          // The client cannot know whether it was taken.
          for (const connection of server.connections) {
            const { _socket: socket } = connection as unknown as { _socket: { destroy(): void } };
            socket.destroy();
          }
          return;
        }
        if (answer !== undefined) {
          const { code, words } =
            typeof answer === 'number' ? { code: answer, words: 'Told to refuse' } : answer;
          callback(Object.assign(new Error(words), { responseCode: code }));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          ...readMail(Buffer.concat(parts).toString('latin1')),
        });
        callback();
        changed.resolve();
        changed = Promise.withResolvers();
      });
    },
  });
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  if (!listener.listening) await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    answer: (...more) => void answers.push(...more),
    async received(count) {
      while (mails.length < count) await changed.promise;
      return mails;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function readMail(raw: string): Omit<ReceivedMail, 'from' | 'to'> {
  const { headers, body } = readPart(raw);
  const boundary = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '')?.[1];
  const parts = boundary === undefined ? [raw] : body.split(`--${boundary}`).slice(1, -1);
  const textOf = (type: string): string => {
    for (const part of parts) {
      const read = readPart(part.replace(/^\r\n/, ''));
      if ((read.headers['content-type'] ?? 'text/plain').startsWith(type)) return decodeBody(read);
    }
    return '';
  };
  return {
    headers,
    subject: headers.subject ?? '',
    text: textOf('text/plain').replaceAll('\r\n', '\n'),
    html: textOf('text/html').replaceAll('\r\n', '\n'),
  };
}

function readPart(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())] as const;
  });
  return { headers: Object.fromEntries(headers), body: raw.slice(end + 4) };
}

function decodeBody({ headers, body }: { headers: Record<string, string>; body: string }): string {
  switch ((headers['content-transfer-encoding'] ?? '').toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString();
    case 'quoted-printable':
      return quotedPrintable(body.replaceAll(/=\r\n/g, ''));
    default:
      return Buffer.from(body, 'latin1').toString();
  }
}

function quotedPrintable(text: string): string {
  const bytes = text.replaceAll(/=([\dA-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}

/** RFC 2047. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString()
        : quotedPrintable(word.replaceAll('_', ' ')),
    );
}
