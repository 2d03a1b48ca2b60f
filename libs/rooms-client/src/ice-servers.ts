// Choosing among ICE servers by how they are reached: to force one way, and to test one way.
import type { IceServer } from './messages.ts';

export const RELAY_TRANSPORTS = ['udp', 'tcp', 'tls'] as const;
export type RelayTransport = (typeof RELAY_TRANSPORTS)[number];

export const isRelayTransport = (text: string): text is RelayTransport =>
  (RELAY_TRANSPORTS as readonly string[]).includes(text);

/** RFC 7065 §3.1: `turn:` is UDP unless it says `transport=tcp`; `turns:` is TLS over TCP. */
export function relayTransportOf(url: string): RelayTransport | undefined {
  if (url.startsWith('turns:')) return 'tls';
  if (!url.startsWith('turn:')) return undefined;
  return /[?&]transport=tcp\b/i.test(url) ? 'tcp' : 'udp';
}

function withUrls(servers: readonly IceServer[], wanted: (url: string) => boolean): readonly IceServer[] {
  return servers
    .map((server) => ({ ...server, urls: server.urls.filter(wanted) }))
    .filter(({ urls }) => urls.length > 0);
}

/** Only what relays over this transport. */
export const relaysOver = (servers: readonly IceServer[], transport: RelayTransport): readonly IceServer[] =>
  withUrls(servers, (url) => relayTransportOf(url) === transport);

export const stunServers = (servers: readonly IceServer[]): readonly IceServer[] =>
  withUrls(servers, (url) => url.startsWith('stun:')).map(({ urls }) => ({ urls }));

/** In the form that the browser's type asks for. */
export const toRtcIceServers = (servers: readonly IceServer[]): RTCIceServer[] =>
  servers.map(({ urls, ...credentials }) => ({ ...credentials, urls: [...urls] }));
