// Whether what came out of one door, frame by frame, is what was sent into another.
import { expect } from 'vitest';
import type { ReadFrame } from './frame-reader.ts';

/** Times are right to so much, in seconds. */
export const EXACT_S = 0.001;

const hashesOf = (frames: readonly ReadFrame[]): string[] => frames.map(({ hash }) => hash);

/** How much later frames came out than they were sent, on the clocks of both, from the smallest to the largest. */
function shiftOf(
  sent: readonly ReadFrame[],
  seen: readonly ReadFrame[],
): { readonly from: number; readonly to: number } {
  const shifts = seen.flatMap(({ pts }, i) => (pts === null ? [] : [pts - sent[i]!.pts!]));
  return { from: Math.min(...shifts), to: Math.max(...shifts) };
}

/** @param mayLack how many of the last frames the encoder may have kept */
export function expectTrack(
  sent: readonly ReadFrame[],
  seen: readonly ReadFrame[],
  mayLack: number,
  where: string,
): { readonly start: ReadFrame; readonly middle: number } {
  expect(seen.length, where).toBeGreaterThan(0);
  // Sound has frames that are alike: where a run of it is in the source is known from its end.
  let end = sent.length;
  while (end > sent.length - mayLack && sent[end - 1]!.hash !== seen.at(-1)!.hash) end--;
  const begin = end - seen.length;
  expect(hashesOf(seen), where).toEqual(hashesOf(sent.slice(Math.max(0, begin), end)));
  const { from, to } = shiftOf(sent.slice(begin, end), seen);
  // Each is at most so far from the middle.
  expect(to - from, `${where}: from ${from} to ${to}`).toBeLessThanOrEqual(2 * EXACT_S + 1e-6);
  return { start: sent[begin]!, middle: (from + to) / 2 };
}
