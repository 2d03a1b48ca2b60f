// Relayed addresses on sockets of this machine.
import type { PortPool } from '../allocation/port-pool.ts';
import type { IpFamily } from '../peers/ip-address.ts';
import type { OnPeerArrived, OnPeerDatagram, RelaySocket, UdpRelays } from '../allocation/relay-socket.ts';
import type { OpenUdpSocket } from './udp-socket.ts';

export interface RelayAddress {
  /** Where sockets are bound. */
  readonly bind: string;
  /** What peers are told. */
  readonly announced: string;
}

export type RelayAddresses = Partial<Readonly<Record<IpFamily, RelayAddress>>>;

const ANY: Readonly<Record<IpFamily, string>> = { IPv4: '0.0.0.0', IPv6: '::' };
const LOOPBACK: Readonly<Record<IpFamily, string>> = { IPv4: '127.0.0.1', IPv6: '::1' };

export class SocketRelays implements UdpRelays {
  readonly #addresses: RelayAddresses;
  readonly #open: OpenUdpSocket;
  readonly #bufferBytes: number;
  readonly #ports: PortPool;

  constructor(addresses: RelayAddresses, open: OpenUdpSocket, bufferBytes: number, ports: PortPool) {
    this.#addresses = addresses;
    this.#open = open;
    this.#bufferBytes = bufferBytes;
    this.#ports = ports;
  }

  announced(family: IpFamily): string | undefined {
    return this.#addresses[family]?.announced;
  }

  open(family: IpFamily, port: number, onDatagram: OnPeerDatagram, onArrived?: OnPeerArrived): RelaySocket | undefined {
    const address = this.#addresses[family];
    if (!address) return undefined;
    const { bind, announced } = address;
    // Two clients of this server may be each other's peers. What goes to the announced address need not leave the machine, and
    // often could not come back to it through the NAT in front.
    const inside = bind === ANY[family] ? LOOPBACK[family] : bind;
    const ports = this.#ports;
    const isSelf = (to: string, toPort: number) => to === announced && ports.isTaken(toPort);
    const outward = (from: string, fromPort: number) => (from === inside && ports.isTaken(fromPort) ? announced : from);
    const options = { family, address: bind, port, shared: false, bufferBytes: this.#bufferBytes };
    try {
      const socket = this.#open(
        options,
        (bytes, from, fromPort) => onDatagram(bytes, outward(from, fromPort), fromPort),
        onArrived &&
          ((memory, start, end, from, fromPort) => onArrived(memory, start, end, outward(from, fromPort), fromPort)),
      );
      return {
        send: (bytes, to, toPort) => socket.send(bytes, toPort, isSelf(to, toPort) ? inside : to),
        forward: (memory, start, end, to, toPort) =>
          socket.forward(memory, start, end, toPort, isSelf(to, toPort) ? inside : to),
        canSendWhole: () => socket.canSendWhole(),
        sendWhole: (bytes, to, toPort) => socket.sendWhole(bytes, toPort, isSelf(to, toPort) ? inside : to),
        close: () => socket.close(),
      };
    } catch (error) {
      if (isTaken(error)) return undefined;
      throw error;
    }
  }
}

/** In use by another process, not for us, or no more files may be open: another port, or none. */
const TAKEN = new Set(['EADDRINUSE', 'EACCES', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);
export const isTaken = (error: unknown): boolean => TAKEN.has((error as NodeJS.ErrnoException).code ?? '');
