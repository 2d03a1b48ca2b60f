// What one publish sends, message by message, into frames of its epoch.
import type { EncoderClock, LivePublisher, MediaObserver } from '@millrace/ingest';
import type { DataMessage, MediaHandler } from '@millrace/protocol/rtmp';
import { AudioIntake } from './audio-intake.ts';
import { FurtherTracks } from './carried-tracks.ts';
import { PublishedCodecs } from './flv-codecs.ts';
import { MessageTimeline } from './message-timeline.ts';
import { readEncoderTime } from './on-fi.ts';
import { readStreamMetadata } from './stream-metadata.ts';
import type { StreamMetadata } from './stream-metadata.ts';
import { VideoIntake } from './video-intake.ts';

export class ToFrames implements MediaHandler {
  readonly publisher: LivePublisher;
  /** What the encoder says of itself. */
  metadata: StreamMetadata | undefined;
  readonly #timeline: MessageTimeline;
  readonly #video: VideoIntake;
  readonly #audio: AudioIntake;
  readonly #clock: EncoderClock;

  /** @param maxTracks how many tracks are carried, of both kinds together */
  constructor(publisher: LivePublisher, observer: MediaObserver, maxTracks: number) {
    this.publisher = publisher;
    const { sequencer, counts, features, claim } = publisher;
    const codecs = new PublishedCodecs(features, claim.settings);
    const further = new FurtherTracks(maxTracks, codecs.withoutFurtherTracks);
    this.#timeline = new MessageTimeline(publisher.timeline);
    const { segmentTargetMs } = claim.settings;
    this.#video = new VideoIntake(this.#timeline, sequencer, counts, observer, codecs, further, segmentTargetMs);
    this.#audio = new AudioIntake(this.#timeline, sequencer, counts, observer, codecs, further);
    this.#clock = publisher.followClock(observer);
    publisher.beforeEnd = () => this.#video.flush();
  }

  onVideo(timestamp: number, message: Buffer): void {
    this.#video.message(timestamp, message);
  }

  onAudio(timestamp: number, message: Buffer): void {
    if (this.#video.isWaiting) this.#video.timePassed(timestamp);
    this.#audio.message(timestamp, message);
  }

  /** @param timestamp unsigned 32 bits @param body what `data` was read from, as it came */
  onData(timestamp: number, data: DataMessage, body: Buffer): void {
    const metadata = readStreamMetadata(data);
    if (metadata !== undefined) this.metadata = metadata;
    if (metadata?.hasVideo !== undefined) this.publisher.sequencer.expectVideo(metadata.hasVideo);
    const rawMs = this.#timeline.nearest(timestamp);
    const encoderMs = readEncoderTime(data, Date.now());
    if (encoderMs !== undefined) this.#clock.read(encoderMs, rawMs);
    this.publisher.data(rawMs, body);
  }

  /**
   * Calls back where the stream can be cut with the least loss: when the next keyframe has come, before it is taken. A stream
   * without video can be cut anywhere: at once.
   */
  atKeyframe(act: () => void): void {
    if (this.publisher.counts.videoFrames === 0) act();
    else this.#video.stopBeforeKeyframe(act);
  }
}
