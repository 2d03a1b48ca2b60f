// Two ports for one track: RTP on the even one, RTCP on the next (RFC 3550 section 11). They talk to one peer only.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** Lets the kernel keep what comes while this process is busy. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/** Datagrams that the kernel has not taken: beyond this, those that follow are dropped, as networks do. */
const MAX_UNSENT_BYTES = 1024 * 1024;

export interface UdpPeer {
  /** As `peerAddress` has it. */
  readonly address: string;
  /** What it has said in its Transport header. */
  readonly ports: readonly [rtp: number, rtcp: number];
}

/** Where datagrams of a peer go to. */
export interface UdpReceiver {
  onDatagram(isRtcp: boolean, datagram: Buffer): void;
}

/** One of the two ports, and the peer's port behind it. */
interface Side {
  readonly socket: Socket;
  remotePort: number;
  /** Whether the peer's port is settled: by a datagram from the one it has named, or from another one, once. */
  isSettled: boolean;
}

export class UdpPair {
  readonly ports: readonly [rtp: number, rtcp: number];
  /** Bytes that have come from the peer. */
  receivedBytes = 0;
  readonly #peer: UdpPeer;
  readonly #sides: readonly [Side, Side];
  #receiver: UdpReceiver | undefined;

  /** @param sockets bound to `ports` */
  constructor(peer: UdpPeer, ports: readonly [rtp: number, rtcp: number], sockets: readonly [Socket, Socket]) {
    this.#peer = peer;
    this.ports = ports;
    const side = (socket: Socket, remotePort: number): Side => ({ socket, remotePort, isSettled: false });
    this.#sides = [side(sockets[0], peer.ports[0]), side(sockets[1], peer.ports[1])];
    this.#sides.forEach((each, i) => {
      each.socket.on('error', () => undefined);
      each.socket.on('message', (datagram, { address, port }) => {
        if (!this.#isOfPeer(each, address, port)) return;
        this.receivedBytes += datagram.length;
        this.#receiver?.onDatagram(i === 1, datagram);
      });
    });
  }

  receive(receiver: UdpReceiver): void {
    this.#receiver = receiver;
  }

  /** @param bytes not to be changed until they are sent. @returns false when it is dropped */
  send(isRtcp: boolean, bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    const { socket, remotePort } = this.#sides[isRtcp ? 1 : 0];
    if (socket.getSendQueueSize() > MAX_UNSENT_BYTES) return false;
    socket.send(bytes, from, to - from, remotePort, this.#peer.address);
    return true;
  }

  close(): void {
    this.#receiver = undefined;
    for (const { socket } of this.#sides) socket.close();
  }

  /**
   * A network that translates addresses gives the peer another port than it knows of: the first datagram tells it. After that, and after
   * the first one from the port that it has named, no other port counts.
   */
  #isOfPeer(side: Side, address: string, port: number): boolean {
    // Nothing could be sent to port 0 (RFC 768 allows it as a source).
    if (address !== this.#peer.address || port === 0) return false;
    if (port !== side.remotePort) {
      if (side.isSettled) return false;
      side.remotePort = port;
    }
    side.isSettled = true;
    return true;
  }
}

/** @returns undefined when the port is taken. @throws for any other reason */
export async function bindUdp(address: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    // Addresses are of IP: nothing is asked for a name.
    lookup: (host, _options, callback) => callback(null, host, isIPv6(host) ? 6 : 4),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    socket.close();
    if (isTaken(error)) return undefined;
    throw error;
  }
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  return socket;
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
