// Reports what each publisher sends to the live store, every few seconds, for answers about live sessions.
import { TICKS_PER_MS } from '@millrace/domain';
import type { IngestReport, LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import type { ActivePublishers } from './active-publishers.ts';
import type { IngestCounts } from './ingest-counts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import type { LivePublisher } from './live-publisher.ts';

/** Each publisher is due by its own clock, so that the reports of many spread over the rounds. */
export const REPORT_ROUND_MS = 1_000;

/** What of a publisher has been reported. */
interface Reported {
  atMs: number;
  dueAtMs: number;
  videoBytes: number;
  audioBytes: number;
  videoFrames: number;
  /** Where the mean distance of keyframes is counted from; none before the first one. */
  keyframes: number;
  keyframeAt90k: number;
  keyframeIntervalMs: number | undefined;
}

export class IngestReporter {
  readonly #publishers: Pick<ActivePublishers, 'list'>;
  readonly #liveStore: Pick<LiveStore, 'reportIngest'>;
  readonly #clock: () => number;
  readonly #logger: Pick<Logger, 'debug'>;
  readonly #reported = new WeakMap<LivePublisher, Reported>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  /** @param clock milliseconds of a clock that does not go back */
  constructor(
    publishers: Pick<ActivePublishers, 'list'>,
    liveStore: Pick<LiveStore, 'reportIngest'>,
    clock: () => number,
    logger: Pick<Logger, 'debug'>,
  ) {
    this.#publishers = publishers;
    this.#liveStore = liveStore;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => void this.report(), REPORT_ROUND_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One round; none begins while another one waits for the store. A report that fails is made up for by the next one. */
  async report(): Promise<void> {
    if (this.#running) return;
    const reports = this.#due();
    if (reports.length === 0) return;
    this.#running = true;
    try {
      await this.#liveStore.reportIngest(reports);
    } catch (error) {
      // No warning: the renewal of claims fails at the same time, and has one.
      this.#logger.debug({ err: error }, 'could not report ingest statistics of publishers');
    } finally {
      this.#running = false;
    }
  }

  #due(): IngestReport[] {
    const nowMs = this.#clock();
    const reports: IngestReport[] = [];
    for (const { publisher } of this.#publishers.list()) {
      const reported = this.#reported.get(publisher);
      if (reported === undefined) this.#reported.set(publisher, begin(publisher.counts, nowMs));
      else if (nowMs >= reported.dueAtMs) reports.push(measure(publisher, reported, nowMs));
      else if (reported.keyframes === 0) countKeyframesFrom(publisher.counts, reported);
    }
    return reports;
  }
}

/** The first report follows after one round: who looks right after the start does not wait for a whole interval. */
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

/** Of the keyframes since the last one that was reported; as before where there are none. */
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
