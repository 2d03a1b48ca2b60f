import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A port of 127.0.0.1 that is free now over TCP and over UDP. */
export async function freeUdpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = createSocket('udp4');
  try {
    socket.bindSync({ address: '127.0.0.1', port });
    return port;
  } catch {
    return freeUdpPort();
  } finally {
    socket.close();
    server.close();
    await once(server, 'close');
  }
}
