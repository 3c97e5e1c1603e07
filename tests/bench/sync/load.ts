/** The bench's hand on a load process: the commands of `LoadCommands`, called across IPC. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadCommands } from './load-process.ts';

export type Load = LoadCommands & { close(): void };

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
  closed?: { code: number; reason: string };
}

/** The server closed a socket of the load: a result of the bench, and no fault of it. */
export class PeerClosedError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string) {
    super(`The server closed a client: ${code} ${reason}`);
    this.name = 'PeerClosedError';
    this.code = code;
    this.reason = reason;
  }
}

const COMMANDS = [
  'prepare',
  'seed',
  'connect',
  'flood',
  'pace',
  'beginCrash',
  'endCrash',
  'readStateVectors',
  'idle',
  'cold',
  'disconnect',
] as const satisfies (keyof LoadCommands)[];

export function startLoad(): Load {
  const child = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)), {
    serialization: 'advanced',
  });
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.closed) call?.reject(new PeerClosedError(answer.closed.code, answer.closed.reason));
    else if (answer.error === undefined) call?.resolve(answer.value as never);
    else call?.reject(new Error(answer.error));
  });
  child.on('exit', (code) => {
    for (const call of waiting.values()) call.reject(new Error(`The load process ended with ${code}`));
  });
  const entries = COMMANDS.map((command) => [
    command,
    (options: unknown) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        child.send({ id, command, options: options as never });
      }),
  ]);
  return { ...(Object.fromEntries(entries) as LoadCommands), close: () => child.disconnect() };
}
