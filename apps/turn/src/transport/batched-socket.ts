// UDP with many datagrams in a system call where there are many. The runtime's own socket stays beneath: it opens and closes, and brings
// datagrams one by one as ever; once a thread has many of them, its sockets are read in passes. So nothing calls back from outside of the
// runtime, and a thread with little to do is not woken for nothing.
import { BatchedSender } from './datagram-batches.ts';
import type { OnReceived } from './datagram-batches.ts';
import type { DatagramPasses, PassedSocket } from './datagram-passes.ts';
import { openOnRuntime } from './dgram-socket.ts';
import { readingOfDatagrams } from './socket-options.ts';
import type { OnArrived, OnDatagram, OpenUdpSocket, UdpSocket, UdpSocketOptions } from './udp-socket.ts';

export const socketsOf =
  (passes: DatagramPasses): OpenUdpSocket =>
  (options, onDatagram, onArrived) =>
    openBatched(passes, options, onDatagram, onArrived);

function openBatched(
  passes: DatagramPasses,
  options: UdpSocketOptions,
  onDatagram: OnDatagram,
  onArrived: OnArrived | undefined,
): UdpSocket {
  let isClosed = false;
  const { batches } = passes;
  const { socket, udp } = openOnRuntime(options, (bytes, address, port) => {
    if (isClosed) return;
    onDatagram(bytes, address, port);
    if (!isClosed && passes.count()) join();
  });
  const reading = readingOfDatagrams(socket);
  // Another runtime may keep its sockets in another way.
  if (reading === undefined || reading.fd < 0) return udp;
  passes.isUsed = true;
  const own = new BatchedSender(reading.fd, udp);
  const onReceived: OnReceived = (memory, start, end, address, port) => {
    if (onArrived?.(memory, start, end, address, port) !== true)
      onDatagram(Buffer.from(memory.subarray(start, end)), address, port);
  };
  const passed: PassedSocket = {
    fd: reading.fd,
    onReceived,
    isOpen: () => !isClosed,
    resumeReading: () => void reading.recvStart(),
  };
  const join = (): void => {
    if (passes.join(passed)) reading.recvStop();
  };
  /** Whether a datagram is done with: queued, or one that none sends. */
  const mayNotSend = (port: number): boolean => isClosed || port === 0;
  /** For what the runtime's socket sends, and may have wait. */
  const flush = (): void => {
    if (own.first >= 0) batches.flush();
    own.mayWait = true;
  };
  const sendParts = (head: Uint8Array, rest: readonly Uint8Array[], port: number, address: string): void => {
    if (mayNotSend(port) || (passes.isPassing && batches.queue(own, head, rest, port, address))) return;
    flush();
    if (rest.length === 0) udp.send(head, port, address);
    else udp.sendParts([head, ...rest], port, address);
  };
  return {
    port: udp.port,
    send: (bytes, port, address) => sendParts(bytes, [], port, address),
    sendParts: ([head, ...rest], port, address) => {
      if (head !== undefined) sendParts(head, rest, port, address);
    },
    forward: (memory, start, end, port, address) => {
      if (memory !== batches.memory) return sendParts(memory.subarray(start, end), [], port, address);
      if (mayNotSend(port) || batches.forward(own, start, end, port, address)) return;
      flush();
      udp.send(Buffer.from(memory.subarray(start, end)), port, address);
    },
    canSendWhole: () => udp.canSendWhole(),
    sendWhole: (bytes, port, address) => {
      flush();
      udp.sendWhole(bytes, port, address);
    },
    close: () => {
      if (isClosed) return;
      flush();
      isClosed = true;
      passes.leave(passed);
      udp.close();
    },
  };
}
