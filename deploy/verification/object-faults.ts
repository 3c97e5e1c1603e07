/**
 * What is wrong with a Kubernetes object, by the models that the project's own client is generated with.
 *
 * Promise: a field that the API does not know, and a value of another kind than it takes, is named by its path. Older versions
 * of an API are compared with the newest, whose fields they share as far as the chart uses them (VERSIONS).
 * Limits: which fields must be there the models do not say; policy-faults.ts asks for those that matter to us. Objects of
 * operators have no model here and are compared with a list of the fields that we use (OPERATORS).
 */

/** The slice of a generated model class that is read. */
export interface Model {
  readonly attributeTypeMap: readonly { readonly baseName: string; readonly type: string }[];
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Versions of which the models have none any more, or under a name of their own. */
const VERSIONS: Readonly<Record<string, string>> = {
  'policy/v1beta1 PodDisruptionBudget': 'V1PodDisruptionBudget',
  'autoscaling/v2 HorizontalPodAutoscaler': 'V2HorizontalPodAutoscaler',
  'autoscaling/v2beta2 HorizontalPodAutoscaler': 'V2HorizontalPodAutoscaler',
  'batch/v1beta1 CronJob': 'V1CronJob',
};

const META = ['apiVersion', 'kind', 'metadata'];
/** Below `spec`; their operators refuse the rest. */
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  'monitoring.coreos.com/v1 ServiceMonitor': ['selector', 'endpoints', 'jobLabel', 'namespaceSelector'],
  'monitoring.coreos.com/v1 PrometheusRule': ['groups'],
  'postgresql.cnpg.io/v1 Cluster': [
    'instances',
    'imageName',
    'bootstrap',
    'postgresql',
    'storage',
    'resources',
    'backup',
    'plugins',
  ],
};

export function objectFaults(object: KubernetesObject, models: Readonly<Record<string, unknown>>): string[] {
  const kind = `${object.apiVersion} ${object.kind}`;
  const name = `${object.kind} ${object.metadata?.name ?? '(without a name)'}`;
  const operator = OPERATORS[kind];
  if (operator) {
    return [
      ...unknown(object, [...META, 'spec']),
      ...unknown(object['spec'] as object, operator).map((field) => `spec.${field}`),
    ].map((field) => `${name}: there is no field ${field}`);
  }
  const modelName = VERSIONS[kind] ?? `V1${object.kind}`;
  if (!isModel(models[modelName]) || !/^(v1|[a-z.0-9]+\/v(1|1beta1|2|2beta2))$/.test(object.apiVersion)) {
    return [`${name}: there is no kind ${kind}`];
  }
  return valueFaults(object, modelName, models, '').map((fault) => `${name}: ${fault}`);
}

function unknown(value: object, known: readonly string[]): string[] {
  return Object.keys(value).filter((field) => !known.includes(field));
}

function isModel(value: unknown): value is Model {
  return typeof value === 'function' && Array.isArray((value as unknown as Model).attributeTypeMap);
}

function valueFaults(
  value: unknown,
  type: string,
  models: Readonly<Record<string, unknown>>,
  path: string,
): string[] {
  if (value === null) return [`${path} is empty`];
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return [`${path} must be a list`];
    return value.flatMap((item, index) => valueFaults(item, list, models, `${path}[${index}]`));
  }
  const map = /^\{ \[key: string\]: (.+?);? \}$/.exec(type)?.[1];
  if (map !== undefined) {
    if (!isObject(value)) return [`${path} must be a map`];
    return Object.entries(value).flatMap(([key, item]) => valueFaults(item, map, models, `${path}.${key}`));
  }
  const model = models[type];
  if (isModel(model)) {
    if (!isObject(value)) return [`${path} must be an object (${type})`];
    return Object.entries(value).flatMap(([field, item]) => {
      const below = path === '' ? field : `${path}.${field}`;
      const attribute = model.attributeTypeMap.find(({ baseName }) => baseName === field);
      return attribute ? valueFaults(item, attribute.type, models, below) : [`there is no field ${below}`];
    });
  }
  return scalarFaults(value, type, path);
}

function scalarFaults(value: unknown, type: string, path: string): string[] {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? [] : [`${path} must be text and is ${JSON.stringify(value)}`];
    case 'number':
      return typeof value === 'number' ? [] : [`${path} must be a number and is ${JSON.stringify(value)}`];
    case 'boolean':
      return typeof value === 'boolean'
        ? []
        : [`${path} must be true or false and is ${JSON.stringify(value)}`];
    case 'IntOrString':
    case 'number | string':
    case 'string | number':
      return ['string', 'number'].includes(typeof value) ? [] : [`${path} must be a number or text`];
    default:
      return [];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
