// Publishes a clip in a loop over real RTMP, as an encoder would: there is a picture without any encoder.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FlvTagType } from '@millrace/protocol/flv';
import { clientSessionOptions, RtmpClientSession } from '@millrace/protocol/rtmp';
import type { Logger } from '@millrace/service-kit';
import type { FlvClip } from './flv-clip.ts';

export interface DemoPublisherOptions {
  /** `rtmp://host:port/app`; host and port are where it connects. */
  readonly rtmpUrl: string;
  readonly streamKey: string;
  readonly clip: FlvClip;
  readonly logger: Logger;
}

const TICK_MS = 10;
const RETRY_MS = 2_000;
/** Above this the server does not keep up: the clip waits rather than fills memory. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export class DemoPublisher {
  readonly #options: DemoPublisherOptions;
  #connection: DemoConnection | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: DemoPublisherOptions) {
    this.#options = options;
  }

  /** Connects, and again whenever the connection ends, until `stop`. */
  start(): void {
    this.#connection = new DemoConnection(this.#options, (reason) => {
      this.#connection = undefined;
      if (this.#stopped) return;
      this.#options.logger.warn({ reason }, 'the demo clip was cut off; reconnecting');
      this.#retry = setTimeout(() => this.start(), RETRY_MS);
    });
  }

  /** Says that the stream is done and hangs up. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#connection?.unpublish();
  }
}

/** One connection: the session, its socket, and the clock that lets the clip flow. */
class DemoConnection {
  readonly #socket: Socket;
  readonly #session: RtmpClientSession;
  readonly #frames: ReturnType<FlvClip['rounds']>;
  #next: { readonly tag: { readonly type: number; readonly data: Uint8Array }; readonly atMs: number };
  #clock: NodeJS.Timeout | undefined;
  #reason: string | undefined;
  #elapsedMs = 0;
  #lastTickMs = 0;

  constructor({ rtmpUrl, streamKey, clip, logger }: DemoPublisherOptions, onClosed: (reason: string) => void) {
    const url = new URL(rtmpUrl);
    this.#frames = clip.rounds();
    this.#next = this.#frames.next().value;
    this.#session = new RtmpClientSession(
      {
        send: (bytes) => void this.#socket.write(bytes),
        onReady: () => {
          logger.info('publishing the demo clip');
          this.#begin();
        },
        onStatus: ({ level, description }) => level === 'error' && this.#end(description),
        onReconnectRequest: () => this.#end('the server requested a reconnect'),
        onClosed: ({ detail }) => this.#end(detail),
        onVideo: () => undefined,
        onAudio: () => undefined,
        onData: () => undefined,
      },
      clientSessionOptions({
        now: () => performance.now(),
        mode: 'publish',
        app: url.pathname.slice(1),
        tcUrl: rtmpUrl,
        streamName: streamKey,
      }),
    );
    this.#socket = connect({ host: url.hostname, port: Number(url.port || 1935), noDelay: true });
    this.#socket.once('connect', () => this.#session.start());
    this.#socket.on('data', (bytes: Buffer) => this.#session.push(bytes));
    this.#socket.once('error', (error) => this.#end(error.message));
    this.#socket.once('close', () => {
      this.#end('the connection was closed');
      onClosed(this.#reason ?? '');
    });
  }

  /** The first reason counts. */
  #end(reason: string): void {
    this.#reason ??= reason;
    this.#session.end();
    clearInterval(this.#clock);
    this.#socket.destroy();
  }

  unpublish(): void {
    clearInterval(this.#clock);
    if (this.#session.messageStreamId > 0) this.#session.unpublish();
    this.#session.end();
    this.#socket.end(() => this.#socket.destroy());
  }

  #begin(): void {
    this.#lastTickMs = performance.now();
    this.#clock = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Sends what is due. Time stands still while the server does not take what was sent. */
  #tick(): void {
    const nowMs = performance.now();
    if (this.#socket.writableLength <= MAX_WAITING_BYTES) this.#elapsedMs += nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    this.#socket.cork();
    for (; this.#next.atMs <= this.#elapsedMs; this.#next = this.#frames.next().value) {
      const { tag, atMs } = this.#next;
      // RTMP timestamps are 32 bits and wrap.
      if (tag.type === FlvTagType.video) this.#session.sendVideo(atMs >>> 0, tag.data);
      else this.#session.sendAudio(atMs >>> 0, tag.data);
    }
    this.#socket.uncork();
  }
}
