// The playback routes are outside of Nest, so their description is written by hand. What players read has no `content`: generators of
// clients do not know the media types of HLS, and openapi-python-client warns of each.
import type { OpenAPIObject } from '@nestjs/swagger';
import type { ProblemCode } from '../http/problem-codes.ts';
import { problemResponses } from './openapi.ts';

type PathItem = OpenAPIObject['paths'][string];
type Parameters = NonNullable<NonNullable<PathItem['get']>['parameters']>;

const playbackId = {
  name: 'playback_id',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^pbk_[0-9a-hjkmnp-tv-z]{26}$' },
} as const;

const token = {
  name: 'token',
  in: 'query',
  required: false,
  description: 'Playback token; required for a signed playback id.',
  schema: { type: 'string' },
} as const;
const viewer = {
  name: 'viewer',
  in: 'query',
  required: false,
  description: 'What a token was exchanged for: part of the URLs in the multivariant playlist of a signed playback id.',
  schema: { type: 'string' },
} as const;
const signed = {
  in: 'query',
  required: false,
  description: 'Part of the signature in the URL of a signed playback id, as the playlist gives it.',
  schema: { type: 'string' },
} as const;
const DIRECTIVES: Parameters = [
  {
    name: '_HLS_msn',
    in: 'query',
    required: false,
    description:
      'Number of the segment that the answer waits for; 400 when it is further ahead than the next one but one.',
    schema: { type: 'integer', minimum: 0 },
  },
  {
    name: '_HLS_part',
    in: 'query',
    required: false,
    description: 'Part of that segment that the answer waits for.',
    schema: { type: 'integer', minimum: 0 },
  },
  {
    name: '_HLS_skip',
    in: 'query',
    required: false,
    description: 'YES: segments that a player has which loaded the playlist lately may be left out.',
    schema: { type: 'string', enum: ['YES', 'v2'] },
  },
];
const REFUSALS = ['playback_token_invalid', 'origin_not_allowed'] as const satisfies readonly ProblemCode[];

const info = {
  type: 'object',
  required: ['name', 'live', 'viewers'],
  additionalProperties: false,
  properties: {
    name: { type: ['string', 'null'], description: 'Name of the stream; null while it is unavailable.' },
    live: { type: 'boolean', description: 'Whether the stream can be played and has not ended.' },
    viewers: {
      type: 'integer',
      minimum: 0,
      description:
        'Approximate number of viewers over all gateways: players that requested the playlist in the last 30 s, and open connections ' +
        'of other protocols. Viewers behind a cache that serves playlists are not counted.',
    },
  },
};

const shortToken = {
  type: 'object',
  required: ['token', 'expires_at'],
  additionalProperties: false,
  properties: {
    token: { type: 'string', description: '42 characters that need no escape in a URL.' },
    expires_at: { type: 'string', format: 'date-time', description: 'When both it and the token expire.' },
  },
};

export const playbackPaths = (): Record<string, PathItem> => ({
  '/watch/{playback_id}/info': {
    get: {
      tags: ['Playback'],
      summary: 'Get public information about a stream: its name, whether it is live, and its number of viewers',
      operationId: 'get_watch_info',
      security: [],
      parameters: [playbackId, token, viewer],
      responses: {
        '200': { description: 'Information about the stream', content: { 'application/json': { schema: info } } },
        ...problemResponses([
          ...REFUSALS,
          'playback_disabled',
          'playback_quota_exceeded',
          'not_found',
          'dependency_unavailable',
        ]),
      },
    },
  },
  '/watch/{playback_id}/short_token': {
    post: {
      tags: ['Playback'],
      summary: 'Exchange a playback token for a short one that stands for it',
      description:
        'For addresses that take few characters, such as those of RTMP, RTSP and SRT. The short token is used in the same place, ' +
        '`?token=`, and is valid as long as the token that it stands for; expiry, revocation, restrictions and single use hold as for ' +
        'that one. The same token has the same short one.',
      operationId: 'create_short_token',
      security: [],
      parameters: [playbackId, { ...token, required: true }],
      responses: {
        '200': { description: 'The short token', content: { 'application/json': { schema: shortToken } } },
        ...problemResponses([
          'playback_token_invalid',
          'playback_token_expired',
          'playback_disabled',
          'not_found',
          'too_many_requests',
          'dependency_unavailable',
        ]),
      },
    },
  },
  '/live/{playback_id}.flv': {
    get: {
      tags: ['Playback'],
      summary: 'Watch a stream as FLV, with a latency of a second or two',
      description:
        'The response begins with the newest keyframe and ends with the stream. With an upgrade to WebSocket the same URL sends ' +
        'the same bytes as binary messages. When the encoder reconnects, the stream continues with a new codec configuration ' +
        'and continuing timestamps.',
      operationId: 'get_live_flv',
      security: [],
      parameters: [playbackId, token, viewer],
      responses: {
        '101': { description: 'A WebSocket over which the stream is sent' },
        '200': {
          description:
            'The stream, as `video/x-flv`: H.264, H.265, AV1 or VP9 with AAC, MP3, Opus, FLAC, AC-3 or E-AC-3',
        },
        ...problemResponses([
          ...REFUSALS,
          'playback_disabled',
          'signed_playback_required',
          'playback_quota_exceeded',
          'too_many_requests',
          'stream_encrypted',
          'not_found',
          'stream_offline',
          'too_many_viewers',
          'dependency_unavailable',
        ]),
      },
    },
  },
  '/hls/{playback_id}/index.m3u8': playlistPath(
    'The media playlist of a stream',
    'A request for a stream that is not live yet is held for a while, so that players wait; then it is answered 503 with Retry-After. ' +
      'With the token of a signed playback id, the answer is the multivariant playlist.',
  ),
  '/hls/{playback_id}/master.m3u8': playlistPath(
    'The multivariant playlist of a stream',
    'Lists codecs, size and bitrate, and refers to the media playlists: of a stream with low latency, those of its renditions with parts first, then ' +
      'the one of MPEG-TS.',
  ),
  '/dash/{playback_id}/manifest.mpd': {
    get: {
      tags: ['Playback'],
      summary: 'Get the MPEG-DASH manifest of a stream with low latency',
      description:
        'ISO/IEC 23009-1, live profile, with the segments of the renditions of HLS. A stream that has none answers 404. With the token of a signed ' +
        'playback id, its `Location` is the URL for the next version.',
      operationId: 'get_dash_manifest',
      security: [],
      parameters: [playbackId, token, viewer],
      responses: {
        '200': { description: 'The manifest, as `application/dash+xml`' },
        '304': { description: 'Not modified: the manifest matches `If-None-Match`' },
        ...problemResponses([
          ...REFUSALS,
          'playback_disabled',
          'signed_playback_required',
          'playback_quota_exceeded',
          'not_found',
          'stream_not_live',
          'dependency_unavailable',
        ]),
      },
    },
  },
  '/dash/{playback_id}/time': {
    get: {
      tags: ['Playback'],
      summary: 'Get the time of the gateway, which players of MPEG-DASH set their clock by',
      operationId: 'get_dash_time',
      security: [],
      parameters: [playbackId],
      responses: {
        '200': { description: 'The time in UTC, in the form of ISO 8601, as `text/plain`' },
        ...problemResponses(['not_found']),
      },
    },
  },
  '/hls/{playback_id}/keys/{number}': {
    get: {
      tags: ['Playback'],
      summary: 'Get a key that a media playlist names',
      description: 'Of a stream with the encryption `aes-128`. No cache may keep it.',
      operationId: 'get_hls_key',
      security: [],
      parameters: [
        playbackId,
        { name: 'number', in: 'path', required: true, schema: { type: 'string', pattern: '^(0|[1-9][0-9]{0,14})$' } },
        viewer,
      ],
      responses: {
        '200': { description: 'The 16 bytes of the key, as `application/octet-stream`' },
        ...problemResponses([
          ...REFUSALS,
          'invalid_request',
          'playback_disabled',
          'playback_quota_exceeded',
          'not_found',
          'dependency_unavailable',
        ]),
      },
    },
  },
  '/hls/{playback_id}/video.m3u8': playlistPath(
    'The pictures of a stream with low latency, with parts',
    'Low-Latency HLS: a request with `_HLS_msn` and `_HLS_part` is held until that part is listed. `audio.m3u8` has the sound.',
    'get_hls_video_playlist',
    DIRECTIVES,
  ),
  '/hls/{playback_id}/audio.m3u8': playlistPath(
    'The sound of a stream with low latency, with parts',
    'As `video.m3u8`. A stream without pictures has only this one.',
    'get_hls_audio_playlist',
    DIRECTIVES,
  ),
  '/hls/{playback_id}/{segment}': {
    get: {
      tags: ['Playback'],
      summary: 'Get a segment, or a part of one, that a media playlist lists or recently listed',
      description: 'A part that a playlist hints at is held until it is there.',
      operationId: 'get_hls_segment',
      security: [],
      parameters: [
        playbackId,
        {
          name: 'segment',
          in: 'path',
          required: true,
          schema: { type: 'string', pattern: '^[a-z0-9][a-z0-9.-]{0,127}$' },
        },
        { name: 'e', ...signed },
        { name: 's', ...signed },
        { name: 'Range', in: 'header', required: false, schema: { type: 'string' } },
      ],
      responses: {
        '200': { description: 'The segment, or the initialisation map that segments name in `EXT-X-MAP`' },
        '206': { description: 'The requested range' },
        '304': { description: 'Not modified: the segment matches `If-None-Match`' },
        ...problemResponses([
          'invalid_request',
          ...REFUSALS,
          'playback_disabled',
          'playback_quota_exceeded',
          'not_found',
          'range_not_satisfiable',
          'dependency_unavailable',
        ]),
      },
    },
  },
});

const playlistPath = (
  summary: string,
  description: string,
  operationId = summary.includes('multivariant') ? 'get_hls_multivariant_playlist' : 'get_hls_media_playlist',
  directives: Parameters = [],
): PathItem => ({
  get: {
    tags: ['Playback'],
    summary,
    description,
    operationId,
    security: [],
    parameters: [playbackId, token, viewer, ...directives],
    responses: {
      '200': { description: 'The playlist, as `application/vnd.apple.mpegurl`' },
      '304': { description: 'Not modified: the newest playlist matches `If-None-Match`' },
      ...problemResponses([
        ...REFUSALS,
        'invalid_request',
        'playback_disabled',
        'signed_playback_required',
        'playback_quota_exceeded',
        'not_found',
        'too_many_requests',
        'stream_not_live',
      ]),
    },
  },
});
