/**
 * /api/docs: the API as a page to read, made once from the OpenAPI document.
 *
 * Promise: no script, no request to anyone else, readable without the app, in the light or dark the reader
 * prefers; whatever stands in openapi.json stands here.
 */
import type { OpenApiDocument, OpenApiOperation } from './openapi.ts';

export function docsPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? 'Other');
  const sections = [...groups].map(
    ([name, members]) =>
      `<section><h2>${escape(name)}</h2>${members.map((member) => entry(member.method, member.path, member.operation)).join('')}</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast API</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>Holdfast API <small>${escape(document.info.version)}</small></h1>
<p>${inlineCode(escape(document.info.description))}</p>
<p>For programs: <a href="/api/v1/openapi.json">openapi.json</a></p></header>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function entry(method: string, path: string, operation: OpenApiOperation): string {
  const { requestBody, responses } = operation;
  const answers = Object.entries(responses).map(
    ([status, response]) =>
      `<li><b>${escape(status)}</b> ${escape(text(at(response, 'description')))}${schema(at(response, 'content', 'application/json', 'schema'))}</li>`,
  );
  return `<details id="${escape(operation.operationId)}">
<summary><b class="${escape(method)}">${escape(method.toUpperCase())}</b> <code>${escape(path)}</code> <span>${escape(operation.summary)}</span></summary>
${operation.description === undefined ? '' : `<p>${inlineCode(escape(text(operation.description)))}</p>`}
<p>${access(operation)}</p>
${parameterTable(operation.parameters)}
${requestBody === undefined ? '' : `<h3>Body</h3>${schema(at(requestBody, 'content', 'application/json', 'schema'))}`}
<h3>Answers</h3><ul>${answers.join('')}</ul>
</details>`;
}

function parameterTable(parameters: readonly unknown[] = []): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    (parameter) =>
      `<tr><td><code>${escape(text(at(parameter, 'name')))}</code></td><td>${escape(text(at(parameter, 'in')))}</td><td>${escape(kindOf(at(parameter, 'schema')))}</td><td>${inlineCode(escape(text(at(parameter, 'description'))))}</td></tr>`,
  );
  return `<h3>Parameters</h3><table>${rows.join('')}</table>`;
}

/** A schema in a few words: its values, or its type. */
function kindOf(schema: unknown): string {
  const values = at(schema, 'enum') ?? at(schema, 'items', 'enum');
  const many = at(schema, 'type') === 'array' ? ', repeatable' : '';
  const standard = at(schema, 'default');
  const otherwise = standard === undefined ? '' : `, default ${JSON.stringify(standard)}`;
  const kind = Array.isArray(values)
    ? values.join(' | ')
    : text(at(schema, 'items', 'type')) || text(at(schema, 'type'));
  return `${kind}${many}${otherwise}`;
}

function access(operation: OpenApiOperation): string {
  const { security } = operation;
  if (!Array.isArray(security) || security.length === 0) return 'Anyone may call it.';
  return security.length > 1
    ? 'With a session or an API token.'
    : 'With a session; an API token is not enough.';
}

function schema(value: unknown): string {
  return value === undefined ? '' : `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined,
    value,
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(raw: string): string {
  return raw.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

function inlineCode(escaped: string): string {
  return escaped.replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 16%, transparent); }
body { margin: 0; font: 16px/1.6 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 small { font-weight: 400; opacity: .6; font-size: .55em; }
h2 { margin-top: 2.5rem; font-size: 1.15rem; }
h3 { margin: 1rem 0 .25rem; font-size: .9rem; }
details { border-top: 1px solid var(--line); padding: .6rem 0; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.2rem; font-size: .8rem; letter-spacing: .04em; }
summary span { opacity: .7; }
code, pre { font: .9em/1.5 ui-monospace, monospace; }
pre { overflow: auto; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem; }
ul { padding-left: 1.1rem; }
table { border-collapse: collapse; font-size: .9em; }
td { padding: .2rem .8rem .2rem 0; vertical-align: top; }
`;
