import { describe, expect, it } from 'vitest';
import { formatIngestReport, parseIngestReport } from './ingest-report.ts';
import type { IngestReport } from './ingest-report.ts';

const report: IngestReport = {
  streamId: 'str_00000000000000000000000000',
  epoch: 1_795_000_000_000,
  measuredAtMs: 1_795_000_005_000,
  bytes: 3_000_000,
  videoFrames: 150,
  audioFrames: 215,
  videoBitsPerSecond: 4_500_000.5,
  audioBitsPerSecond: 128_000,
  framesPerSecond: 29.97,
  keyframeIntervalMs: 2_002,
};

describe('an ingest report', () => {
  it.each([report, { ...report, keyframeIntervalMs: undefined }])('is read as it was written: %j', (written) => {
    expect(parseIngestReport(report.streamId, formatIngestReport(written))).toEqual(written);
  });

  it('of a newer release is read without what is unknown', () => {
    const text = JSON.stringify({
      ...JSON.parse(formatIngestReport(report)),
      droppedFrames: 3,
      keyframeIntervalMs: 'odd',
    });
    expect(parseIngestReport(report.streamId, text)).toEqual({ ...report, keyframeIntervalMs: undefined });
  });

  it.each(['', '{', 'null', '[]', '7', '{"epoch":1}', formatIngestReport({ ...report, bytes: -1 })])(
    'that is none counts as missing: %s',
    (text) => {
      expect(parseIngestReport(report.streamId, text)).toBeUndefined();
    },
  );
});
