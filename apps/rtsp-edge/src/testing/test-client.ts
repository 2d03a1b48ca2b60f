// A client that says what a test wants, byte by byte.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { formatRtspRequest, RtspReader } from '@millrace/protocol/rtsp';
import type { RtspResponse } from '@millrace/protocol/rtsp';

export type Headers = readonly (readonly [string, string])[];

export class TestClient {
  readonly closed: Promise<void>;
  session: string | undefined;
  /** What came between answers. */
  readonly frames: { readonly channel: number; readonly packet: Buffer }[] = [];
  readonly #to: () => Socket;
  readonly #socket: Socket;
  /** Of a tunnel: where requests are written. */
  #post: Socket | undefined;
  /** Called with the answer to GET. */
  #onTunnel: ((head: string) => void) | undefined;
  readonly #reader = new RtspReader();
  readonly #answers: RtspResponse[] = [];
  #waiting: ((answer: RtspResponse | undefined) => void) | undefined;
  #cSeq = 0;

  /** @param localAddress what it connects from */
  constructor(port: number, isSecure = false, localAddress = '127.0.0.1') {
    const to = { port, host: '127.0.0.1', localAddress };
    this.#to = () => (isSecure ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to));
    this.#socket = this.#to();
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    void this.closed.then(() => this.#waiting?.(undefined));
  }

  write(bytes: Buffer | string): void {
    if (this.#post === undefined) this.#socket.write(bytes);
    else this.#post.write(Buffer.from(bytes).toString('base64'));
  }

  destroy(): void {
    this.#post?.destroy();
    this.#socket.destroy();
  }

  /** Goes through HTTP from now on: `httpGet` and `httpPost`. */
  async tunnel(cookie: string): Promise<this> {
    const head = await this.httpGet(cookie);
    if (!head.startsWith('HTTP/1.0 200 ')) throw new Error(head);
    this.httpPost(cookie);
    return this;
  }

  /** @returns the head of the answer; empty when there is none */
  httpGet(cookie: string): Promise<string> {
    this.#socket.write(`GET /tunnel HTTP/1.1\r\nHost: h\r\nX-SessionCookie: ${cookie}\r\n\r\n`);
    return new Promise((resolve) => {
      this.#onTunnel = resolve;
      void this.closed.then(() => resolve(''));
    });
  }

  /** A POST takes the requests from now on. */
  httpPost(cookie: string): void {
    this.#post = this.#to();
    this.#post.on('error', () => undefined);
    this.#post.write(`POST /tunnel HTTP/1.0\r\nx-sessioncookie: ${cookie}\r\nContent-Length: 32767\r\n\r\n`);
  }

  get post(): Socket {
    if (this.#post === undefined) throw new Error('there is no tunnel');
    return this.#post;
  }

  /** What comes next, as it is. */
  nextText(): Promise<string> {
    return new Promise((resolve) => (this.#onTunnel = resolve));
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Reads nothing any more. */
  pause(): void {
    this.#socket.pause();
  }

  /** @returns the next answer; undefined when the connection is closed instead */
  answer(): Promise<RtspResponse | undefined> {
    const next = this.#answers.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.#socket.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  async ask(method: string, uri: string, headers: Headers = [], body = ''): Promise<RtspResponse> {
    const session: Headers = this.session === undefined ? [] : [['Session', this.session]];
    this.write(
      formatRtspRequest(method, uri, [['CSeq', String(++this.#cSeq)], ...session, ...headers], Buffer.from(body)),
    );
    const answer = await this.answer();
    if (answer === undefined) throw new Error(`${method} was not answered`);
    this.session ??= answer.headers.get('session')?.split(';')[0];
    return answer;
  }

  setUp(url: string, transport: string): Promise<RtspResponse> {
    return this.ask('SETUP', url, [['Transport', transport]]);
  }

  frame(channel: number, packet: Buffer): void {
    this.write(Buffer.concat([Buffer.of(0x24, channel, packet.length >> 8, packet.length & 0xff), packet]));
  }

  #read(bytes: Buffer): void {
    const onTunnel = this.#onTunnel;
    if (onTunnel !== undefined) {
      // The answer comes at once: there is nothing behind it yet.
      this.#onTunnel = undefined;
      return onTunnel(bytes.toString());
    }
    this.#reader.push(bytes);
    for (let item = this.#reader.next(); item !== undefined; item = this.#reader.next()) {
      if (item.kind === 'frame') this.frames.push({ channel: item.channel, packet: Buffer.from(item.packet) });
      if (item.kind !== 'response') continue;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting) waiting(item.response);
      else this.#answers.push(item.response);
    }
  }
}
