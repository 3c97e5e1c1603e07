/**
 * Reads a JSON body of bounded size.
 *
 * Promise: no more than MAX_JSON_BYTES are held, whatever Content-Length claims.
 * Limits: only application/json (or +json), which a form of another site cannot send without asking first.
 */
import { Problem } from './problem.ts';

export const MAX_JSON_BYTES = 256 * 1024;

export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/([\w.-]+\+)?json$/.test(type)) {
    throw new Problem(
      'unsupported-media-type',
      `The body must be JSON with Content-Type: application/json, not ${type === '' ? 'nothing' : `"${type}"`}.`,
    );
  }
  if (Number(request.headers.get('content-length') ?? 0) > MAX_JSON_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_JSON_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (cause) {
    throw new Problem('malformed-json', 'The body could not be read as JSON in UTF-8.', { cause });
  }
}

function tooLarge(): Problem {
  return new Problem('too-large', `A body may have at most ${String(MAX_JSON_BYTES)} bytes.`);
}
