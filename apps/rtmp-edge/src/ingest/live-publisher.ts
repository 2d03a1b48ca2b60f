// One granted publish: an epoch of a stream on its way from an encoder's connection to the frame bus.
import { TICKS_PER_MS } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import type { FramePublisher } from '@millrace/frame-bus';
import { IngestCounts } from '@millrace/ingest';
import type { MediaObserver, PublishedEpoch } from '@millrace/ingest';
import type { DataMessage } from '@millrace/protocol/rtmp';
import { AudioIntake } from '../media/audio-intake.ts';
import { FrameSequencer } from '../media/frame-sequencer.ts';
import { MediaTimeline } from '../media/media-timeline.ts';
import { readStreamMetadata } from '../media/stream-metadata.ts';
import type { StreamMetadata } from '../media/stream-metadata.ts';
import { VideoIntake } from '../media/video-intake.ts';

/** A body of timed metadata above this is not passed on. */
const MAX_DATA_BYTES = 64 * 1024;

export interface LivePublisherOptions {
  /** Milliseconds of a clock that does not go back. */
  readonly clock: () => number;
  /** How long the first track waits for the other one. */
  readonly trackWaitMs: number;
}

export class LivePublisher implements PublishedEpoch {
  readonly claim: PublishClaim;
  readonly counts = new IngestCounts();
  readonly timeline: MediaTimeline;
  /** What the encoder says of itself. */
  metadata: StreamMetadata | undefined;
  readonly #bus: FramePublisher;
  readonly #sequencer: FrameSequencer;
  readonly #video: VideoIntake;
  readonly #audio: AudioIntake;
  #finished: Promise<void> | undefined;

  constructor(
    claim: PublishClaim,
    bus: FramePublisher,
    { clock, trackWaitMs }: LivePublisherOptions,
    observer: MediaObserver,
  ) {
    this.claim = claim;
    this.#bus = bus;
    this.timeline = new MediaTimeline(clock);
    this.#sequencer = new FrameSequencer(claim.epoch, bus, trackWaitMs * TICKS_PER_MS);
    this.#video = new VideoIntake(this.timeline, this.#sequencer, this.counts, observer);
    this.#audio = new AudioIntake(this.timeline, this.#sequencer, this.counts, observer);
  }

  /** False while the bus holds so much of this stream that no more should be read from the encoder. */
  get accepting(): boolean {
    return this.#sequencer.accepting;
  }

  /** Called each time reading may go on after `accepting` was false. */
  set onDrain(resume: () => void) {
    this.#bus.onDrain = () => {
      this.#sequencer.accepting = true;
      resume();
    };
  }

  video(timestamp: number, message: Buffer): void {
    this.#video.message(timestamp, message);
  }

  audio(timestamp: number, message: Buffer): void {
    if (this.#video.isWaiting) this.#video.timePassed(timestamp);
    this.#audio.message(timestamp, message);
  }

  /** @param timestamp unsigned 32 bits @param body what `data` was read from, as it came */
  data(timestamp: number, data: DataMessage, body: Buffer): void {
    this.counts.dataMessages++;
    this.counts.dataBytes += body.length;
    const metadata = readStreamMetadata(data);
    if (metadata !== undefined) this.metadata = metadata;
    if (metadata?.hasVideo !== undefined) this.#sequencer.expectVideo(metadata.hasVideo);
    if (body.length <= MAX_DATA_BYTES) this.#sequencer.data(this.timeline.beside(timestamp), body);
  }

  /**
   * Calls back where the stream can be cut with the least loss: when the next keyframe has come, before it is taken. A stream
   * without video can be cut anywhere: at once.
   */
  atKeyframe(act: () => void): void {
    if (this.counts.videoFrames === 0) act();
    else this.#video.stopBeforeKeyframe(act);
  }

  /**
   * Publishes the end of the epoch and waits, at most `timeoutMs`, until the bus has everything. Idempotent.
   *
   * @param unpublished whether the encoder said that it is done, rather than vanished
   */
  finish(unpublished: boolean, timeoutMs: number): Promise<void> {
    this.#finished ??= this.#finish(unpublished, timeoutMs);
    return this.#finished;
  }

  async #finish(unpublished: boolean, timeoutMs: number): Promise<void> {
    this.#bus.onDrain = undefined;
    this.#video.flush();
    this.#sequencer.end(this.timeline.now90k, unpublished);
    await this.#bus.close(timeoutMs);
  }
}
