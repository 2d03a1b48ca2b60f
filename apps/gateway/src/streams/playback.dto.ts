import { z } from 'zod';
import { idField } from '../http/fields.ts';
import { sessionMedia } from '../sessions/sessions.dto.ts';
import { playbackIdParam, playbackPolicy } from './playback-ids.dto.ts';
import { streamStatus } from './streams.dto.ts';

export const playbackAnswer = z
  .strictObject({
    id: playbackIdParam,
    live_stream_id: idField('liveStream'),
    policy: playbackPolicy,
    status: streamStatus,
    media: sessionMedia.nullable().describe('What viewers receive now; null while there is nothing to play.'),
    urls: z.strictObject({
      hls: z.string().describe('HLS playlist; a signed one needs `?token=`, like the other URLs.'),
      dash: z.string().describe('MPEG-DASH manifest, of a stream with low latency.'),
      flv: z.string().describe('HTTP-FLV, a second or two behind the encoder; by WebSocket too, as `ws:` or `wss:`.'),
      rtmp: z.string().describe('For RTMP players.'),
      rtsp: z.string().nullable().describe('For RTSP players; null if this server offers no RTSP.'),
      srt: z.string().nullable().describe('For SRT players; null if this server offers no SRT.'),
      watch: z.string().describe('Watch page.'),
    }),
  })
  .meta({ id: 'Playback' });
export type PlaybackAnswer = z.infer<typeof playbackAnswer>;
