// One granted publish: an epoch of a stream on its way from an encoder's connection to the frame bus.
import { TICKS_PER_MS } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import type { FramePublisher } from '@millrace/frame-bus';
import { FrameSequencer } from '../frames/frame-sequencer.ts';
import { MediaTimeline } from '../frames/media-timeline.ts';
import { IngestCounts } from './ingest-counts.ts';

/** A body of timed metadata above this is not passed on. */
const MAX_DATA_BYTES = 64 * 1024;

export interface LivePublisherOptions {
  /** Milliseconds of a clock that does not go back. */
  readonly clock: () => number;
  /** How long the first track waits for the other one. */
  readonly trackWaitMs: number;
}

/** What an edge made of an encoder's messages goes in: placed on `timeline`, put in order by `sequencer`, counted in `counts`. */
export class LivePublisher {
  readonly claim: PublishClaim;
  readonly counts = new IngestCounts();
  readonly timeline: MediaTimeline;
  readonly sequencer: FrameSequencer;
  /** Called once before the last frame: what the edge has not handed over yet goes in now. */
  beforeEnd: (() => void) | undefined;
  readonly #bus: FramePublisher;
  #finished: Promise<void> | undefined;

  constructor(claim: PublishClaim, bus: FramePublisher, { clock, trackWaitMs }: LivePublisherOptions) {
    this.claim = claim;
    this.#bus = bus;
    this.timeline = new MediaTimeline(clock);
    this.sequencer = new FrameSequencer(claim.epoch, bus, trackWaitMs * TICKS_PER_MS);
  }

  /** False while the bus holds so much of this stream that no more should be read from the encoder. */
  get accepting(): boolean {
    return this.sequencer.accepting;
  }

  /** Called each time reading may go on after `accepting` was false. */
  set onDrain(resume: () => void) {
    this.#bus.onDrain = () => {
      this.sequencer.accepting = true;
      resume();
    };
  }

  /** Timed metadata, as it came. @param timeMs when, by the encoder's clock, unwrapped; it moves nothing */
  data(timeMs: number, body: Buffer): void {
    this.counts.dataMessages++;
    this.counts.dataBytes += body.length;
    if (body.length <= MAX_DATA_BYTES) this.sequencer.data(this.timeline.beside(timeMs), body);
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
    this.beforeEnd?.();
    this.sequencer.end(this.timeline.now90k, unpublished);
    await this.#bus.close(timeoutMs);
  }
}
