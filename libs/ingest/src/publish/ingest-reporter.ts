// Reports what each publisher sends to the live store every few seconds, for REST answers about live sessions.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { TICKS_PER_MS } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { IngestReport, LiveStore } from '@millrace/live-store';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { INGEST_CLOCK } from '../ingest-options.ts';
import { ActivePublishers } from './active-publishers.ts';
import type { IngestCounts } from './ingest-counts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { LivePublisher } from './live-publisher.ts';

/** Each publisher has its own schedule, so that the reports of many publishers are spread over the rounds. */
export const REPORT_ROUND_MS = 1_000;

/** The last report about a publisher. */
interface Reported {
  atMs: number;
  dueAtMs: number;
  videoBytes: number;
  audioBytes: number;
  videoFrames: number;
  /** Where the mean interval of keyframes is counted from; 0 before the first one. */
  keyframes: number;
  keyframeAt90k: number;
  keyframeIntervalMs: number | undefined;
}

@Injectable()
export class IngestReporter implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #reported = new WeakMap<LivePublisher, Reported>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(
    @Inject(ActivePublishers) private readonly publishers: Pick<ActivePublishers, 'list'>,
    @Inject(LIVE_STORE) private readonly liveStore: Pick<LiveStore, 'reportIngest'>,
    @Inject(INGEST_CLOCK) private readonly clock: () => number,
    @Inject(LOGGER) private readonly logger: Pick<Logger, 'debug'>,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.report(), REPORT_ROUND_MS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** One round. It is skipped while another one waits for the store. After a failure, the next report covers the whole time. */
  async report(): Promise<void> {
    if (this.#running) return;
    const reports = this.#due();
    if (reports.length === 0) return;
    this.#running = true;
    try {
      await this.liveStore.reportIngest(reports);
    } catch (error) {
      // No warning: the renewal of claims fails at the same time, and logs one.
      this.logger.debug({ err: error }, 'could not report ingest statistics of publishers');
    } finally {
      this.#running = false;
    }
  }

  #due(): IngestReport[] {
    const nowMs = this.clock();
    const reports: IngestReport[] = [];
    for (const { publisher } of this.publishers.list()) {
      const reported = this.#reported.get(publisher);
      if (reported === undefined) this.#reported.set(publisher, begin(publisher.counts, nowMs));
      else if (nowMs >= reported.dueAtMs) reports.push(measure(publisher, reported, nowMs));
      else if (reported.keyframes === 0) countKeyframesFrom(publisher.counts, reported);
    }
    return reports;
  }
}

/** The first report follows after one round, so that a session has figures soon after its start. */
function begin(counts: IngestCounts, nowMs: number): Reported {
  const { videoBytes, audioBytes, videoFrames, keyframes, keyframeAt90k } = counts;
  const dueAtMs = nowMs + REPORT_ROUND_MS;
  return {
    atMs: nowMs,
    dueAtMs,
    videoBytes,
    audioBytes,
    videoFrames,
    keyframes,
    keyframeAt90k,
    keyframeIntervalMs: undefined,
  };
}

function measure({ claim, counts }: LivePublisher, reported: Reported, nowMs: number): IngestReport {
  const seconds = (nowMs - reported.atMs) / 1_000;
  const report: IngestReport = {
    streamId: claim.streamId,
    epoch: claim.epoch,
    measuredAtMs: Date.now(),
    bytes: counts.videoBytes + counts.audioBytes + counts.dataBytes,
    videoFrames: counts.videoFrames,
    audioFrames: counts.audioFrames,
    videoBitsPerSecond: ((counts.videoBytes - reported.videoBytes) * 8) / seconds,
    audioBitsPerSecond: ((counts.audioBytes - reported.audioBytes) * 8) / seconds,
    framesPerSecond: (counts.videoFrames - reported.videoFrames) / seconds,
    keyframeIntervalMs: keyframeInterval(counts, reported),
  };
  const { videoBytes, audioBytes, videoFrames } = counts;
  Object.assign(reported, { atMs: nowMs, dueAtMs: nowMs + INGEST_LIMITS.reportIntervalMs });
  Object.assign(reported, { videoBytes, audioBytes, videoFrames });
  return report;
}

/** The mean of the keyframes since the last report; the former value if there were none. */
function keyframeInterval(counts: IngestCounts, reported: Reported): number | undefined {
  const keyframes = counts.keyframes - reported.keyframes;
  const ticks = counts.keyframeAt90k - reported.keyframeAt90k;
  if (reported.keyframes > 0 && keyframes > 0 && ticks > 0)
    reported.keyframeIntervalMs = ticks / TICKS_PER_MS / keyframes;
  countKeyframesFrom(counts, reported);
  return reported.keyframeIntervalMs;
}

function countKeyframesFrom({ keyframes, keyframeAt90k }: IngestCounts, reported: Reported): void {
  reported.keyframes = keyframes;
  reported.keyframeAt90k = keyframeAt90k;
}
