// One attempt to pull a stream over HLS, as a player does, and to publish it: segment by segment, at the speed at which they play.
import { createDecipheriv } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { TakenSource } from '@millrace/control';
import { readBody, SourceFault, sourceFaultOf, SourceHttp, SourcePublish } from '@millrace/ingest';
import type { EncoderPeer, HttpAnswer, PullAttempt, PullObserver, SourceConnection } from '@millrace/ingest';
import { peerAddress, peerNetwork } from '@millrace/service-kit';
import type { Logger, OutboundAddresses } from '@millrace/service-kit';
import { ProgramIntake } from '../ingest/program-intake.ts';
import { HLS } from '../srt-edge-context.ts';
import type { SrtEdgeContext } from '../srt-edge-context.ts';
import { chooseVariants, FragmentedMp4, isMultivariant, SegmentQueue } from './hls-playlists.ts';
import type { NextSegment } from './hls-playlists.ts';
import { ReadingShare } from './reading-share.ts';

const UNNAMED = 'an HLS server';
const KEY_BYTES = 16;
/** What is read at once: what is read is paced. */
const PIECE_BYTES = 84 * 188;
/** Behind schedule by more, the schedule begins anew: what is late was late at the source. */
const MAX_LATE_MS = 2_000;
/** So many segments more than it began with: it plays faster until it has caught up, since the clock of the source runs faster. */
const FULL_QUEUE = 6;
const CATCH_UP = 1.1;
/** Of a segment that does not say how large it is, bytes are read so many times faster than the one before was. */
const UNKNOWN_SIZE_SPEED = 2;
const FIRST_BYTES_PER_SECOND = 1_000_000;
/** A playlist or a segment is asked for again after this time. */
const AGAIN_MS = 500;
const SEGMENT_TRIES = 2;
/** A playlist that is not continued for so many of its target durations has stopped. */
const STALLED_TARGETS = 3;
/** All edges of a process have one event loop. */
const share = new ReadingShare();

export class HlsPull implements SourceConnection {
  peer: EncoderPeer = { protocol: HLS, address: '', network: '' };
  readonly #context: SrtEdgeContext;
  readonly #url: URL;
  readonly #logger: Logger;
  readonly #publish: SourcePublish;
  readonly #http: SourceHttp;
  #segments = new SegmentQueue();
  readonly #aborting = new AbortController();
  #intake: ProgramIntake | undefined;
  #listUrl: URL;
  #isWithoutSound = false;
  #encoder = UNNAMED;
  #bytesReceived = 0;
  #bytesPerSecond = FIRST_BYTES_PER_SECOND;
  /** When the next segment is to begin, and when the playlist last had something new (`performance.now()`). */
  #dueMs = 0;
  #newAtMs = 0;
  #loadedAtMs = 0;
  /** What reading the playlist took, as long as it is. */
  #readingMs = 0;
  readonly #tenantId: string;
  readonly #leaveShare: () => void;
  #key: { readonly address: string; readonly bytes: Buffer } | undefined;
  #resume: (() => void) | undefined;

  static open(
    source: TakenSource,
    observer: PullObserver,
    context: SrtEdgeContext,
    addresses: OutboundAddresses,
  ): PullAttempt {
    const pull = new HlsPull(source, observer, context, addresses);
    void pull.#run().catch((error: unknown) => pull.#publish.broke(error));
    return pull.#publish;
  }

  private constructor(
    source: TakenSource,
    observer: PullObserver,
    context: SrtEdgeContext,
    addresses: OutboundAddresses,
  ) {
    this.#context = context;
    this.#tenantId = source.tenantId;
    this.#leaveShare = share.enter(source.tenantId);
    this.#url = new URL(source.url);
    this.#listUrl = this.#url;
    const { url, username, password } = source;
    const { pullConnectMs: connectMs, pullMaxRedirects: maxRedirects } = context.settings;
    this.#http = new SourceHttp({ url, username, password, addresses, maxRedirects });
    this.#logger = context.logger.child({ source_id: source.sourceId, protocol: HLS });
    this.#publish = new SourcePublish({
      source,
      observer,
      connection: this,
      ingest: context.ingest,
      logger: this.#logger,
      connectMs,
      idleMs: () => this.#stallMs + context.settings.srtIdleMs,
    });
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  pause(): void {
    // Reading waits for `resume`.
  }

  resume(): void {
    this.#resume?.();
  }

  hangUp(): void {
    this.#leaveShare();
    this.#aborting.abort();
    this.#resume?.();
    this.#http.close();
  }

  get #stallMs(): number {
    return Math.max(this.#context.settings.srtIdleMs, STALLED_TARGETS * this.#segments.targetMs);
  }

  async #run(): Promise<void> {
    await this.#open();
    while (!this.#publish.isOver) {
      const segment = this.#segments.take();
      if (segment !== undefined) await this.#play(segment);
      else if (this.#segments.hasEnded) throw new SourceFault('the source has ended its playlist');
      else await this.#wait(this.#loadedAtMs + this.#reloadMs - performance.now());
      if (!this.#publish.isOver && performance.now() - this.#loadedAtMs >= this.#reloadMs) await this.#reload();
    }
  }

  /** RFC 8216 section 6.3.4: after the target duration, or half of it if nothing was new. */
  get #reloadMs(): number {
    const ruleMs = this.#segments.targetMs / (this.#newAtMs === this.#loadedAtMs ? 1 : 2);
    return Math.max(ruleMs, share.waitMs(this.#tenantId, this.#readingMs));
  }

  async #open(): Promise<void> {
    const { text, url } = await this.#list(this.#url, true);
    if (!isMultivariant(text)) return this.#read(text, url);
    let fault: FragmentedMp4 | undefined;
    for (const variant of chooseVariants(text, url)) {
      this.#segments = new SegmentQueue();
      this.#bytesPerSecond = variant.bandwidth / 8;
      this.#isWithoutSound = variant.isWithoutSound;
      this.#listUrl = variant.url;
      const media = await this.#list(variant.url);
      try {
        return this.#read(media.text, media.url);
      } catch (error) {
        if (!(error instanceof FragmentedMp4)) throw error;
        fault = error;
      }
    }
    throw fault ?? new FragmentedMp4();
  }

  #read(text: string, url: URL): void {
    const nowMs = performance.now();
    this.#loadedAtMs = nowMs;
    try {
      if (this.#segments.read(text, url)) this.#newAtMs = nowMs;
    } finally {
      this.#readingMs = performance.now() - nowMs;
    }
  }

  /** A server may fail for a moment: what is listed goes on meanwhile. */
  async #reload(): Promise<void> {
    let fault = new SourceFault('the playlist of the source has stopped');
    try {
      const { text, url } = await this.#list(this.#listUrl);
      this.#read(text, url);
      fault = new SourceFault(`the playlist of the source has not changed for ${this.#stallMs / 1_000} s`);
    } catch (error) {
      fault = new SourceFault(sourceFaultOf(error) ?? fault.message, { cause: error });
      this.#loadedAtMs = performance.now();
    }
    if (this.#publish.isOver || performance.now() - this.#newAtMs < this.#stallMs) return;
    throw fault;
  }

  async #play(segment: NextSegment): Promise<void> {
    if (segment.isBehindGap) this.#intake?.lose();
    for (let tries = 1; !this.#publish.isOver; tries++) {
      try {
        const key = segment.key && (await this.#keyOf(segment.key.url));
        const { body } = await this.#get(segment.url, segment.range);
        if (this.#intake === undefined && !(await this.#begin(body))) return void body.destroy();
        return await this.#take(body, segment, key);
      } catch (error) {
        if (this.#publish.isOver) return;
        if (this.#intake === undefined) throw error;
        this.#logger.debug({ err: error }, 'a segment of a source cannot be read');
        this.#intake.lose();
        if (tries >= SEGMENT_TRIES) return;
        await this.#wait(AGAIN_MS);
      }
    }
  }

  /** The stream is claimed once there is a segment. */
  async #begin(body: IncomingMessage): Promise<boolean> {
    this.#encoder = this.#http.serverOf(body) ?? this.#encoder;
    const address = peerAddress(body.socket.remoteAddress);
    this.peer = { ...this.peer, address, network: peerNetwork(address) };
    const begun = await this.#publish.begin(this.#encoder, (publisher, watch) => {
      const { transport, settings } = this.#context;
      const intake = new ProgramIntake(publisher, watch, transport, settings.srtMaxPictureBytes);
      publisher.beforeEnd = () => intake.flush();
      if (this.#isWithoutSound)
        watch.warn(
          'tracks_left_out',
          'audio',
          'audio: not carried: it is in a playlist of its own (EXT-X-MEDIA with URI)',
        );
      this.#intake = intake;
      return {
        atKeyframe: (act) => {
          if (intake.hasVideo && publisher.counts.videoFrames > 0) intake.stopBeforeKeyframe(act);
          else act();
        },
      };
    });
    if (begun) this.#dueMs = performance.now();
    return begun;
  }

  /** Reads a segment as fast as it plays: TCP holds the source back, and nothing is kept here. */
  async #take(body: IncomingMessage, segment: NextSegment, key?: Buffer): Promise<void> {
    const { pullHlsMaxSegmentBytes: maxBytes } = this.#context.settings;
    const iv = segment.key?.iv;
    const decipher = key && iv && createDecipheriv('aes-128-cbc', key, iv);
    const playMs = Math.max(1, segment.durationMs / (this.#segments.length > FULL_QUEUE ? CATCH_UP : 1));
    const nowMs = performance.now();
    const startMs = nowMs - this.#dueMs > MAX_LATE_MS ? nowMs : this.#dueMs;
    this.#dueMs = startMs + playMs;
    const length = Number(body.headers['content-length']);
    const perMs = length > 0 ? length / playMs : (UNKNOWN_SIZE_SPEED * this.#bytesPerSecond) / 1_000;
    let bytes = 0;
    for await (const whole of body as AsyncIterable<Buffer>)
      for (let at = 0; at < whole.length; at += PIECE_BYTES) {
        const piece = whole.subarray(at, at + PIECE_BYTES);
        await this.#wait(startMs + bytes / perMs - performance.now());
        bytes += piece.length;
        if (bytes > maxBytes) throw new SourceFault(`a segment of the source is larger than ${maxBytes} bytes`);
        this.#push(decipher?.update(piece) ?? piece, piece.length);
        while (this.#publish.isPaused && !this.#publish.isOver)
          await new Promise<void>((resolve) => (this.#resume = resolve));
        if (this.#publish.isOver) return;
      }
    if (decipher !== undefined) this.#push(decipher.final(), 0);
    this.#bytesPerSecond = Math.max(1, (bytes / playMs) * 1_000);
    this.#publish.guarded(() => this.#intake?.endPart());
    this.#publish.received();
  }

  #push(media: Buffer, bytes: number): void {
    this.#bytesReceived += bytes;
    this.#publish.guarded(() => {
      this.#intake?.push(media);
      this.#publish.received();
    });
  }

  async #keyOf(url: URL): Promise<Buffer> {
    if (this.#key?.address === url.href) return this.#key.bytes;
    const { body } = await this.#get(url);
    const bytes = await this.#within(readBody(body, KEY_BYTES, 'a key of the source'), body);
    if (bytes.length !== KEY_BYTES) throw new SourceFault(`a key of the source does not have ${KEY_BYTES} bytes`);
    this.#key = { address: url.href, bytes };
    return bytes;
  }

  async #list(from: URL, isFirst = false): Promise<{ readonly text: string; readonly url: URL }> {
    const { body, url } = await this.#get(from);
    const { pullHlsMaxPlaylistBytes: maxBytes } = this.#context.settings;
    const text = (await this.#within(readBody(body, maxBytes, 'a playlist of the source'), body)).toString();
    if (isFirst && !text.replace(/^\uFEFF/, '').startsWith('#EXTM3U'))
      throw new SourceFault('the source does not send a playlist of HLS');
    return { text, url };
  }

  /** An answer, whose head may take as long as connecting. */
  async #get(url: URL, range?: readonly [number, number]): Promise<HttpAnswer> {
    const asking = new AbortController();
    const abort = (): void => asking.abort();
    this.#aborting.signal.addEventListener('abort', abort);
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      abort();
    }, this.#context.settings.pullConnectMs);
    try {
      const answer = await this.#http.get(url, { signal: asking.signal, range });
      answer.body.once('close', () => this.#aborting.signal.removeEventListener('abort', abort));
      return answer;
    } catch (error) {
      this.#aborting.signal.removeEventListener('abort', abort);
      throw isLate ? this.#lateFault() : error;
    } finally {
      clearTimeout(late);
    }
  }

  async #within(reading: Promise<Buffer>, body: IncomingMessage): Promise<Buffer> {
    const late = setTimeout(() => body.destroy(this.#lateFault()), this.#context.settings.pullConnectMs);
    return reading.finally(() => clearTimeout(late));
  }

  #lateFault(): SourceFault {
    return new SourceFault(`the source did not answer within ${this.#context.settings.pullConnectMs / 1_000} s`);
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#aborting.signal });
  }
}
