// A real RTMP client over a real socket, for tests: what it was told can be awaited.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { performance } from 'node:perf_hooks';
import { clientSessionOptions, RtmpClientSession } from '@millrace/protocol/rtmp';
import type { ClientSessionOptions, DataMessage, Status } from '@millrace/protocol/rtmp';

export interface TestClientOptions extends Partial<ClientSessionOptions> {
  readonly port: number;
  readonly streamName: string;
  /** The certificate to trust: connects by TLS. */
  readonly ca?: Buffer;
  readonly localAddress?: string;
  /** 127.0.0.1 when not given. */
  readonly host?: string;
  /** A connection that is open already. */
  readonly socket?: Socket;
}

export class TestClient {
  readonly session: RtmpClientSession;
  readonly socket: Socket;
  readonly statuses: Status[] = [];
  /** Addresses of requests to reconnect; undefined: the same one. */
  readonly reconnectRequests: (string | undefined)[] = [];
  /** What a player was sent: bodies of FLV tags. */
  readonly media: { readonly type: number; readonly timestamp: number; readonly body: Buffer }[] = [];
  readonly data: DataMessage[] = [];
  ready = false;
  /** Why the session ended, in the server's words. */
  end: string | undefined;
  /** Whether the socket is closed. */
  closed = false;
  error: Error | undefined;
  #waits: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  constructor({ port, ca, localAddress, host = '127.0.0.1', socket, ...options }: TestClientOptions) {
    this.session = new RtmpClientSession(
      {
        send: (bytes) => void this.socket.write(bytes),
        onReady: () => this.#note(() => (this.ready = true)),
        onStatus: (status) => this.#note(() => this.statuses.push(status)),
        onReconnectRequest: (tcUrl) => this.#note(() => this.reconnectRequests.push(tcUrl)),
        onClosed: ({ detail }) => (this.end = detail),
        onAudio: (timestamp, body) =>
          this.#note(() => this.media.push({ type: 8, timestamp, body: Buffer.from(body) })),
        onVideo: (timestamp, body) =>
          this.#note(() => this.media.push({ type: 9, timestamp, body: Buffer.from(body) })),
        onData: (_timestamp, data) => this.#note(() => this.data.push(data)),
      },
      clientSessionOptions({
        now: () => performance.now(),
        mode: 'publish',
        app: 'live',
        tcUrl: 'rtmp://127.0.0.1/live',
        ...options,
      }),
    );
    const from = localAddress === undefined ? {} : { localAddress };
    const begin = () => this.session.start();
    this.socket =
      socket ??
      (ca ? connectTls({ host, port, ca, servername: 'localhost' }, begin) : connect({ host, port, ...from }, begin));
    this.socket.on('data', (bytes: Buffer) => this.session.push(bytes));
    this.socket.on('error', (error) => (this.error = error));
    this.socket.on('close', () => this.#note(() => (this.closed = true)));
    if (socket) begin();
  }

  /** The last status that the server sent. */
  get status(): Status | undefined {
    return this.statuses.at(-1);
  }

  /** Resolves as soon as the condition holds after an event. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waits.push({ isMet, resolve }));
  }

  /** Resolves when the server accepted; rejects when it closed instead. */
  async untilReady(): Promise<this> {
    await this.until(() => this.ready || this.closed);
    if (!this.ready) throw new Error(`refused: ${this.status?.code}: ${this.status?.description}`);
    return this;
  }

  async untilClosed(): Promise<this> {
    await this.until(() => this.closed);
    return this;
  }

  #note(change: () => unknown): void {
    change();
    const met = this.#waits.filter((wait) => wait.isMet());
    this.#waits = this.#waits.filter((wait) => !met.includes(wait));
    for (const wait of met) wait.resolve();
  }
}
