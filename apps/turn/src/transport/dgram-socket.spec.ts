// On Linux, with the runtime that this repository brings.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { descriptorOfDatagrams, forbidFragments, setSocketOption } from './socket-options.ts';

describe.runIf(process.platform === 'linux')('a datagram that may not be cut up', () => {
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
