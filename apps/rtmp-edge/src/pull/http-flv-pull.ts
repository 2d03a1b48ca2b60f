// One attempt to pull a stream of FLV tags over HTTP, and to publish it.
import type { IncomingMessage } from 'node:http';
import type { TakenSource } from '@millrace/control';
import { SourceHttp, SourcePublish } from '@millrace/ingest';
import type { EncoderPeer, PullAttempt, PullObserver, SourceConnection } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { FlvDecoder, FlvTagType } from '@millrace/protocol/flv';
import type { FlvTag } from '@millrace/protocol/flv';
import { TokenBucket } from '@millrace/protocol/rate';
import { amfBody, decodeData, MessageType } from '@millrace/protocol/rtmp';
import { peerAddress, peerNetwork } from '@millrace/service-kit';
import type { OutboundAddresses } from '@millrace/service-kit';
import type { EdgeContext } from '../ingest/edge-context.ts';
import { ToFrames } from '../media/to-frames.ts';
import { HTTP_FLV } from '../protocols.ts';
import { HeldMedia } from './held-media.ts';

const UNNAMED = 'an HTTP-FLV server';
/** As of an RTMP server. */
const DATA_TAGS = { burst: 1_000, perSecond: 1_000 } as const;

export class HttpFlvPull implements SourceConnection {
  peer: EncoderPeer = { protocol: HTTP_FLV, address: '', network: '' };
  readonly #context: EdgeContext;
  readonly #publish: SourcePublish;
  readonly #http: SourceHttp;
  readonly #decoder: FlvDecoder;
  readonly #held = new HeldMedia();
  readonly #dataRate: TokenBucket;
  readonly #aborting = new AbortController();
  #body: IncomingMessage | undefined;
  #encoder = UNNAMED;
  #bytesReceived = 0;
  #hasBegun = false;

  static open(
    source: TakenSource,
    observer: PullObserver,
    context: EdgeContext,
    addresses: OutboundAddresses,
  ): PullAttempt {
    const pull = new HttpFlvPull(source, observer, context, addresses);
    void pull.#connect(new URL(source.url)).catch((error: unknown) => pull.#publish.broke(error));
    return pull.#publish;
  }

  private constructor(source: TakenSource, observer: PullObserver, context: EdgeContext, addresses: OutboundAddresses) {
    this.#context = context;
    const { pullConnectMs: connectMs, pullMaxRedirects: maxRedirects, idleMs, maxMessageBytes } = context.settings;
    const { url, username, password } = source;
    this.#http = new SourceHttp({ url, username, password, addresses, maxRedirects });
    this.#decoder = new FlvDecoder({ maxDataBytes: maxMessageBytes });
    this.#dataRate = new TokenBucket(DATA_TAGS.perSecond, DATA_TAGS.burst, context.ingest.clock);
    this.#publish = new SourcePublish({
      source,
      observer,
      connection: this,
      ingest: context.ingest,
      logger: context.logger.child({ source_id: source.sourceId, protocol: HTTP_FLV }),
      connectMs,
      idleMs: () => idleMs,
    });
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  pause(): void {
    this.#body?.pause();
  }

  resume(): void {
    this.#body?.resume();
  }

  hangUp(): void {
    this.#aborting.abort();
    this.#body?.destroy();
    this.#http.close();
  }

  async #connect(url: URL): Promise<void> {
    const { body } = await this.#http.get(url, { signal: this.#aborting.signal });
    if (this.#publish.isOver) return void body.destroy();
    this.#body = body;
    this.#encoder = this.#http.serverOf(body) ?? this.#encoder;
    const address = peerAddress(body.socket.remoteAddress);
    this.peer = { ...this.peer, address, network: peerNetwork(address) };
    body.on('data', (bytes: Buffer) => this.#publish.guarded(() => this.#read(bytes)));
    body.on('error', (error) => this.#publish.broke(error));
    body.once('close', () => this.#publish.fail('the source ended the stream'));
  }

  #read(bytes: Buffer): void {
    this.#bytesReceived += bytes.length;
    for (const tag of this.#decoder.push(bytes)) this.#take(tag);
    this.#publish.received();
    if (this.#hasBegun || this.#decoder.header === undefined) return;
    this.#hasBegun = true;
    // What was read with the header is held; the rest waits until the stream is claimed.
    this.pause();
    void this.#begin().catch((error: unknown) => this.#publish.broke(error));
  }

  async #begin(): Promise<void> {
    const begun = await this.#publish.begin(this.#encoder, (publisher, watch) => {
      const toFrames = new ToFrames(publisher, watch, this.#context.settings.maxTracks);
      this.#held.release(toFrames);
      return toFrames;
    });
    if (!begun) return;
    this.#publish.received();
    if (!this.#publish.isPaused) this.resume();
  }

  /** A tag is a view of what was read, of which a frame must not keep the rest. */
  #take({ type, timestampMs, data }: FlvTag): void {
    if (data.length === 0) return;
    if (type === FlvTagType.video) this.#held.onVideo(timestampMs, Buffer.from(data));
    else if (type === FlvTagType.audio) this.#held.onAudio(timestampMs, Buffer.from(data));
    else this.#data(type === FlvTagType.scriptAmf3 ? MessageType.dataAmf3 : MessageType.dataAmf0, timestampMs, data);
  }

  /** Metadata is a courtesy: a stream is not cut off for broken one. */
  #data(type: number, timestampMs: number, data: Buffer): void {
    const { amfMaxDepth: maxDepth, amfMaxBytes: maxBytes } = this.#context.settings;
    if (data.length > maxBytes || !this.#dataRate.take()) return;
    try {
      const body = amfBody(type, Buffer.from(data));
      this.#held.onData(timestampMs, decodeData(body, { maxDepth, maxBytes }), body);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
}
