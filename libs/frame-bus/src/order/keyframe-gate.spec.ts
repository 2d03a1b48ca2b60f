import { describe, expect, it } from 'vitest';
import { sampleConfiguration, sampleFrame, sampleKeyframe } from '../testing/sample-frames.ts';
import { KeyframeGate } from './keyframe-gate.ts';

const sequences = (gate: KeyframeGate, ...frames: Parameters<KeyframeGate['push']>): number[] =>
  frames.flatMap((frame) => gate.push(frame).map(({ sequence }) => sequence));

describe('KeyframeGate', () => {
  it('opens with a keyframe and the configuration right before it', () => {
    const gate = new KeyframeGate();
    const before = [sampleFrame(1, 1), sampleConfiguration(1, 2), sampleFrame(1, 3), sampleConfiguration(1, 4)];
    expect(before.flatMap((frame) => sequences(gate, frame))).toEqual([]);
    expect(sequences(gate, sampleConfiguration(1, 5))).toEqual([]);
    expect(sequences(gate, sampleKeyframe(1, 6))).toEqual([4, 5, 6]);
  });

  it('opens with a keyframe alone where there is no configuration', () => {
    expect(sequences(new KeyframeGate(), sampleKeyframe(1, 6))).toEqual([6]);
  });

  it('does not take configuration that lies before missing frames, or in another epoch', () => {
    const gate = new KeyframeGate();
    gate.push(sampleConfiguration(1, 1));
    expect(sequences(gate, sampleKeyframe(1, 3))).toEqual([3]);
    gate.push(sampleConfiguration(1, 4));
    expect(sequences(gate, sampleKeyframe(2, 5))).toEqual([5]);
  });

  it('holds only so much configuration', () => {
    const gate = new KeyframeGate();
    for (let sequence = 1; sequence <= 1_000; sequence++) gate.push(sampleConfiguration(1, sequence));
    expect(gate.push(sampleKeyframe(1, 1_001))).toHaveLength(17);
  });
});
