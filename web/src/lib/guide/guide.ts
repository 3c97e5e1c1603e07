/**
 * The guide for people, docs/guide, as the app shows it: its pages in the order of their index, as safe HTML.
 *
 * The text is built in, so that help is there with no network. Its pictures are not: they are larger than the whole app, and
 * what they show is a press away here.
 */

import { renderGuide } from '../notes/markdown.ts';

export interface GuidePage {
  /** Of the address, and of the file. */
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

const FILES: Readonly<Record<string, string>> = import.meta.glob('../../../../docs/guide/*.md', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const INDEX = 'README';

export function guidePages(): readonly GuidePage[] {
  const texts = new Map(
    Object.entries(FILES).map(([path, text]) => [path.replace(/^.*\/|\.md$/g, ''), text] as const),
  );
  return [...(texts.get(INDEX) ?? '').matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, id = '']) => {
    const text = texts.get(id) ?? '';
    return { id, title: /^# (.*)$/m.exec(text)?.[1] ?? id, html: renderGuide(text) };
  });
}
