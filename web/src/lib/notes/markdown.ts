/**
 * Notes as they are read, and the guide: Markdown to HTML that may be put into the page.
 *
 * Promise: nothing in notes runs, loads or looks like a part of the app: HTML is shown as the words that it is, pictures
 * are links, and of what comes out only a short list of elements is left. Links open in a window of their own that knows
 * nothing of this one. Boxes of checklists can be ticked where each is known to be one in the text (checklist.ts).
 * Loaded when there are notes to show; the only importer of `marked` and `dompurify`.
 */
import DOMPurify from 'dompurify';
import { Marked, type Tokens } from 'marked';
import { boxesIn } from './checklist.ts';
import { t } from '../words/language.ts';

const TAGS = [
  ...[
    'p',
    'br',
    'hr',
    'h2',
    'strong',
    'em',
    'del',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'a',
    'input',
  ],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
];
const PLAIN_ATTRIBUTES = ['title', 'type', 'checked', 'disabled', 'start', 'align', 'data-box', 'data-depth'];
/** Of the web, of mail and of the telephone. */
const LINKS = /^(?:https?:|mailto:|tel:)/i;

/** Safe HTML. Boxes carry their place among the boxes of the text as `data-box`. */
export function renderNotes(text: string): string {
  let boxes = 0;
  const marked = new Marked({
    gfm: true,
    breaks: true,
    renderer: {
      html: ({ text: html }) => escaped(html),
      image: ({ href, text: alt }) => `<a href="${escaped(href)}">${escaped(alt === '' ? href : alt)}</a>`,
      heading({ tokens, depth }: Tokens.Heading) {
        // The page has its own headings; these are all of one rank below it, and look like what they are.
        return `<h2 data-depth="${String(depth)}">${this.parser.parseInline(tokens)}</h2>\n`;
      },
      checkbox({ checked }: Tokens.Checkbox) {
        const box = boxes++;
        return `<input type="checkbox" data-box="${String(box)}"${checked ? ' checked' : ''}> `;
      },
    },
  });
  const html = marked.parse(text, { async: false });
  const areKnown = boxes === boxesIn(text).length;
  const purifier = DOMPurify(window);
  purifier.addHook('afterSanitizeAttributes', (element) => {
    if (element.nodeName === 'A') {
      element.setAttribute('target', '_blank');
      element.setAttribute('rel', 'noopener noreferrer nofollow');
    }
    if (element.nodeName === 'INPUT') {
      if (!areKnown) element.setAttribute('disabled', '');
      element.setAttribute('aria-label', labelOf(element));
    }
  });
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', ...PLAIN_ATTRIBUTES],
    // Every other value is judged as an address.
    ADD_URI_SAFE_ATTR: PLAIN_ATTRIBUTES,
    ALLOWED_URI_REGEXP: LINKS,
    ALLOW_DATA_ATTR: false,
  });
}

/**
 * A page of the guide (docs/guide), which is our own text: without its first heading and without pictures. A link to another
 * page of it leads to that page's part of this one; one to any other file of the source is left as words.
 */
export function renderGuide(text: string): string {
  const marked = new Marked({
    gfm: true,
    renderer: {
      image: () => '',
      heading({ tokens, depth }: Tokens.Heading) {
        return depth === 1 ? '' : `<h3>${this.parser.parseInline(tokens)}</h3>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        const words = this.parser.parseInline(tokens);
        const page = /^([\w-]+)\.md$/.exec(href)?.[1];
        if (page !== undefined) return `<a href="#${page}">${words}</a>`;
        return LINKS.test(href) ? `<a href="${escaped(href)}" rel="noopener">${words}</a>` : words;
      },
    },
  });
  return DOMPurify(window).sanitize(marked.parse(text, { async: false }), {
    ALLOWED_TAGS: [...TAGS, 'h3'],
    ALLOWED_ATTR: ['href', 'rel', ...PLAIN_ATTRIBUTES],
    ADD_URI_SAFE_ATTR: ['rel', ...PLAIN_ATTRIBUTES],
    ALLOWED_URI_REGEXP: /^(?:https?:|#)/i,
    ALLOW_DATA_ATTR: false,
  });
}

/** The words beside a box, without the list below it. */
function labelOf(box: Element): string {
  const item = box.closest('li')?.cloneNode(true) as Element | undefined;
  for (const list of item?.querySelectorAll('ul, ol') ?? []) list.remove();
  return item?.textContent.trim() || t('Step');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
