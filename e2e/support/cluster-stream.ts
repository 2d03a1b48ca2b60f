// A stream that ffmpeg publishes into a cluster while a recorder watches: what most failure tests begin with.
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { compareLooped, framesOf } from './frame-ledger.ts';
import { HlsRecorder } from './hls-recorder.ts';
import { publishWithFfmpeg } from './publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './publish-with-ffmpeg.ts';
import { SOURCE_FILE, sourceFrames } from './source.ts';
import type { RunningCluster } from './start-cluster.ts';
import { TenantApi } from './tenant-api.ts';
import type { StreamOptions, TestStream } from './tenant-api.ts';

const sent = sourceFrames();

export class ClusterStream {
  ffmpeg: FfmpegPublisher | undefined;

  private constructor(
    readonly cluster: RunningCluster,
    readonly stream: TestStream,
    readonly recorder: HlsRecorder,
  ) {}

  static async open(cluster: RunningCluster, name: string, options: StreamOptions = {}): Promise<ClusterStream> {
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const stream = await api.createStream(name, options);
    return new ClusterStream(cluster, stream, new HlsRecorder(stream.playlistUrl).start());
  }

  /**
   * Publishes through an edge, counted from 1, and waits until segments come. Tries again when it is refused, as encoders do:
   * the claim of an edge that was killed holds for a few seconds more.
   */
  async publish(edge = 1): Promise<void> {
    const newest = this.newestSegment;
    const url = `${this.cluster.rtmpUrl(edge)}/${this.stream.key}`;
    await eventually(
      'two segments are listed',
      async () => {
        if (this.ffmpeg?.running !== true) this.ffmpeg = await publishWithFfmpeg(url, SOURCE_FILE);
        return this.newestSegment >= newest + 2;
      },
      60_000,
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
    return eventually('a packager says that it packages a stream', () => this.#findOwner());
  }

  async #findOwner(): Promise<string | undefined> {
    for (const [i, { metrics }] of this.cluster.ports.packagers.entries()) {
      const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      const text = (await answer?.text()) ?? '';
      if (Number(/^millrace_packager_streams(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? 0) > 0)
        return `packager-${i + 1}`;
    }
    return undefined;
  }

  /** Ends the encoder and the recorder and checks what holds in every test: no rule broken, numbers without a hole. */
  async finish(): Promise<void> {
    await this.ffmpeg?.stop();
    await this.recorder.stop();
    expect(this.recorder.faults).toEqual([]);
    const numbers = this.recorder.ordered.map((segment) => segment.mediaSequence);
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
  }

  /** No frame of this one publisher is missing, repeated or out of order, and nothing is marked as discontinuous. */
  expectSeamless(): void {
    const arrived = framesOf(this.recorder.ordered);
    expect(arrived.faults).toEqual([]);
    const clean = { missing: 0, repeated: 0, unknown: 0, details: [] };
    expect(compareLooped(sent.video, arrived.video)).toEqual(clean);
    expect(compareLooped(sent.audio, arrived.audio)).toEqual(clean);
    expect(this.discontinuities).toBe(0);
  }

  get discontinuities(): number {
    return this.recorder.ordered.filter((segment) => segment.discontinuity).length;
  }
}
