// Control messages over NATS: Nest's own transport (JSON), with connections that never give up, and sealed requests.
import { ClientProxyFactory, ServerNats, Transport } from '@nestjs/microservices';
import type { ClientProxy, CustomStrategy, NatsOptions } from '@nestjs/microservices';
import { GatewayKeys } from '../seal/gateway-keys.ts';
import { RequestOpener } from '../seal/request-opener.ts';
import type { FirstTime } from '../seal/request-opener.ts';
import { natsConnectOptions } from './nats-connect-options.ts';
import { SealedClient } from './sealed-client.ts';
import { SealedNatsServer } from './sealed-nats-server.ts';

/** How long a closing server lets running handlers answer. */
const GRACE_PERIOD_MS = 200;

/** Where control messages go. */
export interface NatsControlOptions {
  /** `nats://[user:password@ | token@]host:port` or `tls://…`; several are separated by commas. */
  readonly url: string;
  /** What subjects of answers begin with, where the server's permissions want it: `natsInboxPrefix`. */
  readonly inboxPrefix?: string;
}

export interface NatsGatewayOptions extends NatsControlOptions {
  /** Gateways of one queue share messages. */
  readonly queue: string;
  /** What the keys that requests are sealed to are derived from: the same on all gateways, and on gateways alone. */
  readonly sealSecret: string;
  /** Tells for all gateways together whether a request is there for the first time. */
  readonly firstTime?: FirstTime;
  /** Whether requests in the form before sealing are answered too. */
  readonly acceptClear?: boolean;
}

/** A client for control messages. It connects with its first message, or by `connect()`. */
export function createNatsControlClient({ url, inboxPrefix }: NatsControlOptions): ClientProxy {
  const options = natsConnectOptions(url, inboxPrefix);
  return new SealedClient(ClientProxyFactory.create({ transport: Transport.NATS, options }));
}

/** Options for `NestFactory.createMicroservice` of a service that hears all events. */
export function natsControlServer({ url, inboxPrefix }: NatsControlOptions): CustomStrategy {
  return { strategy: new ServerNats(serverOptions(url, inboxPrefix)) };
}

/** Options for `app.connectMicroservice(…, { inheritAppConfig: true })` of a gateway: it answers sealed requests. */
export function natsControlGateway(options: NatsGatewayOptions): CustomStrategy {
  const { url, inboxPrefix, queue, sealSecret, firstTime, acceptClear = false } = options;
  const keys = new GatewayKeys(sealSecret);
  const opener = new RequestOpener({ keys, ...(firstTime && { firstTime }) });
  const server = { ...serverOptions(url, inboxPrefix), queue };
  return { strategy: new SealedNatsServer(server, { keys, opener, acceptClear }) };
}

function serverOptions(url: string, inboxPrefix: string | undefined): NonNullable<NatsOptions['options']> {
  return { ...natsConnectOptions(url, inboxPrefix), gracefulShutdown: true, gracePeriod: GRACE_PERIOD_MS };
}
