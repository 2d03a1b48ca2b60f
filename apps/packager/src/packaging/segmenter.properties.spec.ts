// What must hold for every log, whatever encoders do.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startOf } from '../containers/container.ts';
import { Containers } from '../containers/containers.ts';
import { cutLog, firstPoint, SETTINGS } from '../testing/cut-log.ts';
import { BBB_FLV, flvLog } from '../testing/flv-log.ts';
import { framesContainer, readNumberedFrames } from '../testing/frames-container.ts';
import { randomLog } from '../testing/random-log.ts';
import { decodeTimes } from '../testing/transport-stream.ts';
import type { FinishedSegment } from './finished-segment.ts';

const VIDEO_PID = 0x100;
const RUNS = { numRuns: 100 };
/** A generous byte limit, and one that every second of these logs exceeds; plain, and with keys that change. */
const anySettings = fc
  .record({
    maxSegmentBytes: fc.constantFrom(SETTINGS.maxSegmentBytes, 12_000),
    keyRotationSegments: fc.constantFrom(0, 3),
  })
  .map((settings) => ({ ...SETTINGS, maxSegmentMs: 6_000, ...settings }));

const hash = (bytes: Uint8Array = new Uint8Array(0)): string => createHash('sha1').update(bytes).digest('base64');

/** What must be the same when a segment is cut again. */
const facts = (segment: FinishedSegment): unknown => ({
  ...segment,
  bytes: hash(segment.bytes),
  map: segment.map && [segment.map.name, hash(segment.map.bytes)],
  tracks: segment.tracks.map(({ codec, record }) => [codec, hash(record)]),
});

describe('cutting any log', () => {
  it('gives the same segments, byte for byte, from every resume point', () => {
    fc.assert(
      fc.property(randomLog, anySettings, ({ frames }, settings) => {
        const whole = cutLog(frames, { settings }).segments;
        for (const [index, segment] of whole.entries()) {
          const again = cutLog(frames, { settings, point: segment.before }).segments;
          expect(again.map(facts)).toEqual(whole.slice(index).map(facts));
        }
      }),
      RUNS,
    );
  });

  it('gives the same in any container: what one keeps from segment to segment is its own affair', () => {
    const containers = new Containers(framesContainer);
    fc.assert(
      fc.property(randomLog, anySettings, ({ frames }, { maxSegmentBytes }) => {
        const settings = { ...SETTINGS, maxSegmentMs: 6_000, maxSegmentBytes };
        const point = { ...firstPoint(frames[0]?.epoch), container: startOf(framesContainer) };
        const whole = cutLog(frames, { settings, containers, point }).segments;
        const numbers = whole.flatMap(({ bytes }) => readNumberedFrames(bytes).map(({ number }) => number));
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
        for (const [index, segment] of whole.entries()) {
          const again = cutLog(frames, { settings, containers, point: segment.before }).segments;
          expect(again.map(facts)).toEqual(whole.slice(index).map(facts));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('gives states that follow one another', () => {
    fc.assert(
      fc.property(randomLog, anySettings, ({ frames }, settings) => {
        const { segments } = cutLog(frames, { settings });
        for (const [index, { before, after }] of segments.entries()) {
          expect(after.mediaSequence).toBe(before.mediaSequence + 1);
          const next = segments[index + 1]?.before;
          if (next === undefined) continue;
          expect(next.mediaSequence).toBe(after.mediaSequence);
          expect(next.container).toEqual(after.container);
          expect(next.discontinuitySequence - before.discontinuitySequence).toBe(next.discontinuity ? 1 : 0);
        }
      }),
      RUNS,
    );
  });

  it('fixes a target duration once that no rounded EXTINF exceeds', () => {
    fc.assert(
      fc.property(randomLog, anySettings, ({ frames }, settings) => {
        const { segments } = cutLog(frames, { settings });
        for (const { after, durationMs } of segments) {
          expect(after.targetDurationSeconds).toBe(segments[0]!.after.targetDurationSeconds);
          expect(Math.round(durationMs / 1_000)).toBeLessThanOrEqual(after.targetDurationSeconds);
          expect(durationMs).toBeGreaterThan(0);
        }
      }),
      RUNS,
    );
  });

  it('decodes each picture after the one before it, over all segments', () => {
    fc.assert(
      fc.property(randomLog, anySettings, ({ frames }, settings) => {
        let last: number | undefined;
        for (const { before, bytes } of cutLog(frames, { settings }).segments) {
          if (before.discontinuity) last = undefined;
          for (const time of decodeTimes(bytes).get(VIDEO_PID) ?? []) {
            // Of 33 bits, as time stamps are.
            const step = last === undefined ? 1 : (time - last + 2 ** 33) % 2 ** 33;
            expect(step).toBeGreaterThan(0);
            expect(step).toBeLessThan(2 ** 32);
            last = time;
          }
        }
      }),
      RUNS,
    );
  });

  it('puts every media frame into one segment, or counts it as dropped', () => {
    fc.assert(
      fc.property(randomLog, anySettings, ({ frames }, settings) => {
        const { segments, segmenter, dropped, leftOut } = cutLog(frames, { settings });
        const carried = segments.reduce((sum, { videoFrames, audioFrames }) => sum + videoFrames + audioFrames, 0);
        // Codecs up to 4 and the first track of each kind are packaged.
        const known = frames.filter(({ kind, codec, track = 0 }) => kind <= 4 && codec <= 4 && track === 0);
        expect(leftOut).toHaveLength(frames.length - known.length);
        const media = known.filter(({ kind, flags }) => (kind === 1 || kind === 2) && (flags & 2) === 0).length;
        expect(carried + dropped + segmenter.openFrames).toBe(media);
      }),
      RUNS,
    );
  });
});

describe('cutting real footage', () => {
  const frames = flvLog(BBB_FLV, 1_000);

  it('gives the bytes that every release before gave', () => {
    const all = createHash('sha256');
    for (const { bytes } of cutLog(frames).segments) all.update(bytes);
    expect(all.digest('hex')).toBe('66bd8eb03c6243ea7324c7825a0ad78f0a2040c45c6fa848379b5ad3ada7a37a');
  });

  it('gives the same segments from every resume point, and carries every frame', () => {
    const whole = cutLog(frames);
    expect(whole.dropped).toBe(0);
    expect(whole.segments).toHaveLength(15);
    expect(whole.segments.reduce((sum, s) => sum + s.videoFrames, 0)).toBe(897);
    for (const [index, segment] of whole.segments.entries()) {
      const again = cutLog(frames, { point: segment.before }).segments;
      expect(again.map(facts)).toEqual(whole.segments.slice(index).map(facts));
    }
  });
});
