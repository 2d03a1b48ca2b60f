// A live stream and its viewer: every frame that arrives is compared with what was sent, from one discontinuity to the next.
import { expect } from 'vitest';
import { compareLooped, framesOf } from '../support/frame-ledger.ts';
import { HlsRecorder } from '../support/hls-recorder.ts';
import type { RecordedSegment } from '../support/hls-recorder.ts';
import { sourceFrames, sourceTags } from '../support/source.ts';
import type { InstalledTrial } from './installed-trial.ts';
import { RestartingEncoder } from './restarting-encoder.ts';

const CLEAN = { missing: 0, repeated: 0, unknown: 0, details: [] };
const sent = sourceFrames();

/** For each frame of H.264 (FLV 10.1 annex E.4.3.1), whether it is a keyframe. */
const keyframes = sourceTags()
  .filter(({ type, body }) => type === 9 && (body[0]! & 15) === 7 && body[1] === 1)
  .map(({ body }) => body[0]! >> 4 === 1);

/** After a forced delete, a new pod must start before the stream continues, perhaps on a busy machine. */
const SEGMENTS_TIMEOUT_MS = 180_000;

interface Count {
  /** Runs of segments without a discontinuity: one per connection of the encoder. */
  readonly stretches: number;
  readonly frames: number;
}

export class LiveWatch {
  readonly encoder: RestartingEncoder;
  readonly #recorder: HlsRecorder;

  private constructor(encoder: RestartingEncoder, recorder: HlsRecorder) {
    this.encoder = encoder;
    this.#recorder = recorder;
  }

  /** @param reconnectSeconds the stream's reconnect window */
  static async open(trial: InstalledTrial, name: string, reconnectSeconds: number): Promise<LiveWatch> {
    const api = await trial.tenant(name);
    const stream = await api.createStream(name, { reconnect_window_seconds: reconnectSeconds });
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    return new LiveWatch(new RestartingEncoder(await trial.rtmpUrl(stream.key)), recorder);
  }

  async moreSegments(count: number): Promise<void> {
    const newest = this.#newest;
    const reached = (): boolean => this.#newest >= newest + count;
    await this.#recorder.until(`${count} more segments`, reached, SEGMENTS_TIMEOUT_MS);
  }

  /** Waits until the playlist has had so many discontinuities. */
  async untilDiscontinuities(count: number): Promise<void> {
    const reached = (): boolean => this.discontinuities >= count;
    await this.#recorder.until(`${count} discontinuities`, reached, SEGMENTS_TIMEOUT_MS);
  }

  get discontinuities(): number {
    return this.#recorder.ordered.filter(({ discontinuity }) => discontinuity).length;
  }

  /** Expects valid playlists, no skipped segment, and within each stretch no frame lost, repeated or unknown. */
  expectWhole(): Count {
    const segments = this.#recorder.ordered;
    expect(this.#recorder.faults).toEqual([]);
    const numbers = segments.map(({ mediaSequence }) => mediaSequence);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
    let frames = 0;
    const stretches = stretchesOf(segments);
    for (const stretch of stretches) {
      const arrived = framesOf(stretch);
      expect(arrived.faults).toEqual([]);
      expect(compareLooped(sent.video, arrived.video)).toEqual(CLEAN);
      expect(compareLooped(sent.audio, arrived.audio)).toEqual(CLEAN);
      frames += arrived.video.length;
    }
    // Only a new connection of the encoder may begin a stretch.
    expect(stretches.length).toBeLessThanOrEqual(this.encoder.starts);
    return { stretches: stretches.length, frames };
  }

  /** Expects that the encoder's previous connection was ended gracefully: every frame before some keyframe has arrived. */
  expectEndedBeforeKeyframe(): void {
    const ended = stretchesOf(this.#recorder.ordered).at(-2) ?? [];
    const next = framesOf(ended).video.length % keyframes.length;
    expect({ next, isKeyframe: keyframes[next] }).toEqual({ next, isKeyframe: true });
  }

  async stop(): Promise<void> {
    await this.encoder.stop();
    await this.#recorder.stop();
  }

  get #newest(): number {
    return Math.max(-1, ...this.#recorder.segments.keys());
  }
}

function stretchesOf(segments: readonly RecordedSegment[]): readonly (readonly RecordedSegment[])[] {
  const stretches: RecordedSegment[][] = [];
  for (const segment of segments) {
    if (segment.discontinuity || stretches.length === 0) stretches.push([]);
    stretches.at(-1)?.push(segment);
  }
  return stretches;
}
