// One relayed transport address of an allocation: it has two when the client asked for both families.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { RelaySocket } from '../transport/relay-socket.ts';

/** What an allocation needs of what listens for its peers. */
export interface RelayHandle {
  close(): void;
}

export class Relay {
  readonly announced: TransportAddress;
  readonly family: TransportAddress['family'];
  /** For datagrams; undefined when the relay is for TCP. */
  readonly udp: RelaySocket | undefined;
  expiresAtMs: number;
  readonly #handle: RelayHandle;

  constructor(announced: TransportAddress, handle: RelayHandle, udp: RelaySocket | undefined, expiresAtMs: number) {
    this.announced = announced;
    this.family = announced.family;
    this.udp = udp;
    this.expiresAtMs = expiresAtMs;
    this.#handle = handle;
  }

  close(): void {
    this.#handle.close();
  }
}
