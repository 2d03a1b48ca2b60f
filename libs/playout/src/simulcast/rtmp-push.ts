// One connection to a server that a stream is pushed to: TCP or TLS, and the client's side of RTMP.
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TokenBucket } from '@millrace/protocol/rate';
import {
  CapsEx,
  clientSessionOptions,
  DEFAULT_CHUNK_DECODER_LIMITS,
  FourCcInfo,
  RtmpClientSession,
} from '@millrace/protocol/rtmp';
import type { Capabilities, PushUrl } from '@millrace/protocol/rtmp';
import { connectionFault, lookupOf } from '@millrace/service-kit';
import type { OutboundAddress } from '@millrace/service-kit';
import { CARRIED_FOUR_CCS } from '../rtmp/peer-codecs.ts';
import { RtmpForm } from '../rtmp/rtmp-form.ts';
import { PushFault, quoted } from './push-fault.ts';

/** Of every connection: what is written for one target is written for all. Encoders use as much. */
const PUSH_CHUNK_SIZE = 60_000;
/** The message stream that nearly all servers give: what is written for it is written once for all of them. */
const SHARED_MESSAGE_STREAM = 1;
/** What a server may send: acknowledgements and statuses. */
const RECEIVED = { perSecond: 64 * 1024, burst: 1024 * 1024 } as const;
const LARGEST_MESSAGE = 64 * 1024;
/** A dead server behind a silent network is noticed by the kernel. */
const KEEP_ALIVE_MS = 15_000;
/** How long a server may take to read what is left, and to close, after the end was announced. */
const CLOSE_MS = 2_000;

/** @returns the form for a message stream: servers choose its number, so only one is kept */
export function pushForms(): (messageStreamId: number) => RtmpForm {
  const newForm = (messageStreamId: number): RtmpForm => new RtmpForm(messageStreamId, PUSH_CHUNK_SIZE, true);
  const shared = newForm(SHARED_MESSAGE_STREAM);
  return (messageStreamId) => (messageStreamId === SHARED_MESSAGE_STREAM ? shared : newForm(messageStreamId));
}

export interface RtmpPushOptions {
  readonly url: PushUrl;
  readonly streamKey: string;
  /** Checked: one of these is connected to. */
  readonly addresses: readonly OutboundAddress[];
  /** The server accepts more again. */
  readonly onDrained: () => void;
}

export class RtmpPush {
  readonly #options: RtmpPushOptions;
  readonly #socket: Socket;
  readonly #session: RtmpClientSession;
  readonly #ready = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<PushFault | undefined>();
  #given = 0;
  #isOver = false;
  /** Whether the server has accepted the stream. */
  #isAccepted = false;
  #fault: PushFault | undefined;

  constructor(options: RtmpPushOptions) {
    this.#options = options;
    const { url, addresses } = options;
    this.#session = this.#newSession();
    const place = { host: url.host, port: url.port, lookup: lookupOf(addresses) };
    this.#socket = url.isSecure
      ? connectTls({ ...place, ...(isIP(url.host) === 0 && { servername: url.host }) })
      : connectTcp(place);
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const now = (): number => performance.now();
    const received = new TokenBucket(RECEIVED.perSecond, RECEIVED.burst, now);
    socket.once(url.isSecure ? 'secureConnect' : 'connect', () => this.#session.start());
    socket.on('data', (bytes: Buffer) => {
      if (received.take(bytes.length)) this.#session.push(bytes);
      else
        this.fail(
          new PushFault('protocol_error', 'the server sends more than a server that is published to has to say'),
        );
    });
    socket.on('drain', () => {
      if (!this.#isOver) options.onDrained();
    });
    // A server that closes without having read everything resets the connection.
    socket.on('error', (error) =>
      this.fail(new PushFault(this.#isAccepted ? 'closed' : 'unreachable', connectionFault(error), { cause: error })),
    );
    socket.once('close', () => {
      this.fail(new PushFault('closed', 'the server closed the connection'));
      this.#closed.resolve(this.#fault);
    });
    // Who does not wait for it is told by `closed`.
    this.#ready.promise.catch(() => undefined);
  }

  /** Resolves once the server accepts the stream. @throws PushFault */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the connection is gone: with the reason, unless it was ended here. */
  get closed(): Promise<PushFault | undefined> {
    return this.#closed.promise;
  }

  /** Why the connection is over; undefined while it is not, and when it was ended here. */
  get fault(): PushFault | undefined {
    return this.#fault;
  }

  get messageStreamId(): number {
    return this.#session.messageStreamId;
  }

  get serverCapabilities(): Capabilities | undefined {
    return this.#session.serverCapabilities;
  }

  /** Bytes of media that the connection has taken. */
  get sentBytes(): number {
    return Math.max(0, this.#given - this.#socket.writableLength);
  }

  /** @param bytes whole messages in chunks of `PUSH_CHUNK_SIZE` @returns whether the connection accepts more now */
  write(bytes: Uint8Array): boolean {
    this.#given += bytes.byteLength;
    return this.#socket.write(bytes);
  }

  /** Says that the stream is done, and closes. What was written before is still sent. Idempotent. */
  end(): void {
    if (this.#isOver) return;
    if (this.#session.messageStreamId > 0) this.#session.unpublish();
    this.#finish(undefined);
    const socket = this.#socket;
    socket.end(() => socket.destroy());
    setTimeout(() => socket.destroy(), CLOSE_MS).unref();
  }

  /** Closes at once, unless it is over: the first reason counts. */
  fail(fault: PushFault | undefined): void {
    if (this.#isOver) return;
    this.#finish(fault);
    this.#socket.destroy();
  }

  #finish(fault: PushFault | undefined): void {
    this.#isOver = true;
    this.#fault = fault;
    this.#session.end();
    this.#ready.reject(fault ?? new PushFault('closed', 'the connection was ended'));
  }

  #newSession(): RtmpClientSession {
    const { url, streamKey } = this.#options;
    const { video, audio } = CARRIED_FOUR_CCS;
    const offered = (names: readonly string[]) => new Map(names.map((name) => [name, FourCcInfo.canEncode] as const));
    return new RtmpClientSession(
      {
        send: (bytes) => void this.#socket.write(bytes),
        onReady: () => {
          this.#isAccepted = true;
          this.#ready.resolve();
        },
        onStatus: () => undefined,
        onReconnectRequest: () => this.fail(new PushFault('closed', 'the server asks to connect again: it shuts down')),
        onClosed: ({ code, detail }) => {
          const words = quoted(detail, streamKey);
          this.fail(
            code === 'rtmp.client.refused'
              ? new PushFault('refused', `the server refuses: ${words}`)
              : new PushFault('protocol_error', `what listens there does not speak RTMP: ${words}`),
          );
        },
        onVideo: () => undefined,
        onAudio: () => undefined,
        onData: () => undefined,
      },
      clientSessionOptions({
        now: () => performance.now(),
        mode: 'publish',
        app: url.app,
        tcUrl: url.tcUrl,
        streamName: streamKey,
        chunkSize: PUSH_CHUNK_SIZE,
        capabilities: {
          capsEx: CapsEx.reconnect,
          fourCcList: [...video, ...audio],
          videoFourCcInfoMap: offered(video),
          audioFourCcInfoMap: offered(audio),
        },
        chunkLimits: {
          ...DEFAULT_CHUNK_DECODER_LIMITS,
          maxMessageBytes: LARGEST_MESSAGE,
          maxUnassembledBytes: 2 * LARGEST_MESSAGE,
        },
      }),
    );
  }
}
