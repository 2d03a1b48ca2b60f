import { expect, it } from 'vitest';
import type { GraphSample } from '../api/resources.ts';
import { describeGraph, HEALTH_GRAPHS, latestOf } from './health-graphs.ts';

const sample = (values: Partial<GraphSample>): GraphSample => ({
  at: '2026-01-01T00:00:00.000Z',
  video_bits_per_second: 0,
  audio_bits_per_second: 0,
  frame_rate: 0,
  keyframe_interval_seconds: null,
  av_drift_seconds: null,
  dropped_frames: 0,
  viewers: null,
  ...values,
});
const samples = [
  sample({ video_bits_per_second: 2_000_000, audio_bits_per_second: 128_000, av_drift_seconds: -0.012 }),
  sample({ video_bits_per_second: 2_500_400, audio_bits_per_second: 127_600, viewers: 3 }),
  sample({ video_bits_per_second: 2_400_000, audio_bits_per_second: 128_000 }),
];
const [bitrate, , keyframes, drift, , viewers] = HEALTH_GRAPHS;

it('a graph is described by its newest value and its range, each line by itself', () => {
  expect(describeGraph(bitrate!, samples)).toBe(
    'Bitrate (kbit/s), Video: 2400 at last, between 2000 and 2500; Bitrate (kbit/s), Audio: 128 at last, between 128 and 128',
  );
  expect(describeGraph(keyframes!, samples)).toBe('Keyframe interval (s): not measured');
});

it('the newest value is the last that was measured, in the unit of the graph', () => {
  expect(latestOf(drift!.lines[0]!, samples)).toBe(-12);
  expect(latestOf(viewers!.lines[0]!, samples)).toBe(3);
  expect(latestOf(keyframes!.lines[0]!, samples)).toBeNull();
});
