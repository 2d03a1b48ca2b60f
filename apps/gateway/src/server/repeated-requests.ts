// Players ask for a playlist again and again, over one connection and in the same bytes. Such a request is answered again without being
// parsed again: what the runtime's parser made of those bytes once, at the beginning of a message, it would make of them once more.
//
// The bytes of a connection are compared only where a message begins for certain, that is behind a request that came whole and alone
// in one read, and was answered. Anything else goes through the parser, and is looked at anew.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { unsentBytes } from '../http/socket-bytes.ts';

/** Longer requests are parsed each time: what is kept of a connection stays small. */
const MAX_REQUEST_BYTES = 2_048;
const LINE_END = '\r\n';
const HEAD_END = '\r\n\r\n';

/**
 * Answers a request once more, with the connection's own `write`.
 *
 * @param flushed to be called when the answer has left, or never will
 * @returns whether it has: else the request is parsed
 */
export type AnswerAgain = (socket: Socket, flushed: () => void) => boolean;

/** @returns undefined where the request is to be parsed each time */
type MakeAgain = () => AnswerAgain | undefined;
type OnData = (this: Socket, bytes: Buffer) => void;

export class RepeatedRequests {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #limitUnread: (socket: Socket) => () => void;
  #isOn = (): boolean => true;

  /** @param limitUnread disconnects a client that does not read its answer, until what it returns is called */
  constructor(limitUnread: (socket: Socket) => () => void) {
    this.#limitUnread = limitUnread;
  }

  /** @param isOn once it says no, every request is parsed: the answer of a server that stops ends the connection */
  onlyWhile(isOn: () => boolean): void {
    this.#isOn = isOn;
  }

  /** Call it for each request, before it is answered. */
  arrived(request: IncomingMessage, response: ServerResponse): void {
    this.#connections.get(request.socket)?.arrived(request, response);
  }

  /**
   * Call it while a request is answered whose answer depends on nothing but its bytes, and on what is looked at again.
   *
   * @param makeAgain called at once, or never
   */
  remember({ socket }: IncomingMessage, makeAgain: MakeAgain): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined) return connection.remember(makeAgain);
    const made = new Connection(socket, { isOn: () => this.#isOn(), limitUnread: this.#limitUnread });
    this.#connections.set(socket, made);
    // Not while the runtime reads: it hands the connection's bytes to its parser without JavaScript until then.
    setImmediate(() => made.open());
  }
}

interface ConnectionOptions {
  readonly isOn: () => boolean;
  readonly limitUnread: (socket: Socket) => () => void;
}

class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  #parse: OnData | undefined;
  /** Whether the next bytes begin a message. */
  #isBetween = false;
  /** The request whose answer is known, and that answer. */
  #known: { readonly bytes: Buffer; readonly again: AnswerAgain } | undefined;
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
    this.#parse = listeners[0];
    socket.on('data', this.#onData);
    socket.off('data', this.#parse!);
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
    const socket = this.#socket;
    if (!hasParser(socket)) return this.#leave();
    const isKnown = this.#known?.bytes.equals(bytes) === true;
    if (isKnown && this.#isBetween && this.#answer(this.#known!.again)) return;
    this.#isBetween = false;
    this.#parse!.call(socket, bytes);
    const [request, makeAgain] = [this.#request, this.#makeAgain];
    this.#request = undefined;
    this.#makeAgain = undefined;
    if (!hasParser(socket)) return this.#leave();
    this.#isBetween = request !== undefined && isWhole(bytes, request);
    if (isKnown || !this.#isBetween) return;
    const again = makeAgain?.();
    if (again !== undefined) this.#known = { bytes: Buffer.from(bytes), again };
  };

  #answer(again: AnswerAgain): boolean {
    const socket = this.#socket;
    // Answers leave in the order of their requests, and a client that does not read gets no more.
    if (!this.#isIdle || !this.#options.isOn() || unsentBytes(socket) > 0) return false;
    let unlimit: (() => void) | undefined;
    if (!again(socket, () => unlimit?.())) return false;
    if (unsentBytes(socket) > 0) unlimit = this.#options.limitUnread(socket);
    return true;
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

/**
 * Whether these bytes are this request and nothing else. Were they the rest of one whose beginning was read before, their first line
 * would be part of a header, and the request had one header more than they have lines.
 */
function isWhole(bytes: Buffer, { method, url, rawHeaders, httpVersion, complete }: IncomingMessage): boolean {
  if (!complete || bytes.byteLength > MAX_REQUEST_BYTES) return false;
  const text = bytes.toString('latin1');
  if (!text.startsWith(`${method} ${url} HTTP/${httpVersion}${LINE_END}`)) return false;
  if (text.indexOf(HEAD_END) !== text.length - HEAD_END.length) return false;
  let lines = 0;
  for (let at = text.indexOf(LINE_END); at >= 0; at = text.indexOf(LINE_END, at + LINE_END.length)) lines++;
  return lines === rawHeaders.length / 2 + 2;
}

/** Whether the runtime still reads requests from it. */
const hasParser = (socket: Socket): boolean => ((socket as Socket & { parser?: unknown }).parser ?? null) !== null;
