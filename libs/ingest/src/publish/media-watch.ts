// What is wrong with what a publisher sends: each change is told once to the control plane and the log, and its beginning to the encoder.
import { MAX_WARNING_LENGTH, PUBLISH_REFUSALS, SESSION_WARNINGS } from '@millrace/domain';
import type { PublishClaim, SessionWarning, SessionWarningCode } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { claimIds } from './claim-ids.ts';
import { shortfallsOf } from './delivery-shortfalls.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { LivePublisher } from './live-publisher.ts';
import type { DropReason, MediaObserver, TrackName } from './media-observer.ts';
import type { PublishLifecycle } from './publish-lifecycle.ts';
import { PublisherHealth } from './publisher-health.ts';
import type { HealthChange, HealthWindow } from './publisher-health.ts';

/** Drops after which a decoder can do nothing with the track; the others are normal now and then. */
const UNREADABLE: Partial<Record<DropReason, string>> = {
  malformed_frame: 'malformed frames',
  bad_configuration: 'a codec configuration that cannot be read',
  no_configuration: 'no codec configuration',
  not_carried: 'only messages that are not supported',
};

export interface MediaWatchOptions {
  readonly claim: PublishClaim;
  readonly publishes: PublishLifecycle;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  /** How long a publisher may send nothing but tracks with unsupported codecs. */
  readonly onlyUnsupportedMs: number;
  /** See `IngestProtocol`. */
  readonly malformedTag: string;
  readonly connection: WatchedConnection;
}

/** The encoder's connection, as a watch needs it. */
export interface WatchedConnection {
  /** @param message for the person at the encoder, if the protocol can carry it */
  warn(message: string): void;
  /** No track of the stream is supported. @param detail for the person at the encoder */
  refuseCodec(detail: string): void;
}

/** Since when a track has been unusable. */
class TrackReading {
  frames = 0;
  badSinceMs: number | undefined;
  /** Why: what came first, but for a configuration, without which nothing after it can be read. */
  words = '';
}

export class MediaWatch implements MediaObserver {
  readonly #options: MediaWatchOptions;
  readonly #readings = { video: new TrackReading(), audio: new TrackReading() };
  /** Unsupported codecs, by track. */
  readonly #unsupported: { [Track in TrackName]?: string | undefined } = {};
  readonly #health = new PublisherHealth();
  /** What is wrong now, by code and track. */
  readonly #current = new Map<string, SessionWarning>();
  /** By code and track. */
  readonly #toldEncoder = new Set<string>();
  /** Names each change of this publisher. */
  #changes = 0;
  #publisher: LivePublisher | undefined;
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: MediaWatchOptions) {
    this.#options = options;
  }

  /** @param publisher what is watched */
  follow(publisher: LivePublisher): void {
    this.#publisher = publisher;
  }

  promoted(): void {
    const { publishes } = this.#options;
    const claim = this.#claim;
    for (const warning of this.#current.values()) {
      const change = { epoch: claim.epoch, number: ++this.#changes, state: 'degraded', atMs: Date.now() } as const;
      publishes.warned(claim, warning, change);
    }
  }

  stop(): void {
    clearTimeout(this.#waiting);
  }

  dropped(track: TrackName, reason: DropReason): void {
    this.#drop(track, reason);
    const words = reason === 'malformed_tag' ? this.#options.malformedTag : UNREADABLE[reason];
    if (words === undefined) return;
    const reading = this.#readings[track];
    const frames = this.#publisher?.counts[`${track}Frames`] ?? 0;
    const nowMs = this.#options.clock();
    if (reason === 'bad_configuration') reading.words = words;
    if (reading.badSinceMs === undefined || reading.frames !== frames) {
      reading.frames = frames;
      reading.badSinceMs = nowMs;
      reading.words = words;
    } else if (nowMs - reading.badSinceMs >= INGEST_LIMITS.unreadableAfterMs) {
      this.warn(`unreadable_${track}`, track, reading.words);
    }
  }

  leftOut(track: TrackName): void {
    this.#drop(track, 'not_carried');
  }

  /**
   * One track that is not carried costs the other nothing, and a stray message costs nothing at all; a stream of which nothing
   * is carried ends.
   */
  unsupported(track: TrackName, codec: string): void {
    this.#drop(track, 'not_carried');
    this.#unsupported[track] ??= codec;
    this.warn(`unsupported_${track}`, track, codec);
    const { videoFrames = 0, audioFrames = 0 } = this.#publisher?.counts ?? {};
    if (this.#isNeitherCarried && videoFrames + audioFrames === 0) return this.#refuse();
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#judge(track, videoFrames, audioFrames);
    }, this.#options.onlyUnsupportedMs);
  }

  warn(code: SessionWarningCode, track: TrackName | undefined, detail?: string): void {
    const change = this.#health.found(code, track, detail);
    if (change !== undefined) this.#tell(change);
  }

  /** What came since the report before. */
  observe(window: HealthWindow): void {
    if (this.#publisher !== undefined) {
      const { videoCodec: video, audioCodec: audio, hasFurtherTracks: hasFurther } = this.#publisher.sequencer;
      for (const { code, track, detail } of shortfallsOf(this.#claim.settings, { video, audio, hasFurther }))
        this.warn(code, track, detail);
    }
    for (const change of this.#health.observe(window)) this.#tell(change);
  }

  #drop(track: TrackName, reason: DropReason): void {
    this.#options.metrics.dropped.inc({ kind: track, reason });
    if (this.#publisher !== undefined) this.#publisher.counts.droppedFrames++;
  }

  #tell({ code, track, state, detail }: HealthChange): void {
    const { publishes, metrics, logger, connection } = this.#options;
    const claim = this.#claim;
    const name = `${code} ${track ?? ''}`;
    const atMs = Date.now();
    const words = detail === undefined ? SESSION_WARNINGS[code] : `${SESSION_WARNINGS[code]} (${detail})`;
    const begun: SessionWarning = { code, message: words.slice(0, MAX_WARNING_LENGTH), track, firstAtMs: atMs };
    const warning = this.#current.get(name) ?? begun;
    // Viewers see nothing of an encoder that waits.
    if (this.#publisher?.isWaiting !== true)
      publishes.warned(claim, warning, { epoch: claim.epoch, number: ++this.#changes, state, atMs });
    if (state === 'recovered') {
      this.#current.delete(name);
      return logger.info({ ...claimIds(claim), warning: code, track }, 'a problem with what the encoder sends is over');
    }
    this.#current.set(name, warning);
    metrics.warnings.inc({ code });
    logger.warn({ ...claimIds(claim), warning: code, track }, warning.message);
    if (!this.#toldEncoder.has(name)) connection.warn(warning.message);
    this.#toldEncoder.add(name);
  }

  get #claim(): PublishClaim {
    return this.#publisher?.claim ?? this.#options.claim;
  }

  get #isNeitherCarried(): boolean {
    return this.#unsupported.video !== undefined && this.#unsupported.audio !== undefined;
  }

  /**
   * @param track whose codec was found to be unsupported a while ago
   * @param videoFrames how many video frames there had been by then
   * @param audioFrames how many audio frames
   */
  #judge(track: TrackName, videoFrames: number, audioFrames: number): void {
    const counts = this.#publisher?.counts;
    if (counts === undefined) return;
    const other = track === 'video' ? 'audio' : 'video';
    const isIdle = counts.videoFrames === videoFrames && counts.audioFrames === audioFrames;
    if (isIdle && (this.#isNeitherCarried || counts[`${other}Bytes`] === 0)) return this.#refuse();
    // A track that has frames again is supported again.
    if (counts.videoFrames !== videoFrames) this.#unsupported.video = undefined;
    if (counts.audioFrames !== audioFrames) this.#unsupported.audio = undefined;
  }

  /** Nothing that the encoder announces is carried. @returns the sentence for the person at the encoder */
  nothingCarried(announced: Iterable<readonly [track: TrackName, codec: string]>): string {
    for (const [track, codec] of announced) {
      this.#unsupported[track] ??= codec;
      this.warn(`unsupported_${track}`, track, codec);
    }
    return this.#refusal();
  }

  #refuse(): void {
    this.#options.connection.refuseCodec(this.#refusal());
  }

  #refusal(): string {
    this.stop();
    const codecs = Object.entries(this.#unsupported)
      .filter(([, codec]) => codec !== undefined)
      .map(([track, codec]) => `the ${track} is ${codec}`);
    const named = codecs.length === 0 ? '' : ` (${codecs.join(', ')})`;
    const detail = `${PUBLISH_REFUSALS.unsupported_codec}${named}`.slice(0, MAX_WARNING_LENGTH);
    if (this.#publisher !== undefined) this.#publisher.unsupported = detail;
    return detail;
  }
}
