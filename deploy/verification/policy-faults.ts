/**
 * What no schema says and every rendering of the chart must keep: the restricted profile of Pod Security, pods that can be
 * replaced without anybody noticing, and names that fit together.
 *
 * Limits: reads one rendering by itself; that a cluster takes it and runs it is tried on one.
 */
import type { KubernetesObject } from './object-faults.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Fields = Readonly<Record<string, Json>>;

interface Pod {
  readonly owner: KubernetesObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Fields;
}

export interface Expected {
  /** The names of the settings that the app knows. */
  readonly settings: ReadonlySet<string>;
  /** Secrets, claims and the like that the values name and the chart does not make. */
  readonly given: ReadonlySet<string>;
}

/** Variables of the image of Postgres, and what DATABASE_URL is put together of. */
const OTHER_VARIABLES = new Set([
  'POSTGRES_USER',
  'POSTGRES_PASSWORD',
  'POSTGRES_DB',
  'PGDATA',
  'APP',
  'WORKERS',
]);

export function policyFaults(objects: readonly KubernetesObject[], expected: Expected): string[] {
  const pods = objects.flatMap(podsOf);
  return [
    ...pods.flatMap(securityFaults),
    ...pods.flatMap((pod) => containerFaults(pod, expected)),
    ...pods.flatMap((pod) => referenceFaults(pod, objects, expected)),
    ...objects.flatMap(rolloutFaults),
    ...objects.flatMap((object) => selectorFaults(object, pods)),
    ...objects.flatMap((object) => backendFaults(object, objects)),
    ...duplicateFaults(objects),
  ];
}

// --- pods ---

function podsOf(object: KubernetesObject): Pod[] {
  const spec = fields(object['spec']);
  switch (object.kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'Job':
      return [podOf(object, fields(spec['template']))];
    case 'CronJob':
      return [podOf(object, fields(fields(fields(spec['jobTemplate'])['spec'])['template']))];
    case 'Pod':
      return [podOf(object, object as unknown as Fields)];
    default:
      return [];
  }
}

function podOf(owner: KubernetesObject, template: Fields): Pod {
  const labels = fields(fields(template['metadata'])['labels']) as Record<string, string>;
  return { owner, labels, spec: fields(template['spec']) };
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`;
}

function containersOf({ spec }: Pod): Fields[] {
  return [...list(spec['initContainers']), ...list(spec['containers'])].map(fields);
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/, restricted, and what we ask for beyond it. */
function securityFaults(pod: Pod): string[] {
  const faults: string[] = [];
  const { spec } = pod;
  const context = fields(spec['securityContext']);
  if (context['runAsNonRoot'] !== true) faults.push('runs as root, or does not say that it does not');
  // An image that names its user by a word cannot be seen not to be root.
  if (typeof context['runAsUser'] !== 'number' || context['runAsUser'] === 0) faults.push('has no runAsUser');
  if (fields(context['seccompProfile'])['type'] !== 'RuntimeDefault') faults.push('has no seccompProfile');
  if (spec['automountServiceAccountToken'] !== false) faults.push("is given the cluster's token");
  if (spec['enableServiceLinks'] !== false) faults.push('is given a variable for each Service');
  for (const banned of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[banned]) faults.push(`has ${banned}`);
  for (const volume of list(spec['volumes']).map(fields)) {
    if ('hostPath' in volume) faults.push(`mounts a path of the node (${String(volume['name'])})`);
  }
  for (const container of containersOf(pod)) {
    const own = fields(container['securityContext']);
    const name = String(container['name']);
    if (own['allowPrivilegeEscalation'] !== false) faults.push(`${name} may gain privileges`);
    if (own['readOnlyRootFilesystem'] !== true) faults.push(`${name} may write into its image`);
    if (!list(fields(own['capabilities'])['drop']).includes('ALL')) faults.push(`${name} keeps capabilities`);
    if (own['privileged'] === true) faults.push(`${name} is privileged`);
  }
  return faults.map((fault) => `${nameOf(pod.owner)} ${fault}`);
}

function containerFaults(pod: Pod, { settings }: Expected): string[] {
  return containersOf(pod).flatMap((container) => {
    const faults: string[] = [];
    const resources = fields(container['resources']);
    const requests = fields(resources['requests']);
    if (requests['cpu'] === undefined || requests['memory'] === undefined)
      faults.push('requests no cpu or memory');
    if (fields(resources['limits'])['memory'] === undefined) faults.push('has no limit of memory');
    if (!/[:@]/.test(String(container['image']))) faults.push('has an image without a tag');
    const policy = container['imagePullPolicy'];
    if (policy === undefined) faults.push('does not say when its image is pulled');
    const names = list(container['env']).map((entry) => String(fields(entry)['name']));
    for (const name of names) {
      if (!settings.has(name) && !OTHER_VARIABLES.has(name)) faults.push(`sets ${name}, which is no setting`);
      if (names.indexOf(name) !== names.lastIndexOf(name)) faults.push(`sets ${name} twice`);
    }
    return faults.map((fault) => `${nameOf(pod.owner)}: container ${String(container['name'])} ${fault}`);
  });
}

/** Secrets and claims that are asked for are made here, or were named by the values. */
function referenceFaults(pod: Pod, objects: readonly KubernetesObject[], { given }: Expected): string[] {
  const made = (kind: string, name: Json | undefined): boolean =>
    given.has(String(name)) ||
    objects.some((object) => object.kind === kind && object.metadata.name === name);
  const faults: string[] = [];
  for (const container of containersOf(pod)) {
    for (const entry of list(container['env']).map(fields)) {
      const reference = fields(fields(entry['valueFrom'])['secretKeyRef']);
      if (reference['name'] === undefined || reference['optional'] === true) continue;
      if (!made('Secret', reference['name'])) faults.push(`asks for the Secret ${String(reference['name'])}`);
    }
  }
  for (const volume of list(pod.spec['volumes']).map(fields)) {
    const claim = fields(volume['persistentVolumeClaim'])['claimName'];
    if (claim !== undefined && !made('PersistentVolumeClaim', claim))
      faults.push(`asks for the claim ${String(claim)}`);
  }
  const account = pod.spec['serviceAccountName'];
  if (account !== undefined && account !== 'default' && !made('ServiceAccount', account)) {
    faults.push(`asks for the ServiceAccount ${String(account)}`);
  }
  return faults.map((fault) => `${nameOf(pod.owner)} ${fault}, which nothing makes`);
}

// --- what stands around pods ---

/** A rolling update takes nothing away before something new is ready, and gives what goes the time it needs. */
function rolloutFaults(object: KubernetesObject): string[] {
  if (object.kind !== 'Deployment') return [];
  const faults: string[] = [];
  const spec = fields(object['spec']);
  const update = fields(fields(spec['strategy'])['rollingUpdate']);
  if (update['maxUnavailable'] !== 0) faults.push('takes pods away before new ones are ready');
  const pod = fields(fields(spec['template'])['spec']);
  const container = fields(list(pod['containers'])[0] ?? null);
  const command = list(fields(fields(fields(container['lifecycle'])['preStop'])['exec'])['command']);
  const preStopSeconds = Number(command[1]);
  const graceSeconds = Number(pod['terminationGracePeriodSeconds']);
  if (!(preStopSeconds > 0)) faults.push('is told to end while proxies still send to it');
  if (!(graceSeconds > preStopSeconds + DRAIN_SECONDS)) faults.push('is killed before it may have ended');
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    if (container[probe] === undefined) faults.push(`has no ${probe}`);
  }
  const path = (probe: string): Json | undefined => fields(fields(container[probe])['httpGet'])['path'];
  if (path('readinessProbe') !== '/readyz') faults.push('is called ready without being asked');
  if (path('livenessProbe') !== '/healthz') faults.push('is restarted for what a restart does not mend');
  return faults.map((fault) => `${nameOf(object)} ${fault}`);
}

/** What start.ts gives a process to end in. */
const DRAIN_SECONDS = 25;

function selectorFaults(object: KubernetesObject, pods: readonly Pod[]): string[] {
  const spec = fields(object['spec']);
  const selector = ((): Fields | undefined => {
    switch (object.kind) {
      case 'Service':
        return fields(spec['selector']);
      case 'PodDisruptionBudget':
      case 'Deployment':
      case 'StatefulSet':
        return fields(fields(spec['selector'])['matchLabels']);
      case 'NetworkPolicy':
        return fields(fields(spec['podSelector'])['matchLabels']);
      default:
        return undefined;
    }
  })();
  if (selector === undefined) return [];
  if (Object.keys(selector).length === 0) return [`${nameOf(object)} chooses every pod there is`];
  const chosen = pods.filter(({ labels }) =>
    Object.entries(selector).every(([label, value]) => labels[label] === value),
  );
  if (chosen.length === 0) return [`${nameOf(object)} chooses no pod of this release`];
  if (object.kind === 'Deployment' || object.kind === 'StatefulSet') {
    return chosen.length === 1 ? [] : [`${nameOf(object)} chooses pods of others`];
  }
  if (object.kind !== 'Service') return [];
  const ports = list(spec['ports']).map((port) => fields(port)['targetPort']);
  return chosen.flatMap((pod) => {
    const names = containersOf(pod).flatMap((container) =>
      list(container['ports']).map((port) => fields(port)['name']),
    );
    return ports
      .filter((port) => !names.includes(port as Json))
      .map(
        (port) => `${nameOf(object)} sends to a port ${String(port)} that ${nameOf(pod.owner)} does not have`,
      );
  });
}

function backendFaults(object: KubernetesObject, objects: readonly KubernetesObject[]): string[] {
  if (object.kind === 'HorizontalPodAutoscaler') {
    const target = fields(fields(object['spec'])['scaleTargetRef']);
    const there = objects.find(
      ({ kind, metadata }) => kind === target['kind'] && metadata.name === target['name'],
    );
    if (!there) return [`${nameOf(object)} scales what is not there`];
    // Every upgrade would set it back.
    return fields(there['spec'])['replicas'] === undefined
      ? []
      : [`${nameOf(there)} has replicas and an autoscaler`];
  }
  if (object.kind !== 'Ingress') return [];
  const paths = list(fields(object['spec'])['rules']).flatMap((rule) =>
    list(fields(fields(rule)['http'])['paths']).map(fields),
  );
  return paths.flatMap((path) => {
    const service = fields(fields(path['backend'])['service'])['name'];
    const there = objects.some(({ kind, metadata }) => kind === 'Service' && metadata.name === service);
    return there
      ? []
      : [`${nameOf(object)} leads ${String(path['path'])} to ${String(service)}, which is not there`];
  });
}

function duplicateFaults(objects: readonly KubernetesObject[]): string[] {
  const names = objects.map(nameOf);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    (name) => `${name} is there twice`,
  );
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
