// The request of OBS for its multitrack configuration, and the answer, as OBS has them (frontend/utility/models/multitrack-video.hpp) and as
// Amazon IVS documents them (GetClientConfiguration). Encoders of all releases ask: what is not needed here is not looked at.
import { z } from 'zod';
import { idField } from '../http/fields.ts';
import { OBS_ENCODER_NAMES } from './obs-encoders.ts';

const MAX_SIDE = 16_384;
const MAX_FRAMES_PER_SECOND = 300;
const MAX_TEXT = 256;
const MAX_LIST = 64;
const DEFAULT_PICTURE = { width: 1_920, height: 1_080, frameRate: 30 };

const side = z.int().min(2).max(MAX_SIDE);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const frameRate = z
  .strictObject({ numerator: z.int().min(1).max(1_000_000), denominator: z.int().min(1).max(1_000_000) })
  .refine(({ numerator, denominator }) => numerator / denominator <= MAX_FRAMES_PER_SECOND, 'is too high');
const text = z.string().max(MAX_TEXT);

const canvas = z.looseObject({ width: side, height: side, framerate: frameRate });

export const clientConfigurationRequest = z
  .looseObject({
    authentication: text.describe('The stream key.'),
    schema_version: text.optional(),
    client: z.looseObject({ name: text.optional(), version: text.optional() }).optional(),
    capabilities: z
      .looseObject({
        cpu: z.looseObject({ physical_cores: count.nullish() }).nullish(),
        system: z.looseObject({ name: text.nullish(), arm: z.boolean().nullish() }).nullish(),
        gpu: z
          .array(z.looseObject({ vendor_id: count.nullish() }))
          .max(MAX_LIST)
          .nullish(),
      })
      .optional(),
    preferences: z
      .looseObject({
        maximum_aggregate_bitrate: z.number().min(0).nullish().describe('Of all video tracks, in kbit/s.'),
        maximum_video_tracks: count.nullish(),
        vod_track_audio: z.boolean().nullish(),
        composition_gpu_index: count.nullish(),
        audio_channels: count.nullish(),
        canvases: z.array(canvas).max(MAX_LIST).nullish().describe('OBS 31 and later.'),
        width: side.nullish().describe('Of OBS 30, which has one canvas.'),
        height: side.nullish(),
        framerate: frameRate.nullish(),
      })
      .optional(),
  })
  .meta({ id: 'ClientConfigurationRequest' });
export type ClientConfigurationRequest = z.infer<typeof clientConfigurationRequest>;

export const clientConfigurationParam = idField('liveStream');

export const clientConfigurationQuery = z.strictObject({
  width: z.coerce.number().pipe(side).default(DEFAULT_PICTURE.width).describe('Of the output (scaled) resolution.'),
  height: z.coerce.number().pipe(side).default(DEFAULT_PICTURE.height),
  frame_rate: z.coerce.number().pipe(z.int().min(1).max(MAX_FRAMES_PER_SECOND)).default(DEFAULT_PICTURE.frameRate),
  encoder: z.enum(OBS_ENCODER_NAMES).default('obs_x264').describe('As OBS names its encoders.'),
});
export type ClientConfigurationQuery = z.infer<typeof clientConfigurationQuery>;

const audioConfiguration = z.strictObject({
  codec: z.literal('ffmpeg_aac'),
  track_id: z.int().describe('Audio track of OBS, from 1.'),
  channels: z.int(),
  settings: z.strictObject({ bitrate: z.int().describe('In kbit/s.') }),
});
export type AudioConfiguration = z.infer<typeof audioConfiguration>;

const videoConfiguration = z.strictObject({
  type: z.string().describe('As OBS names its encoders.'),
  width: z.int(),
  height: z.int(),
  framerate: frameRate,
  gpu_scale_type: z.literal('OBS_SCALE_BICUBIC'),
  settings: z
    .record(z.string(), z.unknown())
    .describe('As OBS names the settings of that encoder; `bitrate` in kbit/s.'),
  canvas_index: z.int(),
});

export const clientConfigurationAnswer = z
  .strictObject({
    meta: z.strictObject({
      service: z.string(),
      schema_version: z.string(),
      config_id: z.string().describe('Empty: OBS adds what stands here to the stream key.'),
    }),
    status: z.strictObject({
      result: z.enum(['success', 'error']),
      html_en_us: z.string().nullable().describe('What OBS shows.'),
    }),
    ingest_endpoints: z.array(z.strictObject({ protocol: z.enum(['RTMP', 'RTMPS']), url_template: z.string() })),
    encoder_configurations: z.array(videoConfiguration).describe('The largest picture first.'),
    audio_configurations: z.strictObject({
      live: z.array(audioConfiguration),
      vod: z.array(audioConfiguration).optional(),
    }),
  })
  .meta({ id: 'ClientConfiguration' });
export type ClientConfiguration = z.infer<typeof clientConfigurationAnswer>;
