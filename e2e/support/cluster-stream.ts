// A stream that ffmpeg publishes into a cluster while recorders watch: what most failure tests begin with. Of a stream with low latency,
// its renditions are recorded too.
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { compareLooped, framesOf } from './frame-ledger.ts';
import { HlsRecorder } from './hls-recorder.ts';
import { PartRecorder } from './part-recorder.ts';
import { publishWithFfmpeg } from './publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './publish-with-ffmpeg.ts';
import { SOURCE_FILE, sourceFrames } from './source.ts';
import type { RunningCluster } from './start-cluster.ts';
import { TenantApi } from './tenant-api.ts';
import type { StreamOptions, TestStream } from './tenant-api.ts';

const sent = sourceFrames();
const RENDITIONS = ['video.m3u8', 'audio.m3u8'];

/** The first packager that says that it packages a stream: 'packager-1', … */
export const packagerAtWork = ({ ports }: RunningCluster): Promise<string> =>
  eventually('a packager says that it packages a stream', async () => {
    for (const [i, { metrics }] of ports.packagers.entries()) {
      const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      const text = (await answer?.text()) ?? '';
      if (Number(/^millrace_packager_streams(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? 0) > 0)
        return `packager-${i + 1}`;
    }
    return undefined;
  });

export class ClusterStream {
  ffmpeg: FfmpegPublisher | undefined;
  /** Of each rendition, once the stream is live. */
  renditions: readonly PartRecorder[] = [];

  private constructor(
    readonly cluster: RunningCluster,
    readonly stream: TestStream,
    readonly recorder: HlsRecorder,
    readonly hasLowLatency: boolean,
  ) {}

  static async open(cluster: RunningCluster, name: string, options: StreamOptions = {}): Promise<ClusterStream> {
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const stream = await api.createStream(name, options);
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    return new ClusterStream(cluster, stream, recorder, options.latency_mode === 'low');
  }

  /**
   * Publishes through an edge, counted from 1, and waits until segments come. Tries again when it is refused, as encoders do:
   * the claim of an edge that was killed holds for a few seconds more.
   */
  async publish(edge = 1): Promise<void> {
    await this.publishTo(`${this.cluster.rtmpUrl(edge)}/${this.stream.key}`);
  }

  /** The same over any protocol. @param url with the key */
  async publishTo(url: string): Promise<void> {
    const newest = this.newestSegment;
    await eventually(
      'two segments are listed',
      async () => {
        if (this.ffmpeg?.running !== true) this.ffmpeg = await publishWithFfmpeg(url, SOURCE_FILE);
        return this.newestSegment >= newest + 2;
      },
      60_000,
    );
    if (this.hasLowLatency && this.renditions.length === 0)
      this.renditions = RENDITIONS.map((file) =>
        new PartRecorder(new URL(file, this.stream.playlistUrl).href, { serversFail: true }).start(),
      );
  }

  get newestSegment(): number {
    return Math.max(-1, ...this.recorder.segments.keys());
  }

  /** Waits for so many more segments. */
  async moreSegments(count: number, timeoutMs = 60_000): Promise<void> {
    const newest = this.newestSegment;
    await this.recorder.until(`${count} more segments`, () => this.newestSegment >= newest + count, timeoutMs);
  }

  /** Which packager commits this stream now, by its own metrics: 'packager-1' or 'packager-2'. */
  owner(): Promise<string> {
    return packagerAtWork(this.cluster);
  }

  /** Loads what was recorded once more: no address may have other bytes. */
  async verifyUnchanged(): Promise<void> {
    for (const recorder of [this.recorder, ...this.renditions]) await recorder.verifyUnchanged();
  }

  /** Ends the encoder and the recorders and checks what holds in every test: no rule broken, numbers without a hole. */
  async finish(): Promise<void> {
    await this.ffmpeg?.stop();
    await this.recorder.stop();
    expect(this.recorder.faults).toEqual([]);
    const numbers = this.recorder.ordered.map((segment) => segment.mediaSequence);
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
    await Promise.all(this.renditions.map((recorder) => recorder.stop()));
    for (const recorder of this.renditions) this.#finishRendition(recorder);
  }

  /** Each segment is its parts one after another: none is missing, or there twice. */
  #finishRendition(recorder: PartRecorder): void {
    expect(recorder.compareWithSegments()).toBeGreaterThan(0);
    for (const other of this.renditions) if (other !== recorder) recorder.compareReports(other);
    expect(recorder.faults).toEqual([]);
  }

  /** No frame of this one publisher is missing, repeated or out of order, and nothing is marked as discontinuous. */
  expectSeamless(): void {
    const arrived = framesOf(this.recorder.ordered);
    expect(arrived.faults).toEqual([]);
    const clean = { missing: 0, repeated: 0, unknown: 0, details: [] };
    expect(compareLooped(sent.video, arrived.video)).toEqual(clean);
    expect(compareLooped(sent.audio, arrived.audio)).toEqual(clean);
    expect(this.discontinuities).toBe(0);
    const listed = this.renditions.flatMap(({ last }) => last?.segments ?? []);
    expect(listed.filter(({ discontinuity, gap }) => discontinuity || gap === true)).toEqual([]);
  }

  /** What was listed up to a segment is what was sent, frame by frame. */
  expectExactUntil(mediaSequence: number): void {
    const arrived = framesOf(this.recorder.ordered.filter((segment) => segment.mediaSequence <= mediaSequence));
    expect(arrived.faults).toEqual([]);
    const clean = { missing: 0, repeated: 0, unknown: 0, details: [] };
    expect(compareLooped(sent.video, arrived.video)).toEqual(clean);
    expect(compareLooped(sent.audio, arrived.audio)).toEqual(clean);
  }

  get discontinuities(): number {
    return this.recorder.ordered.filter((segment) => segment.discontinuity).length;
  }
}
