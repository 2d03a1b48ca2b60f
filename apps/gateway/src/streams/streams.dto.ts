import { AUDIO_TRACK_NAMES, DEFAULT_PART_DURATION_MS, DEFAULT_STREAM_SETTINGS } from '@millrace/domain';
import { z } from 'zod';
import { idField, nameField, timeField } from '../http/fields.ts';
import { pageOf, pageQuery } from '../http/pages.ts';
import { playbackIdAnswer, playbackIdParam, playbackPolicy } from './playback-ids.dto.ts';
import { STREAM_ENCRYPTIONS } from './live-stream.entity.ts';
import { tenantChoice } from '../tenants/tenant-choice.ts';

const MAX_NAME_LENGTH = 100;
const MS = 1_000;
/** Segments shorter than this cost more than they bring; longer ones only bring delay. */
const SEGMENT_SECONDS = { min: 0.5, max: 20 };
const WINDOW_SECONDS = { min: 6, max: 3_600 };
/** Each player asks for each key: a change takes as many requests as there are viewers. */
const KEY_ROTATION_SEGMENTS = { min: 5, max: 10_000, default: 60 };
/** Shorter parts cost more requests than they bring; longer ones only bring delay. */
const PART_SECONDS = { min: 0.2, max: 1 };
const MULTITRACK = {
  tracks: { min: 1, max: 10, default: 4 },
  height: { min: 144, max: 4_320, default: 1_080 },
  bitsPerSecond: { min: 200_000, max: 200_000_000, default: 15_000_000 },
};
const MAX_RECONNECT_SECONDS = 1_800;
/** A shorter session would be over before viewers see it. */
const DURATION_SECONDS = { min: 60, max: 30 * 24 * 60 * 60 };
/** Names that players are shown where the tenant gives none. */
const OWN_TRACK_NAME = /^(main|track \d+)$/;
/** RFC 5646 section 2.2.1: of primary languages, those of two and three letters are in use. */
const PRIMARY_LANGUAGE = /^[a-z]{2,3}(-|$)/i;
const isLanguageTag = (tag: string): boolean => {
  try {
    return PRIMARY_LANGUAGE.test(tag) && Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};
const hasEachOnce = (values: readonly unknown[]): boolean => new Set(values).size === values.length;
const audioTracks = z
  .array(
    z.strictObject({
      track: z
        .int()
        .min(0)
        .max(AUDIO_TRACK_NAMES.maxTrack)
        .describe('Number of the track, as the encoder sends it; 0 is the first one.'),
      name: nameField(AUDIO_TRACK_NAMES.nameLength)
        .refine(
          (text) => !text.includes('"') && !OWN_TRACK_NAME.test(text),
          'must not contain ", nor be "main" or "track N"',
        )
        .optional()
        .describe('What players show for it.'),
      language: z
        .string()
        .max(AUDIO_TRACK_NAMES.languageLength)
        .refine(isLanguageTag, 'must be a language tag (BCP 47) such as de or pt-BR')
        .optional()
        .describe('Language tag (BCP 47).'),
    }),
  )
  .max(AUDIO_TRACK_NAMES.max)
  .refine((all) => hasEachOnce(all.map(({ track }) => track)), 'must name each track once')
  .refine((all) => hasEachOnce(all.flatMap(({ name: given }) => given ?? [])), 'must have each name once')
  .describe(
    'Names and languages of the tracks of sound, as master.m3u8 and MPEG-DASH have them. Takes effect when an encoder connects. A change replaces all of them.',
  );

const METADATA = { entries: 50, keyLength: 40, valueLength: 500 };

/** What PostgreSQL keeps in `jsonb`. */
const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');

const name = nameField(MAX_NAME_LENGTH).describe('Display name of the stream. The watch page shows it to viewers.');
const settings = {
  segment_target_seconds: z
    .number()
    .min(SEGMENT_SECONDS.min)
    .max(SEGMENT_SECONDS.max)
    .describe('Target segment duration; a segment ends at the first keyframe at or after it.'),
  playlist_window_seconds: z
    .int()
    .min(WINDOW_SECONDS.min)
    .max(WINDOW_SECONDS.max)
    .describe('Length of the playlist window.'),
  reconnect_window_seconds: z
    .number()
    .min(0)
    .max(MAX_RECONNECT_SECONDS)
    .describe('How long a session waits for a disconnected encoder to return.'),
  latency_mode: z
    .enum(['standard', 'low'])
    .describe(
      'low: viewers are about two seconds behind the encoder (Low-Latency HLS), and MPEG-TS is offered as well. Holds from the next session on.',
    ),
  part_duration_seconds: z
    .number()
    .min(PART_SECONDS.min)
    .max(PART_SECONDS.max)
    .describe(
      'With low latency: how long a part of a segment lasts, up to 8 % more. Viewers stay three times as far behind.',
    ),
  second_publisher: z
    .enum(['refuse', 'takeover'])
    .describe('What happens to a second encoder: it is refused, or it takes over.'),
  encryption: z
    .enum(STREAM_ENCRYPTIONS)
    .describe(
      'aes-128: HLS segments are encrypted, and players get their keys with the right to watch. FLV is refused. Takes effect when an encoder connects.',
    ),
  key_rotation_segments: z
    .int()
    .min(KEY_ROTATION_SEGMENTS.min)
    .max(KEY_ROTATION_SEGMENTS.max)
    .describe('How many segments have the same key.'),
  multitrack_max_tracks: z
    .int()
    .min(MULTITRACK.tracks.min)
    .max(MULTITRACK.tracks.max)
    .describe('How many video tracks an encoder is told to send when it asks for its multitrack configuration.'),
  multitrack_max_height: z
    .int()
    .min(MULTITRACK.height.min)
    .max(MULTITRACK.height.max)
    .describe('Largest height it is told, in pixels; width, of upright pictures.'),
  multitrack_max_bits_per_second: z
    .int()
    .min(MULTITRACK.bitsPerSecond.min)
    .max(MULTITRACK.bitsPerSecond.max)
    .describe('Largest bitrate of all video tracks together that it is told.'),
  audio_tracks: audioTracks,
  max_duration_seconds: z
    .int()
    .min(DURATION_SECONDS.min)
    .max(DURATION_SECONDS.max)
    .nullable()
    .describe(
      'How long a session may last before it is ended; the encoder may then begin another one. null: no limit.',
    ),
  metadata: z
    .record(
      z.string().min(1).max(METADATA.keyLength),
      z.string().max(METADATA.valueLength).refine(isStorableText, 'must not contain NUL or lone surrogates'),
    )
    .refine((all) => Object.keys(all).length <= METADATA.entries, `must have at most ${METADATA.entries} entries`)
    .refine((all) => Object.keys(all).every(isStorableText), 'names must not contain NUL or lone surrogates')
    .describe('Your own values by name, at most 50, shown to no viewer. A change replaces all of them.'),
};

export const liveStreamParam = idField('liveStream');

export const createLiveStreamBody = z
  .strictObject({
    ...tenantChoice,
    name,
    segment_target_seconds: settings.segment_target_seconds.default(DEFAULT_STREAM_SETTINGS.segmentTargetMs / MS),
    playlist_window_seconds: settings.playlist_window_seconds.default(DEFAULT_STREAM_SETTINGS.windowMs / MS),
    reconnect_window_seconds: settings.reconnect_window_seconds.default(DEFAULT_STREAM_SETTINGS.reconnectWindowMs / MS),
    latency_mode: settings.latency_mode.default('standard'),
    part_duration_seconds: settings.part_duration_seconds.default(DEFAULT_PART_DURATION_MS / MS),
    second_publisher: settings.second_publisher.default(DEFAULT_STREAM_SETTINGS.secondPublisher),
    encryption: settings.encryption.default('none'),
    key_rotation_segments: settings.key_rotation_segments.default(KEY_ROTATION_SEGMENTS.default),
    playback_policy: playbackPolicy.default('public').describe('Policy of the first playback id.'),
    multitrack_max_tracks: settings.multitrack_max_tracks.default(MULTITRACK.tracks.default),
    multitrack_max_height: settings.multitrack_max_height.default(MULTITRACK.height.default),
    multitrack_max_bits_per_second: settings.multitrack_max_bits_per_second.default(MULTITRACK.bitsPerSecond.default),
    audio_tracks: settings.audio_tracks.default([]),
    max_duration_seconds: settings.max_duration_seconds.default(null),
    metadata: settings.metadata.default({}),
  })
  .meta({ id: 'CreateLiveStream' });
export type CreateLiveStreamBody = z.infer<typeof createLiveStreamBody>;

export const updateLiveStreamBody = z
  .strictObject({
    name: name.optional(),
    segment_target_seconds: settings.segment_target_seconds.optional(),
    playlist_window_seconds: settings.playlist_window_seconds.optional(),
    reconnect_window_seconds: settings.reconnect_window_seconds.optional(),
    latency_mode: settings.latency_mode.optional(),
    part_duration_seconds: settings.part_duration_seconds.optional(),
    second_publisher: settings.second_publisher.optional(),
    encryption: settings.encryption.optional(),
    key_rotation_segments: settings.key_rotation_segments.optional(),
    multitrack_max_tracks: settings.multitrack_max_tracks.optional(),
    multitrack_max_height: settings.multitrack_max_height.optional(),
    multitrack_max_bits_per_second: settings.multitrack_max_bits_per_second.optional(),
    audio_tracks: settings.audio_tracks.optional(),
    max_duration_seconds: settings.max_duration_seconds.optional(),
    metadata: settings.metadata.optional(),
  })
  .meta({ id: 'UpdateLiveStream' });
export type UpdateLiveStreamBody = z.infer<typeof updateLiveStreamBody>;

const statuses = z.enum(['idle', 'connected', 'active', 'reconnecting', 'disabled', 'unknown']);

export const streamStatus = statuses.describe(
  'connected: an encoder publishes, nothing to watch yet. active: viewers can watch. reconnecting: the encoder dropped ' +
    'and may come back. unknown: the live store is unreachable.',
);
export type StreamStatus = z.infer<typeof streamStatus>;

export const listLiveStreamsQuery = z.strictObject({
  ...pageQuery,
  tenant_id: idField('tenant').optional(),
  status: statuses.exclude(['unknown']).optional(),
  name: z.string().min(1).max(MAX_NAME_LENGTH).optional().describe('Part of the name, not case-sensitive.'),
});
export type ListLiveStreamsQuery = z.infer<typeof listLiveStreamsQuery>;

const streamHealth = z
  .strictObject({
    status: z.enum(['good', 'degraded']),
    conditions: z
      .array(
        z.strictObject({
          code: z.string().describe('The problem: see the errors page of the documentation. New codes may be added.'),
          track: z.enum(['video', 'audio']).nullable().describe('null: the stream as a whole.'),
          message: z.string().describe('What is wrong, and what to do about it.'),
          since: timeField(),
        }),
      )
      .describe('What is wrong now, oldest first.'),
  })
  .meta({ id: 'LiveStreamHealth' });

const lastError = z
  .strictObject({
    code: z.string().describe('The problem: see the errors page of the documentation. New codes may be added.'),
    detail: z.string().describe('What has happened.'),
    help: z.string().describe('What to do about it.'),
    at: timeField(),
    session_id: idField('session').nullable().describe('null: the encoder was refused before a session began.'),
  })
  .meta({ id: 'LiveStreamError' });

export const liveStreamAnswer = z
  .strictObject({
    id: liveStreamParam,
    tenant_id: idField('tenant'),
    name,
    enabled: z.boolean(),
    status: streamStatus,
    active_session_id: idField('session').nullable(),
    health: streamHealth.nullable().describe('Of what the encoder sends; null while no encoder is connected.'),
    last_error: lastError
      .nullable()
      .describe(
        'The last problem: an encoder with a key of this stream was refused, what it sent was wrong, or its connection ended in an error. It may be over: `health` says what is wrong now.',
      ),
    ...settings,
    ingest: z.strictObject({
      server: z
        .string()
        .describe('Value for the "Server" field of an encoder; the stream key goes into the other field.'),
      url_template: z.string().describe('The same as a single URL, with `{stream_key}` in place of the key.'),
      rtmp_url: z.string().nullable().describe('`server` without encryption; null if this server offers only RTMPS.'),
      rtmps_url: z.string().nullable().describe('`server` with encryption; null if this server offers no RTMPS.'),
      rtsp_url: z
        .string()
        .nullable()
        .describe(
          'Address for encoders and cameras that push RTSP: append `/` and the stream key, or give the key as the password of any user. null if this server offers no RTSP.',
        ),
      srt_url: z
        .string()
        .nullable()
        .describe(
          'Address for encoders that send MPEG-TS by SRT: append the stream key, or the id of one with a passphrase. null if this server offers no SRT.',
        ),
      key_hint: z
        .string()
        .nullable()
        .describe('Last characters of the newest stream key that is in force; null if there is none.'),
    }),
    playback_ids: z.array(playbackIdAnswer),
    created_at: timeField(),
    updated_at: timeField(),
    etag: z
      .string()
      .describe('The `ETag` of this version, for `If-Match`. What the stream is doing now is no part of it.'),
  })
  .meta({ id: 'LiveStream' });
export type LiveStreamAnswer = z.infer<typeof liveStreamAnswer>;

export const liveStreamPage = pageOf(liveStreamAnswer).meta({ id: 'LiveStreamPage' });

const viewers = z.int().min(0);

export const streamViewersAnswer = z
  .strictObject({
    live_stream_id: liveStreamParam,
    viewers: viewers.describe('All viewers of the stream.'),
    playback_ids: z.array(z.strictObject({ id: playbackIdParam, viewers })),
  })
  .meta({ id: 'StreamViewers' });
export type StreamViewersAnswer = z.infer<typeof streamViewersAnswer>;
