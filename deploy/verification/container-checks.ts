/**
 * The checks in containers: what tests/containers/run.ts does, beside an engine that HOLDFAST_CONTAINER_LAB gives.
 *
 * Why a program of their own: they use the clients of the tests, which nothing imports, and run in the network of the engine.
 * How the lab is called: `LAB prepare` once, `LAB standin IMAGE PACKAGES` for an image of Debian's packages, `LAB build CMD` and
 * `LAB run CMD`, where CMD finds `docker` and `docker-compose`.
 */
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
        await mustRun(lab, ['standin', 'caddy:2', 'caddy']);
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

  const ran = await programSummary('the checks in containers', (report) =>
    run(lab, ['run', process.execPath, join(root, 'tests', 'containers', 'run.ts'), report], { show: true }),
  );
  return {
    passed: built.passed + ran.passed,
    failures: [...built.failures, ...ran.failures],
    skips: [...built.skips, ...ran.skips],
  };
}
