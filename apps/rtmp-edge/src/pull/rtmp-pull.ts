// One attempt to pull a stream over RTMP, as a player does, and to publish it.
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TakenSource } from '@millrace/control';
import { quotedLine, SourceFault, SourcePublish } from '@millrace/ingest';
import type { EncoderPeer, PullAttempt, PullObserver, SourceConnection } from '@millrace/ingest';
import { secretsOfQuery, withoutSecrets } from '@millrace/protocol/bytes';
import {
  clientSessionOptions,
  DEFAULT_CHUNK_DECODER_LIMITS,
  FourCcInfo,
  parsePushUrl,
  RtmpClientSession,
  splitStreamKey,
  StatusCode,
} from '@millrace/protocol/rtmp';
import type {
  Capabilities,
  ClientSessionHandler,
  DataMessage,
  PushUrl,
  SessionClose,
  Status,
} from '@millrace/protocol/rtmp';
import { lookupOf, peerAddress, peerNetwork } from '@millrace/service-kit';
import type { OutboundAddresses } from '@millrace/service-kit';
import type { EdgeContext } from '../ingest/edge-context.ts';
import { CAPABILITIES } from '../media/flv-codecs.ts';
import { ToFrames } from '../media/to-frames.ts';
import { HeldMedia } from './held-media.ts';

const UNNAMED = 'an RTMP server';
/** A dead source behind a silent network is noticed by the kernel as well. */
const KEEP_ALIVE_MS = 15_000;
/** What the source is told that it may send: all that encoders may. */
const decoded = (codecs: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map(Object.keys(codecs).map((name) => [name, FourCcInfo.canDecode]));
const ASKED_FOR: Partial<Capabilities> = {
  capsEx: CAPABILITIES.capsEx,
  fourCcList: Object.keys({ ...CAPABILITIES.videoFourCcInfoMap, ...CAPABILITIES.audioFourCcInfoMap }),
  videoFourCcInfoMap: decoded(CAPABILITIES.videoFourCcInfoMap),
  audioFourCcInfoMap: decoded(CAPABILITIES.audioFourCcInfoMap),
};
const ENDS: ReadonlySet<string> = new Set([StatusCode.playStop, StatusCode.playUnpublishNotify]);

export class RtmpPull implements SourceConnection, ClientSessionHandler {
  peer: EncoderPeer;
  readonly #context: EdgeContext;
  readonly #address: string;
  readonly #publish: SourcePublish;
  readonly #held = new HeldMedia();
  #session: RtmpClientSession | undefined;
  #socket: Socket | undefined;
  #hasBegun = false;

  static open(
    source: TakenSource,
    observer: PullObserver,
    context: EdgeContext,
    addresses: OutboundAddresses,
  ): PullAttempt {
    const pull = new RtmpPull(source, observer, context);
    void pull.#connect(source.url, addresses).catch((error: unknown) => pull.#publish.broke(error));
    return pull.#publish;
  }

  private constructor(source: TakenSource, observer: PullObserver, context: EdgeContext) {
    this.#context = context;
    this.#address = source.url;
    const protocol = new URL(source.url).protocol.slice(0, -1);
    this.peer = { protocol, address: '', network: '' };
    const { pullConnectMs: connectMs, idleMs } = context.settings;
    this.#publish = new SourcePublish({
      source,
      observer,
      connection: this,
      ingest: context.ingest,
      logger: context.logger.child({ source_id: source.sourceId, protocol }),
      connectMs,
      idleMs: () => idleMs,
    });
  }

  get bytesReceived(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  hangUp(): void {
    this.#session?.end();
    this.#socket?.destroy();
  }

  send(bytes: Buffer): void {
    const socket = this.#socket;
    if (socket?.writable !== true) return;
    socket.write(bytes);
    if (socket.writableLength > this.#context.settings.maxUnsentBytes)
      this.#publish.fail('the source does not read what it is sent');
  }

  onReady(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    // What was read with the answer is held; the rest waits until the stream is claimed.
    this.pause();
    void this.#begin().catch((error: unknown) => this.#publish.broke(error));
  }

  onStatus({ code }: Status): void {
    if (ENDS.has(code)) this.#publish.fail('the source says that the stream has ended');
  }

  onReconnectRequest(): void {
    this.#publish.fail('the source asks to be connected to again: it shuts down');
  }

  onClosed({ code, detail }: SessionClose): void {
    const words = quotedLine(withoutSecrets(detail, secretsOfQuery(this.#address)));
    this.#publish.fail(
      code === 'rtmp.client.refused' ? `the source refuses: ${words}` : `the source does not speak RTMP: ${words}`,
    );
  }

  onVideo(timestamp: number, payload: Buffer): void {
    this.#held.onVideo(timestamp, payload);
  }

  onAudio(timestamp: number, payload: Buffer): void {
    this.#held.onAudio(timestamp, payload);
  }

  onData(timestamp: number, data: DataMessage, body: Buffer): void {
    this.#held.onData(timestamp, data, body);
  }

  /** The host is looked up, and its addresses are checked, each time: what a name stands for changes. */
  async #connect(address: string, addresses: OutboundAddresses): Promise<void> {
    const { url, streamName } = placeOf(address);
    const lookup = lookupOf(await addresses.resolve(url.host));
    if (this.#publish.isOver) return;
    const session = this.#newSession(url, streamName);
    this.#session = session;
    const place = { host: url.host, port: url.port, lookup };
    const socket = url.isSecure
      ? connectTls({ ...place, ...(isIP(url.host) === 0 && { servername: url.host }) })
      : connectTcp(place);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.once(url.isSecure ? 'secureConnect' : 'connect', () => {
      const from = peerAddress(socket.remoteAddress);
      this.peer = { ...this.peer, address: from, network: peerNetwork(from) };
      this.#publish.guarded(() => session.start());
    });
    socket.on('data', (bytes: Buffer) =>
      this.#publish.guarded(() => {
        session.push(bytes);
        this.#publish.received();
      }),
    );
    socket.on('error', (error) => this.#publish.broke(error));
    socket.once('close', () => this.#publish.fail('the source closed the connection'));
  }

  async #begin(): Promise<void> {
    const begun = await this.#publish.begin(UNNAMED, (publisher, watch) => {
      const toFrames = new ToFrames(publisher, watch, this.#context.settings.maxTracks);
      this.#held.release(toFrames);
      return toFrames;
    });
    if (!begun) return;
    this.#publish.received();
    if (!this.#publish.isPaused) this.resume();
  }

  #newSession(url: PushUrl, streamName: string): RtmpClientSession {
    const { maxMessageBytes, maxBufferedBytes, maxChunkStreams, amfMaxBytes, amfMaxDepth } = this.#context.settings;
    return new RtmpClientSession(
      this,
      clientSessionOptions({
        now: this.#context.ingest.clock,
        mode: 'play',
        app: url.app,
        tcUrl: url.tcUrl,
        streamName,
        capabilities: ASKED_FOR,
        chunkLimits: {
          ...DEFAULT_CHUNK_DECODER_LIMITS,
          maxMessageBytes,
          maxUnassembledBytes: maxBufferedBytes,
          maxChunkStreams,
        },
        amfLimits: { maxDepth: amfMaxDepth, maxBytes: amfMaxBytes },
      }),
    );
  }
}

/** The last part of the path, with the query, names the stream; what is before it is the application. */
function placeOf(address: string): { readonly url: PushUrl; readonly streamName: string } {
  const parts = splitStreamKey(address);
  if (parts === undefined) throw new SourceFault('the address of the source must name an application and a stream');
  const url = parsePushUrl(parts.url);
  if (typeof url === 'string') throw new SourceFault(`the address of the source ${url}`);
  return { url, streamName: parts.streamKey };
}
