import { z } from 'zod';
import { idField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { PLAYBACK_POLICIES } from '../known/facts.ts';
import type { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import type { LiveStreamEntity } from './live-stream.entity.ts';

export const playbackIdParam = idField('playback');

export const playbackPolicy = z
  .enum(PLAYBACK_POLICIES)
  .describe('public: every viewer may play it. signed: only viewers with a playback token.');

/** The body may be left out. */
export const createPlaybackIdBody = z
  .strictObject({ policy: playbackPolicy.default('public') })
  .meta({ id: 'CreatePlaybackId' });
export type CreatePlaybackIdBody = z.infer<typeof createPlaybackIdBody>;

export const listPlaybackIdsQuery = z.strictObject(pageQuery);
export type ListPlaybackIdsQuery = z.infer<typeof listPlaybackIdsQuery>;

export const playbackIdAnswer = z
  .strictObject({
    id: playbackIdParam,
    live_stream_id: idField('liveStream'),
    policy: playbackPolicy,
    playback_url: z
      .string()
      .describe('HLS playlist, for players: with low latency, the multivariant one. A signed one needs `?token=`.'),
    dash_url: z
      .string()
      .describe('MPEG-DASH manifest, for players, of a stream with low latency; a signed one needs `?token=`.'),
    rtmp_url: z
      .string()
      .describe('For RTMP players; a signed one needs `?token=`. A stream with encryption is not played by RTMP.'),
    rtsp_url: z.string().nullable().describe('For RTSP players, likewise; null if this server offers no RTSP.'),
    srt_url: z
      .string()
      .nullable()
      .describe('For SRT players, likewise, with the stream id in it; null if this server offers no SRT.'),
    watch_url: z.string().describe('Watch page, for viewers; a signed one needs `?token=`.'),
    created_at: timeField(),
  })
  .meta({ id: 'PlaybackId' });
export type PlaybackIdAnswer = z.infer<typeof playbackIdAnswer>;

export const playbackIdPage = pageOf(playbackIdAnswer).meta({ id: 'PlaybackIdPage' });

/** Where clients reach this installation, without a slash at the end. */
interface PublicUrls {
  readonly publicUrl: string;
  readonly publicRtmpUrl: string;
  readonly publicRtspUrl: string | undefined;
  readonly publicSrtUrl: string | undefined;
}

/** Players connect where encoders do. */
const playUrl = (ingest: string, id: string): string => ingest.replace(/^([a-z]+:\/\/[^/]*).*$/, `$1/play/${id}`);

/**
 * @param stream that it plays
 */
export const writePlaybackId = (
  row: PlaybackIdEntity,
  { latencyMode }: Pick<LiveStreamEntity, 'latencyMode'>,
  { publicUrl, publicRtmpUrl, publicRtspUrl, publicSrtUrl }: PublicUrls,
): PlaybackIdAnswer => ({
  id: row.id,
  live_stream_id: row.liveStreamId,
  policy: row.policy,
  playback_url: `${publicUrl}/hls/${row.id}/${latencyMode === 'low' ? 'master' : 'index'}.m3u8`,
  dash_url: `${publicUrl}/dash/${row.id}/manifest.mpd`,
  rtmp_url: playUrl(publicRtmpUrl, row.id),
  rtsp_url: publicRtspUrl === undefined ? null : playUrl(publicRtspUrl, row.id),
  srt_url: publicSrtUrl === undefined ? null : `${publicSrtUrl}?streamid=play:${row.id}`,
  watch_url: `${publicUrl}/watch/${row.id}`,
  created_at: timeText(row.createdAt),
});
