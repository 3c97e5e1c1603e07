import { expect, test } from 'vitest';
import { objectFaults } from './object-faults.ts';
import type { KubernetesObject } from './object-faults.ts';

function model(fields: Readonly<Record<string, string>>): unknown {
  return class {
    static attributeTypeMap = Object.entries(fields).map(([baseName, type]) => ({ baseName, type }));
  };
}

const MODELS = {
  V1Service: model({ apiVersion: 'string', kind: 'string', metadata: 'V1ObjectMeta', spec: 'V1ServiceSpec' }),
  V1ObjectMeta: model({ name: 'string', labels: '{ [key: string]: string; }' }),
  V1ServiceSpec: model({
    ports: 'Array<V1ServicePort>',
    selector: '{ [key: string]: string; }',
    publishNotReadyAddresses: 'boolean',
  }),
  V1ServicePort: model({ port: 'number', targetPort: 'IntOrString' }),
  V1PodDisruptionBudget: model({ apiVersion: 'string', kind: 'string', metadata: 'V1ObjectMeta' }),
};

function faultsOf(spec: object, rest: object = {}): string[] {
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'app' }, spec, ...rest };
  return objectFaults(object as unknown as KubernetesObject, MODELS);
}

test('[HM2] a field that the API does not know, and a value of another kind than it takes, is named by its path', () => {
  expect(
    faultsOf({
      ports: [{ port: 80, targetPort: 'http' }],
      selector: { app: 'x' },
      publishNotReadyAddresses: true,
    }),
  ).toEqual([]);
  expect(faultsOf({ ports: [{ port: 80, targetprot: 'http' }] })).toEqual([
    'Service app: there is no field spec.ports[0].targetprot',
  ]);
  expect(faultsOf({ ports: [{ port: '80' }] })).toEqual([
    'Service app: spec.ports[0].port must be a number and is "80"',
  ]);
  expect(faultsOf({ selector: { app: 1 } })).toEqual([
    'Service app: spec.selector.app must be text and is 1',
  ]);
  expect(faultsOf({ publishNotReadyAddresses: 'yes' })).toHaveLength(1);
  expect(faultsOf({ ports: { port: 80 } })).toEqual(['Service app: spec.ports must be a list']);
  expect(faultsOf({ selector: null })).toEqual(['Service app: spec.selector is empty']);
  expect(faultsOf({}, { specs: {} })).toEqual(['Service app: there is no field specs']);
});

test('[HM2] a kind that there is not is refused, an older version is read by the newest, an operator by what we use of it', () => {
  expect(faultsOf({}, { kind: 'Servise' })).toEqual(['Servise app: there is no kind v1 Servise']);
  expect(faultsOf({}, { apiVersion: 'v7' })).toHaveLength(1);
  const budget = { apiVersion: 'policy/v1beta1', kind: 'PodDisruptionBudget', metadata: { name: 'app' } };
  expect(objectFaults(budget, MODELS)).toEqual([]);
  const monitor = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'app' },
  };
  expect(objectFaults({ ...monitor, spec: { selector: {}, endpoints: [] } }, MODELS)).toEqual([]);
  expect(objectFaults({ ...monitor, spec: { selectors: {} } }, MODELS)).toEqual([
    'ServiceMonitor app: there is no field spec.selectors',
  ]);
});
