// The playback routes are outside of Nest, so their description is written by hand. What players read has no `content`: generators of
// clients do not know the media types of HLS, and openapi-python-client warns of each.
import type { OpenAPIObject } from '@nestjs/swagger';
import { problemResponses } from './openapi.ts';

type PathItem = OpenAPIObject['paths'][string];

const playbackId = {
  name: 'playback_id',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^pbk_[0-9a-hjkmnp-tv-z]{26}$' },
} as const;

const info = {
  type: 'object',
  required: ['name', 'live', 'viewers'],
  additionalProperties: false,
  properties: {
    name: { type: ['string', 'null'], description: 'Name of the stream; null while it is unavailable.' },
    live: { type: 'boolean', description: 'Whether there is something to play that has not ended.' },
    viewers: {
      type: 'integer',
      minimum: 0,
      description:
        'About how many watch by this gateway: players that asked for the playlist in the last 30 s, and open connections of other ' +
        'protocols. Viewers behind a shared cache, and those of other gateways, are not counted.',
    },
  },
};

export const playbackPaths = (): Record<string, PathItem> => ({
  '/watch/{playback_id}/info': {
    get: {
      tags: ['Playback'],
      summary: 'Get public information about a stream: its name, whether it is live, how many viewers it has',
      operationId: 'get_watch_info',
      security: [],
      parameters: [playbackId],
      responses: {
        '200': { description: 'About the stream', content: { 'application/json': { schema: info } } },
        ...problemResponses(['playback_disabled', 'not_found', 'dependency_unavailable']),
      },
    },
  },
  '/live/{playback_id}.flv': {
    get: {
      tags: ['Playback'],
      summary: 'Watch a stream as FLV, with a latency of a second or two',
      description:
        'A response that ends with the stream; it begins with the newest keyframe. The same URL with an upgrade to WebSocket ' +
        'sends the same bytes as binary messages. When an encoder reconnects, it continues: new codec configuration, ' +
        'timestamps that go on.',
      operationId: 'get_live_flv',
      security: [],
      parameters: [playbackId],
      responses: {
        '101': { description: 'The WebSocket over which the stream is sent' },
        '200': { description: 'The stream, as `video/x-flv`: H.264 with AAC or MP3' },
        ...problemResponses([
          'playback_disabled',
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
    'A request for a stream that is not live yet is held for a while: players wait. Then it answers 503 with Retry-After.',
  ),
  '/hls/{playback_id}/master.m3u8': playlistPath(
    'The multivariant playlist of a stream',
    'Tells codecs, size and bitrate, and refers to the media playlist.',
  ),
  '/hls/{playback_id}/{segment}': {
    get: {
      tags: ['Playback'],
      summary: 'Get a segment that a media playlist lists or recently listed',
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
        { name: 'Range', in: 'header', required: false, schema: { type: 'string' } },
      ],
      responses: {
        '200': { description: 'The segment, as `video/mp2t`' },
        '206': { description: 'The requested range, as `video/mp2t`' },
        '304': { description: 'What If-None-Match names is it' },
        ...problemResponses([
          'invalid_request',
          'playback_disabled',
          'not_found',
          'range_not_satisfiable',
          'dependency_unavailable',
        ]),
      },
    },
  },
});

const playlistPath = (summary: string, description: string): PathItem => ({
  get: {
    tags: ['Playback'],
    summary,
    description,
    operationId: summary.includes('multivariant') ? 'get_hls_multivariant_playlist' : 'get_hls_media_playlist',
    security: [],
    parameters: [playbackId],
    responses: {
      '200': { description: 'The playlist, as `application/vnd.apple.mpegurl`' },
      '304': { description: 'What If-None-Match names is the newest' },
      ...problemResponses(['invalid_request', 'playback_disabled', 'not_found', 'stream_not_live']),
    },
  },
});
