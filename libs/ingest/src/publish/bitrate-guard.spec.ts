import { DEFAULT_STREAM_SETTINGS, newId, NO_USAGE } from '@millrace/domain';
import type { PublishRefusal, QuotaReading, UsageSink } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import { describe, expect, it } from 'vitest';
import { BitrateGuard } from './bitrate-guard.ts';
import { LivePublisher } from './live-publisher.ts';

const KILOBIT = 1_000;

function publisherWith(maxIngestBitsPerSecond: number | undefined): LivePublisher {
  const claim = {
    tenantId: newId('ten'),
    streamId: newId('str'),
    streamKeyId: newId('skey'),
    sessionId: newId('ses'),
    epoch: 1,
    edgeId: 'edge-1',
    sessionStartedAtMs: 1,
    epochStartedAtMs: 1,
    settings: { ...DEFAULT_STREAM_SETTINGS, maxIngestBitsPerSecond },
  };
  const bus = createMemoryFrameBus().openPublisher(claim.streamId, claim.epoch);
  return new LivePublisher(claim, bus, { clock: () => 0, trackWaitMs: 0, features: new Set() });
}

/** @param bytesAt what the encoder has sent after so many seconds. @returns when it was cut, in seconds */
function cutAfter(limit: number | undefined, bytesAt: (second: number) => number): number | undefined {
  const publisher = publisherWith(limit);
  let second = 0;
  let cutAt: number | undefined;
  const cut = (reason: PublishRefusal): void => {
    expect(reason).toBe('bitrate_exceeded');
    cutAt ??= second;
  };
  const guard = new BitrateGuard({ list: () => [{ publisher, cut }] }, NO_USAGE, () => second * 1_000);
  for (; second <= 60 && cutAt === undefined; second++) {
    publisher.counts.receivedBytes = bytesAt(second);
    guard.look();
  }
  return cutAt;
}

describe('BitrateGuard', () => {
  it('cuts an encoder that sends more than it may, the sooner the more, and none that keeps to it', () => {
    const rate = (kilobits: number) => (second: number) => (second * kilobits * KILOBIT) / 8;
    expect(cutAfter(1_000 * KILOBIT, rate(1_000))).toBeUndefined();
    expect(cutAfter(1_000 * KILOBIT, rate(1_050))).toBe(10);
    expect(cutAfter(1_000 * KILOBIT, rate(10_000))).toBe(2);
    expect(cutAfter(undefined, rate(10_000))).toBeUndefined();
    expect(cutAfter(0, rate(1))).toBe(1);
  });

  it('lets a burst pass that is no more than ten seconds of its rate', () => {
    const burst = (bytes: number) => (second: number) => (second < 15 ? 0 : bytes);
    expect(cutAfter(800 * KILOBIT, burst(1_000_000))).toBeUndefined();
    expect(cutAfter(800 * KILOBIT, burst(1_000_001))).toBe(15);
  });

  it('measures what an encoder sends, also in the first seconds of the next ten', () => {
    const publisher = publisherWith(undefined);
    const readings: QuotaReading[] = [];
    const usage: UsageSink = { ...NO_USAGE, measured: (reading) => readings.push(reading) };
    let second = 0;
    const guard = new BitrateGuard({ list: () => [{ publisher, cut: () => undefined }] }, usage, () => second * 1_000);
    for (; second <= 25; second++) {
      publisher.counts.receivedBytes = second * 1_000;
      guard.look();
    }
    expect(new Set(readings.map(({ tenantId, quota }) => `${tenantId} ${quota}`)).size).toBe(1);
    const steps = [800, 1_600, 2_400, 3_200, 4_000, 4_800, 5_600, 6_400, 7_200, 8_000];
    expect(readings.map(({ used }) => used)).toEqual([...steps, ...Array.from({ length: 15 }, () => 8_000)]);
  });
});
