// When the pictures of a segment are decoded: each after the one before it, none after it is shown (ISO/IEC 13818-1
// sections 2.4.3.7 and 2.14.3.1). Encoders that give negative composition offsets mean right times of presentation and have
// left the delay of reordering out of their decode times: it is taken off here.
import type { Frame } from '@millrace/domain';

/** Decoding is put forward by no more than this: what is to be shown earlier still is shown when it is decoded. 3 s. */
export const MAX_VIDEO_DELAY_90K = 270_000;

export interface DecodeTimes {
  /** Decode time of each picture. */
  readonly times: readonly number[];
  /** How far decoding was put forward: by no less in the segments that follow. */
  readonly delay90k: number;
}

/**
 * @param pictures in decode order
 * @param delay90k how far decoding was put forward in the segment before; undefined when this one follows on none
 */
export function decodeTimes(pictures: readonly Frame[], delay90k: number | undefined): DecodeTimes {
  const times: number[] = [];
  let needed = delay90k ?? 0;
  let last = -Infinity;
  for (const { dts90k, compositionOffset90k } of pictures) {
    last = Math.max(dts90k, last + 1);
    times.push(last);
    needed = Math.max(needed, last - dts90k - compositionOffset90k);
  }
  needed = Math.min(needed, MAX_VIDEO_DELAY_90K);
  // The segment before ended before this, on its own delay.
  const earliest = delay90k === undefined ? -Infinity : (times[0] ?? 0) - delay90k;
  const decoded = times.map((time, index) => Math.max(time - needed, earliest + index));
  // A segment too short to have come that far is followed on from where it ends.
  return { times: decoded, delay90k: decoded.length === 0 ? needed : last - decoded.at(-1)! };
}
