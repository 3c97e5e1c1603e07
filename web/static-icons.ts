/**
 * Lucide's icons as markup: built in, where its own component puts each of them together in the browser, from the names of
 * its elements, and took a third of the time of the app's first drawing.
 *
 * Promise: what is drawn is what Lucide's component draws for `size`, `strokeWidth` and `class`, the only properties that
 * icons are given here. An icon file of another shape, as a new version may bring, ends the build.
 */
import { readFileSync } from 'node:fs';

interface IconData {
  readonly name: string;
  /** Width and height of the box that the elements are drawn in. */
  readonly size: number;
  readonly node: readonly (readonly [tag: string, attributes: Readonly<Record<string, string>>])[];
}

const ICON_FILE = /@lucide[\\/]svelte[\\/]dist[\\/]icons[\\/][\w-]+\.svelte$/;
const DATA = /^const iconData = (\{.*\});$/m;

/** A plugin of vite. */
export function staticIcons() {
  return {
    name: 'holdfast:static-icons',
    apply: 'build' as const,
    enforce: 'pre' as const,
    load: {
      filter: { id: ICON_FILE },
      handler(id: string): string {
        const data = DATA.exec(readFileSync(id, 'utf8'))?.[1];
        if (data === undefined)
          throw new Error(`${id} names no iconData: Lucide writes its icons in another way`);
        return iconComponent(JSON.parse(data) as IconData);
      },
    },
  };
}

function iconComponent({ name, size, node }: IconData): string {
  const elements = node.map(([tag, attributes]) => `<${tag} ${written(attributes)} />`).join('');
  const fixed = written({
    viewBox: `0 0 ${size} ${size}`,
    fill: 'none',
    stroke: 'currentColor',
    'stroke-linecap': 'round',
    'stroke-linejoin': 'round',
    'aria-hidden': 'true',
  });
  return `<script>
  const { size = 24, strokeWidth = 2, class: more = '' } = $props();
</script>
<svg class="lucide lucide-${name} lucide-icon {more}" width={size} height={size} stroke-width={strokeWidth} ${fixed}>${elements}</svg>
`;
}

function written(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([key, value]) => `${key}="${value}"`)
    .join(' ');
}
