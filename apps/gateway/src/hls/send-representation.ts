// Writes a representation straight to the socket: the conditions, the range, HEAD (RFC 9110 sections 9.3.2, 13 and 14).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseRange } from './byte-range.ts';
import { holdsIfRange, matchesTag } from './entity-tag.ts';
import { canPrepare, prepare, sendPrepared } from './prepared-answer.ts';
import type { Representation } from './representation.ts';

export interface Sent {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
}

/** Sends it, or the part of it, or the word that it is unchanged, as the request asks. */
export function sendRepresentation(request: IncomingMessage, response: ServerResponse, what: Representation): Sent {
  const { headers: asked, method } = request;
  const { body, tag, headers, acceptsRanges } = what;
  const unless = asked['if-none-match'];
  if (unless !== undefined && matchesTag(unless, tag)) return finish(response, 304, headers, undefined);
  const head = method === 'HEAD';
  if (acceptsRanges && asked.range !== undefined && !head && holdsIfRange(asked['if-range']?.toString(), tag)) {
    const range = parseRange(asked.range, body.byteLength);
    if (range === 'unsatisfiable')
      return finish(
        response,
        416,
        [...headers, 'content-range', `bytes */${body.byteLength}`, 'content-length', '0'],
        undefined,
      );
    if (range !== undefined) {
      const part = body.subarray(range.start, range.end + 1);
      const place = ['content-range', `bytes ${range.start}-${range.end}/${body.byteLength}`];
      return finish(response, 206, [...headers, ...place, 'content-length', String(part.byteLength)], part);
    }
  }
  const canBePrepared = canPrepare(request, response, what);
  if (canBePrepared && sendPrepared(response, what)) return { status: 200, bytes: body.byteLength };
  response.writeHead(200, [...headers, 'content-length', String(body.byteLength)]);
  if (canBePrepared) prepare(response, what);
  response.end(head ? undefined : body);
  return { status: 200, bytes: head ? 0 : body.byteLength };
}

function finish(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  body: Uint8Array | undefined,
): Sent {
  response.writeHead(status, headers as string[]);
  response.end(body);
  return { status, bytes: body?.byteLength ?? 0 };
}
