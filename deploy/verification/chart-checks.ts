/**
 * The Helm chart, rendered for every file of values, several versions of Kubernetes and every way to have a database, and
 * each object held against the models of the API and against policy-faults.ts.
 *
 * Limits: no cluster is asked; what only one can refuse is found by installing it (docs/kubernetes.md says where that was done).
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SETTINGS } from '../config.ts';
import { failOn } from './check.ts';
import type { Check } from './check.ts';
import { objectFaults } from './object-faults.ts';
import type { KubernetesObject } from './object-faults.ts';
import { policyFaults } from './policy-faults.ts';
import { mustRun, root, run } from './programs.ts';
import type { Tools } from './programs.ts';

export const CHART = join(root, 'deploy', 'helm', 'holdfast');

/** The oldest that the chart supports, the last before each change of an API that it uses, and the newest. */
const KUBERNETES_VERSIONS = ['1.20.15', '1.22.17', '1.25.0', '1.35.0'] as const;
const OPERATOR_APIS = [
  'monitoring.coreos.com/v1/ServiceMonitor',
  'monitoring.coreos.com/v1/PrometheusRule',
  'postgresql.cnpg.io/v1/Cluster',
] as const;

interface Variant {
  readonly name: string;
  readonly args: readonly string[];
}

/** Beside the files of values: what no file chooses. */
const VARIANTS: readonly Variant[] = [
  { name: 'CloudNativePG', args: ['--set', 'database.mode=cloudnativepg'] },
  {
    name: 'a URL in the values',
    args: ['--set', 'database.mode=external,database.external.url=postgres://u:p@db.example.org/holdfast'],
  },
  {
    name: 'without web',
    args: ['--set', 'web.enabled=false,ingress.enabled=true,networkPolicy.from[0].ipBlock.cidr=10.0.0.0/8'],
  },
  {
    name: 'everything on',
    args: [
      '--set',
      [
        'sync.autoscaling.enabled=true',
        'web.autoscaling.enabled=true',
        'workers.autoscaling.enabled=true',
        'backup.enabled=true',
        'networkPolicy.egress.enabled=true',
        'networkPolicy.egress.busPort=6379',
        'bus.existingSecret=the-bus',
        'topologySpread.zones=true',
        'metrics.dashboard.enabled=true',
        'settings.PUBLIC_URL=https://tasks.example.org',
        'service.type=LoadBalancer',
        'imagePullSecrets[0].name=registry',
        `image.digest=sha256:${'0'.repeat(64)}`,
        'secrets.values.SMTP_URL=smtp://mail.example.org',
      ].join(','),
    ],
  },
  { name: 'a long name', args: ['--set', `fullnameOverride=${'long-name-'.repeat(8)}`] },
];

/** Values that must be refused, and what the refusal has to name. */
const REFUSED: readonly (Variant & { readonly names: string })[] = [
  { name: 'an unknown setting', args: ['--set', 'settings.SIGN_UP=open'], names: 'SIGN_UP' },
  { name: 'an unknown value', args: ['--set', 'replicas=3'], names: 'replicas' },
  { name: 'a wrong mode', args: ['--set', 'database.mode=sqlite'], names: 'mode' },
  {
    name: 'a secret that is too short',
    args: ['--set', 'secrets.values.AUTH_SECRET=short'],
    names: 'AUTH_SECRET',
  },
  {
    name: 'a bus that is none',
    args: ['--set', 'secrets.values.BUS_URL=http://host'],
    names: 'BUS_URL',
  },
  {
    name: 'a shutdown that is too short',
    args: ['--set', 'shutdown.gracePeriodSeconds=10'],
    names: 'gracePeriodSeconds',
  },
  {
    name: 'an external database without an address',
    args: ['--set', 'database.mode=external'],
    names: 'database.external',
  },
];

interface Yaml {
  parseAllDocuments(text: string): readonly { toJS(): unknown; readonly errors: readonly Error[] }[];
  parse(text: string): unknown;
}

export async function chartChecks(tools: Tools): Promise<Check[]> {
  const yaml = (await tools.load('yaml')) as Yaml;
  const models = (await tools.load('@kubernetes/client-node')) as Readonly<Record<string, unknown>>;
  const files = (await readdir(CHART)).filter((name) => /^values.*\.yaml$/.test(name)).sort();
  const variants: readonly Variant[] = [
    ...files.map((name) => ({ name, args: ['--values', join(CHART, name)] })),
    ...VARIANTS,
  ];

  async function render(
    args: readonly string[],
    version: string,
    withOperators: boolean,
  ): Promise<KubernetesObject[]> {
    const apis = withOperators ? OPERATOR_APIS.flatMap((api) => ['--api-versions', api]) : [];
    const { stdout } = await mustRun(tools.helm, [
      'template',
      'trial',
      CHART,
      '--namespace=tasks',
      `--kube-version=${version}`,
      ...apis,
      ...args,
    ]);
    return yaml.parseAllDocuments(stdout).flatMap((document) => {
      failOn(document.errors.map(({ message }) => message));
      const object = document.toJS() as KubernetesObject | null;
      return object === null ? [] : [object];
    });
  }

  return [
    ...variants.slice(0, files.length).map(({ name, args }) => ({
      name: `helm lint --strict, ${name}`,
      run: async () => {
        await mustRun(tools.helm, ['lint', CHART, '--strict', '--quiet', ...args]);
        return undefined;
      },
    })),
    ...variants.map(({ name, args }) => ({
      name: `the chart's objects, ${name}`,
      run: async () => {
        const faults = new Set<string>();
        let count = 0;
        const newest = KUBERNETES_VERSIONS.at(-1);
        for (const version of KUBERNETES_VERSIONS) {
          const objects = await render(args, version, version === newest);
          count += objects.length;
          for (const fault of objects.flatMap((object) => objectFaults(object, models))) faults.add(fault);
          const expected = { settings: new Set(Object.keys(SETTINGS)), given: GIVEN };
          for (const fault of policyFaults(objects, expected)) faults.add(`${fault} (Kubernetes ${version})`);
          for (const fault of versionFaults(objects, version)) faults.add(fault);
        }
        failOn([...faults]);
        return `${count} objects for ${KUBERNETES_VERSIONS.length} versions of Kubernetes`;
      },
    })),
    {
      name: 'values that the chart must refuse',
      run: async () => {
        const faults: string[] = [];
        for (const { name, args, names } of REFUSED) {
          const { code, output } = await run(tools.helm, ['template', 'trial', CHART, ...args]);
          if (code === 0) faults.push(`${name} is taken`);
          else if (!output.includes(names))
            faults.push(`${name} is refused without a word of ${names}:\n${output}`);
        }
        failOn(faults);
        return `${REFUSED.length} values`;
      },
    },
  ];
}

/** What the files of values and the variants name, and whoever installs it brings. */
const GIVEN: ReadonlySet<string> = new Set([
  'holdfast-keys',
  'holdfast-database',
  'trial-holdfast-db-app',
  'the-bus',
]);

/** Kinds under versions that the given Kubernetes does not serve. */
const SERVED: readonly {
  readonly api: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}[] = [
  { api: 'policy/v1', kind: 'PodDisruptionBudget', from: 21, to: 99 },
  { api: 'policy/v1beta1', kind: 'PodDisruptionBudget', from: 5, to: 24 },
  { api: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', from: 23, to: 99 },
  { api: 'autoscaling/v2beta2', kind: 'HorizontalPodAutoscaler', from: 12, to: 25 },
  { api: 'batch/v1', kind: 'CronJob', from: 21, to: 99 },
  { api: 'batch/v1beta1', kind: 'CronJob', from: 8, to: 24 },
];

function versionFaults(objects: readonly KubernetesObject[], version: string): string[] {
  const minor = Number(version.split('.')[1]);
  return objects.flatMap(({ apiVersion, kind, metadata }) => {
    const wrong = SERVED.some(
      (served) =>
        served.api === apiVersion && served.kind === kind && (minor < served.from || minor > served.to),
    );
    return wrong
      ? [`${kind} ${metadata.name} is of ${apiVersion}, which Kubernetes ${version} does not serve`]
      : [];
  });
}
