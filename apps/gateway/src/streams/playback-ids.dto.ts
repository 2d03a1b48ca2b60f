import { z } from 'zod';
import { idField, timeField, timeText } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { PlaybackIdEntity } from '../playback/playback-id.entity.ts';

export const playbackIdParam = idField('playback');

export const listPlaybackIdsQuery = z.strictObject(pageQuery);
export type ListPlaybackIdsQuery = z.infer<typeof listPlaybackIdsQuery>;

export const playbackIdAnswer = z
  .strictObject({
    id: playbackIdParam,
    live_stream_id: idField('liveStream'),
    playback_url: z.string().describe('HLS playlist, for players.'),
    watch_url: z.string().describe('Watch page, for viewers.'),
    created_at: timeField(),
  })
  .meta({ id: 'PlaybackId' });
export type PlaybackIdAnswer = z.infer<typeof playbackIdAnswer>;

export const playbackIdPage = pageOf(playbackIdAnswer).meta({ id: 'PlaybackIdPage' });

/** @param publicUrl where browsers reach the gateway, without a slash at its end */
export const writePlaybackId = (row: PlaybackIdEntity, publicUrl: string): PlaybackIdAnswer => ({
  id: row.id,
  live_stream_id: row.liveStreamId,
  playback_url: `${publicUrl}/hls/${row.id}/index.m3u8`,
  watch_url: `${publicUrl}/watch/${row.id}`,
  created_at: timeText(row.createdAt),
});
