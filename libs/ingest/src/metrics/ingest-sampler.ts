// Turns the plain counts of publishers into metrics, on a timer and at each scrape.
import type { UsageSink } from '@millrace/domain';
import { IngestCounts } from '../publish/ingest-counts.ts';
import type { LivePublisher } from '../publish/live-publisher.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { TenantIngest } from './tenant-ingest.ts';

/** How often rates and intervals of each publisher are observed. */
export const SAMPLE_INTERVAL_MS = 10_000;

interface Sampled {
  readonly protocol: string;
  /** The part that has been added to the counters. */
  readonly counted: IngestCounts;
  countedAtMs: number;
  jumps: number;
  /** At the last observation. */
  readonly observed: IngestCounts;
  observedAtMs: number;
}

export class IngestSampler {
  readonly #metrics: IngestMetrics;
  readonly #tenants: TenantIngest;
  readonly #usage: UsageSink;
  readonly #clock: () => number;
  readonly #samples = new Map<LivePublisher, Sampled>();

  constructor(metrics: IngestMetrics, tenants: TenantIngest, usage: UsageSink, clock: () => number) {
    this.#metrics = metrics;
    this.#tenants = tenants;
    this.#usage = usage;
    usage.beforeCollect(() => this.count());
    this.#clock = clock;
  }

  add(publisher: LivePublisher, protocol: string): void {
    const nowMs = this.#clock();
    this.#tenants.began(publisher.claim.tenantId);
    this.#samples.set(publisher, {
      protocol,
      counted: new IngestCounts(),
      countedAtMs: nowMs,
      jumps: 0,
      observed: new IngestCounts(),
      observedAtMs: nowMs,
    });
  }

  /** Counts the remainder and forgets the publisher. */
  remove(publisher: LivePublisher): void {
    const sampled = this.#samples.get(publisher);
    if (!sampled) return;
    this.#count(publisher, sampled);
    this.#tenants.ended(publisher.claim.tenantId);
    this.#samples.delete(publisher);
  }

  /** Brings the counters up to date. */
  count(): void {
    for (const [publisher, sampled] of this.#samples) this.#count(publisher, sampled);
  }

  /** Observes rates and intervals of every publisher since the last observation. */
  observe(): void {
    const nowMs = this.#clock();
    for (const [publisher, sampled] of this.#samples) {
      this.#count(publisher, sampled);
      const seconds = (nowMs - sampled.observedAtMs) / 1_000;
      if (seconds <= 0) continue;
      this.#observe(publisher, sampled.observed, seconds);
      Object.assign(sampled.observed, publisher.counts);
      sampled.observedAtMs = nowMs;
    }
  }

  #count(publisher: LivePublisher, sampled: Sampled): void {
    const { bytes, messages, jumps } = this.#metrics;
    const { counts, timeline } = publisher;
    const { counted } = sampled;
    const nowMs = this.#clock();
    const taken = bytesOf(counts) - bytesOf(counted);
    const seconds = (nowMs - sampled.countedAtMs) / 1_000;
    sampled.countedAtMs = nowMs;
    const { tenantId, streamId } = publisher.claim;
    this.#tenants.count(tenantId, taken, seconds);
    const { protocol } = sampled;
    this.#usage.add({ tenantId, streamId, kind: 'ingest_seconds', protocol }, seconds);
    const received = counts.receivedBytes - counted.receivedBytes;
    this.#usage.add({ tenantId, streamId, kind: 'ingest_bytes', protocol }, received);
    bytes.inc({ kind: 'video' }, counts.videoBytes - counted.videoBytes);
    bytes.inc({ kind: 'audio' }, counts.audioBytes - counted.audioBytes);
    bytes.inc({ kind: 'data' }, counts.dataBytes - counted.dataBytes);
    messages.inc({ kind: 'video' }, counts.videoFrames - counted.videoFrames);
    messages.inc({ kind: 'audio' }, counts.audioFrames - counted.audioFrames);
    messages.inc({ kind: 'data' }, counts.dataMessages - counted.dataMessages);
    jumps.inc(timeline.jumps - sampled.jumps);
    Object.assign(counted, counts);
    sampled.jumps = timeline.jumps;
  }

  #observe(publisher: LivePublisher, before: IngestCounts, seconds: number): void {
    const { counts, timeline } = publisher;
    const { bitrate, keyframeInterval, skew } = this.#metrics;
    bitrate.observe({ kind: 'video' }, ((counts.videoBytes - before.videoBytes) * 8) / seconds);
    bitrate.observe({ kind: 'audio' }, ((counts.audioBytes - before.audioBytes) * 8) / seconds);
    this.#observeFrames('video', counts.videoFrames, before.videoFrames, seconds);
    this.#observeFrames('audio', counts.audioFrames, before.audioFrames, seconds);
    const keyframes = counts.keyframes - before.keyframes;
    if (keyframes > 0) keyframeInterval.observe(seconds / keyframes);
    if (timeline.skewMs !== undefined) skew.observe(timeline.skewMs / 1_000);
  }

  #observeFrames(kind: 'video' | 'audio', now: number, before: number, seconds: number): void {
    if (now > before) this.#metrics.frameInterval.observe({ kind }, seconds / (now - before));
    else if (before > 0) this.#metrics.starvation.inc({ kind });
  }
}

const bytesOf = ({ videoBytes, audioBytes, dataBytes }: IngestCounts): number => videoBytes + audioBytes + dataBytes;
