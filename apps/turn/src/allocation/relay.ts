// One relayed transport address of an allocation: it has two when the client asked for both families.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { RelaySocket } from './relay-socket.ts';
import type { TcpRelay } from './tcp-relay.ts';

/** What an allocation needs of what listens for its peers. */
export interface RelayHandle {
  close(): void;
}

export class Relay {
  readonly announced: TransportAddress;
  readonly family: TransportAddress['family'];
  /** For datagrams; undefined when the relay is for TCP. */
  readonly udp: RelaySocket | undefined;
  /** For connections; undefined when the relay is for UDP. */
  readonly tcp: TcpRelay | undefined;
  expiresAtMs: number;

  constructor(
    announced: TransportAddress,
    socket: { readonly udp: RelaySocket } | { readonly tcp: TcpRelay },
    expiresAtMs: number,
  ) {
    this.announced = announced;
    this.family = announced.family;
    this.udp = 'udp' in socket ? socket.udp : undefined;
    this.tcp = 'tcp' in socket ? socket.tcp : undefined;
    this.expiresAtMs = expiresAtMs;
  }

  close(): void {
    this.udp?.close();
    this.tcp?.close();
  }
}
