import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Asks the system for a TCP port that is free now. Another process may take it before it is used: be ready to ask again. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}
