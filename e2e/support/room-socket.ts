// The signaling protocol by hand: the WebSocket that Node.js has, and JSON.
import { eventually } from './eventually.ts';

type Message = Readonly<Record<string, unknown>>;

export class RoomSocket {
  readonly #socket: WebSocket;
  readonly #unread: Message[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#unread.push(JSON.parse(String(data)) as Message));
  }

  static async open(url: string): Promise<RoomSocket> {
    const socket = new WebSocket(url);
    const opened = new RoomSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`cannot connect to ${url}`)));
    });
    return opened;
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** The next message of one of these types; the ones before it are skipped. */
  next(...types: readonly string[]): Promise<Record<string, unknown>> {
    return eventually(`a message ${types.join(' or ')}`, () => {
      const index = this.#unread.findIndex((message) => types.includes(String(message['type'])));
      return index < 0 ? undefined : this.#unread.splice(0, index + 1).at(-1);
    });
  }

  close(): void {
    this.#socket.close();
  }
}
