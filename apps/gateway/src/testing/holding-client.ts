// A client that asks for more than there is, in a process of its own: many requests on each of a few connections, by HTTP/1.1 (sent ahead
// of the answers) or HTTP/2.
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

export interface HoldingOrder {
  readonly protocol: 'http1' | 'http2';
  readonly port: number;
  readonly path: string;
  readonly requests: number;
  /** Requests of one connection. */
  readonly each: number;
  /** That the connections come from, one after another. */
  readonly addresses: number;
}

function holdByHttp1({ port, path, each }: HoldingOrder, address: string): void {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: ${address}\r\n\r\n`.repeat(each));
}

function holdByHttp2({ port, path, each }: HoldingOrder, address: string): void {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  for (let n = 0; n < each; n++)
    session
      .request({ ':path': path, 'x-forwarded-for': address })
      .on('error', () => undefined)
      .resume();
}

process.once('message', (order: HoldingOrder) => {
  for (let n = 0; n < order.requests / order.each; n++) {
    const address = `192.0.2.${1 + (n % order.addresses)}`;
    if (order.protocol === 'http1') holdByHttp1(order, address);
    else holdByHttp2(order, address);
  }
});
