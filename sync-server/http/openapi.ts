/**
 * The description of the API in OpenAPI 3.1, made from the very operations that are served.
 *
 * Promise: every operation stands in it with its input, its answer and its problems; nothing else does,
 * except the few plain paths that a probe or a scraper asks for.
 */
import type { Operation } from './operation.ts';
import { pathParameters } from './operation.ts';
import type { ProblemCode } from './problem.ts';
import { PROBLEM_TYPE, statusOf } from './problem.ts';
import { problem, toJsonSchema } from './schemas.ts';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: unknown;
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly unknown[];
  readonly [key: string]: unknown;
}

const DESCRIPTION = [
  'The HTTP API of a Holdfast server.',
  'Sign in with a session cookie, or send an API token as `Authorization: Bearer`.',
  'What goes wrong is answered with an RFC 9457 problem document; switch on its `code`.',
  'Tasks are synchronised over a WebSocket at `/sync/{spaceId}` with the y-websocket protocol; see docs/document.md.',
].join(' ');

export function openApiOf(operations: readonly Operation[], version: string): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const operation of operations) {
    (paths[operation.path] ??= {})[operation.method] = describe(operation);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Holdfast', version, description: DESCRIPTION },
    paths: { ...paths, ...PLAIN_PATHS },
    components: {
      schemas: { Problem: toJsonSchema(problem, 'output') },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'holdfast.session_token' },
        token: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

function describe(operation: Operation): OpenApiOperation {
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    tags: [operation.group],
    security: security(operation),
    ...parameters(operation),
    ...(operation.body
      ? {
          requestBody: {
            required: operation.isBodyOptional !== true,
            content: { 'application/json': { schema: toJsonSchema(operation.body, 'input') } },
          },
        }
      : {}),
    responses: {
      [String(operation.status)]: operation.result
        ? {
            description: operation.summary,
            content: {
              [operation.isPage === true ? 'text/html' : 'application/json']: {
                schema: toJsonSchema(operation.result, 'output'),
              },
            },
          }
        : { description: 'Done' },
      ...otherResponse(operation),
      ...problemResponses(problemsOf(operation)),
    },
  };
}

function security(operation: Operation): readonly Record<string, readonly string[]>[] {
  switch (operation.access) {
    case 'public':
      return [];
    case 'session':
      return [{ session: [] }];
    case 'user':
      return [{ session: [] }, { token: [] }];
  }
}

function otherResponse({ otherStatus, result }: Operation): Record<string, unknown> {
  if (!otherStatus || !result) return {};
  const schema = toJsonSchema(result, 'output');
  return {
    [String(otherStatus.status)]: {
      description: otherStatus.when,
      content: { 'application/json': { schema } },
    },
  };
}

function parameters(operation: Operation): { parameters?: readonly unknown[] } {
  const path = pathParameters(operation.path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const headers = Object.entries(operation.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  const all = [...path, ...queryParameters(operation), ...headers];
  return all.length === 0 ? {} : { parameters: all };
}

function queryParameters({ query }: Operation): unknown[] {
  if (!query) return [];
  const { properties = {}, required = [] } = toJsonSchema(query, 'input') as {
    properties?: Record<string, Record<string, unknown>>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    // A list is given as `tag=a&tag=b`.
    ...(schema['type'] === 'array' ? { style: 'form', explode: true } : {}),
    schema,
  }));
}

function problemsOf(operation: Operation): ProblemCode[] {
  const codes = new Set<ProblemCode>(operation.problems);
  if (operation.query) codes.add('invalid-input');
  if (operation.body) {
    for (const code of ['invalid-input', 'malformed-json', 'too-large', 'unsupported-media-type'] as const) {
      codes.add(code);
    }
  }
  if (operation.access !== 'public') codes.add('signed-out').add('invalid-token');
  if (operation.access === 'session') codes.add('session-required');
  if (operation.method !== 'get') codes.add('cross-origin');
  return [...codes.add('too-many-requests')];
}

function problemResponses(codes: readonly ProblemCode[]): Record<string, unknown> {
  const byStatus = Map.groupBy(codes, (code) => String(statusOf(code)));
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      {
        description: `Problem: ${some.join(', ')}`,
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

const PLAIN_PATHS: OpenApiDocument['paths'] = {
  '/healthz': { get: plain('healthz', 'Whether the process is alive') },
  '/readyz': {
    get: plain('readyz', 'Whether it can serve: database reachable, migrations applied, not draining', '503'),
  },
  '/metrics': {
    get: plain('metrics', 'Measurements as Prometheus text; wants METRICS_TOKEN when that is set'),
  },
};

function plain(operationId: string, summary: string, otherwise?: string): OpenApiOperation {
  return {
    operationId,
    summary,
    tags: ['Operation'],
    responses: {
      '200': { description: 'Yes' },
      ...(otherwise === undefined ? {} : { [otherwise]: { description: 'Not now' } }),
    },
  };
}
