// What is wrong with what a publisher sends: counted per message, told once to the encoder, the control plane and the log.
import { MAX_SESSION_WARNINGS, MAX_WARNING_LENGTH, PUBLISH_REFUSALS, SESSION_WARNINGS } from '@millrace/domain';
import type { PublishClaim, SessionWarning, SessionWarningCode } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { claimIds } from './claim-ids.ts';
import type { IngestCounts } from './ingest-counts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { DropReason, MediaObserver, TrackName } from './media-observer.ts';
import type { PublishLifecycle } from './publish-lifecycle.ts';

/** Drops that say that a decoder could make nothing of the track; the others are ordinary now and then. */
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
  /** Milliseconds of a clock that does not go back. */
  readonly clock: () => number;
  /** How long a publisher may send only tracks whose codecs are not carried. */
  readonly onlyUnsupportedMs: number;
  /** What an encoder is told whose media has nothing of this around it that can be read, such as `no FLV tags`. */
  readonly malformedTag: string;
  readonly connection: WatchedConnection;
}

/** What a watch says to the encoder's connection. */
export interface WatchedConnection {
  /** @param message for the person at the encoder, where the protocol can carry it */
  warn(message: string): void;
  /** Nothing of the stream can be carried. @param detail for the person at the encoder */
  refuseCodec(detail: string): void;
}

/** How long nothing of a track could be used. */
class TrackReading {
  frames = 0;
  badSinceMs: number | undefined;
}

export class MediaWatch implements MediaObserver {
  /** Each code at most once for each track. */
  readonly warnings: SessionWarning[] = [];
  readonly #options: MediaWatchOptions;
  readonly #readings = { video: new TrackReading(), audio: new TrackReading() };
  /** Codecs that are not carried, by track. */
  readonly #unsupported: { [Track in TrackName]?: string | undefined } = {};
  #counts: IngestCounts | undefined;
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: MediaWatchOptions) {
    this.#options = options;
  }

  /** @param counts of the publisher that is watched */
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
   * @param track of which a message was not carried a while ago
   * @param videoFrames how many had been carried then
   * @param audioFrames likewise
   */
  #judge(track: TrackName, videoFrames: number, audioFrames: number): void {
    const counts = this.#counts;
    if (counts === undefined) return;
    const other = track === 'video' ? 'audio' : 'video';
    const isIdle = counts.videoFrames === videoFrames && counts.audioFrames === audioFrames;
    if (isIdle && (this.#isNeitherCarried || counts[`${other}Bytes`] === 0)) return this.#refuse();
    // A track that has gone on is carried again.
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
