// A client on a slow line: it reads so many bytes a second, and its system keeps next to nothing for it, as a line does.
import { once } from 'node:events';
import { connect } from 'node:net';
import { MAX_RFC5766_CHANNEL_NUMBER, StunFraming } from '@millrace/protocol/stun';
import { descriptorOf, setSocketOption } from '../transport/socket-options.ts';
import type { ClientLink } from './client-link.ts';

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const RECEIVE_BUFFER_BYTES = 8_192;
const READ_EVERY_MS = 10;

export interface SlowLink extends ClientLink {
  /** From now on it reads no faster. */
  slowDown(bytesPerSecond: number): void;
}

export async function slowTcpLink(host: string, port: number): Promise<SlowLink> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  if (!setSocketOption(descriptorOf(socket), SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES))
    throw new Error('a slow line needs a receive buffer of its size');
  const framing = new StunFraming({ maxChannelNumber: MAX_RFC5766_CHANNEL_NUMBER });
  let bytesPerMs = Infinity;
  let atMs = performance.now();
  const read = (): void => {
    const nowMs = performance.now();
    let room = bytesPerMs === Infinity ? Infinity : Math.floor((nowMs - atMs) * bytesPerMs);
    while (room > 0 && socket.readableLength > 0) {
      const bytes = socket.read(Math.min(room, socket.readableLength)) as Buffer;
      room -= bytes.length;
      framing.push(bytes);
      for (let unit = framing.next(); unit; unit = framing.next()) link.onMessage(unit.bytes);
    }
    atMs = nowMs;
  };
  const timer = setInterval(read, READ_EVERY_MS);
  const link: SlowLink = {
    transport: 'tcp',
    address: socket.localAddress!,
    port: socket.localPort!,
    onMessage: () => undefined,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    send: (bytes) => void socket.write(bytes),
    slowDown: (bytesPerSecond) => void (bytesPerMs = bytesPerSecond / 1000),
    close: () => socket.destroy(),
  };
  socket.once('close', () => clearInterval(timer));
  // A listener for it is what makes the socket read ahead.
  socket.on('error', () => undefined).on('readable', () => undefined);
  return link;
}
