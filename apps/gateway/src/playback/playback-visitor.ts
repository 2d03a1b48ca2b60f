// What a request for playback says of its sender.
import type { IncomingMessage } from 'node:http';
import { peerNetwork } from '@millrace/service-kit';
import type { ClientAddresses } from '@millrace/service-kit';

export interface PlaybackVisitor {
  readonly address: string;
  /** The same, as limits count it. */
  readonly network: string;
  readonly userAgent: string;
  /** The site that plays it; undefined: a player that is no browser, or a browser that does not say. */
  readonly origin: string | undefined;
  /** Two capital letters; undefined where no trusted proxy says. */
  readonly country: string | undefined;
  readonly query: PlaybackQuery;
}

export interface PlaybackQuery {
  readonly token: string | undefined;
  readonly viewer: string | undefined;
}

export interface VisitorRules {
  readonly clients: ClientAddresses;
  /** In lower case; empty: none. */
  readonly countryHeader: string;
  /** Of this server, as browsers see it. */
  readonly ownOrigin: string;
}

export function visitorOf(
  request: IncomingMessage,
  { clients, countryHeader, ownOrigin }: VisitorRules,
): PlaybackVisitor {
  const { headers } = request;
  const address = clients.of(request);
  // A client that reaches this server past the proxies could write any header.
  const isRelayed = countryHeader !== '' && clients.isTrusted(clients.peerOf(request.socket));
  const country = isRelayed ? headers[countryHeader]?.toString().toUpperCase() : undefined;
  return {
    address,
    network: peerNetwork(address),
    userAgent: headers['user-agent'] ?? '',
    origin: originOf(request, ownOrigin),
    country: country !== undefined && /^[A-Z]{2}$/.test(country) ? country : undefined,
    query: playbackQuery(request.url ?? ''),
  };
}

/** Browsers send no `Origin` with a GET to the site that the page is of, and no `Referer` from pages that forbid it. */
function originOf({ headers }: IncomingMessage, ownOrigin: string): string | undefined {
  if (headers.origin !== undefined && headers.origin !== 'null') return headers.origin;
  if (headers.referer !== undefined && URL.canParse(headers.referer)) return new URL(headers.referer).origin;
  return headers['sec-fetch-site'] === 'same-origin' ? ownOrigin : undefined;
}

function playbackQuery(url: string): PlaybackQuery {
  const at = url.indexOf('?');
  const parameters = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  return { token: parameters.get('token') ?? undefined, viewer: parameters.get('viewer') ?? undefined };
}
