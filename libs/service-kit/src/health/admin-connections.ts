// The connections of the admin port. A probe must always get in: so a connection too many is not refused, an older one is ended
// for it, first one of the same address, and first one that waits for nothing.
import type { Socket } from 'node:net';
import { peerAddress, peerNetwork } from '../connections/peer-address.ts';

const MAX_CONNECTIONS = 64;
/** A scraper and a kubelet need two each. */
const MAX_CONNECTIONS_PER_ADDRESS = 16;

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  serving: boolean;
}

export class AdminConnections {
  /** The one that was idle longest, or came first, before the others. */
  readonly #connections = new Map<Socket, Connection>();

  add(socket: Socket): void {
    const network = peerNetwork(peerAddress(socket.remoteAddress));
    this.#connections.set(socket, { socket, network, serving: false });
    socket.once('close', () => void this.#connections.delete(socket));
    const all = [...this.#connections.values()];
    const own = all.filter((each) => each.network === network);
    if (own.length > MAX_CONNECTIONS_PER_ADDRESS) this.#end(own);
    else if (all.length > MAX_CONNECTIONS) this.#end(all);
  }

  /** A request came. */
  serve(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) connection.serving = true;
  }

  /** Its answer is out. */
  rest(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.serving = false;
    this.#connections.delete(socket);
    this.#connections.set(socket, connection);
  }

  #end(connections: readonly Connection[]): void {
    const victim = connections.find(({ serving }) => !serving) ?? connections[0];
    if (victim === undefined) return;
    this.#connections.delete(victim.socket);
    victim.socket.destroy();
  }
}
