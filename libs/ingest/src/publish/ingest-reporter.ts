// Reports what each publisher sends to the live store every few seconds, and has its health judged by the same numbers.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { onSharedBeatWhile, TICKS_PER_MS } from '@millrace/domain';
import type { Beat, PublishClaim } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { HealthSample, IngestReport, LiveStore, SessionSample } from '@millrace/live-store';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { INGEST_CLOCK } from '../ingest-options.ts';
import { ActivePublishers } from './active-publishers.ts';
import type { ActivePublisher } from './active-publishers.ts';
import type { IngestCounts } from './ingest-counts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { LivePublisher } from './live-publisher.ts';
import type { HealthWindow } from './publisher-health.ts';

/** Each publisher has its own schedule, so that the reports of many publishers are spread over the rounds. */
export const REPORT_ROUND_MS = 1_000;

/** The last report about a publisher. */
interface Reported {
  atMs: number;
  dueAtMs: number;
  videoBytes: number;
  audioBytes: number;
  videoFrames: number;
  audioFrames: number;
  droppedFrames: number;
  heldFrames: number;
  jumps: number;
  /** Where the timeline was. */
  mediaMs: number;
  /** Where the mean interval of start points is counted from; 0 before the first one. */
  startPoints: number;
  startPointAt90k: number;
  keyframeIntervalMs: number | undefined;
}

/** What one measurement says, to each of those who want to know. */
interface Measured {
  readonly report: IngestReport;
  readonly sample: SessionSample;
  readonly window: HealthWindow;
}

@Injectable()
export class IngestReporter implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** By the claim: an encoder that waited begins anew. */
  readonly #reported = new WeakMap<PublishClaim, Reported>();
  #timer: Beat | undefined;
  #running = false;

  constructor(
    @Inject(ActivePublishers) private readonly publishers: Pick<ActivePublishers, 'list' | 'size' | 'whenAdded'>,
    @Inject(LIVE_STORE) private readonly liveStore: Pick<LiveStore, 'reportIngest' | 'recordHealth'>,
    @Inject(INGEST_CLOCK) private readonly clock: () => number,
    @Inject(LOGGER) private readonly logger: Pick<Logger, 'debug'>,
  ) {}

  onApplicationBootstrap(): void {
    const { publishers } = this;
    const beat = onSharedBeatWhile(
      REPORT_ROUND_MS,
      () => publishers.size > 0,
      () => void this.report(),
    );
    this.#timer = beat;
    publishers.whenAdded(() => beat.wake());
  }

  beforeApplicationShutdown(): void {
    this.#timer?.stop();
  }

  /** One round. It is skipped while another one waits for the store. After a failure, the next report covers the whole time. */
  async report(): Promise<void> {
    if (this.#running) return;
    const due = this.#due();
    if (due.length === 0) return;
    this.#running = true;
    try {
      await this.liveStore.reportIngest(due.map(({ report }) => report));
      await this.liveStore.recordHealth(due.map(({ sample }) => sample));
    } catch (error) {
      // No warning: the renewal of claims fails at the same time, and logs one.
      this.logger.debug({ err: error }, 'could not report ingest statistics of publishers');
    } finally {
      this.#running = false;
    }
  }

  #due(): Measured[] {
    const nowMs = this.clock();
    const due: Measured[] = [];
    for (const active of this.publishers.list()) {
      const { publisher } = active;
      const reported = this.#reported.get(publisher.claim);
      if (reported === undefined) this.#reported.set(publisher.claim, begin(publisher, nowMs));
      else if (nowMs >= reported.dueAtMs) due.push(this.#measure(active, reported, nowMs));
      else if (reported.startPoints === 0) countStartPointsFrom(publisher.counts, reported);
    }
    return due;
  }

  #measure({ publisher, health }: ActivePublisher, reported: Reported, nowMs: number): Measured {
    const measured = measure(publisher, reported, nowMs);
    health.observe(measured.window);
    return measured;
  }
}

/** The first report follows after one round: who looks right after the start does not wait for a whole interval. */
function begin(publisher: LivePublisher, nowMs: number): Reported {
  const { startPoints, startPointAt90k } = publisher.counts;
  return {
    ...countsOf(publisher),
    atMs: nowMs,
    dueAtMs: nowMs + REPORT_ROUND_MS,
    startPoints,
    startPointAt90k,
    keyframeIntervalMs: undefined,
  };
}

function countsOf({ counts, timeline, sequencer }: LivePublisher) {
  const { videoBytes, audioBytes, videoFrames, audioFrames, droppedFrames } = counts;
  const { jumps, nowMs: mediaMs } = timeline;
  return {
    videoBytes,
    audioBytes,
    videoFrames,
    audioFrames,
    droppedFrames,
    heldFrames: sequencer.held,
    jumps,
    mediaMs,
  };
}

function measure(publisher: LivePublisher, reported: Reported, nowMs: number): Measured {
  const { claim, counts, timeline } = publisher;
  const { streamId, tenantId, sessionId, epoch } = claim;
  const seconds = (nowMs - reported.atMs) / 1_000;
  const now = countsOf(publisher);
  const keyframeIntervalMs = keyframeInterval(counts, reported);
  const rates = {
    videoBitsPerSecond: ((now.videoBytes - reported.videoBytes) * 8) / seconds,
    audioBitsPerSecond: ((now.audioBytes - reported.audioBytes) * 8) / seconds,
    framesPerSecond: (now.videoFrames - reported.videoFrames) / seconds,
    keyframeIntervalMs,
  };
  const measuredAtMs = Date.now();
  const jumps = now.jumps - reported.jumps;
  const driftMs = timeline.skewMs;
  const sample: HealthSample = {
    ...rates,
    atMs: measuredAtMs,
    driftMs,
    droppedFrames: now.droppedFrames - reported.droppedFrames,
    heldFrames: now.heldFrames - reported.heldFrames,
    timestampJumps: jumps,
  };
  const window: HealthWindow = {
    wallMs: nowMs - reported.atMs,
    mediaMs: now.mediaMs - reported.mediaMs,
    videoFrames: now.videoFrames - reported.videoFrames,
    audioFrames: now.audioFrames - reported.audioFrames,
    hadVideo: reported.videoFrames > 0,
    hadAudio: reported.audioFrames > 0,
    shortestKeyframeMs: counts.longestGroup90k === 0 ? undefined : counts.shortestGroup90k / TICKS_PER_MS,
    longestKeyframeMs: counts.longestGroup90k === 0 ? undefined : counts.longestGroup90k / TICKS_PER_MS,
    openGroupMs: counts.startPoints === 0 ? undefined : timeline.video.lastMs - counts.startPointAt90k / TICKS_PER_MS,
    driftMs,
    jumps,
  };
  const report = { streamId, epoch, measuredAtMs, ...publisher.sent, ...rates };
  Object.assign(reported, now, { atMs: nowMs, dueAtMs: nowMs + INGEST_LIMITS.reportIntervalMs });
  counts.shortestGroup90k = Infinity;
  counts.longestGroup90k = 0;
  return { report, sample: { tenantId, sessionId, sample }, window };
}

/** The mean between start points since the last report; the former value if there were none. */
function keyframeInterval(counts: IngestCounts, reported: Reported): number | undefined {
  const groups = counts.startPoints - reported.startPoints;
  const ticks = counts.startPointAt90k - reported.startPointAt90k;
  if (reported.startPoints > 0 && groups > 0 && ticks > 0) reported.keyframeIntervalMs = ticks / TICKS_PER_MS / groups;
  countStartPointsFrom(counts, reported);
  return reported.keyframeIntervalMs;
}

function countStartPointsFrom({ startPoints, startPointAt90k }: IngestCounts, reported: Reported): void {
  reported.startPoints = startPoints;
  reported.startPointAt90k = startPointAt90k;
}
