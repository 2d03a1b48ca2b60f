// A connection that was accepted: RTSP from its first byte on, or one of the two of an HTTP tunnel.
import type { Socket } from 'node:net';
import type { ConnectionState, EncoderPeer, TcpConnection } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { formatTunnelRefused, isTunnelBeginning, readTunnelRequest } from '@millrace/protocol/rtsp';
import type { TunnelRequest } from '@millrace/protocol/rtsp';
import type { RtspEdgeContext } from '../channel/rtsp-edge-context.ts';
import type { RtspPlayback } from '../play/rtsp-playback.ts';
import { HttpTunnel } from './http-tunnel.ts';
import type { HttpTunnels } from './http-tunnel.ts';
import { RtspConnection, SERVER } from './rtsp-connection.ts';

export interface AcceptedConnectionOptions {
  readonly context: RtspEdgeContext;
  readonly playback: RtspPlayback;
  readonly tunnels: HttpTunnels;
}

export class AcceptedConnection implements TcpConnection {
  readonly peer: EncoderPeer;
  onGone: (() => void) | undefined;
  readonly #socket: Socket;
  readonly #options: AcceptedConnectionOptions;
  readonly #acceptedAtMs = performance.now();
  readonly #setup: NodeJS.Timeout;
  /** What has come until it is known what this connection is. */
  #first: Buffer = Buffer.alloc(0);
  #rtsp: RtspConnection | undefined;
  /** Why it ended before it was one of RTSP. */
  #closeReason: string | undefined;

  constructor(peer: EncoderPeer, socket: Socket, options: AcceptedConnectionOptions) {
    this.peer = peer;
    this.#socket = socket;
    this.#options = options;
    const { metrics, settings } = options.context;
    metrics.handshakes.inc({ outcome: 'connected' });
    this.#setup = setTimeout(() => this.#destroy('setup_timeout'), settings.rtspSetupMs);
    socket.on('error', () => undefined);
    socket.on('data', this.#read);
    socket.on('close', () => this.#gone());
  }

  get state(): ConnectionState {
    return this.#rtsp?.state ?? (this.#closeReason === undefined ? 'waiting' : 'closing');
  }

  drain(): void {
    if (this.#rtsp === undefined) this.#destroy('draining');
    else this.#rtsp.drain();
  }

  readonly #read = (bytes: Buffer): void => {
    this.#first = this.#first.length === 0 ? bytes : Buffer.concat([this.#first, bytes]);
    const isTunnel = isTunnelBeginning(this.#first);
    if (isTunnel === undefined) return;
    if (!isTunnel) {
      this.#known();
      this.#rtsp = this.#open(this.#socket);
      this.#rtsp.read(this.#first);
      return;
    }
    try {
      const request = readTunnelRequest(this.#first, this.#options.context.settings.rtspMaxHeadBytes);
      if (request === undefined) return;
      this.#known();
      if (request.method === 'GET') this.#beginTunnel(request);
      else this.#joinTunnel(request);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#refuse(400, error.detail);
    }
  };

  #beginTunnel({ cookie, rest }: TunnelRequest): void {
    const { context, tunnels } = this.#options;
    if (context.ingest.draining) return this.#refuse(503, 'this server is stopping');
    // One client, one tunnel: a second GET could only be meant to read what the first one is sent.
    if (tunnels.find(this.peer, cookie) !== undefined) return this.#refuse(409, 'a tunnel with this cookie is open');
    if (rest.length > 0) return this.#refuse(400, 'a GET has no body: send requests by POST on another connection');
    const logger = context.logger.child({ peer: this.peer.address, protocol: this.peer.protocol });
    const tunnel = new HttpTunnel(this.#socket, SERVER, context.settings.rtspTunnelInputMs, logger);
    tunnels.add(this.peer, cookie, tunnel);
    this.#rtsp = this.#open(tunnel);
  }

  #joinTunnel({ cookie, rest }: TunnelRequest): void {
    const tunnel = this.#options.tunnels.find(this.peer, cookie);
    if (tunnel === undefined) return this.#refuse(404, 'no tunnel with this cookie is open: send GET first');
    if (tunnel.hasInput) return this.#refuse(409, 'this tunnel has a POST already');
    tunnel.useInput(this.#socket, rest);
  }

  #open(stream: Socket | HttpTunnel): RtspConnection {
    const { context, playback } = this.#options;
    return new RtspConnection(this.peer, stream, context, playback, this.#acceptedAtMs);
  }

  /** What this connection is has been decided. */
  #known(): void {
    clearTimeout(this.#setup);
    this.#socket.off('data', this.#read);
  }

  #refuse(status: Parameters<typeof formatTunnelRefused>[0], detail: string): void {
    this.#known();
    this.#closeReason ??= 'tunnel_refused';
    this.#socket.end(formatTunnelRefused(status, detail));
    this.#socket.resume();
    setTimeout(() => this.#socket.destroy(), this.#options.context.settings.rtspCloseMs).unref();
  }

  #destroy(reason: string): void {
    this.#closeReason ??= reason;
    this.#socket.destroy();
  }

  #gone(): void {
    clearTimeout(this.#setup);
    if (this.#rtsp === undefined)
      this.#options.context.metrics.disconnects.inc({ reason: this.#closeReason ?? 'client_closed' });
    this.onGone?.();
  }
}
