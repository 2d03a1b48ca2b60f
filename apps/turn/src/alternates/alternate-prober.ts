// Asks the alternate servers, again and again, whether they answer: one Binding request to each (RFC 8489 section 3).
import { ProtocolError } from '@millrace/protocol/bytes';
import { decodeMessage, MessageBuilder, Software, StunClass, StunMethod } from '@millrace/protocol/stun';
import type { TransportAddress } from '@millrace/protocol/stun';
import { ipBytes } from '../peers/ip-address.ts';
import type { IpFamily } from '../peers/ip-address.ts';
import type { OpenUdpSocket, UdpSocket } from '../transport/udp-socket.ts';
import { AlternateHealth } from './alternate-health.ts';
import type { AlternateState } from './alternate-health.ts';

/** It also asks a Millrace server to say whether it drains. */
const PROBE_SOFTWARE = 'Millrace';
const NOTHING = new Uint8Array(0);
const WILDCARD = { IPv4: '0.0.0.0', IPv6: '::' } as const;

export interface AlternateProberOptions {
  readonly servers: readonly TransportAddress[];
  readonly open: OpenUdpSocket;
  /** Something has changed. */
  readonly onChange: (alternates: readonly AlternateHealth[], changed: AlternateHealth) => void;
  /** This machine cannot send to servers of this family: they will be unhealthy. */
  readonly onNoSocket: (family: IpFamily, error: unknown) => void;
}

interface Probe {
  readonly health: AlternateHealth;
  /** Of the request that has no answer yet. */
  transactionId: Uint8Array | undefined;
  told: AlternateState;
}

export class AlternateProber {
  readonly #options: AlternateProberOptions;
  readonly #probes: readonly Probe[];
  readonly #sockets: Partial<Record<IpFamily, UdpSocket>> = {};
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AlternateProberOptions) {
    this.#options = options;
    this.#probes = options.servers.map((server) => {
      const health = new AlternateHealth(server);
      return { health, transactionId: undefined, told: health.state };
    });
  }

  get alternates(): readonly AlternateHealth[] {
    return this.#probes.map(({ health }) => health);
  }

  /** Asks now, and every so often. Where there are no servers, nothing is repeated. */
  start(intervalMs: number): void {
    if (this.#probes.length === 0) return;
    for (const family of new Set(this.#options.servers.map((server) => server.family))) this.#open(family);
    this.#ask();
    this.#timer = setInterval(() => this.#ask(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of Object.values(this.#sockets)) socket.close();
  }

  #open(family: IpFamily): void {
    const options = { family, address: WILDCARD[family], port: 0, shared: false, bufferBytes: 0 };
    try {
      this.#sockets[family] = this.#options.open(options, (...datagram) => this.#receive(...datagram));
    } catch (error) {
      this.#options.onNoSocket(family, error);
    }
  }

  #ask(): void {
    for (const probe of this.#probes) {
      const { health } = probe;
      if (probe.transactionId !== undefined) health.missed();
      this.#tell(probe);
      const builder = new MessageBuilder(StunClass.request, StunMethod.binding).add(Software, PROBE_SOFTWARE);
      probe.transactionId = builder.transactionId;
      const { family, address, port } = health.server;
      this.#sockets[family]?.send(builder.addFingerprint().build(), port, address);
    }
  }

  /** Anything may come to an open port: an answer is what has the transaction id of the request, from where that went to. */
  #receive(bytes: Buffer, address: string, port: number): void {
    try {
      const answer = decodeMessage(bytes);
      const probe = this.#probes.find(
        ({ health: { server }, transactionId = NOTHING }) =>
          server.port === port &&
          answer.transactionId.equals(transactionId) &&
          Buffer.compare(ipBytes(server.address), ipBytes(address)) === 0,
      );
      if (!probe || answer.class !== StunClass.success || answer.method !== StunMethod.binding) return;
      probe.transactionId = undefined;
      probe.health.answered(answer);
      this.#tell(probe);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  #tell(probe: Probe): void {
    const { state } = probe.health;
    if (state === probe.told) return;
    probe.told = state;
    this.#options.onChange(this.alternates, probe.health);
  }
}
