/**
 * The checks in containers: what tests/containers/run.ts does, beside an engine that HOLDFAST_CONTAINER_LAB gives.
 *
 * Why a program of their own: they use the clients of the tests, which nothing imports, and run in the network of the engine.
 * How the lab is called: `LAB prepare` once, `LAB standin IMAGE PACKAGES` for an image of Debian's packages, `LAB build CMD` and
 * `LAB run CMD`, where CMD finds `docker` and `docker-compose`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecks } from './check.ts';
import type { Summary } from './check.ts';
import { Skip } from './check.ts';
import { programSummary } from './program-summary.ts';
import { mustRun, root, run } from './programs.ts';

const IMAGES = [
  { tag: 'holdfast:latest', target: 'server' },
  { tag: 'holdfast:home', target: 'home' },
] as const;

export async function containerSummary(): Promise<Summary> {
  const lab = process.env['HOLDFAST_CONTAINER_LAB'];
  if (lab === undefined || lab === '') {
    return runChecks([
      {
        name: 'image, compose and rolling replacement in containers',
        run: () =>
          Promise.reject(
            new Skip('HOLDFAST_CONTAINER_LAB names no program that gives an engine and base images'),
          ),
      },
    ]);
  }
  const built = await runChecks([
    {
      name: 'the images build',
      run: async () => {
        await mustRun(lab, ['prepare']);
        for (const standin of await standins()) await mustRun(lab, ['standin', ...standin]);
        for (const { tag, target } of IMAGES) {
          await mustRun(lab, [
            'build',
            'docker',
            'build',
            '--network=host',
            '-q',
            '-t',
            tag,
            '--target',
            target,
            root,
          ]);
        }
        return undefined;
      },
    },
  ]);
  if (built.failures.length > 0) return built;

  const summaries = [built];
  for (const program of ['run.ts', 'watched.ts']) {
    const path = join(root, 'tests', 'containers', program);
    const start = (report: string): Promise<unknown> =>
      run(lab, ['run', process.execPath, path, report], { show: true });
    summaries.push(await programSummary(`the checks in containers, ${program}`, start));
  }
  return {
    passed: summaries.reduce((sum, { passed }) => sum + passed, 0),
    failures: summaries.flatMap(({ failures }) => failures),
    skips: summaries.flatMap(({ skips }) => skips),
  };
}

/** Image, Debian's packages and the program, for each that compose.yaml names and Debian has. */
async function standins(): Promise<readonly (readonly string[])[]> {
  const compose = await readFile(join(root, 'compose.yaml'), 'utf8');
  const image = (name: string): string => {
    const found = new RegExp(`image: (${name}:\\S+)`).exec(compose)?.[1];
    if (found === undefined) throw new Error(`compose.yaml names no image ${name}.`);
    return found;
  };
  return [
    [image('caddy'), 'caddy'],
    [image('prom/prometheus'), 'prometheus', 'prometheus'],
    [image('prom/alertmanager'), 'prometheus-alertmanager', 'prometheus-alertmanager'],
  ];
}
