// Connects to NATS, and goes on trying for a while: services may start before their server.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

/**
 * How much the client gathers into one write while its caller goes on publishing (an option that its types leave out):
 * the batches of many streams leave together, and each write has a price.
 */
const WRITE_BYTES = 128 * 1024;

/** Where the bus connects to, and as what. */
export interface NatsAccess {
  /** `nats://[user:password@ | token@]host:port` or `tls://…`; several are separated by commas. */
  readonly url: string;
  /** What the server lists this connection as. */
  readonly name: string;
  /** What subjects of answers begin with, where the server's permissions want it. */
  readonly inboxPrefix?: string | undefined;
}

/**
 * @throws FrameBusError when no server has answered within `connectTimeoutMs`
 */
export async function connectToNats(access: NatsAccess, limits: NatsFrameBusLimits): Promise<NatsConnection> {
  const options: NodeConnectionOptions & { readonly pendingLimit: number } = {
    ...serversOf(access.url),
    name: access.name,
    ...(access.inboxPrefix !== undefined && { inboxPrefix: access.inboxPrefix }),
    timeout: limits.connectTimeoutMs,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: limits.reconnectWaitMs,
    reconnectJitter: limits.reconnectWaitMs,
    ignoreAuthErrorAbort: true,
    pingInterval: limits.pingIntervalMs,
    maxPingOut: 2,
    pendingLimit: WRITE_BYTES,
  };
  const deadline = Date.now() + limits.connectTimeoutMs;
  for (;;) {
    try {
      return await connect(options);
    } catch (error) {
      if (Date.now() + limits.reconnectWaitMs >= deadline)
        throw new FrameBusError('unavailable', 'cannot connect to NATS', { cause: error });
    }
    await delay(limits.reconnectWaitMs);
  }
}

/** Takes credentials out of the address, so that no log or error of the client can show them. */
function serversOf(url: string): Pick<NodeConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'> {
  const addresses = url.split(',').map((text) => new URL(text.trim()));
  const servers = addresses.map((address) => address.host);
  const user = decodeURIComponent(addresses[0]?.username ?? '');
  const pass = decodeURIComponent(addresses[0]?.password ?? '');
  return {
    servers,
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
    ...(addresses.some((address) => address.protocol === 'tls:') && { tls: {} }),
  };
}
