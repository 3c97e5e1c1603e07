/**
 * Asks the server of this machine whether it is alive: what a container's health check runs.
 *
 * Promise: exit code 0 when /healthz answers 200 within three seconds, else 1 and a sentence. Nothing else is needed in
 * the image for it.
 * Why it reads PORT itself and not through config.ts: it runs every ten seconds, and that table loads half the server.
 */
import { runMain, StartFault } from './fault.ts';

const TIMEOUT_MS = 3_000;

if (import.meta.main) {
  await runMain(async () => {
    // HOST may say "all addresses", which is none that can be asked.
    const url = `http://127.0.0.1:${process.env['PORT'] ?? '8787'}/healthz`;
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) => {
      throw new StartFault(`${url} does not answer.`, { cause: error });
    });
    if (!response.ok) throw new StartFault(`${url} answered ${response.status}.`);
  });
}
