/**
 * The tokens as they stand in tokens.css, measured: WCAG 2.2 contrast of every pair that the app lays upon each other, for
 * each accent in both themes. OKLCH to sRGB by Ottosson's matrices (https://bottosson.github.io/posts/oklab/).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type Rgb = readonly [number, number, number];
/** Linear sRGB and opacity. */
interface Colour {
  readonly rgb: Rgb;
  readonly alpha: number;
}
type Theme = 'light' | 'dark';

const CSS = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');
const SCRIPT = readFileSync(new URL('./appearance.svelte.ts', import.meta.url), 'utf8');
/** Read from the source, since the module wants a browser. */
const ACCENTS = [
  ...SCRIPT.matchAll(/\{ id: '(\w+)', name: t\('\w+'\), hue: ([\d.]+), chroma: ([\d.]+) \}/g),
].map(([, id = '', hue, chroma]) => ({ id, hue: Number(hue), chroma: Number(chroma) }));

function block(selector: string): string {
  const at = CSS.indexOf(`${selector} {`);
  if (at < 0) throw new Error(`tokens.css has no block for ${selector}`);
  return CSS.slice(at, CSS.indexOf('\n}', at));
}

function tokensOf(theme: Theme): Map<string, string> {
  const text = `${block(':root')}\n${block(`:root[data-theme='${theme}']`)}`;
  return new Map(
    [...text.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

function colourOf(theme: Theme, name: string, accent: { hue: number; chroma: number }): Colour {
  const value = tokensOf(theme).get(name);
  if (value === undefined) throw new Error(`there is no token --${name}`);
  const plain = value
    .replaceAll('var(--accent-hue)', String(accent.hue))
    .replaceAll('var(--accent-chroma)', String(accent.chroma))
    .replaceAll(/calc\(([\d.]+) \* ([\d.]+)\)/g, (_all, a: string, b: string) =>
      String(Number(a) * Number(b)),
    );
  const found = /^oklch\(([\d.]+) ([\d.]+) ([\d.]+)(?: \/ ([\d.]+))?\)$/.exec(plain);
  if (!found) throw new Error(`--${name} is no oklch colour: ${plain}`);
  const [, l, c, h, alpha] = found;
  return { rgb: linear(Number(l), Number(c), Number(h)), alpha: alpha === undefined ? 1 : Number(alpha) };
}

function linear(l: number, c: number, h: number): Rgb {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    clip(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
    clip(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
    clip(-0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short),
  ];
}

function clip(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Browsers blend in gamma-encoded sRGB. */
function over(top: Colour, bottom: Rgb): Rgb {
  const encode = (v: number): number => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
  const decode = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const mix = (a: number, b: number): number => decode(encode(a) * top.alpha + encode(b) * (1 - top.alpha));
  return [mix(top.rgb[0], bottom[0]), mix(top.rgb[1], bottom[1]), mix(top.rgb[2], bottom[2])];
}

function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([r, g, blue]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['page', 'sunken', 'raised'];
const TEXTS = ['ink', 'ink-2', 'ink-3', 'accent-ink', 'danger', 'overdue', 'warn-ink'];
const CONTROLS = ['accent', 'outline', 'danger', 'good', 'low', 'medium', 'high', 'urgent'];

describe.each(['light', 'dark'] as const)('in %s', (theme) => {
  test.each(ACCENTS)('[W11] with $id text keeps 4.5:1 and controls 3:1', (accent) => {
    const colour = (name: string): Colour => colourOf(theme, name, accent);
    const measured: [pair: string, ratio: number, least: number][] = [];
    const measure = (top: string, bottom: string, least: number, wash?: string): void => {
      const ground = wash === undefined ? colour(bottom).rgb : over(colour(wash), colour(bottom).rgb);
      const pair = `${top} on ${wash === undefined ? '' : `${wash} on `}${bottom}`;
      measured.push([pair, contrast(over(colour(top), ground), ground), least]);
    };
    for (const ground of GROUNDS) {
      for (const text of TEXTS) measure(text, ground, 4.5);
      for (const control of CONTROLS) measure(control, ground, 3);
      for (const wash of ['hover', 'here', 'accent-wash']) measure('accent-ink', ground, 4.5, wash);
      for (const wash of ['hover', 'accent-wash', 'warn-wash']) measure('ink-2', ground, 4.5, wash);
    }
    for (const fill of ['accent', 'accent-hover']) measure('on-accent', fill, 4.5);
    measure('on-danger', 'danger', 4.5);
    expect(measured.filter(([, ratio, least]) => ratio < least)).toEqual([]);
    expect(measured.length).toBeGreaterThan(60);
  });
});

test('[W11] the accents that can be chosen are those that the styles know', () => {
  expect(ACCENTS.length).toBeGreaterThan(4);
  for (const { id, hue, chroma } of ACCENTS) {
    const text = id === 'harbour' ? block(':root') : block(`:root[data-accent='${id}']`);
    expect(text).toContain(`--accent-hue: ${String(hue)};`);
    expect(text).toContain(`--accent-chroma: ${String(chroma)};`);
  }
});

test('[W12] compact rows are 28 px high where there is a pointer, and never on a phone', () => {
  expect(block(':root')).toContain('--row: 36px;');
  const compact = CSS.indexOf(":root[data-density='compact']");
  expect(CSS.slice(CSS.lastIndexOf('@media', compact), compact)).toContain('(min-width: 768px)');
  expect(CSS.slice(compact, CSS.indexOf('}', compact))).toContain('--row: 28px;');
});
