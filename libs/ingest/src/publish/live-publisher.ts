// One granted publish: an epoch of a stream, from an encoder's connection to the frame bus.
import { TICKS_PER_MS } from '@millrace/domain';
import type { PackagerFeature, PublishClaim } from '@millrace/domain';
import type { FramePublisher } from '@millrace/frame-bus';
import { EncoderClock } from '../frames/encoder-clock.ts';
import { FrameSequencer } from '../frames/frame-sequencer.ts';
import { MediaTimeline } from '../frames/media-timeline.ts';
import { IngestCounts } from './ingest-counts.ts';
import type { MediaObserver } from './media-observer.ts';

/** Larger timed metadata is not passed on. */
const MAX_DATA_BYTES = 64 * 1024;

export interface LivePublisherOptions {
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  /** How long the first track waits for the other one. */
  readonly trackWaitMs: number;
  /** What all live packagers can read. */
  readonly features: ReadonlySet<PackagerFeature>;
}

/** An edge places its frames on `timeline`, passes them to `sequencer`, and counts them in `counts`. */
export class LivePublisher {
  readonly claim: PublishClaim;
  /** What frames may hold beyond what packagers of the oldest release can read. */
  readonly features: ReadonlySet<PackagerFeature>;
  readonly counts = new IngestCounts();
  readonly timeline: MediaTimeline;
  readonly sequencer: FrameSequencer;
  /** Called once before the last frame, to flush what the edge has not handed over yet. */
  beforeEnd: (() => void) | undefined;
  readonly #bus: FramePublisher;
  #finished: Promise<void> | undefined;

  constructor(claim: PublishClaim, bus: FramePublisher, { clock, trackWaitMs, features }: LivePublisherOptions) {
    this.claim = claim;
    this.features = features;
    this.#bus = bus;
    this.timeline = new MediaTimeline(clock);
    this.sequencer = new FrameSequencer(claim.epoch, bus, trackWaitMs * TICKS_PER_MS);
  }

  /** False while the bus is too far behind to read more from the encoder. */
  get accepting(): boolean {
    return this.sequencer.accepting;
  }

  /** Called whenever reading may continue after `accepting` was false. */
  set onDrain(resume: () => void) {
    this.#bus.onDrain = () => {
      this.sequencer.accepting = true;
      resume();
    };
  }

  /** The encoder's clock, for an edge that reads it; frames have its time once all packagers can read it. */
  followClock(observer: MediaObserver): EncoderClock {
    const clock = new EncoderClock(this.timeline, observer);
    if (this.features.has('encoder-clock')) this.sequencer.encoderTimeAt = (dts90k) => clock.timeAt(dts90k);
    return clock;
  }

  /** Timed metadata, unchanged. @param timeMs the encoder's time, unwrapped; it does not affect the timeline */
  data(timeMs: number, body: Buffer): void {
    this.counts.dataMessages++;
    this.counts.dataBytes += body.length;
    if (body.length <= MAX_DATA_BYTES) this.sequencer.data(this.timeline.beside(timeMs), body);
  }

  /** Whether anything is published that a reader can begin with, and the end is not. */
  get isLive(): boolean {
    return this.sequencer.sequence > 0 && this.#finished === undefined;
  }

  /** Timed metadata that does not come from the encoder, at the present. It needs `isLive`. */
  insert(payload: Buffer): void {
    this.counts.dataMessages++;
    this.counts.dataBytes += payload.length;
    this.sequencer.data(this.timeline.now90k, payload);
  }

  /** Waits, at most `timeoutMs`, until the bus has everything that was published so far. @returns whether it has */
  confirmed(timeoutMs: number): Promise<boolean> {
    return this.#bus.confirmed(timeoutMs);
  }

  /**
   * Publishes the end of the epoch and waits, at most `timeoutMs`, until the bus has everything. Idempotent.
   *
   * @param unpublished whether the encoder announced the end, rather than disappeared
   */
  finish(unpublished: boolean, timeoutMs: number): Promise<void> {
    this.#finished ??= this.#finish(unpublished, timeoutMs);
    return this.#finished;
  }

  async #finish(unpublished: boolean, timeoutMs: number): Promise<void> {
    this.#bus.onDrain = undefined;
    this.beforeEnd?.();
    this.sequencer.end(this.timeline.now90k, unpublished);
    await this.#bus.close(timeoutMs);
  }
}
