/**
 * Answers where there is no request to answer: bytes that are not HTTP, headers without end, an upgrade
 * that leads nowhere. The same problem document with an id, written to the bare socket, which is then ended.
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemResponse } from './problem.ts';
import { addSecurityHeaders } from './security-headers.ts';

export async function refuseRaw(socket: Duplex, problem: Problem): Promise<void> {
  // Someone who is gone already needs no answer, and a broken pipe is not our fault.
  socket.on('error', () => socket.destroy());
  if (!socket.writable) return void socket.destroy();
  const requestId = crypto.randomUUID();
  const response = problemResponse(problem, requestId);
  const body = await response.text();
  response.headers.set('X-Request-Id', requestId);
  response.headers.set('Connection', 'close');
  response.headers.set('Content-Length', String(Buffer.byteLength(body)));
  addSecurityHeaders(response.headers, false);
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(
    `HTTP/1.1 ${String(response.status)} ${STATUS_CODES[response.status] ?? ''}\r\n${lines}\r\n${body}`,
  );
}

/** What node's parser could not read, in our words. */
export function problemOfParser(error: Error & { code?: string }): Problem {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers-too-large', 'The headers of the request have more than 16 KiB.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request-timeout', 'The request did not arrive in time.');
    default:
      return new Problem('malformed-request', 'This is not a request that HTTP/1.1 allows.', {
        cause: error,
      });
  }
}
