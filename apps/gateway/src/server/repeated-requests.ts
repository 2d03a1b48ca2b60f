// Players ask for a playlist again and again, and for the segments that it lists, over one connection and in the same bytes but for the
// file's name. Such a request is answered without being parsed again: what the runtime's parser made of those bytes once, at the
// beginning of a message, it would make of them once more.
//
// The bytes of a connection are compared only where a message begins for certain, that is behind a request that came whole and alone
// in one read, and was answered. Anything else goes through the parser, and is looked at anew.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { unsentBytes } from '../http/socket-bytes.ts';
import { readDirectly } from './direct-reads.ts';
import { isWhole, KnownFiles } from './known-files.ts';

/**
 * Answers a request for a file like one that was answered before, with the connection's own `write`.
 *
 * @param name of the file
 * @param flushed to be called when the answer has left, or never will
 * @returns whether it has: else the request is parsed
 */
export type AnswerAgain = (name: string, socket: Socket, flushed: () => void) => boolean;

/** @returns undefined where the request is to be parsed each time */
type MakeAgain = () => AnswerAgain | undefined;

/** What Node.js keeps in a connection: the response that it carries. */
type WithResponse = Socket & { _httpMessage?: { readonly finished: boolean } | null };
const UNFINISHED = { finished: false };

type OnData = (this: Socket, bytes: Buffer) => void;

interface Known {
  readonly files: KnownFiles;
  readonly again: AnswerAgain;
}

export class RepeatedRequests {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #limitUnread: (socket: Socket) => () => void;
  /** Connections with an answer that the kernel has not taken all of. */
  readonly #sending = new Set<Socket>();
  #isOn = (): boolean => true;

  /** @param limitUnread disconnects a client that does not read its answer, until what it returns is called */
  constructor(limitUnread: (socket: Socket) => () => void) {
    this.#limitUnread = limitUnread;
  }

  /** @param isOn once it says no, every request is parsed: the answer of a server that stops ends the connection */
  onlyWhile(isOn: () => boolean): void {
    this.#isOn = isOn;
  }

  /**
   * Has connections closed that carry no response, but for those whose answer has not left yet: the runtime knows nothing of that.
   *
   * @param close how the runtime does it, at once
   */
  keepSending(close: () => void): void {
    const kept = [...this.#sending].filter((socket) => ((socket as WithResponse)._httpMessage ?? null) === null);
    for (const socket of kept) (socket as WithResponse)._httpMessage = UNFINISHED;
    try {
      close();
    } finally {
      for (const socket of kept) (socket as WithResponse)._httpMessage = null;
    }
  }

  /** Call it for each request, before it is answered. */
  arrived(request: IncomingMessage, response: ServerResponse): void {
    this.#connections.get(request.socket)?.arrived(request, response);
  }

  /**
   * Call it while a request is answered whose answer depends on nothing but its bytes, and on what is looked at again; and where the
   * same is true of all files beside the one that it asks for.
   *
   * @param makeAgain called at once, or never
   */
  remember({ socket }: IncomingMessage, makeAgain: MakeAgain): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) return connection.remember(makeAgain);
    const made = new Connection(socket, {
      isOn: () => this.#isOn(),
      limitUnread: this.#limitUnread,
      sending: this.#sending,
    });
    this.#connections.set(socket, made);
    // Not while the runtime reads: it hands the connection's bytes to its parser without JavaScript until then.
    setImmediate(() => made.open());
  }
}

interface ConnectionOptions {
  readonly isOn: () => boolean;
  readonly limitUnread: (socket: Socket) => () => void;
  readonly sending: Set<Socket>;
}

class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  #toParser: OnData | undefined;
  /** Whether the next bytes begin a message. */
  #isBetween = false;
  /** The requests whose answers are known. */
  #known: Known | undefined;
  /** The last one of what is being parsed. */
  #request: IncomingMessage | undefined;
  #response: ServerResponse | undefined;
  #makeAgain: MakeAgain | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Stands before the runtime's parser from now on. */
  open(): void {
    const socket = this.#socket;
    const listeners = socket.listeners('data') as OnData[];
    // An upgraded connection is no longer the parser's.
    if (socket.destroyed || !hasParser(socket) || listeners.length !== 1) return;
    const toParser = listeners[0]!;
    this.#toParser = toParser;
    socket.on('data', this.#onData);
    socket.off('data', toParser);
    // A connection over TLS has no bytes of its own to read.
    if (!(socket instanceof TLSSocket) && socket.readableLength === 0 && !socket.isPaused())
      readDirectly(socket, this.#onRead);
  }

  arrived(request: IncomingMessage, response: ServerResponse): void {
    this.#request = request;
    this.#response = response;
    this.#makeAgain = undefined;
  }

  remember(makeAgain: MakeAgain): void {
    this.#makeAgain = makeAgain;
  }

  readonly #onData = (bytes: Buffer): void => {
    const parser = this.#parser;
    if (parser === undefined) return this.#leave();
    if (!this.#answer(bytes)) this.#parse(bytes, parser);
  };

  /** The same for a connection that is read directly. */
  readonly #onRead = (bytes: Buffer): boolean => {
    const parser = this.#parser;
    // The stream is that of another protocol: it has its own buffers.
    if (parser === undefined) return this.#socket.push(Buffer.from(bytes));
    if (!this.#answer(bytes)) this.#parse(Buffer.from(bytes), parser);
    return true;
  };

  /** What hands bytes to the runtime's parser, as long as that has the connection. */
  get #parser(): OnData | undefined {
    return hasParser(this.#socket) ? this.#toParser : undefined;
  }

  #parse(bytes: Buffer, parser: OnData): void {
    this.#isBetween = false;
    parser.call(this.#socket, bytes);
    const [request, makeAgain] = [this.#request, this.#makeAgain];
    this.#request = undefined;
    this.#makeAgain = undefined;
    if (!hasParser(this.#socket)) return this.#leave();
    this.#isBetween = request !== undefined && isWhole(bytes, request);
    if (!this.#isBetween || makeAgain === undefined) return;
    if (this.#known?.files.nameIn(bytes) !== undefined) return;
    const again = makeAgain();
    const files = KnownFiles.of(bytes, request!);
    if (again !== undefined && files !== undefined) this.#known = { files, again };
  }

  /** @returns false where the parser is to read them */
  #answer(bytes: Buffer): boolean {
    const known = this.#known;
    if (!this.#isBetween || known === undefined) return false;
    const name = known.files.nameIn(bytes);
    const socket = this.#socket;
    // Answers leave in the order of their requests, and a client that does not read gets no more.
    if (name === undefined || !this.#isIdle || !this.#options.isOn() || !socket.writable || unsentBytes(socket) > 0)
      return false;
    let whenSent: (() => void) | undefined;
    if (!known.again(name, socket, () => whenSent?.())) return false;
    if (unsentBytes(socket) > 0) whenSent = this.#wait(socket);
    return true;
  }

  /** @returns call it when the answer has left */
  #wait(socket: Socket): () => void {
    const { limitUnread, sending } = this.#options;
    const unlimit = limitUnread(socket);
    sending.add(socket);
    return () => {
      unlimit();
      sending.delete(socket);
    };
  }

  /** Whether the last response has left its connection. */
  get #isIdle(): boolean {
    const response = this.#response;
    if (response !== undefined && (!response.writableFinished || response.socket !== null)) return false;
    this.#response = undefined;
    return true;
  }

  #leave(): void {
    this.#socket.off('data', this.#onData);
  }
}

/** Whether the runtime still reads requests from it. */
const hasParser = (socket: Socket): boolean => ((socket as Socket & { parser?: unknown }).parser ?? null) !== null;
