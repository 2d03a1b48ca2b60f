// What is wrong with what a publisher sends: counted per message, told once to the encoder, the control plane and the log.
import { MAX_SESSION_WARNINGS, MAX_WARNING_LENGTH, PUBLISH_REFUSALS, SESSION_WARNINGS } from '@millrace/domain';
import type { PublishClaim, SessionWarning, SessionWarningCode } from '@millrace/domain';
import type { Status } from '@millrace/protocol/rtmp';
import type { Logger } from '@millrace/service-kit';
import type { IngestCounts } from '../media/ingest-counts.ts';
import { INTAKE_LIMITS } from '../media/intake-limits.ts';
import type { DropReason, MediaObserver } from '../media/media-observer.ts';
import type { TrackName } from '../media/media-timeline.ts';
import { claimIds } from './claim-ids.ts';
import type { EdgeContext } from './edge-context.ts';

/** Not among ActionScript's codes; encoders act on the level "error" and on codes that they know, and log others at most. */
const PUBLISH_WARNING = 'NetStream.Publish.Warning';

/** Drops that say that a decoder could make nothing of the track; the others are ordinary now and then. */
const UNREADABLE: Partial<Record<DropReason, string>> = {
  malformed_tag: 'no FLV tags',
  malformed_frame: 'malformed frames',
  no_configuration: 'no codec configuration',
  not_carried: 'only messages that are not supported, such as multitrack',
};

/** What a watch says to the encoder's connection. */
export interface WatchedConnection {
  tell(status: Status): void;
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
  readonly #claim: PublishClaim;
  readonly #context: EdgeContext;
  readonly #connection: WatchedConnection;
  readonly #logger: Logger;
  readonly #readings = { video: new TrackReading(), audio: new TrackReading() };
  /** Codecs that are not carried, by track. */
  readonly #unsupported: { [Track in TrackName]?: string | undefined } = {};
  #counts: IngestCounts | undefined;
  #waiting: NodeJS.Timeout | undefined;

  constructor(claim: PublishClaim, context: EdgeContext, logger: Logger, connection: WatchedConnection) {
    this.#claim = claim;
    this.#context = context;
    this.#logger = logger;
    this.#connection = connection;
  }

  /** @param counts of the publisher that is watched */
  follow(counts: IngestCounts): void {
    this.#counts = counts;
  }

  stop(): void {
    clearTimeout(this.#waiting);
  }

  dropped(track: TrackName, reason: DropReason): void {
    this.#context.metrics.dropped.inc({ kind: track, reason });
    const words = UNREADABLE[reason];
    if (words === undefined) return;
    const reading = this.#readings[track];
    const frames = this.#counts?.[`${track}Frames`] ?? 0;
    const nowMs = this.#context.session.now();
    if (reading.badSinceMs === undefined || reading.frames !== frames) {
      reading.frames = frames;
      reading.badSinceMs = nowMs;
    } else if (nowMs - reading.badSinceMs >= INTAKE_LIMITS.unreadableAfterMs) {
      this.warn(`unreadable_${track}`, track, words);
    }
  }

  /**
   * One track that is not carried costs the other nothing, and a stray message costs nothing at all; a stream of which nothing
   * is carried ends.
   */
  unsupported(track: TrackName, codec: string): void {
    this.#context.metrics.dropped.inc({ kind: track, reason: 'not_carried' });
    if (this.#unsupported[track] === undefined) {
      this.#unsupported[track] = codec;
      this.warn(`unsupported_${track}`, track, codec);
    }
    const { videoFrames = 0, audioFrames = 0 } = this.#counts ?? {};
    if (this.#isNeitherCarried && videoFrames + audioFrames === 0) return this.#refuse();
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#judge(track, videoFrames, audioFrames);
    }, this.#context.settings.onlyUnsupportedMs);
  }

  warn(code: SessionWarningCode, track: TrackName | undefined, detail?: string): void {
    if (this.warnings.length >= MAX_SESSION_WARNINGS) return;
    if (this.warnings.some((warning) => warning.code === code && warning.track === track)) return;
    const words = detail === undefined ? SESSION_WARNINGS[code] : `${SESSION_WARNINGS[code]} (${detail})`;
    const message = words.slice(0, MAX_WARNING_LENGTH);
    const warning: SessionWarning = { code, message, track, firstAtMs: Date.now() };
    this.warnings.push(warning);
    this.#context.metrics.warnings.inc({ code });
    this.#logger.warn({ ...claimIds(this.#claim), warning: code, track }, message);
    this.#context.publishing.warned(this.#claim, warning);
    this.#connection.tell({ level: 'warning', code: PUBLISH_WARNING, description: message });
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
    this.#connection.refuseCodec(`${PUBLISH_REFUSALS.unsupported_codec} (${codecs.join(', ')})`);
  }
}
