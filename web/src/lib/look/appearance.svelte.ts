/**
 * Light or dark, the accent, and how close rows stand: kept in this browser, applied to the root element.
 *
 * `static/appearance.js` applies the same before the first paint and must know the same key and shape. With
 * "system", the attribute is set from the browser's preference, so that the styles need one dark block, not two.
 */

import { t } from '../words/language.ts';

const STORAGE_KEY = 'holdfast:appearance';

export type Theme = 'system' | 'light' | 'dark';
/** How high a row is where there is a pointer; on a phone rows are as high as a thumb needs. */
export type Density = 'comfortable' | 'compact';

export const ACCENTS = [
  { id: 'harbour', name: t('Harbour'), hue: 228, chroma: 0.1 },
  { id: 'moss', name: t('Moss'), hue: 152, chroma: 0.095 },
  { id: 'clay', name: t('Clay'), hue: 42, chroma: 0.12 },
  { id: 'plum', name: t('Plum'), hue: 335, chroma: 0.13 },
  { id: 'iris', name: t('Iris'), hue: 288, chroma: 0.15 },
  { id: 'slate', name: t('Slate'), hue: 255, chroma: 0.025 },
] as const;
export type AccentId = (typeof ACCENTS)[number]['id'];

const PAGE_COLOURS = { light: '#fcfaf8', dark: '#14181f' } as const;

export class Appearance {
  #theme: Theme = $state('system');
  #accent: AccentId = $state('harbour');
  #density: Density = $state('comfortable');
  readonly #system = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    const saved = readSaved();
    if (saved.theme === 'light' || saved.theme === 'dark') this.#theme = saved.theme;
    const accent = ACCENTS.find(({ id }) => id === saved.accent);
    if (accent) this.#accent = accent.id;
    if (saved.density === 'compact') this.#density = 'compact';
    this.#system.addEventListener('change', this.#apply);
    this.#apply();
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    this.#save();
  }

  get accent(): AccentId {
    return this.#accent;
  }
  set accent(accent: AccentId) {
    this.#accent = accent;
    this.#save();
  }

  get density(): Density {
    return this.#density;
  }
  set density(density: Density) {
    this.#density = density;
    this.#save();
  }

  close(): void {
    this.#system.removeEventListener('change', this.#apply);
  }

  #save(): void {
    this.#apply();
    try {
      localStorage.setItem(
        STORAGE_KEY,
        JSON.stringify({ theme: this.#theme, accent: this.#accent, density: this.#density }),
      );
    } catch {
      // Storage is blocked: the choice holds for this visit.
    }
  }

  readonly #apply = (): void => {
    const isDark = this.#theme === 'dark' || (this.#theme === 'system' && this.#system.matches);
    const root = document.documentElement;
    root.dataset['theme'] = isDark ? 'dark' : 'light';
    root.dataset['accent'] = this.#accent;
    root.dataset['density'] = this.#density;
    document
      .querySelector('meta[name="theme-color"]')
      ?.setAttribute('content', isDark ? PAGE_COLOURS.dark : PAGE_COLOURS.light);
  };
}

function readSaved(): { theme?: unknown; accent?: unknown; density?: unknown } {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');
    return typeof saved === 'object' && saved !== null ? saved : {};
  } catch {
    return {};
  }
}
