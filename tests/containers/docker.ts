/** The engine and compose, as far as the checks in containers use them. */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Of compose: the network is named for it. */
export const PROJECT = 'holdfast-checks';
const POLL_MS = 100;

export interface Containers {
  docker(...args: string[]): Promise<string>;
  compose(...args: string[]): Promise<string>;
  /** The container of a service of compose. */
  idOf(service: string): Promise<string>;
  /** Resolves when the health checks of all of them are content. */
  untilHealthy(...ids: string[]): Promise<void>;
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
}

export function containers(env: Readonly<Record<string, string>>, limitMs: number): Containers {
  const call = async (program: string, args: readonly string[]): Promise<string> => {
    const { stdout } = await execute(program, [...args], {
      cwd: root,
      env: { ...process.env, ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.trim();
  };
  const docker = (...args: string[]): Promise<string> => call('docker', args);
  const compose = (...args: string[]): Promise<string> =>
    call('docker-compose', ['-p', PROJECT, '--profile', 'replicas', '--profile', 'observability', ...args]);
  /** Both streams; standard error is where servers log. */
  const logsOf = async (id: string): Promise<string> => {
    const { stdout, stderr } = await execute('docker', ['logs', '--tail=20', id]);
    return `${stdout}${stderr}`;
  };
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + limitMs;
    while (!(await isSo().catch(() => false))) {
      if (performance.now() > deadline) throw new Error(`It took longer than ${limitMs / 1000} s: ${what}`);
      await delay(POLL_MS);
    }
  };
  return {
    docker,
    compose,
    until,
    idOf: async (service) => {
      const id = await compose('ps', '-q', service);
      if (id === '') throw new Error(`There is no container of ${service}.`);
      return id;
    },
    untilHealthy: async (...ids) => {
      for (const id of ids) {
        const isHealthy = async (): Promise<boolean> =>
          (await docker('inspect', '-f', '{{.State.Health.Status}}', id)) === 'healthy';
        await until(`${id} is healthy`, isHealthy).catch(async (error: unknown) => {
          const state = await docker('inspect', '-f', '{{json .State}}', id);
          throw new Error(`${state}\n${await logsOf(id)}`, { cause: error });
        });
      }
    },
  };
}
