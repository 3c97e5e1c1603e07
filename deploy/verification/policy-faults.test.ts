import { expect, test } from 'vitest';
import type { KubernetesObject } from './object-faults.ts';
import { policyFaults } from './policy-faults.ts';

const EXPECTED = { settings: new Set(['DATABASE_URL', 'AUTH_SECRET', 'PORT']), given: new Set(['mine']) };

type Edit = (objects: {
  readonly deployment: Loose;
  readonly pod: Loose;
  readonly container: Loose;
  readonly service: Loose;
}) => void;
// Edited as text would be, so without types.
type Loose = Record<string, unknown>;

function faults(edit: Edit = () => undefined, others: readonly object[] = []): string[] {
  const container: Loose = {
    name: 'holdfast',
    image: 'holdfast:1',
    imagePullPolicy: 'IfNotPresent',
    env: [{ name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'mine', key: 'url' } } }],
    ports: [{ name: 'http', containerPort: 8787 }],
    startupProbe: { httpGet: { path: '/healthz' } },
    readinessProbe: { httpGet: { path: '/readyz' } },
    livenessProbe: { httpGet: { path: '/healthz' } },
    lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  };
  const pod: Loose = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 45,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
  };
  const deployment: Loose = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'sync' },
    spec: {
      replicas: 2,
      strategy: { rollingUpdate: { maxUnavailable: 0 } },
      selector: { matchLabels: { part: 'sync' } },
      template: { metadata: { labels: { part: 'sync', serves: 'app' } }, spec: pod },
    },
  };
  const service: Loose = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'app' },
    spec: { selector: { serves: 'app' }, ports: [{ port: 80, targetPort: 'http' }] },
  };
  edit({ deployment, pod, container, service });
  return policyFaults([deployment, service, ...others] as unknown as KubernetesObject[], EXPECTED);
}

test('[HM3] a pod that leaves the restricted profile, or is given what it needs not, is told', () => {
  expect(faults()).toEqual([]);
  const wrong: [Edit, RegExp][] = [
    [({ pod }) => (pod['securityContext'] = {}), /runs as root.*no runAsUser.*seccomp/s],
    [({ pod }) => delete pod['automountServiceAccountToken'], /the cluster's token/],
    [({ pod }) => delete pod['enableServiceLinks'], /a variable for each Service/],
    [({ pod }) => (pod['hostNetwork'] = true), /hostNetwork/],
    [({ pod }) => (pod['volumes'] = [{ name: 'v', hostPath: { path: '/' } }]), /a path of the node/],
    [
      ({ container }) => (container['securityContext'] = {}),
      /privileges.*write into its image.*capabilities/s,
    ],
    [({ container }) => (container['resources'] = {}), /requests no cpu.*no limit of memory/s],
    [({ container }) => (container['image'] = 'holdfast'), /without a tag/],
    [
      ({ container }) => (container['env'] = [{ name: 'PUBLIC_ULR', value: 'x' }]),
      /PUBLIC_ULR, which is no setting/,
    ],
    [({ container }) => (container['env'] = [{ name: 'PORT' }, { name: 'PORT' }]), /PORT twice/],
  ];
  for (const [edit, message] of wrong) expect(faults(edit).join('\n')).toMatch(message);
});

test('[HM4] a rollout that takes pods away early, or kills what is still ending, is told', () => {
  const wrong: [Edit, RegExp][] = [
    [({ deployment }) => ((deployment['spec'] as Loose)['strategy'] = {}), /before new ones are ready/],
    [({ container }) => delete container['lifecycle'], /while proxies still send to it/],
    [({ pod }) => (pod['terminationGracePeriodSeconds'] = 30), /killed before it may have ended/],
    [({ container }) => delete container['startupProbe'], /no startupProbe/],
    [
      ({ container }) => (container['readinessProbe'] = { httpGet: { path: '/healthz' } }),
      /ready without being asked/,
    ],
    [
      ({ container }) => (container['livenessProbe'] = { httpGet: { path: '/readyz' } }),
      /a restart does not mend/,
    ],
  ];
  for (const [edit, message] of wrong) expect(faults(edit).join('\n')).toMatch(message);
  const autoscaler = {
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'sync' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'sync' } },
  };
  expect(faults(undefined, [autoscaler])).toEqual(['Deployment sync has replicas and an autoscaler']);
});

test('[HM5] a name that leads nowhere is told: of a Service, a port, a Secret, a backend, a budget', () => {
  const wrong: [Edit, RegExp][] = [
    [({ service }) => ((service['spec'] as Loose)['selector'] = { serves: 'nobody' }), /app chooses no pod/],
    [({ service }) => ((service['spec'] as Loose)['selector'] = {}), /chooses every pod/],
    [
      ({ service }) => ((service['spec'] as Loose)['ports'] = [{ targetPort: 'web' }]),
      /a port web that Deployment sync/,
    ],
    [
      ({ container }) =>
        (container['env'] = [{ name: 'PORT', valueFrom: { secretKeyRef: { name: 'lost' } } }]),
      /the Secret lost, which nothing makes/,
    ],
    [({ pod }) => (pod['serviceAccountName'] = 'lost'), /the ServiceAccount lost/],
  ];
  for (const [edit, message] of wrong) expect(faults(edit).join('\n')).toMatch(message);
  const ingress = {
    kind: 'Ingress',
    metadata: { name: 'app' },
    spec: { rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'lost' } } }] } }] },
  };
  const budget = {
    kind: 'PodDisruptionBudget',
    metadata: { name: 'x' },
    spec: { selector: { matchLabels: { a: 'b' } } },
  };
  expect(faults(undefined, [ingress, budget])).toEqual([
    'PodDisruptionBudget x chooses no pod of this release',
    'Ingress app leads / to lost, which is not there',
  ]);
  const twice = { kind: 'ConfigMap', metadata: { name: 'x' } };
  expect(faults(undefined, [twice, twice])).toEqual(['ConfigMap x is there twice']);
});
