import { z } from 'zod';
import { idField, timeField, timeText } from '../http/fields.ts';
import type { HealthStep } from './health-steps.ts';

/** Most samples of one answer: three hours in steps of 5 s. */
export const MAX_SAMPLES = 2_160;
export const FINEST_STEP_SECONDS = 5;
const MAX_STEP_SECONDS = 86_400;

const time = () => z.iso.datetime({ offset: true });

export const sessionHealthQuery = z.strictObject({
  from: time().optional().describe('Default: an hour before `to`.'),
  to: time().optional().describe('Default: now, or the end of the session.'),
  step: z.coerce
    .number()
    .int()
    .min(FINEST_STEP_SECONDS)
    .max(MAX_STEP_SECONDS)
    .optional()
    .describe(
      `Seconds that one sample stands for. It is raised to what is kept of \`from\`: 5 s for three hours, 60 s for 7 days and 300 s for 60 days by default. Default: the shortest that gives at most ${MAX_SAMPLES} samples.`,
    ),
});
export type SessionHealthQuery = z.infer<typeof sessionHealthQuery>;

const sample = z
  .strictObject({
    at: timeField().describe('Beginning of the step.'),
    video_bits_per_second: z.int(),
    audio_bits_per_second: z.int(),
    frame_rate: z.number().describe('Frames per second.'),
    keyframe_interval_seconds: z.number().nullable(),
    av_drift_seconds: z.number().nullable().describe('Newest video timestamp minus newest audio timestamp.'),
    dropped_frames: z.int().describe('Media messages that did not become frames.'),
    held_frames: z.int().describe('Frames that came while the frame bus was behind.'),
    timestamp_jumps: z.int(),
    viewers: z.int().nullable().describe('Over all gateways, at the end of the minute. null: not measured.'),
  })
  .meta({ id: 'SessionHealthSample' });

export const sessionHealthAnswer = z
  .strictObject({
    session_id: idField('session'),
    from: timeField(),
    to: timeField(),
    step_seconds: z.int(),
    samples: z
      .array(sample)
      .describe(
        'Oldest first: rates are means of their step, counts are sums. A step without an encoder has no sample.',
      ),
  })
  .meta({ id: 'SessionHealth' });
export type SessionHealthAnswer = z.infer<typeof sessionHealthAnswer>;

const toThousandths = (ms: number | null): number | null => (ms === null ? null : Math.round(ms) / 1_000);

export const writeSample = (step: HealthStep): z.infer<typeof sample> => ({
  at: timeText(new Date(step.atMs)),
  video_bits_per_second: Math.round(step.videoBitsPerSecond),
  audio_bits_per_second: Math.round(step.audioBitsPerSecond),
  frame_rate: Math.round(step.frameRate * 100) / 100,
  keyframe_interval_seconds: toThousandths(step.keyframeIntervalMs),
  av_drift_seconds: toThousandths(step.driftMs),
  dropped_frames: step.droppedFrames,
  held_frames: step.heldFrames,
  timestamp_jumps: step.timestampJumps,
  viewers: step.viewers,
});
