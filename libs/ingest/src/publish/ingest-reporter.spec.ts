import { newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { IngestReport, MemoryLiveStore, SessionSample } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivePublisher } from './active-publishers.ts';
import { IngestCounts } from './ingest-counts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { HealthWindow } from './publisher-health.ts';
import { IngestReporter, REPORT_ROUND_MS } from './ingest-reporter.ts';

const FRAME_MS = 40;
const VIDEO_BYTES = 5_000;
const AUDIO_BYTES = 400;

/** An encoder of 25 pictures a second, and as many pieces of sound. */
class Encoder {
  readonly claim = {
    tenantId: newId('ten'),
    streamId: newId('str'),
    sessionId: newId('ses'),
    epoch: 1_795_000_000_000,
  };
  readonly counts = new IngestCounts();
  readonly timeline = { jumps: 0, nowMs: 0, skewMs: -8, video: { lastMs: 0 } };
  readonly sequencer = { held: 0 };
  readonly windows: HealthWindow[] = [];
  readonly health = { observe: (window: HealthWindow) => void this.windows.push(window) };
  readonly #groupFrames: number;
  #frames = 0;

  constructor(keyframeIntervalMs: number) {
    this.#groupFrames = keyframeIntervalMs / FRAME_MS;
  }

  get sent() {
    const { videoBytes, audioBytes, videoFrames, audioFrames } = this.counts;
    return { bytes: videoBytes + audioBytes, videoFrames, audioFrames };
  }

  send(ms: number): void {
    const { counts } = this;
    for (const until = this.#frames + ms / FRAME_MS; this.#frames < until; this.#frames++) {
      counts.videoFrames++;
      counts.audioFrames++;
      counts.videoBytes += VIDEO_BYTES;
      counts.audioBytes += AUDIO_BYTES;
      if (this.#frames % this.#groupFrames === 0) counts.startPoint(this.#frames * FRAME_MS * 90, true);
    }
    this.timeline.nowMs = this.#frames * FRAME_MS;
    this.timeline.video.lastMs = this.timeline.nowMs;
  }
}

describe('the reports about publishers', () => {
  let store: MemoryLiveStore;
  let nowMs: number;
  let encoders: Encoder[];
  let calls: (readonly IngestReport[])[];
  let reporter: IngestReporter;
  let refused: Error | undefined;
  let logged: string[];

  beforeEach(() => {
    store = createMemoryLiveStore();
    nowMs = 0;
    encoders = [];
    calls = [];
    refused = undefined;
    logged = [];
    const publishers = {
      get size() {
        return encoders.length;
      },
      whenAdded: () => undefined,
      list: () => encoders.map((publisher) => ({ publisher, health: publisher.health }) as unknown as ActivePublisher),
    };
    const recorded = {
      reportIngest: async (reports: readonly IngestReport[]) => {
        calls.push(reports);
        if (refused !== undefined) throw refused;
        await store.reportIngest(reports);
      },
      recordHealth: (samples: readonly SessionSample[]) => store.recordHealth(samples),
    };
    const logger = { debug: (_: object, text?: string) => void logged.push(text ?? '') };
    reporter = new IngestReporter(publishers, recorded, () => nowMs, logger);
  });
  afterEach(() => store.close());

  const round = async () => {
    await reporter.report();
    nowMs += REPORT_ROUND_MS;
    for (const encoder of encoders) encoder.send(REPORT_ROUND_MS);
  };
  const rounds = async (count: number) => {
    for (let i = 0; i < count; i++) await round();
  };
  const known = async ({ claim }: Encoder) => (await store.readIngest([claim.streamId]))[0];

  it('come after a second, then every few seconds, with counts and rates', async () => {
    const encoder = new Encoder(2_000);
    encoders.push(encoder);
    await rounds(2);
    expect(await known(encoder)).toMatchObject({ epoch: encoder.claim.epoch, videoFrames: 25, audioFrames: 25 });
    await rounds(5);
    expect(calls.flat().map(({ videoFrames }) => videoFrames)).toEqual([25, 150]);
    expect(await known(encoder)).toMatchObject({
      bytes: 150 * (VIDEO_BYTES + AUDIO_BYTES),
      videoBitsPerSecond: 25 * VIDEO_BYTES * 8,
      audioBitsPerSecond: 25 * AUDIO_BYTES * 8,
      framesPerSecond: 25,
    });
    await rounds(20);
    expect(calls).toHaveLength(2 + (20 * REPORT_ROUND_MS) / INGEST_LIMITS.reportIntervalMs);
  });

  it.each([400, 2_000, 3_000, 12_000])('tell the keyframe interval of %i ms, by decode times', async (intervalMs) => {
    const encoder = new Encoder(intervalMs);
    encoders.push(encoder);
    await rounds(40);
    expect((await known(encoder))?.keyframeIntervalMs).toBeCloseTo(intervalMs, 6);
  });

  it('tell no keyframe interval before the second keyframe', async () => {
    const encoder = new Encoder(600_000);
    encoders.push(encoder);
    await rounds(20);
    expect(await known(encoder)).toMatchObject({ keyframeIntervalMs: undefined });
  });

  it('leave a sample of each in the series of its session, with what has changed since the one before', async () => {
    const encoder = new Encoder(2_000);
    encoders.push(encoder);
    await rounds(2);
    encoder.counts.droppedFrames = 3;
    encoder.sequencer.held = 4;
    encoder.timeline.jumps = 1;
    await rounds(10);
    const [samples] = await store.readHealth([encoder.claim.sessionId], Date.now() - 60_000, Date.now() + 60_000);
    const rates = { videoBitsPerSecond: 25 * VIDEO_BYTES * 8, audioBitsPerSecond: 25 * AUDIO_BYTES * 8, driftMs: -8 };
    expect(samples).toMatchObject([
      {
        ...rates,
        framesPerSecond: 25,
        keyframeIntervalMs: undefined,
        droppedFrames: 0,
        heldFrames: 0,
        timestampJumps: 0,
      },
      { ...rates, framesPerSecond: 25, keyframeIntervalMs: 2_000, droppedFrames: 3, heldFrames: 4, timestampJumps: 1 },
      { ...rates, framesPerSecond: 25, keyframeIntervalMs: 2_000, droppedFrames: 0, heldFrames: 0, timestampJumps: 0 },
    ]);
  });

  it('have the health of their publisher judged, by what came since the one before', async () => {
    const encoder = new Encoder(2_000);
    encoders.push(encoder);
    await rounds(7);
    expect(encoder.windows).toEqual([
      expect.objectContaining({
        wallMs: REPORT_ROUND_MS,
        hadVideo: false,
        videoFrames: 25,
        longestKeyframeMs: undefined,
      }),
      {
        wallMs: INGEST_LIMITS.reportIntervalMs,
        mediaMs: INGEST_LIMITS.reportIntervalMs,
        videoFrames: 125,
        audioFrames: 125,
        hadVideo: true,
        hadAudio: true,
        shortestKeyframeMs: 2_000,
        longestKeyframeMs: 2_000,
        openGroupMs: 2_000,
        driftMs: -8,
        jumps: 0,
      },
    ]);
  });

  it('of many publishers spread over the rounds as they began, in one call each', async () => {
    for (let i = 0; i < 5; i++) {
      encoders.push(new Encoder(2_000), new Encoder(2_000));
      await round();
    }
    await rounds(3);
    calls.length = 0;
    await rounds(INGEST_LIMITS.reportIntervalMs / REPORT_ROUND_MS);
    expect(calls.map((reports) => reports.length)).toEqual([2, 2, 2, 2, 2]);
  });

  it('that fail cost nothing but themselves, and the next ones follow', async () => {
    const encoder = new Encoder(2_000);
    encoders.push(encoder);
    refused = new Error('away');
    await rounds(2);
    expect(await known(encoder)).toBeUndefined();
    expect(logged).toEqual(['could not report ingest statistics of publishers']);
    refused = undefined;
    await rounds(5);
    expect(await known(encoder)).toMatchObject({ videoFrames: 150, framesPerSecond: 25 });
  });
});
