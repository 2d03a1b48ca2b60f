// On Linux, with the runtime that this repository brings: what leaves whole, and that the socket is as before afterwards.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { openDgramSocket } from './dgram-socket.ts';
import { descriptorOfDatagrams, forbidFragments, setSocketOption } from './socket-options.ts';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

describe.runIf(process.platform === 'linux')('a datagram that may not be cut up', () => {
  it.each([
    ['IPv4', 'udp4', '127.0.0.1'],
    ['IPv6', 'udp6', '::1'],
  ] as const)('leaves a socket of %s, between others', async (family, type, address) => {
    const peer = createSocket(type);
    closing.push(() => peer.close());
    peer.bind(0, address);
    await once(peer, 'listening');
    const options = { family, address, port: 0, shared: false, bufferBytes: 0 };
    const socket = openDgramSocket(options, () => undefined);
    closing.push(() => socket.close());
    const heard: string[] = [];
    peer.on('message', (bytes: Buffer) => heard.push(String(bytes)));
    expect(socket.canSendWhole()).toBe(true);
    const { port } = peer.address();
    socket.send(Buffer.from('first'), port, address);
    socket.sendWhole(Buffer.from('whole'), port, address);
    socket.send(Buffer.from('last'), port, address);
    await expect.poll(() => heard).toEqual(['first', 'whole', 'last']);
  });

  it('is asked for at the descriptor of the socket itself', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    expect(forbidFragments(descriptorOfDatagrams(socket), 'IPv4', true)).toBe(true);
    socket.close();
    // A socket that is gone, and one that never was.
    expect(forbidFragments(descriptorOfDatagrams(socket), 'IPv4', true)).toBe(false);
    expect(setSocketOption(undefined, 0, 10, 2)).toBe(false);
    expect(descriptorOfDatagrams({})).toBeUndefined();
  });
});
