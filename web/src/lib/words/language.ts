/**
 * The words of the app in the person's language.
 *
 * Promise: English stands where it is used and is the key of its translation, so without a catalog every function gives
 * English, in Node and in a worker too. A catalog is handed over before any part of the app is loaded (hooks.client.ts)
 * and stays for the life of the page: words may be made once, when a module is loaded, and another language is a reload.
 * That is why this is the one module with a state of its own.
 *
 * In a message `{name}` stands for a value; the compiler asks for each. What the catalog lacks is said in English.
 */

/** Per plural category of the language where a number decides, see Intl.PluralRules. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

/** By the English message; by its `other` form where a number decides; by "context|message" where English is ambiguous. */
export type Catalog = Readonly<Record<string, string | Forms>>;

/** The names in braces. */
export type Placeholder<M extends string> = M extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

type Values<M extends string> = [Placeholder<M>] extends [never]
  ? []
  : [values: Readonly<Record<Placeholder<M>, string | number>>];

const DOMAIN = 'core|';

let catalog: Catalog = {};
let rules = new Intl.PluralRules('en');

/** Before anything is said. */
export function speak(language: string, words: Catalog): void {
  catalog = words;
  rules = new Intl.PluralRules(language);
}

export function t<const M extends string>(message: M, ...[values]: Values<M>): string {
  return filled(textOf(message, message), values);
}

/** For an English word that is two words in another language: "Open" the door, and the door is "open". */
export function tIn<const M extends string>(context: string, message: M, ...[values]: Values<M>): string {
  return filled(textOf(`${context}|${message}`, message), values);
}

/** `{count}` is the number, unless it is among the values, for example with separators. */
export function plural<const M extends string>(
  count: number,
  one: string,
  other: M,
  values?: Readonly<Partial<Record<Placeholder<M>, string | number>>>,
): string {
  const forms = catalog[other];
  const form =
    typeof forms === 'object'
      ? (forms[rules.select(count)] ?? forms.other)
      : (forms ?? (count === 1 ? one : other));
  return filled(form, { count, ...values });
}

/** Of a sentence that the domain or the server made, with its values in it already: as it is where the catalog does not know its shape. */
export function translated(sentence: string): string {
  const exact = catalog[`${DOMAIN}${sentence}`];
  if (typeof exact === 'string') return exact;
  for (const [key, german] of Object.entries(catalog)) {
    if (!key.startsWith(DOMAIN) || !key.includes('{') || typeof german !== 'string') continue;
    const names: string[] = [];
    const shape = key
      .slice(DOMAIN.length)
      .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
      .replace(/\{(\w+)\}/g, (_, name: string) => {
        names.push(name);
        return '(.+)';
      });
    const values = new RegExp(`^${shape}$`, 's').exec(sentence)?.slice(1);
    if (values) return filled(german, Object.fromEntries(names.map((name, index) => [name, values[index]])));
  }
  return sentence;
}

/** A noun within a sentence: German keeps its capital. */
export function insideSentence(noun: string): string {
  return rules.resolvedOptions().locale.startsWith('de') ? noun : noun.toLowerCase();
}

function textOf(key: string, english: string): string {
  const found = catalog[key];
  return typeof found === 'string' ? found : (found?.other ?? english);
}

function filled(
  text: string,
  values: Readonly<Record<string, string | number | undefined>> | undefined,
): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
