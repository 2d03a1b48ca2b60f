// Compares what arrived with what was sent: nothing missing, repeated or out of order, and the times right.
import type { CodedFrame } from './coded-frame.ts';
import type { RecordedSegment } from './hls-recorder.ts';
import { TsFrameReader } from './ts-frames.ts';
import type { TsFrames } from './ts-frames.ts';

/** Demultiplexes recorded segments in order. */
export function framesOf(segments: readonly RecordedSegment[]): TsFrames {
  const reader = new TsFrameReader();
  const all: TsFrames = { video: [], audio: [], faults: [] };
  for (const segment of segments) {
    const frames = reader.read(segment.bytes, segment.discontinuity);
    all.video.push(...frames.video);
    all.audio.push(...frames.audio);
    all.faults.push(...frames.faults.map((fault) => `segment ${segment.mediaSequence}: ${fault}`));
  }
  return all;
}

export interface Comparison {
  readonly missing: number;
  readonly repeated: number;
  readonly unknown: number;
  /** The first differences, as text. */
  readonly details: string[];
}

/**
 * Follows a source that is sent again and again: the frame after the last one of the source is its first one.
 *
 * @param startsAnywhere whether the recording may begin in the middle of the source; else it begins with its first frame
 */
export function compareLooped(
  sent: readonly Pick<CodedFrame, 'hash'>[],
  arrived: readonly Pick<CodedFrame, 'hash'>[],
  startsAnywhere = false,
): Comparison {
  const details: string[] = [];
  let missing = 0;
  let repeated = 0;
  let unknown = 0;
  const indexes = new Map<string, number[]>();
  sent.forEach((frame, i) => indexes.set(frame.hash, [...(indexes.get(frame.hash) ?? []), i]));
  let expected = startsAnywhere ? (indexes.get(arrived[0]?.hash ?? '')?.[0] ?? 0) : 0;
  arrived.forEach((frame, i) => {
    const found = indexes.get(frame.hash);
    if (!found) {
      unknown++;
      details.push(`frame ${i} was never sent`);
      return;
    }
    if (!found.includes(expected)) {
      const ahead = Math.min(...found.map((at) => (at - expected + sent.length) % sent.length));
      if (ahead < sent.length / 2) missing += ahead;
      else repeated += 1;
      details.push(`frame ${i} is number ${found[0]} of the source where ${expected} was due`);
      expected = (found[0]! + 1) % sent.length;
      return;
    }
    expected = (expected + 1) % sent.length;
  });
  return { missing, repeated, unknown, details: details.slice(0, 10) };
}

/** Says where the steps between decode times differ from the source's by more than `toleranceTicks`. */
export function compareTimes(
  sent: readonly CodedFrame[],
  arrived: readonly CodedFrame[],
  toleranceTicks = 91,
): string[] {
  const faults: string[] = [];
  const first = sent.findIndex((frame) => frame.hash === arrived[0]?.hash);
  for (let i = 1; i < arrived.length && first + i < sent.length; i++) {
    const wanted = sent[first + i]!.dts90k - sent[first]!.dts90k;
    const got = (arrived[i]!.dts90k - arrived[0]!.dts90k + 2 ** 33) % 2 ** 33;
    if (Math.abs(wanted - got) > toleranceTicks) faults.push(`frame ${i}: decode time ${got}, not ${wanted}`);
    const offset = sent[first + i]!.pts90k - sent[first + i]!.dts90k;
    const gotOffset = arrived[i]!.pts90k - arrived[i]!.dts90k;
    if (offset !== gotOffset) faults.push(`frame ${i}: composition offset ${gotOffset}, not ${offset}`);
  }
  return faults.slice(0, 10);
}
