// Connections through load balancers: a header of the PROXY protocol, before everything else and before TLS, names the client.
import type { Socket } from 'node:net';
import { ProtocolError } from '@millrace/protocol/bytes';
import { ProxyHeaderReader } from '@millrace/protocol/proxy-protocol';
import type { ReadProxyHeader } from '@millrace/protocol/proxy-protocol';
import { ConnectionLimits, peerAddress } from '@millrace/service-kit';
import type { AddressRanges, Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';

export interface ProxyProtocolListenerOptions {
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  /** How many may be open whose header has not come. */
  readonly maxConnections: number;
  /** How long a header may take, in milliseconds. */
  readonly handshakeMs: number;
  /** Balancers that are believed. Any other peer could claim any address. */
  readonly from: AddressRanges;
  /** Takes the connection on; it is paused, and begins behind the header. @param address of the client */
  readonly onClient: (socket: Socket, address: string) => void;
}

export class ProxyProtocolListener {
  readonly #options: ProxyProtocolListenerOptions;
  readonly #waiting = new Set<Socket>();
  readonly #limits: ConnectionLimits;

  constructor(options: ProxyProtocolListenerOptions) {
    this.#options = options;
    const { maxConnections } = options;
    // All come from a few balancers: the limit per address is for the clients, once they are known.
    this.#limits = new ConnectionLimits({ maxConnections, maxConnectionsPerAddress: maxConnections });
  }

  accept(socket: Socket): void {
    const balancer = peerAddress(socket.remoteAddress);
    const release = this.#options.from.includes(balancer) ? this.#limits.take(balancer) : undefined;
    if (release === undefined) return this.#refuse(socket, 'proxy_refused', balancer);
    const { handshakeMs } = this.#options;
    const timer = setTimeout(() => this.#refuse(socket, 'handshake_timeout', balancer), handshakeMs);
    const reader = new ProxyHeaderReader();
    const leave = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
      release();
      socket.off('data', onData).off('close', leave).off('error', ignore);
    };
    const onData = (bytes: Buffer): void => {
      const read = this.#read(reader, bytes, socket, balancer);
      if (read === undefined) return;
      leave();
      socket.pause();
      if (read.rest.length > 0) socket.unshift(read.rest);
      const { header } = read;
      const source = header.command === 'proxy' ? header.source : undefined;
      this.#options.onClient(socket, source === undefined ? balancer : peerAddress(source.address));
    };
    this.#waiting.add(socket);
    socket.on('data', onData).on('close', leave).on('error', ignore);
  }

  /** Ends those that have not said yet who they are. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #read(reader: ProxyHeaderReader, bytes: Buffer, socket: Socket, balancer: string): ReadProxyHeader | undefined {
    try {
      return reader.push(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(socket, 'proxy_header', balancer, error);
      return undefined;
    }
  }

  #refuse(socket: Socket, outcome: string, balancer: string, error?: ProtocolError): void {
    const { metrics, logger } = this.#options;
    metrics.handshakes.inc({ outcome });
    logger.debug({ peer: balancer, outcome, ...(error && { code: error.code, detail: error.detail }) }, 'refused');
    socket.destroy();
  }
}

/** A socket that fails closes too. */
const ignore = (): void => undefined;
