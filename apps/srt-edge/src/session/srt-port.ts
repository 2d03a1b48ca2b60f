// The UDP port: datagrams in and out, the clock of the protocol, and which callers are let in.
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { EncoderPeer } from '@millrace/ingest';
import { isControl, SrtListener, SrtRejection, SynCookies } from '@millrace/protocol/srt';
import type { SrtPeer, SrtRequest } from '@millrace/protocol/srt';
import { ConnectionLimits, peerAddress, peerNetwork } from '@millrace/service-kit';
import { isPlayRequest } from '../play/play-target.ts';
import { SrtPlayback } from '../play/srt-playback.ts';
import type { SrtPlayer } from '../play/srt-player.ts';
import { SrtEdgeContext } from '../srt-edge-context.ts';
import { SrtPublisher } from './srt-publisher.ts';

/** The port that was opened. */
export interface SrtEdgePorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly srt: number;
}

/** What the timers of the protocol are counted in. */
const TICK_MS = 10;
/** Packets of this edge to an encoder: acknowledgements only, so that few are kept. */
const SEND_PACKETS = 64;
/** Datagrams that the kernel has not taken: beyond this, packets of media that follow are dropped, as networks do. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;
const ALL_ADDRESSES = '::';
const ALL_IPV4 = '0.0.0.0';

/** An address that cannot be reached now: the protocol repeats what has to arrive, and gives up in its own time. */
const passOver = (): void => undefined;

const nowUs = (): number => performance.now() * 1_000;

@Injectable()
export class SrtPort implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #limits: ConnectionLimits;
  readonly #listener: SrtListener;
  readonly #sessions = new Set<SrtPublisher | SrtPlayer>();
  #socket: Socket | undefined;
  #ticks: NodeJS.Timeout | undefined;
  #ports: SrtEdgePorts | undefined;
  #isLeaving = false;

  constructor(
    private readonly context: SrtEdgeContext,
    private readonly playback: SrtPlayback,
  ) {
    const { settings } = context;
    const { srtMaxConnections: maxConnections, srtMaxConnectionsPerAddress: maxConnectionsPerAddress } = settings;
    this.#limits = new ConnectionLimits({ maxConnections, maxConnectionsPerAddress });
    this.#listener = new SrtListener({
      cookies: new SynCookies(),
      clock: nowUs,
      send: (packet, peer) => this.#send(packet, peer),
      requested: (request) => this.#requested(request),
      maxUndecided: maxConnections,
      maxUndecidedPerNetwork: maxConnectionsPerAddress,
      networkOf: (address) => peerNetwork(peerAddress(address)),
      delayMs: settings.srtLatencyMs,
      maxDelayMs: settings.srtMaxLatencyMs,
      receivePackets: settings.srtReceivePackets,
      sendPackets: SEND_PACKETS,
      idleUs: settings.srtTimeoutMs * 1_000,
    });
  }

  /** The port that was opened; undefined before the application has started. */
  get ports(): SrtEdgePorts | undefined {
    return this.#ports;
  }

  /** Opens the port. @throws when it is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { srtHost, srtPort } = this.context.settings;
    const socket = await this.#bind(srtHost, srtPort);
    this.#socket = socket;
    socket.on('error', (error) => this.context.logger.error({ err: error }, 'the SRT port failed'));
    socket.on('message', (packet: Buffer, from: RemoteInfo) => this.#receive(packet, from));
    const { address, port: srt } = socket.address();
    this.#ports = { address, srt };
    this.context.logger.info({ address, srt_port: srt }, 'SRT listening');
  }

  /** Refuses callers from now on. Those that are connected go on, behind the same port. Idempotent. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Once the publishers have gone: ends the connections that are left, and closes the port. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const session of this.#sessions) session.end('draining');
    const socket = this.#socket;
    this.#socket = undefined;
    clearInterval(this.#ticks);
    // What was sent last leaves with the socket: datagrams go out in the order in which they were handed over.
    if (socket !== undefined) await new Promise<void>((resolve) => setImmediate(() => socket.close(resolve)));
  }

  #send(packet: Buffer, { address, port }: SrtPeer): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    // What connections are kept open with, and ended with, passes.
    if (!isControl(packet) && socket.getSendQueueSize() > MAX_UNSENT_BYTES)
      return this.context.transport.sentPackets.inc({ outcome: 'unsent' });
    socket.send(packet, port, address, passOver);
  }

  #receive(packet: Buffer, from: RemoteInfo): void {
    if (this.#socket === undefined) return;
    this.#listener.push(packet, from);
    if (!this.#listener.isIdle) this.#ticks ??= setInterval(() => this.#tick(), TICK_MS);
  }

  /** A port without callers needs no processor time. */
  #tick(): void {
    this.#listener.tick();
    this.playback.tick();
    if (!this.#listener.isIdle) return;
    clearInterval(this.#ticks);
    this.#ticks = undefined;
  }

  /** IPv4 only where there is no IPv6, for the default address. */
  async #bind(host: string, port: number): Promise<Socket> {
    try {
      return await this.#open(host, port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (host !== ALL_ADDRESSES || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error;
      return this.#open(ALL_IPV4, port);
    }
  }

  async #open(host: string, port: number): Promise<Socket> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    this.#enlarge(socket);
    return socket;
  }

  /** Linux gives what it may; other systems refuse more than that. */
  #enlarge(socket: Socket): void {
    const { settings, logger } = this.context;
    try {
      socket.setRecvBufferSize(settings.srtSocketBufferBytes);
    } catch (error) {
      logger.warn({ err: error }, 'the SRT port keeps the buffer of the system: see MILLRACE_SRT_SOCKET_BUFFER_BYTES');
    }
  }

  #requested(request: SrtRequest): void {
    const address = peerAddress(request.peer.address);
    const peer: EncoderPeer = { protocol: 'srt', address, network: peerNetwork(address) };
    const release = this.#limits.take(peer.network);
    if (release === undefined) {
      this.context.metrics.refusedConnections.inc({ protocol: peer.protocol });
      return request.reject(SrtRejection.resource);
    }
    if (this.#isLeaving) {
      release();
      return request.reject(SrtRejection.down);
    }
    const session = isPlayRequest(request.streamId)
      ? this.playback.playerOf(request, peer)
      : new SrtPublisher(request, peer, this.context);
    this.#sessions.add(session);
    this.context.ingest.connections.add(session);
    session.onGone = () => {
      this.#sessions.delete(session);
      this.context.ingest.connections.remove(session);
      release();
    };
    session.open();
  }
}
