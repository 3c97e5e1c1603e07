/**
 * What another app has shared, as one line of quick add.
 *
 * Promise: pure; nothing is said twice, and every blank is one. null: nothing was shared. The names are those of
 * `share_target` in the web manifest.
 */

const MAX_CHARS = 2_000;

export function sharedLine(parameters: URLSearchParams): string | null {
  const parts: string[] = [];
  for (const name of ['title', 'text', 'url']) {
    const part = (parameters.get(name) ?? '').replace(/\s+/g, ' ').trim();
    // Many apps put the address into the text, or the title into both.
    if (part === '' || parts.some((other) => other.includes(part))) continue;
    const within = parts.findIndex((other) => part.includes(other));
    if (within === -1) parts.push(part);
    else parts[within] = part;
  }
  return parts.length === 0 ? null : parts.join(' ').slice(0, MAX_CHARS);
}
