// Which graphs there are, and which number of a sample each line shows.
import type { GraphSample } from '../api/resources.ts';
import { texts } from '../texts.ts';

export interface GraphLine {
  readonly title: string;
  readonly valueOf: (sample: GraphSample) => number | null;
  /** A custom property of the style sheet. */
  readonly color: string;
}

export interface HealthGraph {
  readonly title: string;
  readonly lines: readonly GraphLine[];
  /** How a value is written. */
  readonly digits: number;
}

const KILO = 1_000;
const toKilo = (value: number): number => value / KILO;
const toMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * KILO);

const MAIN = '--graph-1';
const SECOND = '--graph-2';

export const HEALTH_GRAPHS: readonly HealthGraph[] = [
  {
    title: texts.health.bitrate,
    digits: 0,
    lines: [
      { title: texts.health.video, color: MAIN, valueOf: (sample) => toKilo(sample.video_bits_per_second) },
      { title: texts.health.audio, color: SECOND, valueOf: (sample) => toKilo(sample.audio_bits_per_second) },
    ],
  },
  {
    title: texts.health.frameRate,
    digits: 1,
    lines: [{ title: texts.health.frameRate, color: MAIN, valueOf: (sample) => sample.frame_rate }],
  },
  {
    title: texts.health.keyframes,
    digits: 1,
    lines: [{ title: texts.health.keyframes, color: MAIN, valueOf: (sample) => sample.keyframe_interval_seconds }],
  },
  {
    title: texts.health.drift,
    digits: 0,
    lines: [{ title: texts.health.drift, color: MAIN, valueOf: (sample) => toMs(sample.av_drift_seconds) }],
  },
  {
    title: texts.health.drops,
    digits: 0,
    lines: [{ title: texts.health.drops, color: MAIN, valueOf: (sample) => sample.dropped_frames }],
  },
  {
    title: texts.health.viewers,
    digits: 0,
    lines: [{ title: texts.health.viewers, color: MAIN, valueOf: (sample) => sample.viewers }],
  },
];

/** The newest known value. */
export const latestOf = (line: GraphLine, samples: readonly GraphSample[]): number | null =>
  samples.reduce<number | null>((latest, sample) => line.valueOf(sample) ?? latest, null);

/** A graph in one sentence, for those who do not see it. */
export function describeGraph({ title, lines, digits }: HealthGraph, samples: readonly GraphSample[]): string {
  return lines
    .map((line) => {
      const values = samples.map(line.valueOf).filter((value) => value !== null);
      const name = lines.length === 1 ? title : `${title}, ${line.title}`;
      const latest = values.at(-1);
      if (latest === undefined) return texts.health.noValue(name);
      const write = (value: number): string => value.toFixed(digits);
      return texts.health.summary(name, write(latest), write(Math.min(...values)), write(Math.max(...values)));
    })
    .join('; ');
}
