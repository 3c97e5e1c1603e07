/** Whoever is told of alerts: takes what Alertmanager posts to a webhook. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AlertReceiver {
  readonly url: string;
  /** Of all that fired so far. */
  readonly names: Set<string>;
  close(): void;
}

/** Port 0 takes a free one. */
export async function startAlertReceiver(host: string, ownPort: number): Promise<AlertReceiver> {
  const names = new Set<string>();
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const { alerts: given } = JSON.parse(text) as {
        alerts: readonly { readonly status: string; readonly labels: { readonly alertname: string } }[];
      };
      for (const { status, labels } of given) if (status === 'firing') names.add(labels.alertname);
      response.end();
    });
  });
  server.listen(ownPort, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}/alerts`,
    names,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
