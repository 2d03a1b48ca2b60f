// TCP relays on sockets of this machine. Connections to peers leave from the relayed port, on which peers are listened for too.
import { BoundSocket, createServer, Socket } from 'node:net';
import type { IpFamily } from '../peers/ip-address.ts';
import { unmapIp } from '../peers/ip-address.ts';
import type { RelayAddresses } from './socket-relays.ts';
import { isTaken } from './socket-relays.ts';
import type { PeerStream, TcpRelay, TcpRelays } from '../allocation/tcp-relay.ts';

export class SocketPeerStream implements PeerStream {
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
  onClosed: () => void = () => undefined;

  constructor(socket: Socket, address: string, port: number) {
    this.socket = socket;
    this.address = address;
    this.port = port;
    socket.pause();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.onClosed());
  }

  close(): void {
    this.socket.destroy();
  }
}

export class SocketTcpRelays implements TcpRelays {
  readonly #addresses: RelayAddresses;

  constructor(addresses: RelayAddresses) {
    this.#addresses = addresses;
  }

  openTcp(family: IpFamily, port: number, onPeer: (stream: PeerStream) => void): TcpRelay | undefined {
    const host = this.#addresses[family]?.bind;
    if (host === undefined) return undefined;
    // RFC 6062 section 5.2: the same address is listened on and connected from.
    const bound = { host, port, reusePort: true, ipv6Only: family === 'IPv6' };
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      const { remoteAddress, remotePort } = socket;
      if (remoteAddress === undefined || remotePort === undefined) socket.destroy();
      else onPeer(new SocketPeerStream(socket, unmapIp(remoteAddress), remotePort));
    });
    // Accepting may fail for want of files; peers try again.
    server.on('error', () => undefined);
    try {
      server.listen(new BoundSocket(bound));
    } catch (error) {
      if (isTaken(error)) return undefined;
      throw error;
    }
    return {
      connect: (address, toPort, timeoutMs, done) => connectFrom(bound, address, toPort, timeoutMs, done),
      close: () => void server.close(),
    };
  }
}

function connectFrom(
  bound: ConstructorParameters<typeof BoundSocket>[0],
  address: string,
  port: number,
  timeoutMs: number,
  done: (stream: PeerStream | undefined) => void,
): void {
  let socket: Socket;
  try {
    socket = new Socket({ handle: new BoundSocket(bound) });
    socket.connect({ host: address, port });
  } catch {
    done(undefined);
    return;
  }
  socket.setNoDelay(true);
  const settle = (stream: PeerStream | undefined): void => {
    clearTimeout(timer);
    socket.removeListener('error', fail);
    if (!stream) socket.destroy();
    done(stream);
  };
  const fail = (): void => settle(undefined);
  const timer = setTimeout(fail, timeoutMs);
  socket.once('error', fail);
  socket.once('connect', () => settle(new SocketPeerStream(socket, address, port)));
}
