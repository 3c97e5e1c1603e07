/**
 * `npm run dev`: the servers, restarted when their sources change, and the app with hot reload, in one terminal.
 *
 * Promise: one address for both, http://127.0.0.1:5173, where Vite serves the app and passes the API and the sync
 * sockets on to the server. Ctrl-C ends everything in order; when one of the two ends by itself, so does the other.
 * Limits: the settings apply as ever, with the data in ./data/dev unless DATA_DIR says otherwise; HOST and PORT are
 * those of the server, not of Vite.
 * Why the proxy lives here and not in web/vite.config.ts: a build knows no server, and no setting of one.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readConfig } from './config.ts';
import { runMain } from './fault.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const web = fileURLToPath(new URL('../web', import.meta.url));

/** What the server answers; everything else is the app's. */
const SERVER_PATHS = ['/api', '/healthz', '/readyz', '/metrics'];

const APP_PORT = 5173;

if (import.meta.main) {
  if (process.argv[2] === 'app') await serveApp(process.argv[3] ?? '');
  else await runMain(main);
}

async function main(): Promise<void> {
  const env = { ...process.env, DATA_DIR: process.env['DATA_DIR'] || './data/dev' };
  const { HOST, PORT } = readConfig(env);
  const server = `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`;

  const children: ChildProcess[] = [
    // Paths are named because --watch alone would also start anew for a built app.
    start(['--watch', '--watch-preserve-output', 'deploy/start.ts'], root, env),
    start([fileURLToPath(import.meta.url), 'app', server], web, env),
  ];
  const end = (): void => {
    for (const child of children) child.kill('SIGTERM');
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  const codes = await Promise.all(
    children.map(async (child) => {
      const [code] = (await once(child, 'exit')) as [number | null];
      end();
      return code ?? 0;
    }),
  );
  process.exitCode = Math.max(...codes);
}

function start(args: readonly string[], folder: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Vite by its own interface, in a process of its own and in the folder of the app, where its configuration is. */
async function serveApp(server: string): Promise<void> {
  const { createServer } = await import('vite');
  const vite = await createServer({
    server: {
      port: APP_PORT,
      proxy: {
        ...Object.fromEntries(SERVER_PATHS.map((path) => [path, { target: server }])),
        '/sync': { target: server.replace(/^http/, 'ws'), ws: true },
      },
    },
  });
  await vite.listen();
  vite.printUrls();
}
