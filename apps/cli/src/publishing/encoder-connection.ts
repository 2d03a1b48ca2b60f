// One connection of an encoder, or of a player that only asks: what the server says when it refuses is kept as it is.
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { FlvTagType } from '@millrace/protocol/flv';
import { clientSessionOptions, RtmpClientSession } from '@millrace/protocol/rtmp';
import { CliError, usageError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { explainFailure } from '../api/unreachable.ts';
import { printable } from '../output/printable.ts';
import type { MediaTag } from './flv-source.ts';

/** How long the server may take to accept or refuse. */
export const ACCEPT_TIMEOUT_MS = 15_000;
/** Above this much that the server has not read, nothing more is sent. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** How long the server may read nothing. */
const STALL_TIMEOUT_MS = 15_000;

export interface RtmpTarget {
  /** `rtmp://host:port/app` or `rtmps://…`. */
  readonly server: URL;
  /** Of a player: the playback id. */
  readonly streamKey: string;
  /** `publish` when not given. */
  readonly mode?: 'publish' | 'play';
}

/** @throws CliError unless it is rtmp or rtmps with an app */
export function rtmpServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['rtmp:', 'rtmps:'].includes(url.protocol) || url.pathname.length < 2)
    throw usageError(`"${text}" is not an RTMP server`, 'Give it as rtmp://live.example.com/live.');
  return url;
}

export const portOf = ({ protocol, port }: URL): number => Number(port || (protocol === 'rtmps:' ? 443 : 1935));
/** The host of a URL as sockets want it: an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** The server said no. Its words are the message. */
export class RtmpRefused extends CliError {
  /** What it said, without the code of RTMP. */
  readonly words: string;

  constructor(detail: string, mode: 'publish' | 'play') {
    const words = printable(detail.replace(/^Net(Stream|Connection)\.\w+\.\w+: /, ''));
    super(ExitCode.failure, `the server refuses to be ${mode === 'play' ? 'played from' : 'published to'}: ${words}`, {
      advice: 'docs/errors.md lists every refusal and what to do about it.',
    });
    this.words = words;
  }
}

export class EncoderConnection {
  readonly #socket: Socket;
  readonly #session: RtmpClientSession;
  readonly #accepted = Promise.withResolvers<void>();
  /** Settles when the connection is over: with the reason, unless it was ended here. */
  readonly closed: Promise<CliError | undefined>;
  #reason: CliError | undefined;
  #ended = false;
  /** Bytes of media. */
  bytes = 0;

  constructor({ server, streamKey, mode = 'publish' }: RtmpTarget) {
    const host = hostOf(server);
    const address = { host, port: portOf(server) };
    this.#socket =
      server.protocol === 'rtmps:'
        ? connectTls({ ...address, ...(isIP(host) === 0 && { servername: host }) })
        : connectTcp({ ...address, noDelay: true });
    this.#session = new RtmpClientSession(
      {
        send: (bytes) => void this.#socket.write(bytes),
        onReady: () => this.#accepted.resolve(),
        onStatus: () => undefined,
        onReconnectRequest: () =>
          this.#end(new CliError(ExitCode.failure, 'the server asks to reconnect: it shuts down')),
        onClosed: ({ code, detail }) =>
          this.#end(
            code === 'rtmp.client.refused'
              ? new RtmpRefused(detail, mode)
              : new CliError(ExitCode.failure, `what listens there does not speak RTMP: ${printable(detail)}`),
          ),
        onVideo: () => undefined,
        onAudio: () => undefined,
        onData: () => undefined,
      },
      clientSessionOptions({
        now: () => performance.now(),
        mode,
        app: server.pathname.slice(1),
        tcUrl: server.href,
        streamName: streamKey,
      }),
    );
    const socket = this.#socket;
    socket.once(server.protocol === 'rtmps:' ? 'secureConnect' : 'connect', () => this.#session.start());
    socket.on('data', (bytes: Buffer) => this.#session.push(bytes));
    socket.once('error', (error) => {
      const { what, advice } = explainFailure(error);
      this.#end(new CliError(ExitCode.unreachable, `cannot reach ${server.host}: ${what}`, { advice, cause: error }));
    });
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        if (!this.#ended) this.#end(new CliError(ExitCode.failure, 'the server closed the connection'));
        resolve(this.#reason);
      }),
    );
    // A refusal that `accepted` does not wait for is in `closed`.
    this.#accepted.promise.catch(() => undefined);
  }

  /** Resolves when the server has accepted the key. @throws CliError with its words when it refuses */
  async accepted(timeoutMs: number = ACCEPT_TIMEOUT_MS): Promise<void> {
    const timer = setTimeout(
      () => this.#end(new CliError(ExitCode.unreachable, `no answer within ${timeoutMs / 1_000} s`)),
      timeoutMs,
    );
    try {
      await this.#accepted.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends one tag; waits while the server does not read. @throws CliError when the connection is over */
  async send({ type, timestampMs, data }: MediaTag): Promise<void> {
    if (this.#reason !== undefined) throw this.#reason;
    // RTMP timestamps are 32 bits and wrap.
    if (type === FlvTagType.video) this.#session.sendVideo(timestampMs >>> 0, data);
    else this.#session.sendAudio(timestampMs >>> 0, data);
    this.bytes += data.length;
    if (this.#socket.writableLength > MAX_WAITING_BYTES) await this.#drained();
  }

  /** Says that the stream is done, and hangs up. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#reason === undefined && this.#session.messageStreamId > 0) this.#session.unpublish();
    this.#session.end();
    this.#socket.end(() => this.#socket.destroy());
    const timer = setTimeout(() => this.#socket.destroy(), 1_000);
    await this.closed;
    clearTimeout(timer);
  }

  /** The first reason counts. */
  #end(reason: CliError): void {
    if (!this.#ended) this.#reason ??= reason;
    this.#session.end();
    this.#socket.destroy();
    this.#accepted.reject(this.#reason ?? reason);
  }

  async #drained(): Promise<void> {
    const drained = new Promise<void>((resolve) => this.#socket.once('drain', resolve));
    const stalled = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => this.#end(new CliError(ExitCode.failure, `the server has read nothing for ${STALL_TIMEOUT_MS / 1_000} s`)),
      STALL_TIMEOUT_MS,
    );
    void this.closed.then(() => stalled.resolve());
    await Promise.race([drained, stalled.promise]);
    clearTimeout(timer);
  }
}
