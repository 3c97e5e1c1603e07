/** The German catalog against the messages that the sources of the app hold, which are found by parsing them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AST, parse } from 'svelte/compiler';
import { parseQuery } from '@holdfast/core/query.ts';
import { afterAll, expect, test } from 'vitest';
import { GERMAN } from './german.ts';
import { speak, translated } from './language.ts';
import { GERMAN_NOTICES } from './notice-words.ts';

const SOURCES = fileURLToPath(new URL('../../', import.meta.url));
/** Attributes that people read or hear. */
const SPOKEN = ['aria-label', 'title', 'placeholder', 'label', 'alt', 'safe', 'danger', 'hint'];
/** A name and a key are the same in every language. */
const NO_WORDS = ['Holdfast', '· Holdfast', 'q'];

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/\.(test|d)\.ts$/.test(file))
  .map((file) => ({ file, tree: treeOf(file) }));

function treeOf(file: string): AST.Root {
  const text = readFileSync(SOURCES + file, 'utf8');
  return parse(file.endsWith('.svelte') ? text : `<script lang="ts">${text}</script>`, { modern: true });
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) visit(each, see);
  else if (typeof value === 'object' && value !== null) {
    if ('type' in value && typeof value.type === 'string') see(value as Node);
    for (const [field, inner] of Object.entries(value))
      if (field !== 'css' && field !== 'loc') visit(inner, see);
  }
}

/** What an argument can be: of a condition either. undefined: nobody can tell from the source. */
function textsOf(node: Node | undefined): string[] | undefined {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return [node['value']];
  if (node?.type !== 'ConditionalExpression') return undefined;
  const [one, other] = [textsOf(node['consequent'] as Node), textsOf(node['alternate'] as Node)];
  return one && other && [...one, ...other];
}

interface Message {
  readonly key: string;
  readonly isCounted: boolean;
}

function messages(): Map<string, Message> {
  const found = new Map<string, Message>();
  for (const { file, tree } of files) {
    if (file === 'lib/words/language.ts') continue;
    visit(tree, (node) => {
      const { name } = (node['callee'] ?? {}) as { name?: string };
      if (node.type !== 'CallExpression' || !name || !['t', 'tIn', 'plural'].includes(name)) return;
      const given = node['arguments'] as Node[];
      const texts = textsOf(given[{ t: 0, tIn: 1, plural: 2 }[name] ?? 0]);
      if (!texts) throw new Error(`${file}: ${name}() is called with something that is no literal`);
      const context = name === 'tIn' ? `${textsOf(given[0])?.[0] ?? ''}|` : '';
      for (const text of texts) {
        const key = context + text;
        found.set(key, { key, isCounted: found.get(key)?.isCounted === true || name === 'plural' });
      }
    });
  }
  return found;
}

function formsOf(key: string): string[] {
  const entry = GERMAN[key];
  return entry === undefined ? [] : typeof entry === 'string' ? [entry] : Object.values(entry);
}

function placeholders(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

/** Sentences are joined without a blank of their own. */
function edges(text: string): string[] {
  return [/^\s*/, /\s*$/].map((edge) => edge.exec(text)?.[0] ?? '');
}

afterAll(() => speak('en', {}));

test('[DE1] every message of the app has German words, and no German words are left over', () => {
  const wanted = messages();
  expect(wanted.size).toBeGreaterThan(900);
  expect([...wanted.keys()].filter((key) => !Object.hasOwn(GERMAN, key))).toEqual([]);
  const ofTheDomain = (key: string): boolean => key.startsWith('core|');
  expect(Object.keys(GERMAN).filter((key) => !wanted.has(key) && !ofTheDomain(key))).toEqual([]);
});

test('[DE1] where a number decides, German has a form for one and for several', () => {
  const counted = [...messages().values()].filter(({ isCounted }) => isCounted);
  expect(counted.filter(({ key }) => formsOf(key).length !== 2).map(({ key }) => key)).toEqual([]);
});

test('[DE1] German has the placeholders of the English message, and the same blanks at its ends', () => {
  const wrong = Object.keys(GERMAN).filter((key) => {
    const english = key.replace(/^[\w ]+\|/, '');
    const forms = formsOf(key);
    const last = forms.at(-1) ?? '';
    return (
      (!key.startsWith('core|') && placeholders(last).join() !== placeholders(english).join()) ||
      // What is said of one may leave out its number, and nothing asks for what nobody gives.
      forms.some((form) => placeholders(form).some((name) => !placeholders(english).includes(name))) ||
      forms.some((form) => edges(form).join('|') !== edges(english).join('|'))
    );
  });
  expect(wrong).toEqual([]);
});

test('[DE1] German is set in German: its quotation marks, a narrow choice of terms, nothing empty', () => {
  const all = Object.keys(GERMAN).flatMap((key) => formsOf(key));
  expect(all.filter((text) => text.trim() === '')).toEqual([]);
  expect(all.filter((text) => /["”]|“\w[^“”]*$/.test(text.replaceAll(/„[^“]*“/g, '')))).toEqual([]);
  expect(
    all.filter((text) =>
      /\bTasks?\b|\bTags\b|\bInbox\b|\bSie\s(können|müssen|haben)\b|!/.test(
        text.replaceAll(/„[^“]*“|!\w+|„!\{word\}“/g, ''),
      ),
    ),
  ).toEqual([]);
});

test('[DE2] no word that people read or hear stands in a component outside of a message', () => {
  const loose: string[] = [];
  for (const { file, tree } of files.filter((each) => each.file.endsWith('.svelte'))) {
    visit(tree.fragment, (node) => {
      const texts =
        node.type === 'Attribute' && SPOKEN.includes(node['name'] as string) && Array.isArray(node['value'])
          ? (node['value'] as Node[])
          : node.type === 'Fragment'
            ? (node['nodes'] as Node[])
            : [];
      for (const text of texts.filter(({ type }) => type === 'Text')) {
        const words = (text['data'] as string).trim();
        if (/\p{L}/u.test(words) && !NO_WORDS.includes(words)) loose.push(`${file}: ${words}`);
      }
    });
  }
  expect(loose).toEqual([]);
});

const IN_SENTENCES = ['a', 'b', 'strong', 'kbd', 'code', 'em'];

test('[DE10] a sentence with a link, a key or a bold word in it is one message', () => {
  const cut: string[] = [];
  for (const { file, tree } of files.filter((each) => each.file.endsWith('.svelte'))) {
    visit(tree.fragment, (node) => {
      if (node.type !== 'Fragment') return;
      const nodes = (node['nodes'] as Node[]).filter(
        ({ type, data }) => type !== 'Comment' && !(type === 'Text' && (data as string).trim() === ''),
      );
      for (const [index, each] of nodes.entries()) {
        const next = nodes[index + 1];
        if (!next) continue;
        const isCut = isInSentence(each) ? goesOn(next) : isInSentence(next) && isUnfinished(each);
        if (isCut) cut.push(`${file}: ${String(each['start'])}`);
      }
    });
  }
  expect(cut).toEqual([]);
});

function isInSentence({ type, name }: Node): boolean {
  return type === 'RegularElement' && IN_SENTENCES.includes(name as string);
}

/** The texts of a message that stands there by itself. */
function messageOf(node: Node): string[] | undefined {
  const call = node.type === 'ExpressionTag' ? (node['expression'] as Node) : undefined;
  const { name } = (call?.['callee'] ?? {}) as { name?: string };
  if (!call || !name || !['t', 'tIn', 'plural'].includes(name)) return undefined;
  return textsOf((call['arguments'] as Node[])[{ t: 0, tIn: 1, plural: 2 }[name] ?? 0]);
}

function isUnfinished(node: Node): boolean {
  return messageOf(node)?.some((text) => !/[.?!:]$/.test(text)) ?? false;
}

/** A comma between links makes a list of them. */
function goesOn(node: Node): boolean {
  if (node.type === 'Text') return /^[^,·]*[\p{L}.;:]/u.test((node['data'] as string).trim());
  return messageOf(node)?.some((text) => !/^\p{Lu}/u.test(text)) ?? false;
}

test('[DE5] what the worker says in German is what the app says, and it has all words of the worker', () => {
  const said = new Set<string>();
  for (const { file, tree } of files) {
    if (!['offline/reminders.ts', 'lib/notifications/payload.ts', 'lib/device/background.ts'].includes(file))
      continue;
    visit(tree, (node) => {
      const { name } = (node['callee'] ?? {}) as { name?: string };
      if (node.type !== 'CallExpression' || name !== 't') return;
      for (const text of textsOf((node['arguments'] as Node[])[0]) ?? []) said.add(text);
    });
  }
  expect([...said].sort()).toEqual(Object.keys(GERMAN_NOTICES).sort());
  expect(Object.entries(GERMAN_NOTICES).filter(([key, text]) => GERMAN[key] !== text)).toEqual([]);
});

test('[DE8] what could not be understood of a query is said in German, with the German words of the language', () => {
  const names = { lists: [{ id: 'l', name: 'Einkauf' }], tags: [] };
  const wrong =
    'a oder|oder a|a und|und a|a nicht|(a|a)|()|"a|a < b|#|@|#Einkuf|@warten|#[weg]|@[weg]|!hohc|Priorität >= ho|fällig|fällig vor|fällig nxt|a sortiert nach prioritt|a sortiert nach';
  speak('de', GERMAN);
  const deep = parseQuery('nicht '.repeat(30) + 'x');
  const faults = [...wrong.split('|'), 'x'.repeat(2_001)].map((text) => parseQuery(text, names).faults);
  expect(faults.map((found) => found.length)).toEqual(faults.map(() => 1));
  const said = [...faults.flat(), ...deep.faults].map(
    ({ message }) => [message, translated(message)] as const,
  );
  expect(said.filter(([english, german]) => english === german)).toEqual([]);
  expect(
    said.filter(([, german]) =>
      /\b(and|or|not|due|start|created|done|priority|sort|today|friday)\b/.test(german),
    ),
  ).toEqual([]);
});
