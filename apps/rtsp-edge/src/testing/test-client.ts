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
  readonly #socket: Socket;
  readonly #reader = new RtspReader();
  readonly #answers: RtspResponse[] = [];
  #waiting: ((answer: RtspResponse | undefined) => void) | undefined;
  #cSeq = 0;

  /** @param localAddress what it connects from */
  constructor(port: number, isSecure = false, localAddress = '127.0.0.1') {
    const to = { port, host: '127.0.0.1', localAddress };
    this.#socket = isSecure ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    void this.closed.then(() => this.#waiting?.(undefined));
  }

  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
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
