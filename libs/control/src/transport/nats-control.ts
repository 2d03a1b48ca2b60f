// Control messages over NATS: Nest's own transport (JSON), with connections that never give up.
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { ClientProxy, NatsOptions } from '@nestjs/microservices';

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_WAIT_MS = 250;
const PING_INTERVAL_MS = 5_000;
/** Two unanswered pings: a dead connection is noticed within about 15 s, a closed one at once. */
const MAX_PINGS_OUT = 2;
/** How long a closing server lets running handlers answer. */
const GRACE_PERIOD_MS = 200;

/** Takes credentials out of the address, so that no log or error of the client can show them. */
function connectOptions(url: string): NonNullable<NatsOptions['options']> {
  const addresses = url.split(',').map((text) => new URL(text.trim()));
  const user = decodeURIComponent(addresses[0]?.username ?? '');
  const pass = decodeURIComponent(addresses[0]?.password ?? '');
  return {
    servers: addresses.map((address) => address.host),
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

/**
 * A client for control messages. It connects with its first message, or by `connect()`.
 *
 * @param url `nats://[user:password@ | token@]host:port` or `tls://…`; several are separated by commas
 */
export function createNatsControlClient(url: string): ClientProxy {
  return ClientProxyFactory.create({ transport: Transport.NATS, options: connectOptions(url) });
}

/**
 * Options for `app.connectMicroservice(natsControlServer(url, queue), { inheritAppConfig: true })`.
 *
 * @param url as above
 * @param queue servers of one queue share messages; without one, a server hears all of them
 */
export function natsControlServer(url: string, queue?: string): NatsOptions {
  return {
    transport: Transport.NATS,
    options: {
      ...connectOptions(url),
      ...(queue === undefined ? {} : { queue }),
      gracefulShutdown: true,
      gracePeriod: GRACE_PERIOD_MS,
    },
  };
}
