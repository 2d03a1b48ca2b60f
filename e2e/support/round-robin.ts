// A load balancer without stickiness: each request goes to the next of its targets.
import { createServer, request as send } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface RoundRobin {
  readonly url: string;
  close(): void;
}

/** @param targets addresses, such as `http://127.0.0.1:8080` */
export async function roundRobin(targets: readonly string[]): Promise<RoundRobin> {
  let next = 0;
  // Longer than any test lasts: a connection that ends as the next request comes would be a fault of the balancer's own.
  const server = createServer({ keepAliveTimeout: 300_000 }, (incoming, response) => {
    const { hostname, port } = new URL(targets[next++ % targets.length]!);
    const { method, headers, url: path } = incoming;
    const outgoing = send({ hostname, port, method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.on('close', () => outgoing.destroy());
    outgoing.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
