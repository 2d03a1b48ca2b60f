// UDP by the runtime's own sockets: one system call for each datagram.
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { descriptorOfDatagrams, forbidFragments } from './socket-options.ts';
import type { OpenUdpSocket } from './udp-socket.ts';

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** Addresses are addresses already: without this each packet would wait for a turn of the event loop. */
const lookups = {
  udp4: (address: string, _options: unknown, callback: LookupCallback) => callback(null, address, 4),
  udp6: (address: string, _options: unknown, callback: LookupCallback) => callback(null, address, 6),
} as const;

export const openDgramSocket: OpenUdpSocket = ({ family, address, port, shared, bufferBytes }, onDatagram) => {
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
  return {
    port: bound,
    send: (bytes, toPort, to) => {
      if (!closed) socket.send(bytes, toPort, to);
    },
    canSendWhole: () => forbidFragments(descriptorOfDatagrams(socket), family, false),
    sendWhole: (bytes, toPort, to) => {
      if (closed) return;
      const descriptor = descriptorOfDatagrams(socket);
      // The runtime gives a datagram to the system before `send` returns; what the system cannot take at once may lack the bit.
      if (!forbidFragments(descriptor, family, true)) return;
      socket.send(bytes, toPort, to);
      forbidFragments(descriptor, family, false);
    },
    sendParts: (parts, toPort, to) => {
      if (!closed) socket.send(parts, toPort, to);
    },
    close: () => {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
};

/** The system may allow less; that is not worth failing for. */
function enlarge(socket: Socket, bytes: number): void {
  try {
    socket.setRecvBufferSize(bytes);
    socket.setSendBufferSize(bytes);
  } catch {
    return;
  }
}
