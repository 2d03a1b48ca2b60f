// An encoder that publishes numbered pictures in real time and connects again, to the next edge, whenever it is cut off.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CapsEx, clientSessionOptions, RtmpClientSession } from '@millrace/protocol/rtmp';
import { numberPicture } from './numbered-clip.ts';
import type { ClipTag } from './numbered-clip.ts';

const APP = 'live';
const RETRY_MS = 250;
/** An answer that does not come in this time is one that never comes. */
const CONNECT_MS = 8_000;
const GOODBYE_MS = 5_000;
/** Behind the last tag of the clip, before its first one comes again. */
const ROUND_GAP_MS = 33;

export interface NumberedEncoderOptions {
  /** RTMP ports of the edges on this machine; it begins with the first. */
  readonly ports: readonly number[];
  readonly streamKey: string;
  readonly clip: readonly ClipTag[];
}

export class NumberedEncoder {
  readonly #options: NumberedEncoderOptions;
  readonly #configuration: readonly ClipTag[];
  readonly #media: readonly ClipTag[];
  /** When each picture was given to the socket, by number. */
  readonly sentAtMs: number[] = [];
  /** Why it was cut off or refused, each time. */
  readonly interruptions: string[] = [];
  /** When it noticed that it was cut off, each time. */
  readonly cutAtMs: number[] = [];
  #next = 0;
  #connection: EncoderConnection | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(options: NumberedEncoderOptions) {
    this.#options = options;
    this.#configuration = options.clip.filter((tag) => tag.isConfiguration);
    this.#media = options.clip.filter((tag) => !tag.isConfiguration);
  }

  /** Pictures published so far: numbers 0 to this, without it. */
  get published(): number {
    return this.sentAtMs.length;
  }

  get isPublishing(): boolean {
    return this.#connection?.isOpen === true;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  /** Unpublishes, so that everything that was sent is read, and hangs up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stopped; attempt++) {
      const port = this.#options.ports[attempt % this.#options.ports.length] ?? 0;
      try {
        this.#connection = await EncoderConnection.open(port, this.#options.streamKey);
        await this.#publish(this.#connection);
        if (!this.#connection.isOpen) this.cutAtMs.push(performance.now());
        await this.#connection.leave();
      } catch (error) {
        this.interruptions.push(error instanceof Error ? error.message : String(error));
      }
      this.#connection?.destroy();
      this.#connection = undefined;
      if (!this.#stopped) await delay(RETRY_MS);
    }
  }

  /** Begins with a keyframe, as encoders do: what lies before it in the clip is not published, and has no number. */
  async #publish(connection: EncoderConnection): Promise<void> {
    for (const tag of this.#configuration) connection.send(tag.kind, 0, tag.body);
    while (this.#tag().isKeyframe === false) this.#next++;
    const startedAtMs = performance.now();
    const firstMs = this.#timeOf(this.#next);
    for (; connection.isOpen && !this.#stopped; this.#next++) {
      const tag = this.#tag();
      if (tag.isKeyframe && connection.isAskedToLeave) return;
      const timestampMs = this.#timeOf(this.#next) - firstMs;
      const waitMs = startedAtMs + timestampMs - performance.now();
      if (waitMs > 0) await delay(waitMs);
      if (!(await connection.canTakeMore())) return;
      if (tag.kind === 'video') {
        connection.send('video', timestampMs, numberPicture(tag, this.published));
        this.sentAtMs.push(performance.now());
      } else connection.send('audio', timestampMs, tag.body);
    }
  }

  #tag(): ClipTag {
    const tag = this.#media[this.#next % this.#media.length];
    if (tag === undefined) throw new Error('the clip is empty');
    return tag;
  }

  #timeOf(index: number): number {
    const roundMs = (this.#media.at(-1)?.timestampMs ?? 0) + ROUND_GAP_MS;
    return (
      Math.floor(index / this.#media.length) * roundMs + (this.#media[index % this.#media.length]?.timestampMs ?? 0)
    );
  }
}

class EncoderConnection {
  readonly #socket: Socket;
  readonly #session: RtmpClientSession;
  /** Whether the edge wants it to connect elsewhere. */
  isAskedToLeave = false;
  #ended: string | undefined;
  #isReady = false;

  private constructor(port: number, streamKey: string) {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket = socket;
    this.#session = new RtmpClientSession(
      {
        send: (bytes) => void socket.write(bytes),
        onReady: () => (this.#isReady = true),
        onStatus: ({ level, description }) => level === 'error' && this.#end(description),
        onReconnectRequest: () => (this.isAskedToLeave = true),
        onClosed: ({ detail }) => this.#end(detail),
        onVideo: () => undefined,
        onAudio: () => undefined,
        onData: () => undefined,
      },
      clientSessionOptions({
        now: () => performance.now(),
        mode: 'publish',
        app: APP,
        tcUrl: `rtmp://127.0.0.1:${port}/${APP}`,
        streamName: streamKey,
        connectProperties: { capsEx: CapsEx.reconnect },
      }),
    );
    socket.once('connect', () => this.#session.start());
    socket.on('data', (bytes: Buffer) => this.#session.push(bytes));
    socket.once('error', (error) => this.#end(error.message));
    socket.once('close', () => this.#end('the connection was closed'));
  }

  /** @throws when it is refused, or not answered in time */
  static async open(port: number, streamKey: string): Promise<EncoderConnection> {
    const connection = new EncoderConnection(port, streamKey);
    for (const end = performance.now() + CONNECT_MS; !connection.#isReady; await delay(10)) {
      if (performance.now() > end) connection.#end(`not answered within ${CONNECT_MS} ms`);
      if (connection.#ended === undefined) continue;
      connection.destroy();
      throw new Error(connection.#ended);
    }
    return connection;
  }

  get isOpen(): boolean {
    return this.#isReady && this.#ended === undefined;
  }

  send(kind: 'video' | 'audio', timestampMs: number, body: Buffer): void {
    if (kind === 'video') this.#session.sendVideo(timestampMs, body);
    else this.#session.sendAudio(timestampMs, body);
  }

  /** Waits while the edge takes nothing. @returns false when the connection is over */
  async canTakeMore(): Promise<boolean> {
    while (this.isOpen && this.#socket.writableNeedDrain)
      await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')]).catch(() => undefined);
    return this.isOpen;
  }

  /** Says that it is done, so that the edge reads everything, and hangs up. */
  async leave(): Promise<void> {
    if (!this.isOpen) return;
    const closed = once(this.#socket, 'close').catch(() => undefined);
    this.#session.unpublish();
    this.#socket.end();
    await Promise.race([closed, delay(GOODBYE_MS, undefined, { ref: false })]);
  }

  destroy(): void {
    this.#session.end();
    this.#socket.destroy();
  }

  /** The first reason counts. */
  #end(reason: string): void {
    this.#ended ??= reason;
  }
}
