// How every connection to NATS is made here: one that never gives up, and shows no credentials.
import type { NatsOptions } from '@nestjs/microservices';

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 5_000;
/** Two unanswered pings: a dead connection is noticed within about 15 s, a closed one at once. */
const MAX_PINGS_OUT = 2;

/** Takes credentials out of the address, so that no log or error of the client can show them. */
export function natsConnectOptions(url: string, inboxPrefix?: string): NonNullable<NatsOptions['options']> {
  const addresses = url.split(',').map((text) => new URL(text.trim()));
  const user = decodeURIComponent(addresses[0]?.username ?? '');
  const pass = decodeURIComponent(addresses[0]?.password ?? '');
  return {
    servers: addresses.map((address) => address.host),
    ...(inboxPrefix !== undefined && { inboxPrefix }),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
    ...(addresses.some((address) => address.protocol === 'tls:') && { tls: {} }),
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
  };
}
