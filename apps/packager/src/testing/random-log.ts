// Logs of encoders that do everything encoders do.
import fc from 'fast-check';
import { AAC_CONFIG, H264_CONFIG, LogBuilder, OTHER_AAC_CONFIG, OTHER_H264_CONFIG } from './log-builder.ts';
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';

type Step =
  | {
      readonly do: 'run';
      readonly ms: number;
      readonly fps: number;
      readonly gopMs: number;
      readonly firstKeyMs: number;
      readonly reordered: boolean;
      readonly recovery: boolean;
    }
  | { readonly do: 'silence' | 'lose' | 'pause' | 'jump'; readonly ms: number }
  | { readonly do: 'epoch'; readonly end: boolean }
  | { readonly do: 'clock'; readonly zeroMs: number }
  | { readonly do: 'tracks'; readonly video: number; readonly audio: number }
  | { readonly do: 'mp3'; readonly frames: number }
  | {
      readonly do: 'newer';
      readonly kind: number;
      readonly codec: number;
      readonly track: number;
      readonly count: number;
    }
  | { readonly do: 'data'; readonly count: number; readonly bytes: number; readonly beside: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      ms: fc.integer({ min: 40, max: 9_000 }),
      fps: fc.constantFrom(5, 10, 12.5, 15),
      gopMs: fc.constantFrom(400, 1_000, 1_500, 2_000, 3_700, 60_000),
      firstKeyMs: fc.constantFrom(0, 0, 0, 700),
      reordered: fc.boolean(),
      recovery: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('silence' as const), ms: fc.integer({ min: 100, max: 6_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), ms: fc.integer({ min: 40, max: 3_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 40, max: 30_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('epoch' as const), end: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clock' as const), zeroMs: fc.integer({ min: 100_000, max: 120_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('tracks' as const),
      video: fc.integer({ min: 0, max: 2 }),
      audio: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mp3' as const), frames: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('newer' as const),
      kind: fc.constantFrom(FrameKind.video, FrameKind.audio, FrameKind.data, FrameKind.colour, 6, 255),
      codec: fc.constantFrom(200, 255),
      track: fc.constantFrom(0, 1),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('data' as const),
      count: fc.integer({ min: 1, max: 3 }),
      bytes: fc.constantFrom(5, 300, 9_000, 20_000),
      beside: fc.integer({ min: -2_000, max: 2_000 }),
    }),
  },
);

/** A log of several publisher connections, with gaps, jumps and changing tracks; epochs grow from 1000. */
export const randomLog: fc.Arbitrary<LogBuilder> = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }), fc.array(step, { minLength: 1, maxLength: 9 }))
  .map(([video, audio, steps]) => build(video, audio, steps));

const videoConfigurations = [undefined, H264_CONFIG, OTHER_H264_CONFIG];
const audioConfigurations = [undefined, AAC_CONFIG, OTHER_AAC_CONFIG];

function build(video: number, audio: number, steps: readonly Step[]): LogBuilder {
  const log = new LogBuilder(1_000);
  log.videoConfiguration = videoConfigurations[video];
  log.audioConfiguration = audioConfigurations[audio];
  let now = 0;
  for (const step of steps) now = take(log, step, now);
  return log;
}

function take(log: LogBuilder, step: Step, now: number): number {
  const video = log.videoConfiguration !== undefined;
  switch (step.do) {
    case 'run':
      log.run(now, now + step.ms, { ...step, firstKeyMs: now + step.firstKeyMs, video });
      return now + step.ms;
    case 'silence':
      // Pictures stop and sound goes on, without any mark of it.
      if (log.audioConfiguration) for (let ms = 0; ms < step.ms; ms += 23) log.sound(now + ms);
      return now + step.ms;
    case 'lose':
      log.lose(Math.ceil(step.ms / 40));
      return now + step.ms;
    case 'pause':
      return now + step.ms;
    case 'jump':
      if (video) log.picture(now + step.ms, step.ms % 2 === 0, { flags: FrameFlag.discontinuity });
      else if (log.audioConfiguration) log.sound(now + step.ms, true, FrameFlag.discontinuity);
      return now + step.ms + 40;
    case 'epoch':
      if (step.end) log.end();
      log.startEpoch(log.epoch + 60_000);
      return 0;
    case 'clock':
      log.encoderZeroMs = step.zeroMs;
      return now;
    case 'tracks':
      log.videoConfiguration = videoConfigurations[step.video];
      log.audioConfiguration = audioConfigurations[step.audio];
      // An edge tells of another audio configuration at once, of a picture's with the next keyframe.
      if (log.videoConfiguration && log.audioConfiguration) {
        log.configuration(FrameKind.audio, Codec.aac, log.audioConfiguration, now * 90).sound(now);
      }
      return now;
    case 'data':
      for (let n = 0; n < step.count; n++) log.data(now + step.beside, 'onTextData', 'x'.repeat(step.bytes));
      return now;
    case 'newer':
      // A track that only a newer release knows, and whose frames come between the others, with places to start of its own.
      for (let n = 0; n < step.count; n++) {
        log.newer(now, { ...step, flags: FrameFlag.configuration });
        log.newer(now, { ...step, flags: FrameFlag.keyframe });
        for (let ms = 0; ms < 400; ms += 23) if (log.audioConfiguration) log.sound(now + n * 400 + ms);
      }
      return now + step.count * 400;
    case 'mp3':
      for (let n = 0; n < step.frames; n++) log.mp3(now + n * 26, !video && n % 38 === 0);
      return now + step.frames * 26;
  }
}
