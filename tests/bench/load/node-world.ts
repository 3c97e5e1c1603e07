/**
 * What the load scenarios run in when Node runs them: fetch, the bench's fast sockets, and books of what was seen.
 *
 * Promise: durations and counts are those that the scenarios told, no more and no fewer.
 */
import { COUNTS, DURATIONS } from '@holdfast/deploy/load/device.ts';
import type { Count, Duration, LoadSocket, World } from '@holdfast/deploy/load/device.ts';
import { clientFrame, openFastSocket } from '../sync/fast-socket.ts';
import type { FastSocket } from '../sync/fast-socket.ts';

export interface NodeWorld extends World {
  /** What was told since the last `take`. */
  take(): Seen;
}

export interface Seen {
  readonly counts: Readonly<Record<Count, number>>;
  /** Milliseconds, ascending. */
  readonly durations: Readonly<Record<Duration, Float64Array>>;
}

export function createNodeWorld(): NodeWorld {
  let counts = zeros();
  let durations = empties();

  return {
    async request({ method, url, headers, body }) {
      const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
      const cookie = answer.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ');
      return { status: answer.status, body: await answer.text(), cookie };
    },
    openSocket(url, token, listener): LoadSocket {
      let socket: FastSocket | undefined;
      let isLeft = false;
      // The server's first message may come in one packet with its upgrade, before there is a socket to answer by.
      let early: Buffer[] | undefined = [];
      openFastSocket({
        url: url.replace(/^ws/, 'http'),
        headers: { authorization: `Bearer ${token}` },
        onMessage: (payload) => void (early ? early.push(payload) : listener.message(payload)),
      }).then(
        (opened) => {
          socket = opened;
          void opened.closed.then(({ code, reason }) => listener.closed(code, reason));
          if (isLeft) return opened.destroy();
          listener.opened();
          const waiting = early ?? [];
          early = undefined;
          for (const payload of waiting) listener.message(payload);
        },
        (error: Error) => listener.closed(1006, error.message),
      );
      return {
        send: (frame) => socket?.write(clientFrame(frame)),
        close() {
          isLeft = true;
          socket?.destroy();
        },
      };
    },
    nowMs: () => performance.timeOrigin + performance.now(),
    after: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
    random: () => Math.random(),
    note: (duration, ms) => void durations[duration].push(ms),
    count: (what, by = 1) => void (counts[what] += by),
    take() {
      const seen = {
        counts,
        durations: Object.fromEntries(
          Object.entries(durations).map(([name, values]) => [name, Float64Array.from(values).sort()]),
        ) as Record<Duration, Float64Array>,
      };
      counts = zeros();
      durations = empties();
      return seen;
    },
  };
}

function zeros(): Record<Count, number> {
  return Object.fromEntries(Object.keys(COUNTS).map((name) => [name, 0])) as Record<Count, number>;
}

function empties(): Record<Duration, number[]> {
  return Object.fromEntries(Object.keys(DURATIONS).map((name) => [name, [] as number[]])) as Record<
    Duration,
    number[]
  >;
}
