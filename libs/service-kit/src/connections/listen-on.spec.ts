import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { listenOn } from './listen-on.ts';
import { peerAddress } from './peer-address.ts';

it('takes IPv4 and IPv6 on one port when it listens on ::', async () => {
  const server = createServer();
  const { port } = await listenOn(server, { host: '::', port: 0 });
  for (const host of ['127.0.0.1', '::1']) {
    const client = connect({ host, port });
    const [socket] = (await once(server, 'connection')) as [Socket];
    expect(peerAddress(socket.remoteAddress)).toBe(host);
    socket.destroy();
    client.destroy();
  }
  server.close();
});

it('listens on IPv4 alone where the kernel has no IPv6, and says what is wrong where an IPv6 address was asked for', async () => {
  const worker = new Worker(new URL('../testing/without-ipv6.worker.ts', import.meta.url), { execArgv: [] });
  const [seen] = (await once(worker, 'message')) as [unknown];
  expect(seen).toEqual({ address: '0.0.0.0', explicit: 'EAFNOSUPPORT' });
  await worker.terminate();
});

it('tells why it cannot listen', async () => {
  const first = createServer();
  const { port } = await listenOn(first, { host: '::', port: 0 });
  await expect(listenOn(createServer(), { host: '::', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  first.close();
});
