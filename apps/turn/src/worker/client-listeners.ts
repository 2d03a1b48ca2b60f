// Every port that clients come to.
import { ConnectionLimits } from '@millrace/service-kit';
import type { Certificate } from '@millrace/service-kit';
import type { Counters } from '../counters.ts';
import { familyOf } from '../peers/ip-address.ts';
import { OTHER_IP, OTHER_PORT } from '../request/binding.ts';
import type { TurnSettings } from '../settings.ts';
import type { TurnServer } from '../turn-server.ts';
import type { OpenedPorts } from './worker-messages.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';
import { StreamListener } from '../transport/stream-listener.ts';
import { UdpListener } from '../transport/udp-listener.ts';
import type { OpenUdpSocket } from '../transport/udp-socket.ts';

export interface ClientListenersOptions {
  readonly settings: TurnSettings;
  readonly counters: Counters;
  readonly server: TurnServer;
  readonly openUdp: OpenUdpSocket;
  /** Other threads listen on the same ports. */
  readonly shared: boolean;
  readonly certificate: Certificate | undefined;
  /** Told of an address that this machine does not have. */
  readonly onSkipped: (host: string, reason: string) => void;
}

/** A machine without IPv6 has no `::`: that is no reason not to start. */
const MISSING_FAMILY = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

const MAX_CHOICES = 10;

export class ClientListeners {
  readonly #options: ClientListenersOptions;
  readonly #limits: ConnectionLimits;
  readonly #udp: UdpListener[] = [];
  readonly #streams: StreamListener[] = [];

  constructor(options: ClientListenersOptions) {
    const { turnMaxConnections, turnMaxConnectionsPerAddress } = options.settings;
    this.#options = options;
    this.#limits = new ConnectionLimits({
      maxConnections: turnMaxConnections,
      maxConnectionsPerAddress: turnMaxConnectionsPerAddress,
    });
  }

  /** Opens the ports. @throws when one cannot be had; what was opened is closed again */
  async open(): Promise<OpenedPorts> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#openAll();
      } catch (error) {
        // The system chooses a port that is free for UDP; a TCP connection may have it.
        const isChosen =
          this.#options.settings.turnPort === 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!isChosen || tries === MAX_CHOICES) throw error;
      }
    }
  }

  async #openAll(): Promise<OpenedPorts> {
    const { turnHosts, turnPort, turnTlsPort } = this.#options.settings;
    const ports = { udp: turnPort, tcp: turnPort, tls: undefined as number | undefined };
    try {
      for (const host of turnHosts) {
        const opened = await this.#openHost(host, ports.udp, ports.tcp, ports.tls ?? turnTlsPort);
        if (opened) Object.assign(ports, opened);
      }
      return ports;
    } catch (error) {
      this.close();
      this.#udp.length = 0;
      this.#streams.length = 0;
      throw error;
    }
  }

  replaceCertificate(certificate: Certificate): void {
    for (const listener of this.#streams) listener.replaceCertificate(certificate);
  }

  close(): void {
    for (const listener of this.#udp) listener.close();
    for (const listener of this.#streams) listener.close();
  }

  async #openHost(host: string, udpPort: number, tcpPort: number, tlsPort: number): Promise<OpenedPorts | undefined> {
    const { onSkipped, certificate } = this.#options;
    try {
      const udp = this.#openUdp(host, udpPort);
      // A port of the system's choice is the same for both.
      const tcp = await this.#openStream(host, tcpPort === 0 ? udp : tcpPort, undefined);
      const tls = certificate && (await this.#openStream(host, tlsPort, certificate));
      return { udp, tcp, tls };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (host !== '::' || !MISSING_FAMILY.has(code ?? '')) throw error;
      onSkipped(host, message);
      return undefined;
    }
  }

  /** The port itself and, where there is an alternate address, the other three of NAT discovery. */
  #openUdp(host: string, port: number): number {
    const { settings } = this.#options;
    const { turnAlternateHosts = [], turnAlternatePort } = settings;
    const alternate = turnAlternateHosts.find((each) => familyOf(each) === familyOf(host));
    const origins = new Map<number, UdpListener>();
    const first = this.#addUdp(host, port, 0, origins);
    if (alternate !== undefined) {
      this.#addUdp(host, turnAlternatePort, OTHER_PORT, origins);
      this.#addUdp(alternate, port, OTHER_IP, origins);
      this.#addUdp(alternate, turnAlternatePort, OTHER_IP | OTHER_PORT, origins);
    }
    return first.socket.port;
  }

  #addUdp(address: string, port: number, origin: number, origins: Map<number, UdpListener>): UdpListener {
    const { settings, shared, openUdp, server } = this.#options;
    const socket = { family: familyOf(address), address, port, shared, bufferBytes: settings.turnSocketBufferBytes };
    const receive = (flow: ClientFlow, bytes: Buffer): void => server.receive(flow, bytes);
    const arrived = (flow: ClientFlow, memory: Buffer, start: number, end: number): boolean =>
      server.arrived(flow, memory, start, end);
    const listener = new UdpListener({ socket, open: openUdp, origin, origins, receive, arrived });
    origins.set(origin, listener);
    this.#udp.push(listener);
    return listener;
  }

  async #openStream(host: string, port: number, certificate: Certificate | undefined): Promise<number> {
    const { settings, shared, counters, server } = this.#options;
    const listener = new StreamListener({
      host,
      port,
      shared,
      certificate,
      counters,
      limits: this.#limits,
      maxConnections: settings.turnMaxConnections,
      idleMs: settings.turnTcpIdleMs,
      maxUnsentBytes: settings.turnMaxUnsentBytes,
      maxUnsentMs: settings.turnMaxUnsentMs,
      receive: (flow, bytes) => server.receive(flow, bytes),
      onFlowClosed: (flow) => server.flowClosed(flow),
    });
    this.#streams.push(listener);
    return listener.open();
  }
}
