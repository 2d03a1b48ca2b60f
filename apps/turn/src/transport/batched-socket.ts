// UDP with many datagrams in a system call. The runtime's own socket stays beneath: it says when datagrams have come, and brings the
// first one; what waits behind it is read here. So nothing calls back from outside of the runtime, and a socket opens, fails and
// closes as ever.
import { BatchedSender, datagramBatches } from './datagram-batches.ts';
import type { DatagramBatches } from './datagram-batches.ts';
import { openOnRuntime } from './dgram-socket.ts';
import type { RuntimeUdpSocket } from './dgram-socket.ts';
import { descriptorOfDatagrams } from './socket-options.ts';
import type { OnDatagram, OpenUdpSocket, UdpSocket, UdpSocketOptions } from './udp-socket.ts';

/** With so many read in a turn of the event loop, other sockets come first. */
const MAX_OF_TURN = 256;

/** @returns undefined where the system or the runtime cannot do it */
export function batchedSockets(): OpenUdpSocket | undefined {
  const batches = datagramBatches();
  return batches && socketsOf(batches);
}

export const socketsOf =
  (batches: DatagramBatches): OpenUdpSocket =>
  (options, onDatagram) =>
    openBatched(batches, options, onDatagram);

function openBatched(batches: DatagramBatches, options: UdpSocketOptions, onDatagram: OnDatagram): UdpSocket {
  let isClosed = false;
  let sender: BatchedSender | undefined;
  let turn = -1;
  let ofThisTurn = 0;
  let ofLastTurn = 0;
  const deliver: OnDatagram = (bytes, address, port) => {
    // Of a batch that was read before the socket was closed.
    if (!isClosed) onDatagram(bytes, address, port);
  };
  const { socket, udp } = openOnRuntime(options, (bytes, address, port) => {
    const now = batches.turn;
    if (now !== turn) {
      ofLastTurn = now === turn + 1 ? ofThisTurn : 0;
      ofThisTurn = 0;
      turn = now;
    }
    ofThisTurn++;
    deliver(bytes, address, port);
    // One datagram by itself is the rule of a slow flow: looking for more would be a call for nothing.
    const isFlow = ofThisTurn > 1 || ofLastTurn > 1;
    if (sender !== undefined && isFlow && ofThisTurn < MAX_OF_TURN && !isClosed)
      ofThisTurn += batches.receive(sender.fd, deliver);
  });
  const fd = descriptorOfDatagrams(socket);
  // Another runtime may keep its sockets in another way.
  if (fd === undefined || fd < 0) return udp;
  batches.isUsed = true;
  const own = (sender = new BatchedSender(fd, udp));
  const flush = (): void => {
    if (own.queued > 0) batches.flush();
  };
  /** For what the runtime's socket sends, and may have wait. */
  const yieldToRuntime = (): RuntimeUdpSocket => {
    flush();
    own.mayWait = true;
    return udp;
  };
  return {
    port: udp.port,
    send: (bytes, port, address) => {
      if (isClosed || port === 0 || batches.queue(own, bytes, [], port, address)) return;
      yieldToRuntime().send(bytes, port, address);
    },
    sendParts: ([head, ...rest], port, address) => {
      if (isClosed || port === 0 || head === undefined || batches.queue(own, head, rest, port, address)) return;
      yieldToRuntime().sendParts([head, ...rest], port, address);
    },
    canSendWhole: () => udp.canSendWhole(),
    sendWhole: (bytes, port, address) => {
      yieldToRuntime().sendWhole(bytes, port, address);
    },
    close: () => {
      if (isClosed) return;
      flush();
      isClosed = true;
      udp.close();
    },
  };
}
