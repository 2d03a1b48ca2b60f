// Requests speak of seconds, the media path of milliseconds.
import type { LiveStreamEntity } from './live-stream.entity.ts';
import type { UpdateLiveStreamBody } from './streams.dto.ts';

const MS = 1_000;

type SettingColumns = Pick<
  LiveStreamEntity,
  | 'segmentTargetMs'
  | 'windowMs'
  | 'reconnectWindowMs'
  | 'secondPublisher'
  | 'encryption'
  | 'keyRotationSegments'
  | 'maxDurationMs'
  | 'metadata'
>;
type SettingFields = Required<Omit<UpdateLiveStreamBody, 'name'>>;

export const settingColumns = (fields: SettingFields): SettingColumns => ({
  segmentTargetMs: Math.round(fields.segment_target_seconds * MS),
  windowMs: Math.round(fields.playlist_window_seconds * MS),
  reconnectWindowMs: Math.round(fields.reconnect_window_seconds * MS),
  secondPublisher: fields.second_publisher,
  encryption: fields.encryption,
  keyRotationSegments: fields.key_rotation_segments,
  maxDurationMs: fields.max_duration_seconds === null ? null : fields.max_duration_seconds * MS,
  metadata: fields.metadata,
});

export const settingFields = (columns: SettingColumns): SettingFields => ({
  segment_target_seconds: columns.segmentTargetMs / MS,
  playlist_window_seconds: columns.windowMs / MS,
  reconnect_window_seconds: columns.reconnectWindowMs / MS,
  second_publisher: columns.secondPublisher,
  encryption: columns.encryption,
  key_rotation_segments: columns.keyRotationSegments,
  max_duration_seconds: columns.maxDurationMs === null ? null : columns.maxDurationMs / MS,
  metadata: columns.metadata,
});
