import { describe, expect, it } from 'vitest';
import { batchedSockets } from './batched-socket.ts';
import { openDgramSocket } from './dgram-socket.ts';
import { udpSocketContract } from './udp-socket.contract.ts';

udpSocketContract('the runtime’s own socket', openDgramSocket);

describe.runIf(process.platform === 'linux')('on Linux, with the runtime that this repository brings', () => {
  const openBatched = batchedSockets();

  it('there are sockets with many datagrams in a call', () => {
    expect(openBatched).toBeDefined();
  });

  if (openBatched !== undefined) udpSocketContract('a socket with many datagrams in a call', openBatched);
});
