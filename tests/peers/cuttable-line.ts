/**
 * A network that can be cut: a TCP relay in front of the server, one per device under test.
 *
 * Cut means cut: connections break and new ones are refused, as with the cable out, for HTTP and WebSocket
 * alike (a browser's own offline emulation leaves open WebSockets alone).
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface CuttableLine {
  /** The server's address as seen through this line. */
  readonly url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function openLine(serverUrl: string): Promise<CuttableLine> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();

  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer((near) => {
        const far = connect(Number(target.port), target.hostname);
        track(near);
        track(far);
        near.pipe(far);
        far.pipe(near);
        near.on('error', () => far.destroy());
        far.on('error', () => near.destroy());
        near.on('close', () => far.destroy());
        far.on('close', () => near.destroy());
      });
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(server));
    });

  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  let isCut = false;

  const cut = async (): Promise<void> => {
    if (isCut) return;
    isCut = true;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    mend: async () => {
      if (!isCut) return;
      server = await listen(port);
      isCut = false;
    },
    close: cut,
  };
}
