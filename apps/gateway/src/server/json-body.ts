// Reads JSON bodies in UTF-8: bounded in size by the server, in depth here, and without keys that reach an object's prototype.
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../http/problem-error.ts';

/** Far deeper than any request needs. */
const MAX_JSON_DEPTH = 32;

/** How deeply a JSON text nests arrays and objects; text that is not JSON gives some number, which is good enough. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === '\\') i++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}

/** RFC 8259 §8.1: JSON is UTF-8. Bytes that are not would otherwise turn into replacement characters in names. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Makes `application/json`, in UTF-8, the one body type; everything else answers 415. */
export function acceptJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      refuseOtherCharsets(request.headers['content-type'] ?? '');
      done(null, parseJson(decodeUtf8(body as Buffer)));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

function refuseOtherCharsets(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    throw new ProblemError('unsupported_media_type', 'The body must be in UTF-8.');
}

function decodeUtf8(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch (error) {
    throw new ProblemError('malformed_body', 'The body is not valid UTF-8.', { cause: error });
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  if (jsonDepth(text) > MAX_JSON_DEPTH)
    throw new ProblemError('malformed_body', `The body nests deeper than ${MAX_JSON_DEPTH} levels.`);
  try {
    return JSON.parse(text, refusePrototype);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError('malformed_body', 'The body is not JSON.', { cause: error });
  }
}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ProblemError('malformed_body', 'The body has a forbidden key.');
  return value;
}
