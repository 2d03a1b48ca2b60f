// Problems with the media of a publisher: counted per message, reported once to the encoder, the control plane and the log.
import { MAX_SESSION_WARNINGS, MAX_WARNING_LENGTH, PUBLISH_REFUSALS, SESSION_WARNINGS } from '@millrace/domain';
import type { PublishClaim, SessionWarning, SessionWarningCode } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { claimIds } from './claim-ids.ts';
import type { IngestCounts } from './ingest-counts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { DropReason, MediaObserver, TrackName } from './media-observer.ts';
import type { PublishLifecycle } from './publish-lifecycle.ts';

/** Drops after which a decoder can do nothing with the track; the others are normal now and then. */
const UNREADABLE: Partial<Record<DropReason, string>> = {
  malformed_frame: 'malformed frames',
  no_configuration: 'no codec configuration',
  not_carried: 'only messages that are not supported, such as multitrack',
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
}

export class MediaWatch implements MediaObserver {
  /** Each code at most once for each track. */
  readonly warnings: SessionWarning[] = [];
  readonly #options: MediaWatchOptions;
  readonly #readings = { video: new TrackReading(), audio: new TrackReading() };
  /** Unsupported codecs, by track. */
  readonly #unsupported: { [Track in TrackName]?: string | undefined } = {};
  #counts: IngestCounts | undefined;
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: MediaWatchOptions) {
    this.#options = options;
  }

  /** @param counts of the watched publisher */
  follow(counts: IngestCounts): void {
    this.#counts = counts;
  }

  stop(): void {
    clearTimeout(this.#waiting);
  }

  dropped(track: TrackName, reason: DropReason): void {
    this.#options.metrics.dropped.inc({ kind: track, reason });
    const words = reason === 'malformed_tag' ? this.#options.malformedTag : UNREADABLE[reason];
    if (words === undefined) return;
    const reading = this.#readings[track];
    const frames = this.#counts?.[`${track}Frames`] ?? 0;
    const nowMs = this.#options.clock();
    if (reading.badSinceMs === undefined || reading.frames !== frames) {
      reading.frames = frames;
      reading.badSinceMs = nowMs;
    } else if (nowMs - reading.badSinceMs >= INGEST_LIMITS.unreadableAfterMs) {
      this.warn(`unreadable_${track}`, track, words);
    }
  }

  /**
   * One track that is not carried costs the other nothing, and a stray message costs nothing at all; a stream of which nothing
   * is carried ends.
   */
  unsupported(track: TrackName, codec: string): void {
    this.#options.metrics.dropped.inc({ kind: track, reason: 'not_carried' });
    if (this.#unsupported[track] === undefined) {
      this.#unsupported[track] = codec;
      this.warn(`unsupported_${track}`, track, codec);
    }
    const { videoFrames = 0, audioFrames = 0 } = this.#counts ?? {};
    if (this.#isNeitherCarried && videoFrames + audioFrames === 0) return this.#refuse();
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#judge(track, videoFrames, audioFrames);
    }, this.#options.onlyUnsupportedMs);
  }

  warn(code: SessionWarningCode, track: TrackName | undefined, detail?: string): void {
    if (this.warnings.length >= MAX_SESSION_WARNINGS) return;
    if (this.warnings.some((warning) => warning.code === code && warning.track === track)) return;
    const words = detail === undefined ? SESSION_WARNINGS[code] : `${SESSION_WARNINGS[code]} (${detail})`;
    const message = words.slice(0, MAX_WARNING_LENGTH);
    const warning: SessionWarning = { code, message, track, firstAtMs: Date.now() };
    this.warnings.push(warning);
    this.#options.metrics.warnings.inc({ code });
    this.#options.logger.warn({ ...claimIds(this.#options.claim), warning: code, track }, message);
    this.#options.publishes.warned(this.#options.claim, warning);
    this.#options.connection.warn(message);
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
    const counts = this.#counts;
    if (counts === undefined) return;
    const other = track === 'video' ? 'audio' : 'video';
    const isIdle = counts.videoFrames === videoFrames && counts.audioFrames === audioFrames;
    if (isIdle && (this.#isNeitherCarried || counts[`${other}Bytes`] === 0)) return this.#refuse();
    // A track that has frames again is supported again.
    if (counts.videoFrames !== videoFrames) this.#unsupported.video = undefined;
    if (counts.audioFrames !== audioFrames) this.#unsupported.audio = undefined;
  }

  #refuse(): void {
    this.stop();
    const codecs = Object.entries(this.#unsupported)
      .filter(([, codec]) => codec !== undefined)
      .map(([track, codec]) => `the ${track} is ${codec}`);
    this.#options.connection.refuseCodec(`${PUBLISH_REFUSALS.unsupported_codec} (${codecs.join(', ')})`);
  }
}
