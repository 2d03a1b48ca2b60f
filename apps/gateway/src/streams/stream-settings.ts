// Requests speak of seconds, the media path of milliseconds.
import type { LiveStreamEntity } from './live-stream.entity.ts';
import type { UpdateLiveStreamBody } from './streams.dto.ts';

const MS = 1_000;

type SettingColumns = Pick<LiveStreamEntity, 'segmentTargetMs' | 'windowMs' | 'reconnectWindowMs' | 'secondPublisher'>;
type SettingFields = Required<Omit<UpdateLiveStreamBody, 'name'>>;

export const settingColumns = (fields: SettingFields): SettingColumns => ({
  segmentTargetMs: Math.round(fields.segment_target_seconds * MS),
  windowMs: Math.round(fields.playlist_window_seconds * MS),
  reconnectWindowMs: Math.round(fields.reconnect_window_seconds * MS),
  secondPublisher: fields.second_publisher,
});

export const settingFields = (columns: SettingColumns): SettingFields => ({
  segment_target_seconds: columns.segmentTargetMs / MS,
  playlist_window_seconds: columns.windowMs / MS,
  reconnect_window_seconds: columns.reconnectWindowMs / MS,
  second_publisher: columns.secondPublisher,
});
