/** A mail server that keeps what it gets: a real SMTP dialogue on a free port of this machine. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly raw: string;
}

export interface MailSink {
  readonly url: string;
  readonly mails: Mail[];
  /** The answer to every recipient from now on; undefined: welcome. */
  refuseWith(code: number | undefined, words?: string): void;
  close(): Promise<void>;
}

export async function startMailSink(): Promise<MailSink> {
  const mails: Mail[] = [];
  let refusal: Error | undefined;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onRcptTo(_address, _session, callback) {
      callback(refusal);
    },
    onData(stream, session, callback) {
      void text(stream).then((raw) => {
        mails.push(read(session.envelope.rcptTo[0]?.address ?? '', raw));
        callback();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    url: `smtp://127.0.0.1:${String((server.server.address() as AddressInfo).port)}`,
    mails,
    refuseWith(code, words = '') {
      refusal = code === undefined ? undefined : Object.assign(new Error(words), { responseCode: code });
    },
    close: () => new Promise((closed) => server.close(() => closed())),
  };
}

function read(to: string, raw: string): Mail {
  const subject = /^Subject: (.*(?:\r\n[ \t].*)*)/m.exec(raw)?.[1] ?? '';
  const parts = raw.split(/\r\n--[^\r\n]+/);
  const body = (type: string): string => {
    const part = parts.find((each) => each.includes(`Content-Type: ${type}`)) ?? '';
    return decoded(part.slice(part.indexOf('\r\n\r\n') + 4), part);
  };
  return { to, subject, text: body('text/plain'), html: body('text/html'), raw };
}

function decoded(body: string, part: string): string {
  if (/^Content-Transfer-Encoding: base64/im.test(part)) return Buffer.from(body, 'base64').toString();
  if (!/^Content-Transfer-Encoding: quoted-printable/im.test(part)) return body.replaceAll('\r\n', '\n');
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll('\r\n', '\n')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
