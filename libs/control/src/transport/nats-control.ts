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

function connectOptions(address: string): NonNullable<NatsOptions['options']> {
  const { protocol, host, username, password } = new URL(address);
  return {
    servers: host,
    ...(username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(protocol === 'tls:' ? { tls: {} } : {}),
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    waitOnFirstConnect: true,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
  };
}

/** A client for control messages. It connects with its first message, or by `connect()`. @param url `nats://host:port` */
export function createNatsControlClient(url: string): ClientProxy {
  return ClientProxyFactory.create({ transport: Transport.NATS, options: connectOptions(url) });
}

/**
 * Options for `app.connectMicroservice(natsControlServer(url, queue), { inheritAppConfig: true })`.
 *
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
