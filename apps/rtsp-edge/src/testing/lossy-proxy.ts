// A network between an RTSP client and an edge, in this process: requests pass as they are, but for the ports that they name; datagrams
// are lost, delivered twice or out of order as a test says.
import { createSocket } from 'node:dgram';
import type { Socket as DatagramSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** What becomes of a datagram of RTP: those that go on, in order. Called with `undefined` at the end, for what was held back. */
export type DatagramFate = (datagram: Buffer | undefined) => Buffer[];

export interface LossyProxyOptions {
  readonly port: number;
  /** For each track and direction: from the client to the edge, and back. */
  readonly up?: () => DatagramFate;
  readonly down?: () => DatagramFate;
  /** Whether the client's reports (RTCP) do not reach the edge. */
  readonly isRtcpLost?: boolean;
}

const HOST = '127.0.0.1';
const PORTS = /(client_port|server_port)=(\d+)-(\d+)/;

async function bound(): Promise<DatagramSocket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  return socket;
}

/** Two sockets for one port of a track: one is the edge to the client, the other the client to the edge. */
class Leg {
  readonly toClient: DatagramSocket;
  readonly toEdge: DatagramSocket;
  clientPort = 0;
  edgePort = 0;

  constructor(toClient: DatagramSocket, toEdge: DatagramSocket, up?: DatagramFate, down?: DatagramFate) {
    this.toClient = toClient;
    this.toEdge = toEdge;
    toClient.on('message', (datagram) => {
      for (const each of up?.(datagram) ?? [datagram]) toEdge.send(each, this.edgePort, HOST);
    });
    toEdge.on('message', (datagram) => {
      for (const each of down?.(datagram) ?? [datagram]) toClient.send(each, this.clientPort, HOST);
    });
  }
}

export class LossyProxy {
  readonly #options: LossyProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #datagrams: DatagramSocket[] = [];

  private constructor(options: LossyProxyOptions) {
    this.#options = options;
    this.#server = createServer((client) => this.#relay(client));
  }

  static async start(options: LossyProxyOptions): Promise<LossyProxy> {
    const proxy = new LossyProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, HOST, resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const socket of this.#datagrams) socket.close();
  }

  /** Messages come one at a time, whole: each waits for the other side. */
  #relay(client: Socket): void {
    const edge = connect(this.#options.port, HOST);
    let legs: readonly [Leg, Leg] | undefined;
    for (const socket of [client, edge]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.on('close', () => edge.end());
    edge.on('close', () => client.end());
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      const named = PORTS.exec(text);
      if (named === null) return void edge.write(bytes);
      void this.#openLegs().then((opened) => {
        legs = opened;
        [legs[0].clientPort, legs[1].clientPort] = [Number(named[2]), Number(named[3])];
        edge.write(
          named.input.replace(PORTS, `client_port=${portOf(legs[0].toEdge)}-${portOf(legs[1].toEdge)}`),
          'latin1',
        );
      });
    });
    edge.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      const given = /server_port=(\d+)-(\d+)/.exec(text);
      if (given === null || legs === undefined) return void client.write(bytes);
      [legs[0].edgePort, legs[1].edgePort] = [Number(given[1]), Number(given[2])];
      const answer = text
        .replace(/client_port=\d+-\d+/, `client_port=${legs[0].clientPort}-${legs[1].clientPort}`)
        .replace(given[0], `server_port=${portOf(legs[0].toClient)}-${portOf(legs[1].toClient)}`);
      client.write(answer, 'latin1');
    });
  }

  async #openLegs(): Promise<readonly [Leg, Leg]> {
    const sockets = [await bound(), await bound(), await bound(), await bound()] as const;
    this.#datagrams.push(...sockets);
    const { up, down, isRtcpLost = false } = this.#options;
    const reports: DatagramFate = (datagram) => (isRtcpLost || datagram === undefined ? [] : [datagram]);
    return [new Leg(sockets[0], sockets[1], up?.(), down?.()), new Leg(sockets[2], sockets[3], reports)];
  }
}

const portOf = (socket: DatagramSocket): number => socket.address().port;
