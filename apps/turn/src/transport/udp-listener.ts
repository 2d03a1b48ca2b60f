// A UDP port that clients send to.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import type { IpFamily } from '../peers/ip-address.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';
import type { OpenUdpSocket, UdpSocket, UdpSocketOptions } from './udp-socket.ts';

const ZEROS = [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(2), Buffer.alloc(3)] as const;

export interface UdpListenerOptions {
  readonly socket: UdpSocketOptions;
  readonly open: OpenUdpSocket;
  /** Which of the four addresses of NAT discovery this is. */
  readonly origin: number;
  /** The sockets of those addresses, as far as they exist. */
  readonly origins: ReadonlyMap<number, UdpListener>;
  readonly receive: (flow: ClientFlow, bytes: Buffer) => void;
  /** See `OnArrived`. */
  readonly arrived: (flow: ClientFlow, memory: Buffer, start: number, end: number) => boolean;
}

export class UdpListener {
  readonly family: IpFamily;
  readonly origin: number;
  readonly origins: ReadonlyMap<number, UdpListener>;
  readonly socket: UdpSocket;
  /** Clients with an allocation, by port and then by address. */
  readonly #flows = new Map<number, Map<string, UdpFlow>>();
  readonly #receive: (flow: ClientFlow, bytes: Buffer) => void;

  /** @throws when the port cannot be had */
  constructor({ socket, open, origin, origins, receive, arrived }: UdpListenerOptions) {
    this.family = socket.family;
    this.origin = origin;
    this.origins = origins;
    this.#receive = receive;
    this.socket = open(
      socket,
      (bytes, address, port) => this.#datagram(bytes, address, port),
      (memory, start, end, address, port) => {
        const flow = this.#flows.get(port)?.get(address);
        // Without an allocation there is nothing to relay.
        return flow !== undefined && arrived(flow, memory, start, end);
      },
    );
  }

  keep(flow: UdpFlow): void {
    const { address, port } = flow.remote;
    const ofPort = this.#flows.get(port) ?? new Map<string, UdpFlow>();
    ofPort.set(address, flow);
    this.#flows.set(port, ofPort);
  }

  forget({ remote: { address, port } }: UdpFlow): void {
    const ofPort = this.#flows.get(port);
    ofPort?.delete(address);
    if (ofPort?.size === 0) this.#flows.delete(port);
  }

  close(): void {
    this.socket.close();
  }

  #datagram(bytes: Buffer, address: string, port: number): void {
    const flow = this.#flows.get(port)?.get(address) ?? new UdpFlow(this, { family: this.family, address, port });
    this.#receive(flow, bytes);
  }
}

class UdpFlow implements ClientFlow {
  readonly transport = 'udp';
  readonly closed = false;
  readonly remote: TransportAddress;
  allocation: Allocation | undefined;
  readonly #listener: UdpListener;

  constructor(listener: UdpListener, remote: TransportAddress) {
    this.#listener = listener;
    this.remote = remote;
  }

  get origin(): number {
    return this.#listener.origin;
  }

  send(bytes: Uint8Array): void {
    this.#listener.socket.send(bytes, this.remote.port, this.remote.address);
  }

  sendParts(head: Uint8Array, body: Uint8Array, padded: boolean): void {
    const { port, address } = this.remote;
    const padding = padded ? -body.length & 3 : 0;
    const parts = padding === 0 ? [head, body] : [head, body, ZEROS[padding as 1 | 2 | 3]];
    this.#listener.socket.sendParts(parts, port, address);
  }

  forward(memory: Buffer, start: number, end: number): void {
    this.#listener.socket.forward(memory, start, end, this.remote.port, this.remote.address);
  }

  sendFrom(origin: number, bytes: Uint8Array, port = this.remote.port): void {
    this.#listener.origins.get(origin)?.socket.send(bytes, port, this.remote.address);
  }

  allocationChanged(): void {
    if (this.allocation) this.#listener.keep(this);
    else this.#listener.forget(this);
  }
}
