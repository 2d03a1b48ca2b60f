// A stream that is pushed by RTMP: the client's side of it, over TCP or TLS.
import { secretsOfQuery } from '@millrace/protocol/bytes';
import {
  CapsEx,
  clientSessionOptions,
  DEFAULT_CHUNK_DECODER_LIMITS,
  FourCcInfo,
  RtmpClientSession,
} from '@millrace/protocol/rtmp';
import type { PushUrl } from '@millrace/protocol/rtmp';
import type { OutboundAddress } from '@millrace/service-kit';
import type { WireForm } from '../live/wire-form.ts';
import { CARRIED_FOUR_CCS, fourCcNameOf, takesCodec } from '../rtmp/peer-codecs.ts';
import { RtmpForm } from '../rtmp/rtmp-form.ts';
import { PushFault, quoted } from './push-fault.ts';
import { PushSocket } from './push-socket.ts';
import type { StreamPush } from './stream-push.ts';

/** Of every connection: what is written for one target is written for all. Encoders use as much. */
const PUSH_CHUNK_SIZE = 60_000;
/** The message stream that nearly all servers give: what is written for it is written once for all of them. */
const SHARED_MESSAGE_STREAM = 1;
const LARGEST_MESSAGE = 64 * 1024;

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
  readonly formOf: (messageStreamId: number) => WireForm;
  /** The server accepts more again. */
  readonly onDrained: () => void;
}

export class RtmpPush implements StreamPush {
  readonly #options: RtmpPushOptions;
  readonly #socket: PushSocket;
  readonly #session: RtmpClientSession;
  #form: WireForm | undefined;

  constructor(options: RtmpPushOptions) {
    this.#options = options;
    const { url, addresses, onDrained } = options;
    this.#session = this.#newSession();
    this.#socket = new PushSocket({
      ...url,
      addresses,
      onConnected: () => this.#session.start(),
      onReceived: (bytes) => this.#session.push(bytes),
      onDrained,
      onOver: () => this.#session.end(),
    });
  }

  get ready(): Promise<void> {
    return this.#socket.outcome.ready;
  }

  get closed(): Promise<PushFault | undefined> {
    return this.#socket.outcome.closed;
  }

  get fault(): PushFault | undefined {
    return this.#socket.outcome.fault;
  }

  /** Servers choose the message stream. */
  get form(): WireForm {
    return (this.#form ??= this.#options.formOf(this.#session.messageStreamId));
  }

  get sentBytes(): number {
    return this.#socket.sentBytes;
  }

  refusalOf(codec: number): PushFault | undefined {
    if (takesCodec(this.#session.serverCapabilities ?? NOTHING_LISTED, codec)) return undefined;
    const name = fourCcNameOf(codec) ?? 'the codec of this stream';
    return new PushFault(
      'unsupported_codec',
      `the server does not list ${name} among the codecs that it takes (Enhanced RTMP): send H.264 and AAC`,
    );
  }

  /** @param bytes whole messages in chunks of `PUSH_CHUNK_SIZE` */
  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  end(): void {
    if (this.#socket.outcome.isOver) return;
    if (this.#session.messageStreamId > 0) this.#session.unpublish();
    this.#socket.end();
  }

  fail(fault: PushFault | undefined): void {
    this.#socket.fail(fault);
  }

  #newSession(): RtmpClientSession {
    const { url, streamKey } = this.#options;
    const { video, audio } = CARRIED_FOUR_CCS;
    const offered = (names: readonly string[]) => new Map(names.map((name) => [name, FourCcInfo.canEncode] as const));
    return new RtmpClientSession(
      {
        send: (bytes) => this.#socket.send(bytes),
        onReady: () => this.#socket.outcome.accept(),
        onStatus: () => undefined,
        onReconnectRequest: () => this.fail(new PushFault('closed', 'the server asks to connect again: it shuts down')),
        onClosed: ({ code, detail }) => {
          const words = quoted(detail, [streamKey, ...secretsOfQuery(streamKey), ...secretsOfQuery(url.tcUrl)]);
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

const NOTHING_LISTED = { fourCcList: [], videoFourCcInfoMap: new Map(), audioFourCcInfoMap: new Map() };
