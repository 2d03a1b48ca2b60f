// Control messages over NATS: Nest's own transport (JSON), with connections that never give up.
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import type { ClientProxy, NatsOptions } from '@nestjs/microservices';
import { natsConnectOptions } from './nats-connect-options.ts';

/** How long a closing server lets running handlers answer. */
const GRACE_PERIOD_MS = 200;

/**
 * A client for control messages. It connects with its first message, or by `connect()`.
 *
 * @param url `nats://[user:password@ | token@]host:port` or `tls://…`; several are separated by commas
 */
export function createNatsControlClient(url: string): ClientProxy {
  return ClientProxyFactory.create({ transport: Transport.NATS, options: natsConnectOptions(url) });
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
      ...natsConnectOptions(url),
      ...(queue === undefined ? {} : { queue }),
      gracefulShutdown: true,
      gracePeriod: GRACE_PERIOD_MS,
    },
  };
}
