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
    watch_url: z.string().describe('Watch page, for viewers; a signed one needs `?token=`.'),
    created_at: timeField(),
  })
  .meta({ id: 'PlaybackId' });
export type PlaybackIdAnswer = z.infer<typeof playbackIdAnswer>;

export const playbackIdPage = pageOf(playbackIdAnswer).meta({ id: 'PlaybackIdPage' });

/**
 * @param stream that it plays
 * @param publicUrl where browsers reach the gateway, without a slash at its end
 */
export const writePlaybackId = (
  row: PlaybackIdEntity,
  { latencyMode }: Pick<LiveStreamEntity, 'latencyMode'>,
  publicUrl: string,
): PlaybackIdAnswer => ({
  id: row.id,
  live_stream_id: row.liveStreamId,
  policy: row.policy,
  playback_url: `${publicUrl}/hls/${row.id}/${latencyMode === 'low' ? 'master' : 'index'}.m3u8`,
  dash_url: `${publicUrl}/dash/${row.id}/manifest.mpd`,
  watch_url: `${publicUrl}/watch/${row.id}`,
  created_at: timeText(row.createdAt),
});
