// UDP by the runtime's own sockets: one system call for each datagram.
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { descriptorOfDatagrams, forbidFragments } from './socket-options.ts';
import type { OnDatagram, OpenUdpSocket, UdpSocket, UdpSocketOptions } from './udp-socket.ts';

export interface RuntimeUdpSocket extends UdpSocket {
  /** Whether datagrams wait for the system to take them. */
  readonly isWaiting: () => boolean;
  /** Likewise `send`. @param onSent told how it went, later */
  readonly sendHeard: (bytes: Uint8Array, port: number, address: string, onSent: (error: Error | null) => void) => void;
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** Addresses are addresses already: without this each packet would wait for a turn of the event loop. */
const lookups = {
  udp4: (address: string, _options: unknown, callback: LookupCallback) => callback(null, address, 4),
  udp6: (address: string, _options: unknown, callback: LookupCallback) => callback(null, address, 6),
} as const;

export const openDgramSocket: OpenUdpSocket = (options, onDatagram) => openOnRuntime(options, onDatagram).udp;

/** @returns the runtime's socket too, for its descriptor */
export function openOnRuntime(
  { family, address, port, shared, bufferBytes, unsent }: UdpSocketOptions,
  onDatagram: OnDatagram,
): { readonly socket: Socket; readonly udp: RuntimeUdpSocket } {
  const type = family === 'IPv6' ? 'udp6' : 'udp4';
  const socket = createSocket({ type, lookup: lookups[type], reusePort: shared, ipv6Only: family === 'IPv6' });
  let bound: number;
  try {
    bound = socket.bindSync({ address, port }).port;
  } catch (error) {
    socket.close();
    throw error;
  }
  // Errors of single packets: an unreachable peer, a full queue. Datagrams may get lost.
  socket.on('error', () => undefined);
  socket.on('message', (bytes: Buffer, from: RemoteInfo) => onDatagram(bytes, from.address, from.port));
  if (bufferBytes > 0) enlarge(socket, bufferBytes);
  let closed = false;
  // The runtime throws for port 0, which a datagram may claim to come from.
  const mayNotSend = (toPort: number): boolean => {
    if (closed || toPort === 0) return true;
    // The runtime's queue has no end of its own.
    if (unsent === undefined || socket.getSendQueueSize() < unsent.maxBytes) return false;
    unsent.onDropped();
    return true;
  };
  const udp: RuntimeUdpSocket = {
    port: bound,
    isWaiting: () => !closed && socket.getSendQueueCount() > 0,
    send: (bytes, toPort, to) => {
      if (!mayNotSend(toPort)) socket.send(bytes, toPort, to);
    },
    forward: (memory, start, end, toPort, to) => {
      if (!mayNotSend(toPort)) socket.send(memory.subarray(start, end), toPort, to);
    },
    sendHeard: (bytes, toPort, to, onSent) => {
      if (!mayNotSend(toPort)) socket.send(bytes, toPort, to, onSent);
    },
    canSendWhole: () => forbidFragments(descriptorOfDatagrams(socket), family, false),
    sendWhole: (bytes, toPort, to) => {
      if (mayNotSend(toPort)) return;
      const descriptor = descriptorOfDatagrams(socket);
      // The runtime gives a datagram to the system before `send` returns; what the system cannot take at once may lack the bit.
      if (!forbidFragments(descriptor, family, true)) return;
      socket.send(bytes, toPort, to);
      forbidFragments(descriptor, family, false);
    },
    sendParts: (parts, toPort, to) => {
      if (!mayNotSend(toPort)) socket.send(parts, toPort, to);
    },
    close: () => {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
  return { socket, udp };
}

/** The system may allow less; that is not worth failing for. */
function enlarge(socket: Socket, bytes: number): void {
  try {
    socket.setRecvBufferSize(bytes);
    socket.setSendBufferSize(bytes);
  } catch {
    return;
  }
}
