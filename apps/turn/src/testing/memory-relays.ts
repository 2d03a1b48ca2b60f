// Relays without sockets: what goes to peers is kept, and what comes from them is said.
import type { IpFamily } from '../peers/ip-address.ts';
import { surrounded } from './surrounded.ts';
import type { OnPeerArrived, OnPeerDatagram, RelaySocket, UdpRelays } from '../allocation/relay-socket.ts';

export interface SentToPeer {
  readonly bytes: Buffer;
  readonly address: string;
  readonly port: number;
  /** It may not be cut up on its way. */
  readonly whole?: true;
}

export class MemoryRelays implements UdpRelays {
  readonly sent: SentToPeer[] = [];
  /** Ports in use by another process. */
  readonly taken = new Set<number>();
  readonly open_ = new Map<number, OnPeerDatagram>();
  readonly inPlace = new Map<number, OnPeerArrived>();
  /** Whether datagrams are handed on where they were received. */
  isInPlace = false;
  /** Whether datagrams can be sent so. */
  canSendWhole = false;
  addresses: Partial<Record<IpFamily, string>> = { IPv4: '8.8.4.4', IPv6: '2001:4860:4860::8844' };

  announced(family: IpFamily): string | undefined {
    return this.addresses[family];
  }

  open(
    _family: IpFamily,
    port: number,
    onDatagram: OnPeerDatagram,
    onArrived?: OnPeerArrived,
  ): RelaySocket | undefined {
    if (this.taken.has(port)) return undefined;
    if (this.open_.has(port)) throw new Error(`port ${port} is open already`);
    this.open_.set(port, onDatagram);
    if (this.isInPlace && onArrived) this.inPlace.set(port, onArrived);
    return {
      send: (bytes, address, toPort) => this.sent.push({ bytes: Buffer.from(bytes), address, port: toPort }),
      forward: (memory, start, end, address, toPort) =>
        this.sent.push({ bytes: Buffer.from(memory.subarray(start, end)), address, port: toPort }),
      canSendWhole: () => this.canSendWhole,
      sendWhole: (bytes, address, toPort) =>
        this.sent.push({ bytes: Buffer.from(bytes), address, port: toPort, whole: true }),
      close: () => {
        this.open_.delete(port);
        this.inPlace.delete(port);
      },
    };
  }

  /** A peer sends to a relay. */
  fromPeer(relayPort: number, data: string, address: string, port: number): void {
    const { memory, start, end } = surrounded(Buffer.from(data));
    if (this.inPlace.get(relayPort)?.(memory, start, end, address, port) !== true)
      this.open_.get(relayPort)?.(Buffer.from(data), address, port);
  }
}
