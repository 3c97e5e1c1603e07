/**
 * A network that can be cut, or that stops without a word: a TCP relay in front of the server, one per device under test.
 *
 * Cut means cut: connections break and new ones end without a word, for HTTP and WebSocket alike (a browser's own
 * offline emulation leaves open WebSockets alone).
 * Why it goes on listening: a port that was given back may belong to another program when the line is mended.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttableLine {
  /** The server's address as seen through this line. */
  readonly url: string;
  cut(): Promise<void>;
  /** Nothing passes any more on the connections that stand, and neither end is told; new ones work. */
  stall(): void;
  mend(): Promise<void>;
  /** New connections go to this server from now on; those that stand stay with theirs, as behind a proxy. */
  leadTo(serverUrl: string): void;
  close(): Promise<void>;
}

export async function openLine(serverUrl: string): Promise<CuttableLine> {
  let target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let isCut = false;

  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    track(near);
    track(far);
    near.pipe(far);
    far.pipe(near);
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  /** Resolves when every connection has ended on this side. */
  const breakAll = async (): Promise<void> => {
    const ended = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of sockets) socket.destroy();
    await Promise.all(ended);
  };

  return {
    url: `http://127.0.0.1:${port}`,
    cut: () => {
      isCut = true;
      return breakAll();
    },
    stall: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend: () => {
      isCut = false;
      return Promise.resolve();
    },
    leadTo: (url) => {
      target = new URL(url);
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await breakAll();
      await closed;
    },
  };
}
