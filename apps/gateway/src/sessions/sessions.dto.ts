import type { SessionMedia, SessionTrack } from '@millrace/control';
import type { EncoderRole } from '@millrace/domain';
import type { IngestReport, Standby, StreamDescription } from '@millrace/live-store';
import { z } from 'zod';
import { idField, optionalTimeText, timeField, timeText } from '../http/fields.ts';
import { eventType } from '../events/events.dto.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import type { SessionConnectionEntity, SessionEntity, SessionWarningEntity } from './session.entity.ts';

export const sessionParam = idField('session');

export const listSessionsQuery = z.strictObject(pageQuery);
export type ListSessionsQuery = z.infer<typeof listSessionsQuery>;

export const listSessionEventsQuery = z.strictObject({ ...pageQuery, type: eventType.optional() });
export type ListSessionEventsQuery = z.infer<typeof listSessionEventsQuery>;

const sessionStatus = z.enum(['live', 'reconnecting', 'ended']);

export const listAllSessionsQuery = z.strictObject({
  ...pageQuery,
  status: sessionStatus.optional(),
  live_stream_id: idField('liveStream').optional(),
  tenant_id: idField('tenant').optional(),
});
export type ListAllSessionsQuery = z.infer<typeof listAllSessionsQuery>;

const sessionTrack = z
  .strictObject({
    kind: z.enum(['video', 'audio']),
    number: z.int().describe('Among those of its kind; 0 is the first one.'),
    codec: z.string().describe('RFC 6381 name.'),
    width: z.int().nullable(),
    height: z.int().nullable(),
    frame_rate: z.number().nullable().describe('Frames per second.'),
    channels: z.int().nullable(),
    average_bits_per_second: z.int().nullable().describe('null: not measured apart from the other tracks.'),
    peak_bits_per_second: z.int().nullable().describe('null: as above.'),
    status: z
      .enum(['listed', 'unaligned', 'stopped'])
      .describe(
        '`listed`: players can choose it. `unaligned`: its keyframes do not meet those of the first track, so it is left out of the ladder. `stopped`: nothing came of it for three segments.',
      ),
  })
  .meta({ id: 'SessionTrack' });

export const sessionMedia = z
  .strictObject({
    codecs: z.array(z.string()).describe('RFC 6381 names.'),
    width: z.int().nullable(),
    height: z.int().nullable(),
    frame_rate: z.number().nullable().describe('Frames per second.'),
    average_bits_per_second: z.int(),
    peak_bits_per_second: z.int(),
    tracks: z.array(sessionTrack).describe('All tracks of the encoder that are carried.'),
  })
  .meta({ id: 'SessionMedia' });

const ingest = z
  .strictObject({
    measured_at: timeField(),
    bytes: z.int().describe('Received from this connection of the encoder, like the counts of frames.'),
    video_frames: z.int(),
    audio_frames: z.int(),
    frame_rate: z.number().describe('Frames per second, over the last few seconds.'),
    keyframe_interval_seconds: z
      .number()
      .nullable()
      .describe(
        'Between keyframes, or recovery points of a stream without keyframes; null before the second one, or without video.',
      ),
    video_bits_per_second: z.int(),
    audio_bits_per_second: z.int(),
  })
  .meta({ id: 'SessionIngest' });

const role = z.enum(['primary', 'backup']);

const standby = z
  .strictObject({
    role: role.describe('`primary`: it made way for the backup, and waits until a switch is requested.'),
    stream_key_id: idField('streamKey'),
    protocol: z.string().nullable(),
    encoder: z.string().nullable().describe('Name that the encoder gives for itself.'),
    client_address: z.string().nullable(),
    since: timeField(),
    ready: z.boolean().describe('Whether it sends frames that viewers could go on with.'),
  })
  .meta({ id: 'SessionStandby' });

const connection = z
  .strictObject({
    role: role.describe('Which of the two encoders of the stream it was.'),
    stream_key_id: idField('streamKey'),
    protocol: z.string().nullable(),
    encoder: z.string().nullable().describe('Name that the encoder gives for itself.'),
    client_address: z.string().nullable(),
    started_at: timeField(),
    ended_at: timeField().nullable(),
    end_reason: z.string().nullable(),
    bytes: z
      .int()
      .nullable()
      .describe('While the encoder is connected, this and the frame counts are a few seconds old.'),
    video_frames: z.int().nullable(),
    audio_frames: z.int().nullable(),
  })
  .meta({ id: 'SessionConnection' });

const warning = z
  .strictObject({
    code: z.string().describe('The problem: see the errors page of the documentation. New codes may be added.'),
    message: z.string(),
    track: z.enum(['video', 'audio']).nullable().describe('null: the stream as a whole.'),
    first_at: timeField(),
    recovered_at: timeField()
      .nullable()
      .describe('When the problem was over; null: it continues, or continued until the encoder disconnected.'),
  })
  .meta({ id: 'SessionWarning' });

const fields = {
  id: sessionParam,
  tenant_id: idField('tenant'),
  live_stream_id: idField('liveStream'),
  status: sessionStatus,
  publisher: role.nullable().describe('Which encoder publishes now; null while none does.'),
  started_at: timeField(),
  active_at: timeField().nullable().describe('When viewers could start watching.'),
  ended_at: timeField().nullable(),
  segments: z.int().nullable().describe('How many there were, once the session has ended.'),
  warnings: z.array(warning).describe("Problems with the encoder's output, oldest first."),
  ingest: ingest
    .nullable()
    .describe(
      'What the encoder sends, measured every few seconds; null while no encoder is connected, or before the first measurement.',
    ),
};

const sessionAnswer = z.strictObject(fields).meta({ id: 'Session' });
export type SessionAnswer = z.infer<typeof sessionAnswer>;

export const sessionWithConnections = z
  .strictObject({
    ...fields,
    media: sessionMedia.nullable().describe('What viewers receive, or received last; null before the first segment.'),
    standby: standby
      .nullable()
      .describe('The encoder that waits to take over; null where none does, and while the live store is unreachable.'),
    connections: z.array(connection).describe('Newest first.'),
  })
  .meta({ id: 'SessionWithConnections' });
export type SessionWithConnections = z.infer<typeof sessionWithConnections>;

export const sessionPage = pageOf(sessionAnswer).meta({ id: 'SessionPage' });

/**
 * @param publisher which encoder is connected now
 * @param report what that publisher sends
 */
export const writeSession = (
  row: SessionEntity,
  publisher: EncoderRole | undefined,
  warnings: readonly SessionWarningEntity[],
  report: IngestReport | undefined,
): SessionAnswer => ({
  id: row.id,
  tenant_id: row.tenantId,
  live_stream_id: row.liveStreamId,
  status: row.endedAt !== null ? 'ended' : publisher === undefined ? 'reconnecting' : 'live',
  publisher: publisher ?? null,
  started_at: timeText(row.startedAt),
  active_at: optionalTimeText(row.activeAt),
  ended_at: optionalTimeText(row.endedAt),
  segments: row.segments,
  warnings: warnings.filter(({ sessionId }) => sessionId === row.id).map(writeWarning),
  ingest: report === undefined ? null : writeIngest(report),
});

export const writeStandby = ({ role, streamKeyId, sinceMs, isReady, details }: Standby): z.infer<typeof standby> => ({
  role,
  stream_key_id: streamKeyId,
  protocol: details?.protocol ?? null,
  encoder: details?.encoder ?? null,
  client_address: details?.clientAddress ?? null,
  since: timeText(new Date(sinceMs)),
  ready: isReady,
});

const writeIngest = (report: IngestReport): z.infer<typeof ingest> => ({
  measured_at: timeText(new Date(report.measuredAtMs)),
  bytes: report.bytes,
  video_frames: report.videoFrames,
  audio_frames: report.audioFrames,
  frame_rate: toHundredths(report.framesPerSecond),
  keyframe_interval_seconds:
    report.keyframeIntervalMs === undefined ? null : toHundredths(report.keyframeIntervalMs / 1_000),
  video_bits_per_second: Math.round(report.videoBitsPerSecond),
  audio_bits_per_second: Math.round(report.audioBitsPerSecond),
});

const toHundredths = (value: number): number => Math.round(value * 100) / 100;

export const writeMedia = (description: SessionMedia): z.infer<typeof sessionMedia> => ({
  codecs: [...description.codecs],
  width: description.width ?? null,
  height: description.height ?? null,
  frame_rate: description.frameRate ?? null,
  average_bits_per_second: Math.round(description.averageBitsPerSecond),
  peak_bits_per_second: Math.round(description.peakBitsPerSecond),
  tracks: description.tracks === undefined ? segmentTracks(description) : description.tracks.map(writeTrack),
});

/** What viewers receive now. */
export const currentMedia = (description: StreamDescription): SessionMedia =>
  description.renditions === undefined ? description : { ...description, tracks: description.renditions };

const writeTrack = (track: SessionTrack): z.infer<typeof sessionTrack> => ({
  kind: track.kind,
  number: track.track,
  codec: track.codec,
  width: track.width ?? null,
  height: track.height ?? null,
  frame_rate: track.frameRate ?? null,
  channels: track.channels ?? null,
  average_bits_per_second: Math.round(track.averageBitsPerSecond),
  peak_bits_per_second: Math.round(track.peakBitsPerSecond),
  status: track.state,
});

/** Those of a stream without renditions: one of each kind, the pictures first. */
function segmentTracks({ codecs, width, height, frameRate }: SessionMedia): z.infer<typeof sessionTrack>[] {
  const hasVideo = frameRate !== undefined || width !== undefined;
  return codecs.map((codec, index) => {
    const isVideo = hasVideo && index === 0;
    return {
      kind: isVideo ? 'video' : 'audio',
      number: 0,
      codec,
      width: isVideo ? (width ?? null) : null,
      height: isVideo ? (height ?? null) : null,
      frame_rate: isVideo ? (frameRate ?? null) : null,
      channels: null,
      average_bits_per_second: null,
      peak_bits_per_second: null,
      status: 'listed',
    };
  });
}

const writeWarning = (row: SessionWarningEntity): z.infer<typeof warning> => ({
  code: row.code,
  message: row.message,
  track: row.track === '' ? null : row.track,
  first_at: timeText(row.firstAt),
  recovered_at: optionalTimeText(row.recoveredAt),
});

/** @param report what the publisher of this connection sends: its numbers, until the row has the final ones */
export const writeConnection = (
  row: SessionConnectionEntity,
  report: IngestReport | undefined,
): z.infer<typeof connection> => ({
  role: row.role,
  stream_key_id: row.streamKeyId,
  protocol: row.protocol,
  encoder: row.encoder,
  client_address: row.clientAddress,
  started_at: timeText(row.startedAt),
  ended_at: optionalTimeText(row.endedAt),
  end_reason: row.endReason,
  bytes: row.bytes ?? report?.bytes ?? null,
  video_frames: row.videoFrames ?? report?.videoFrames ?? null,
  audio_frames: row.audioFrames ?? report?.audioFrames ?? null,
});
