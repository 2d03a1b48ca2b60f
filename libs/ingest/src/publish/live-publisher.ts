// One granted publish: an epoch of a stream, from an encoder's connection to the frame bus.
import { TICKS_PER_MS } from '@millrace/domain';
import type { PackagerFeature, PublishClaim } from '@millrace/domain';
import type { FramePublisher, PayloadMemory } from '@millrace/frame-bus';
import { EncoderClock } from '../frames/encoder-clock.ts';
import { FrameSequencer } from '../frames/frame-sequencer.ts';
import type { FrameSink } from '../frames/frame-sequencer.ts';
import { MediaTimeline } from '../frames/media-timeline.ts';
import { IngestCounts } from './ingest-counts.ts';
import type { MediaObserver } from './media-observer.ts';

/** Larger timed metadata is not passed on. */
const MAX_DATA_BYTES = 64 * 1024;

/** Where the frames of an encoder go that waits. */
const NOWHERE: FrameSink = { publish: () => true };

export interface LivePublisherOptions {
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number;
  /** How long the first track waits for the other one. */
  readonly trackWaitMs: number;
  /** What all live packagers can read. */
  readonly features: ReadonlySet<PackagerFeature>;
  /** The name that the encoder gave itself. */
  readonly encoder?: string;
  /** Where the payloads of its frames lie, if that is to be used again. */
  readonly memory?: PayloadMemory | undefined;
}

/**
 * An edge places its frames on `timeline`, passes them to `sequencer`, and counts them in `counts`. These stay the same while the encoder
 * waits, is promoted, and waits again: what it sends while it waits goes nowhere.
 */
export class LivePublisher {
  /** What frames may hold beyond what packagers of the oldest release can read. */
  readonly features: ReadonlySet<PackagerFeature>;
  readonly encoder: string;
  /** Of the connection, over all epochs. */
  readonly counts = new IngestCounts();
  readonly timeline: MediaTimeline;
  readonly sequencer: FrameSequencer;
  /** Called once before the last frame, to flush what the edge has not handed over yet. */
  beforeEnd: (() => void) | undefined;
  readonly #clock: () => number;
  #claim: PublishClaim;
  readonly #memory: PayloadMemory | undefined;
  #bus: FramePublisher | undefined;
  #resume: (() => void) | undefined;
  #encoderClock: EncoderClock | undefined;
  /** When the encoder began, as far as its silence goes. */
  readonly #beganAtMs: number;
  /** Which codecs are the reason that nothing of it is carried; undefined while something may be. */
  unsupported: string | undefined;
  /** What had been sent when the epoch began. */
  #before = new IngestCounts();
  #finished: Promise<void> | undefined;

  /** @param bus undefined while it waits */
  constructor(
    claim: PublishClaim,
    bus: FramePublisher | undefined,
    { clock, trackWaitMs, features, encoder = '', memory }: LivePublisherOptions,
  ) {
    this.#claim = claim;
    this.features = features;
    this.encoder = encoder;
    this.#bus = bus;
    this.#memory = memory;
    if (bus !== undefined) bus.memory = memory;
    this.#clock = clock;
    this.#beganAtMs = clock();
    this.timeline = new MediaTimeline(clock);
    this.sequencer = new FrameSequencer(claim.epoch, bus ?? NOWHERE, trackWaitMs * TICKS_PER_MS);
  }

  get claim(): PublishClaim {
    return this.#claim;
  }

  /** Whether nothing of it is published. */
  get isWaiting(): boolean {
    return this.#bus === undefined;
  }

  /** Whether it has begun to send what viewers could go on with. */
  get hasBegun(): boolean {
    return this.sequencer.sequence > 0;
  }

  /** How long ago the newest frame came; an encoder that is not read from is not silent. */
  get silentMs(): number {
    return this.accepting ? this.#clock() - Math.max(this.timeline.lastArrivalMs, this.#beganAtMs) : 0;
  }

  /** What was sent in this epoch. */
  get sent(): { readonly bytes: number; readonly videoFrames: number; readonly audioFrames: number } {
    const { counts } = this;
    const before = this.#before;
    return {
      bytes: mediaBytes(counts) - mediaBytes(before),
      videoFrames: counts.videoFrames - before.videoFrames,
      audioFrames: counts.audioFrames - before.audioFrames,
    };
  }

  /** False while the bus is too far behind to read more from the encoder. */
  get accepting(): boolean {
    return this.sequencer.accepting;
  }

  /** Called whenever reading may continue after `accepting` was false. */
  set onDrain(resume: () => void) {
    this.#resume = resume;
    this.#followDrain();
  }

  /** Begins to publish, at the next keyframe. @param claim of a new epoch */
  promote(claim: PublishClaim, bus: FramePublisher): void {
    this.#claim = claim;
    this.#bus = bus;
    bus.memory = this.#memory;
    this.#before = Object.assign(new IngestCounts(), this.counts);
    this.#restart(bus);
    this.#followDrain();
  }

  /** Publishes the end of the epoch, and waits from now on. Resolves when the bus has everything, at the latest after this time. */
  async demote(claim: PublishClaim, timeoutMs: number): Promise<void> {
    const bus = this.#bus;
    if (bus === undefined) return;
    bus.onDrain = undefined;
    this.sequencer.end(this.timeline.now90k, false);
    const wasHeldUp = !this.accepting;
    this.#claim = claim;
    this.#bus = undefined;
    this.#restart(NOWHERE);
    if (wasHeldUp) this.#resume?.();
    await bus.close(timeoutMs);
  }

  /** The encoder's clock, for an edge that reads it; frames have its time once all packagers can read it. */
  followClock(observer: MediaObserver): EncoderClock {
    const clock = new EncoderClock(this.timeline, observer);
    this.#encoderClock = clock;
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
    return !this.isWaiting && this.hasBegun && this.#finished === undefined;
  }

  /** Timed metadata that does not come from the encoder, at the present. It needs `isLive`. */
  insert(payload: Buffer): void {
    this.counts.dataMessages++;
    this.counts.dataBytes += payload.length;
    this.sequencer.data(this.timeline.now90k, payload);
  }

  /** Waits, at most `timeoutMs`, until the bus has everything that was published so far. @returns whether it has */
  confirmed(timeoutMs: number): Promise<boolean> {
    return this.#bus?.confirmed(timeoutMs) ?? Promise.resolve(false);
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
    const bus = this.#bus;
    if (bus === undefined) return;
    bus.onDrain = undefined;
    this.beforeEnd?.();
    this.sequencer.end(this.timeline.now90k, unpublished);
    await bus.close(timeoutMs);
  }

  #restart(sink: FrameSink): void {
    this.timeline.restart();
    this.sequencer.restart(this.#claim.epoch, sink);
    this.#encoderClock?.restart();
  }

  #followDrain(): void {
    const resume = this.#resume;
    if (this.#bus === undefined || resume === undefined) return;
    this.#bus.onDrain = () => {
      this.sequencer.accepting = true;
      resume();
    };
  }
}

const mediaBytes = ({ videoBytes, audioBytes, dataBytes }: IngestCounts): number => videoBytes + audioBytes + dataBytes;
