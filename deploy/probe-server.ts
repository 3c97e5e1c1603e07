/**
 * What a role without an HTTP side of its own answers: /healthz, /readyz and /metrics, and nothing else.
 *
 * Promise: the answers are those of a sync server: alive; ready, which is database reachable, migrated and not draining;
 * Prometheus text, for METRICS_TOKEN where that is set. Nothing of a request but its path and that token is looked at.
 */
import { once } from 'node:events';
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProbeServerOptions {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  readonly metricsToken: string | undefined;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** Null when it can work, else why not, in words. */
  readonly unreadiness: () => Promise<string | null>;
}

export interface ProbeServer {
  readonly url: string;
  /** /readyz fails from now on, so that nothing is counted on that is about to end. */
  drain(): void;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;

export async function startProbeServer(options: ProbeServerOptions): Promise<ProbeServer> {
  const { host, port, version, metricsToken, metrics, unreadiness } = options;
  let isDraining = false;

  async function answer(
    path: string,
    authorization: string | undefined,
    response: ServerResponse,
  ): Promise<void> {
    switch (path) {
      case '/healthz':
        return json(response, 200, { status: 'alive', version });
      case '/readyz': {
        const reason = isDraining ? 'The process is shutting down.' : await unreadiness();
        if (reason === null) return json(response, 200, { status: 'ready' });
        return json(response, 503, { status: 'not ready', reason });
      }
      case '/metrics':
        if (metricsToken !== undefined && !isSecret(authorization, `Bearer ${metricsToken}`)) {
          response.setHeader('WWW-Authenticate', 'Bearer realm="holdfast metrics"');
          return json(response, 401, { reason: 'Send METRICS_TOKEN as Authorization: Bearer.' });
        }
        return end(response, 200, metrics.contentType, await metrics.text());
      default:
        return json(response, 404, {
          reason: 'This process works in the background; the app is served elsewhere.',
        });
    }
  }

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    answer(path, request.headers.authorization, response).catch(() => response.destroy());
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${reachable(host)}:${String(actual)}`,
    drain() {
      isDraining = true;
      server.closeIdleConnections();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  end(response, status, 'application/json', JSON.stringify(body));
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}

function isSecret(given: string | undefined, wanted: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** An address that a program on this machine can reach: those that mean "all" are none. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
