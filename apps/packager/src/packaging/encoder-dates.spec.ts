// The dates of playlists and files: the encoder's clock where the log has it, else the time at which its epoch began.
import { describe, expect, it } from 'vitest';
import { cutLog, firstPoint } from '../testing/cut-log.ts';
import { AAC_CONFIG, H264_CONFIG, LogBuilder } from '../testing/log-builder.ts';
import { DATE_STEP_MS } from './encoder-dates.ts';
import type { FinishedSegment } from './finished-segment.ts';

const EPOCH = 1_000_000;
const GOP_MS = 2_000;

const newLog = (): LogBuilder => {
  const log = new LogBuilder(EPOCH);
  log.videoConfiguration = H264_CONFIG;
  log.audioConfiguration = AAC_CONFIG;
  return log;
};
const run = (log: LogBuilder, fromMs: number, toMs: number): LogBuilder =>
  log.run(fromMs, toMs, { fps: 10, gopMs: GOP_MS, firstKeyMs: fromMs, video: true });
const cut = (log: LogBuilder): FinishedSegment[] =>
  cutLog(log.frames, { point: { ...firstPoint(EPOCH), partDurationMs: 500 } }).segments;
const datesOf = (segments: readonly FinishedSegment[]): number[] =>
  segments.map(({ programDateTimeMs }) => programDateTimeMs);

describe('the dates of segments', () => {
  it('are those of the epoch where the encoder has no clock', () => {
    expect(datesOf(cut(run(newLog(), 0, 6_000)))).toEqual([EPOCH, EPOCH + 2_000, EPOCH + 4_000]);
  });

  it.each([-3_000, 7_000])('are those of an encoder whose clock is %i ms apart, from the first one on', (offsetMs) => {
    const log = newLog();
    log.encoderZeroMs = EPOCH + offsetMs;
    const zeroMs = EPOCH + offsetMs;
    expect(datesOf(cut(run(log, 0, 6_000)))).toEqual([zeroMs, zeroMs + 2_000, zeroMs + 4_000]);
  });

  it('approach a clock that is known late in small steps, so that no player sees a hole', () => {
    const log = run(newLog(), 0, 4_000);
    log.encoderZeroMs = EPOCH + 50;
    run(log, 4_000, 12_000);
    const zeros = datesOf(cut(log)).map((date, index) => date - index * GOP_MS - EPOCH);
    expect(zeros).toEqual([0, 0, 0, DATE_STEP_MS, 2 * DATE_STEP_MS, 50]);
  });

  it('step forward at once where times are broken anyway, and back in small steps', () => {
    const log = run(newLog(), 0, 4_000);
    log.encoderZeroMs = EPOCH + 5_000;
    run(log.lose(10), 6_000, 8_000);
    log.encoderZeroMs = EPOCH + 1_000;
    run(log.lose(10), 10_000, 14_000);
    expect(datesOf(cut(log)).map((date) => date - EPOCH)).toEqual([
      0,
      2_000,
      6_000 + 5_000,
      10_000 + 5_000,
      12_000 + 5_000 - DATE_STEP_MS,
    ]);
  });

  it('of a returned encoder are those of its clock, though its connection came later, and never before the end of the last', () => {
    const log = run(newLog(), 0, 4_000);
    log.startEpoch(EPOCH + 20_000).encoderZeroMs = EPOCH + 18_500;
    run(log, 0, 2_000);
    log.startEpoch(EPOCH + 30_000).encoderZeroMs = EPOCH + 15_000;
    run(log, 0, 4_000);
    expect(datesOf(cut(log)).map((date) => date - EPOCH)).toEqual([0, 2_000, 18_500, 20_500, 22_500 - DATE_STEP_MS]);
  });
});

describe('the reference time of a part (prft)', () => {
  /** ISO/IEC 14496-12 section 8.16.5, version 1. */
  const referenceTimes = (bytes: Uint8Array) => {
    const view = Buffer.from(bytes);
    const found: { readonly wallMs: number; readonly mediaTime: number; readonly before: string }[] = [];
    for (let at = 0; at < view.length; at += view.readUInt32BE(at)) {
      if (view.toString('latin1', at + 4, at + 8) !== 'prft') continue;
      expect([view.readUInt32BE(at), view.readUInt32BE(at + 8), view.readUInt32BE(at + 12)]).toEqual([32, 1 << 24, 1]);
      const wallMs = (view.readUInt32BE(at + 16) - 2_208_988_800 + view.readUInt32BE(at + 20) / 2 ** 32) * 1_000;
      const mediaTime = Number(view.readBigUInt64BE(at + 24));
      found.push({ wallMs, mediaTime, before: view.toString('latin1', at + 36, at + 40) });
    }
    return found;
  };

  it('comes before each fragment, and says what the dates of the playlist say', () => {
    const log = newLog();
    log.encoderZeroMs = EPOCH + 3_000;
    const segments = cut(run(log, 0, 4_000));
    const parts = segments.flatMap(({ renditions }) => Object.values(renditions!).flatMap((one) => one!.parts));
    expect(parts.length).toBeGreaterThan(12);
    for (const { bytes, programDateTimeMs, index } of parts) {
      const [time, ...more] = referenceTimes(bytes);
      expect(more).toEqual([]);
      expect(time!.before).toBe('moof');
      // Times of files begin at 10 s.
      expect(time!.wallMs - (time!.mediaTime - 900_000) / 90).toBeCloseTo(EPOCH + 3_000, 0);
      if (index === 0) expect(time!.wallMs - programDateTimeMs).toBeCloseTo(0, 0);
    }
  });
});
