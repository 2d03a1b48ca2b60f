// How a test's client reaches the server.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MAX_RFC5766_CHANNEL_NUMBER, StunFraming } from '@millrace/protocol/stun';

export interface ClientLink {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly address: string;
  readonly port: number;
  onMessage: (bytes: Buffer) => void;
  /** Resolves when the server has closed it; never over UDP. */
  readonly closed: Promise<void>;
  send(bytes: Uint8Array): void;
  /** Stops reading, and goes on; streams only. */
  pause?(): void;
  resume?(): void;
  close(): void;
}

export async function udpLink(host: string, port: number, from = host): Promise<ClientLink> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, from);
  await once(socket, 'listening');
  const link: ClientLink = {
    transport: 'udp',
    address: socket.address().address,
    port: socket.address().port,
    onMessage: () => undefined,
    closed: new Promise(() => undefined),
    send: (bytes) => socket.send(bytes, port, host),
    close: () => socket.close(),
  };
  socket.on('message', (bytes: Buffer) => link.onMessage(bytes));
  return link;
}

export async function tcpLink(host: string, port: number, tls = false): Promise<ClientLink> {
  const socket: Socket = tls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
  await once(socket, tls ? 'secureConnect' : 'connect');
  const framing = new StunFraming({ maxChannelNumber: MAX_RFC5766_CHANNEL_NUMBER });
  const link: ClientLink = {
    transport: tls ? 'tls' : 'tcp',
    address: socket.localAddress!,
    port: socket.localPort!,
    onMessage: () => undefined,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    send: (bytes) => void socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => socket.destroy(),
  };
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    framing.push(bytes);
    for (let unit = framing.next(); unit; unit = framing.next()) link.onMessage(unit.bytes);
  });
  return link;
}
