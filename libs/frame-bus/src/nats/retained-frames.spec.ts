import { frameCost } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { sampleFrame, sampleKeyframe } from '../testing/sample-frames.ts';
import { wireBytes } from '../wire/frame-writer.ts';
import { RetainedFrames } from './retained-frames.ts';

const COST = frameCost(sampleFrame(1, 1));
const WIRE = wireBytes(sampleFrame(1, 1));

const filled = (count: number): { frames: RetainedFrames; total: () => number; retained: () => number } => {
  let inflight = 0;
  let retained = 0;
  const frames = new RetainedFrames(
    (bytes) => (inflight += bytes),
    (bytes) => (retained += bytes),
  );
  for (let sequence = 1; sequence <= count; sequence++)
    frames.push(sequence === 5 ? sampleKeyframe(1, sequence) : sampleFrame(1, sequence));
  return { frames, total: () => inflight, retained: () => retained };
};
const sequences = (frames: RetainedFrames, maxBytes: number): number[] =>
  frames.takeBatch(maxBytes).frames.map(({ sequence }) => sequence);

describe('RetainedFrames', () => {
  it('hands out what fits, and at least one frame', () => {
    const { frames } = filled(10);
    expect(sequences(frames, WIRE * 3 + 1)).toEqual([1, 2, 3]);
    expect(frames.takeBatch(WIRE * 2)).toMatchObject({ bytes: WIRE * 2, hasKeyframe: true });
    expect(sequences(frames, 1)).toEqual([6]);
    expect(frames.unsentBytes).toBe(WIRE * 4);
    expect(sequences(frames, Infinity)).toEqual([7, 8, 9, 10]);
    expect([frames.isAllSent, frames.unsentBytes, frames.sentEnd]).toEqual([true, 0, 10]);
  });

  it('counts what is not confirmed, and never confirms what is not sent', () => {
    const { frames, total } = filled(10);
    frames.takeBatch(WIRE * 6);
    frames.confirm(4);
    expect([frames.inflightBytes, frames.unconfirmed, frames.isWaiting]).toEqual([6 * COST, 6, true]);
    frames.confirm(10);
    expect([frames.inflightBytes, total(), frames.isWaiting]).toEqual([4 * COST, 4 * COST, false]);
    expect(frames.bytes).toBe(10 * COST);
  });

  it('sends again what is not confirmed, or everything when it is lost', () => {
    const { frames, total } = filled(6);
    frames.takeBatch(Infinity);
    frames.confirm(4);
    frames.rewind(false);
    expect(sequences(frames, Infinity)).toEqual([5, 6]);
    frames.rewind(true);
    expect([total(), frames.inflightBytes]).toEqual([6 * COST, 6 * COST]);
    expect(sequences(frames, Infinity)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('forgets what is committed, sent or not', () => {
    const { frames, total } = filled(6);
    frames.takeBatch(WIRE * 2);
    frames.forgetBefore({ epoch: 1, sequence: 5 });
    expect([frames.bytes, total(), frames.unsentBytes]).toEqual([2 * COST, 2 * COST, 2 * WIRE]);
    expect(sequences(frames, Infinity)).toEqual([5, 6]);
    frames.forgetBefore({ epoch: 2, sequence: 1 });
    expect([frames.bytes, total(), frames.isAllConfirmed, frames.isAllSent]).toEqual([0, 0, true, true]);
  });

  it('evicts confirmed frames, drops others only where it is told to, and keeps the newest', () => {
    const { frames, retained } = filled(10);
    frames.takeBatch(WIRE * 6);
    frames.confirm(3);
    expect(frames.evict(COST)).toBe(3);
    expect([frames.bytes, retained()]).toEqual([COST * 7, COST * 7]);
    expect(frames.drop(COST * 5)).toBe(2);
    expect(frames.drop(0)).toBe(4);
    expect([frames.bytes, retained(), frames.unsentBytes]).toEqual([COST, COST, WIRE]);
  });
});
