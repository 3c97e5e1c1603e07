/**
 * The shape of the program, over its real imports and not over patterns of names.
 *
 * Promise: arrows between folders go one way, files do not import each other in circles, a vendor's library has
 * one importer, and every rule of a SPEC.md has a test while every rule that a test names exists.
 * Limits: reads text, runs nothing; an import made of a computed string is not seen.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Which folders a folder may import from, besides itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  db: ['core'],
  'sync-server': ['core', 'db'],
  workers: ['core', 'db'],
  web: ['core'],
  deploy: ['core', 'db', 'sync-server', 'workers'],
  tests: ['core', 'db', 'sync-server', 'workers', 'web', 'deploy'],
};

/** Libraries with more than one importer, and why that is right. A string names the files that may. */
const SHARED_LIBRARIES: Readonly<Record<string, RegExp>> = {
  // The document is a Y.Doc, in every part that touches one; its own encoding and protocols belong to it.
  yjs: /^(core|sync-server|workers|web)\//,
  lib0: /^(core|sync-server|workers|web)\//,
  'y-protocols': /^(sync-server|web)\//,
  // A query is written where it is used, but only here; the driver itself has its few files in db.
  kysely: /^db\//,
  pg: /^db\//,
  // Shapes of the API are written in its language, a file for each part of it.
  zod: /^sync-server\/http\/([\w-]+-)?schemas\.ts$/,
  // A framework is the language of its folder and not a part that could be changed in one place.
  hono: /^sync-server\/(http\/|server\.ts)/,
  // One file of shapes for each group of operations.
  zod: /^sync-server\/http\/([\w-]+-)?schemas\.ts$/,
  svelte: /^web\//,
  '@sveltejs/kit': /^web\//,
  '@lucide/svelte': /^web\/src\//,
  // Its configuration, and the one program that runs it for people at work.
  vite: /^(web\/vite\.config\.ts|deploy\/dev\.ts)$/,
  'vite-plugin-pwa': /^web\/[^/]+\.ts$/,
};

/** Whose rules a test proves. The same name may stand for different rules in two of these. */
const RULE_SCOPES = [
  { specs: /^core\//, tests: /^(core|tests\/(convergence|recurrence|series))\// },
  {
    specs: /^(db|sync-server|workers)\//,
    tests: /^(db|sync-server|workers|tests\/(db|sync|http|workers))\//,
  },
  { specs: /^web\//, tests: /^(web|tests\/(app|device))\// },
  { specs: /^deploy\//, tests: /^(deploy\/|tests\/hosting\/|tests\/architecture\.test\.ts)/ },
  { specs: /^tests\//, tests: /^tests\/(kill|peers|bench|support)\// },
] as const;

/** Sources that are generated, or built from these. */
const NOT_OURS = /(^|\/)(node_modules|build|dist|\.svelte-kit|data)\//;

const files = globSync('{core,db,sync-server,workers,web,deploy,tests}/**/*.{ts,mjs,js,svelte}', {
  cwd: root,
})
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !NOT_OURS.test(path) && !path.startsWith('web/static/'))
  .sort();
const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('tests/');
const productFiles = files.filter((path) => !isTest(path));
const textOf = new Map(files.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const importsOf = new Map(files.map((path) => [path, specifiersIn(path)]));

test('[AR1] arrows between the folders go one way, and nothing imports tests', () => {
  const wrong = edges(files).flatMap(({ from, to }) => {
    const [source, target] = [folderOf(from), folderOf(to)];
    return source === target || ARROWS[source]?.includes(target) ? [] : [`${from} -> ${to}`];
  });
  expect(wrong).toEqual([]);
});

test('[AR1] tests beside the source use only what tests may', () => {
  const wrong = files
    .filter((path) => !isTest(path))
    .flatMap((path) => importedFiles(path).map((to) => ({ path, to })))
    .filter(({ to }) => isTest(to));
  expect(wrong).toEqual([]);
});

test('[AR2] every import of ours names a file that is there, through its folder and not around it', () => {
  const wrong = files.flatMap((path) =>
    (importsOf.get(path) ?? []).flatMap((specifier) => {
      if (specifier.startsWith('.')) {
        const target = relative(root, join(root, dirname(path), specifier));
        // deploy/version.ts reads the version from the root's package.json.
        if (target === 'package.json') return [];
        return folderOf(target) === folderOf(path) || isTest(path)
          ? []
          : [`${path} reaches around by ${specifier}`];
      }
      if (!isOurs(specifier)) return [];
      const target = resolveOurs(path, specifier);
      return target && existsSync(join(root, target))
        ? []
        : [`${path} imports ${specifier}, which is not there`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('[AR3] no file imports itself through others', () => {
  expect(cycles(files)).toEqual([]);
});

test('[AR4] no barrel files: a module has something of its own', () => {
  const barrels = productFiles.filter((path) => {
    if (!path.endsWith('.ts')) return false;
    const source = parse(path);
    const own = source.statements.filter(
      (statement) =>
        !(ts.isExportDeclaration(statement) && statement.moduleSpecifier) &&
        !ts.isImportDeclaration(statement),
    );
    return source.statements.length > 0 && own.length === 0 && source.statements.some(ts.isExportDeclaration);
  });
  expect(barrels).toEqual([]);
});

test('[AR5] a library has one importer, or a reason to have more', () => {
  const importers = new Map<string, string[]>();
  for (const path of productFiles) {
    for (const library of new Set((importsOf.get(path) ?? []).flatMap(libraryOf))) {
      importers.set(library, [...(importers.get(library) ?? []), path]);
    }
  }
  const wrong = [...importers].flatMap(([library, paths]) => {
    const allowed = SHARED_LIBRARIES[library];
    const outside = allowed ? paths.filter((path) => !allowed.test(path)) : paths.length > 1 ? paths : [];
    return outside.length > 0 ? [`${library}: ${outside.join(', ')}`] : [];
  });
  expect(wrong).toEqual([]);
});

test('[AR6] every module says in its header what it is for; a very long or short one says why', () => {
  const publicFiles = new Set(
    edges(files).flatMap(({ from, to }) => (folderOf(from) === folderOf(to) ? [] : [to])),
  );
  const wrong = productFiles
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.endsWith('.d.ts'))
    .flatMap((path) => {
      const text = textOf.get(path) ?? '';
      const lines = text.trimEnd().split('\n').length;
      const header = /^(?:\/\/\/.*\n|\s*\n)*\s*\/\*\*[\s\S]*?\*\//.exec(text)?.[0];
      if (header === undefined) return [`${path} has no header`];
      const saysWhy = /\b(why|because|short|so that|one place|alone)\b/i.test(header);
      if (lines > 600 && !saysWhy) return [`${path} has ${lines} lines and does not say why`];
      if (lines < 30 && publicFiles.has(path) && !saysWhy)
        return [`${path} has ${lines} lines and does not say why`];
      return [];
    });
  expect(wrong).toEqual([]);
});

test('[AR7] every rule of a SPEC.md has a test, and every rule that a test names stands in a SPEC.md', () => {
  const specs = globSync('{core,db,sync-server,workers,web,deploy,tests}/**/SPEC.md', { cwd: root }).filter(
    (path) => !NOT_OURS.test(path),
  );
  const faults: string[] = [];
  for (const scope of RULE_SCOPES) {
    const defined = new Map<string, string>();
    for (const spec of specs.filter((path) => scope.specs.test(path))) {
      for (const rule of rulesIn(readFileSync(join(root, spec), 'utf8'))) {
        if (defined.has(rule)) faults.push(`${rule} stands in ${spec} and in ${defined.get(rule)}`);
        defined.set(rule, spec);
      }
    }
    const named = new Map<string, string>();
    for (const path of files.filter((file) => file.endsWith('.test.ts') && scope.tests.test(file))) {
      for (const rule of rulesNamedIn(textOf.get(path) ?? '')) named.set(rule, path);
    }
    for (const [rule, spec] of defined) if (!named.has(rule)) faults.push(`${rule} in ${spec} has no test`);
    for (const [rule, path] of named)
      if (!defined.has(rule)) faults.push(`${rule} in ${path} stands in no SPEC.md`);
  }
  const outside = files.filter(
    (path) => path.endsWith('.test.ts') && !RULE_SCOPES.some(({ tests }) => tests.test(path)),
  );
  expect([...faults, ...outside.map((path) => `${path} belongs to no SPEC.md`)]).toEqual([]);
});

test('[AR8] a variable of ours that anything reads is in the table of settings', async () => {
  const { DEVELOPER_SETTINGS } = await import('@holdfast/deploy/config.ts');
  const wrong = files
    .filter((path) => !path.startsWith('deploy/config') && !path.startsWith('tests/hosting/'))
    .flatMap((path) =>
      [...(textOf.get(path) ?? '').matchAll(/\bHOLDFAST_[A-Z][A-Z_]*/g)]
        .filter(([name]) => !(name in DEVELOPER_SETTINGS))
        .map(([name]) => `${path}: ${name}`),
    );
  expect(wrong).toEqual([]);
});

// --- reading ---

function specifiersIn(path: string): string[] {
  const text = textOf.get(path) ?? '';
  const code = path.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? '').join('\n')
    : text;
  return ts.preProcessFile(code, true, true).importedFiles.map((file) => file.fileName);
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, textOf.get(path) ?? '', ts.ScriptTarget.ESNext);
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function isOurs(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('@holdfast/') || specifier.startsWith('#lib/');
}

/** The file that an import means, from the root; undefined for a library. */
function resolveOurs(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('@holdfast/')) return specifier.slice('@holdfast/'.length);
  if (specifier.startsWith('#lib/')) return `web/src/lib/${specifier.slice('#lib/'.length)}`;
  if (!specifier.startsWith('.')) return undefined;
  return relative(root, join(root, dirname(from), specifier)).replaceAll('\\', '/');
}

function importedFiles(path: string): string[] {
  return (importsOf.get(path) ?? []).flatMap((specifier) => resolveOurs(path, specifier) ?? []);
}

function edges(paths: readonly string[]): { from: string; to: string }[] {
  return paths
    .flatMap((from) => importedFiles(from).map((to) => ({ from, to })))
    .filter(({ to }) => folderOf(to) in ARROWS);
}

/** The name of the package, for what is neither ours nor Node's nor the framework's own virtual module. */
function libraryOf(specifier: string): string[] {
  if (isOurs(specifier) || isBuiltin(specifier) || /^(\$|virtual:)/.test(specifier)) return [];
  const [scope = '', name = ''] = specifier.split('/');
  return [scope.startsWith('@') ? `${scope}/${name}` : scope];
}

/** Each as the path around it; depth first, every file once. */
function cycles(paths: readonly string[]): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(' -> '));
    if (at >= 0 || done.has(path)) return;
    for (const next of importedFiles(path)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of paths) visit(path, []);
  return found;
}

/** A rule is defined where a line or a table row begins with its name: a list item, a table cell or a heading. */
function rulesIn(spec: string): string[] {
  return [...spec.matchAll(/^[\s|*#-]*\[?([A-Z]{1,4}\d+)\b/gm)].map((match) => match[1] ?? '');
}

/** The names at the beginning of a test's or a suite's name, one or several in a row. */
function rulesNamedIn(text: string): string[] {
  return [...text.matchAll(/['"`]((?:\[[A-Z]{1,4}\d+\]\s*)+)/g)].flatMap((match) =>
    [...(match[1] ?? '').matchAll(/[A-Z]{1,4}\d+/g)].map(([rule]) => rule),
  );
}
