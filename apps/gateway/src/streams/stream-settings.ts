// Requests speak of seconds, the media path of milliseconds.
import { ProblemError } from '../http/problem-error.ts';
import type { LiveStreamEntity } from './live-stream.entity.ts';
import type { UpdateLiveStreamBody } from './streams.dto.ts';

const MS = 1_000;

type SettingColumns = Pick<
  LiveStreamEntity,
  | 'segmentTargetMs'
  | 'windowMs'
  | 'latencyMode'
  | 'partDurationMs'
  | 'reconnectWindowMs'
  | 'secondPublisher'
  | 'encryption'
  | 'keyRotationSegments'
  | 'multitrackMaxTracks'
  | 'multitrackMaxHeight'
  | 'multitrackMaxBitsPerSecond'
  | 'audioTracks'
  | 'maxDurationMs'
  | 'metadata'
>;
type SettingFields = Required<Omit<UpdateLiveStreamBody, 'name'>>;

/** @throws ProblemError when they exclude each other */
export function settingColumns(fields: SettingFields): SettingColumns {
  if (fields.latency_mode === 'low' && fields.encryption !== 'none')
    throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
      errors: [{ pointer: '/latency_mode', detail: 'must be standard for a stream that is encrypted' }],
    });
  return columnsOf(fields);
}

const columnsOf = (fields: SettingFields): SettingColumns => ({
  segmentTargetMs: Math.round(fields.segment_target_seconds * MS),
  windowMs: Math.round(fields.playlist_window_seconds * MS),
  reconnectWindowMs: Math.round(fields.reconnect_window_seconds * MS),
  latencyMode: fields.latency_mode,
  partDurationMs: Math.round(fields.part_duration_seconds * MS),
  secondPublisher: fields.second_publisher,
  encryption: fields.encryption,
  keyRotationSegments: fields.key_rotation_segments,
  multitrackMaxTracks: fields.multitrack_max_tracks,
  multitrackMaxHeight: fields.multitrack_max_height,
  multitrackMaxBitsPerSecond: fields.multitrack_max_bits_per_second,
  audioTracks: fields.audio_tracks,
  maxDurationMs: fields.max_duration_seconds === null ? null : fields.max_duration_seconds * MS,
  metadata: fields.metadata,
});

export const settingFields = (columns: SettingColumns): SettingFields => ({
  segment_target_seconds: columns.segmentTargetMs / MS,
  playlist_window_seconds: columns.windowMs / MS,
  reconnect_window_seconds: columns.reconnectWindowMs / MS,
  latency_mode: columns.latencyMode,
  part_duration_seconds: columns.partDurationMs / MS,
  second_publisher: columns.secondPublisher,
  encryption: columns.encryption,
  key_rotation_segments: columns.keyRotationSegments,
  multitrack_max_tracks: columns.multitrackMaxTracks,
  multitrack_max_height: columns.multitrackMaxHeight,
  multitrack_max_bits_per_second: columns.multitrackMaxBitsPerSecond,
  audio_tracks: columns.audioTracks.map(({ track, name, language }) => ({ track, name, language })),
  max_duration_seconds: columns.maxDurationMs === null ? null : columns.maxDurationMs / MS,
  metadata: columns.metadata,
});
