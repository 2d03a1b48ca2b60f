import { newId } from '@millrace/domain';
import type { IncomingMessage } from 'node:http';

export const REQUEST_ID_HEADER = 'x-request-id';
/** What a caller may choose: it goes into log lines and back into a header. */
const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/;
/** Playback makes an id only when it has something to tell about: see `requestIdFor`. */
const HOT_PATHS = ['/hls/', '/dash/'];

/** The caller's own request id when it has a safe form, else a new one; empty on the hot path. */
export function requestIdOf(request: IncomingMessage): string {
  return HOT_PATHS.some((path) => request.url?.startsWith(path) === true) ? '' : chosenOrNew(request);
}

/** The id of a request for an answer or a log line. */
export const requestIdFor = (request: { readonly id: string; readonly raw: IncomingMessage }): string =>
  request.id === '' ? chosenOrNew(request.raw) : request.id;

function chosenOrNew(request: IncomingMessage): string {
  const given = request.headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : newId('req');
}
