import { describe, expect, it } from 'vitest';
import { mediaUrlIn, readProbe, viewerIn } from './playlist-probe.ts';

describe('readProbe', () => {
  it.each([
    ['a live playlist', 200, null, '#EXTM3U\n', { playable: true }],
    [
      'a closed playlist',
      200,
      null,
      '#EXTM3U\n#EXT-X-ENDLIST\n',
      { playable: false, state: 'ended', retryAfterMs: 2_000 },
    ],
    ['not live yet', 503, '2', '', { playable: false, state: 'waiting', retryAfterMs: 2_000 }],
    ['not live yet, no advice', 503, null, '', { playable: false, state: 'waiting', retryAfterMs: 2_000 }],
    ['advice of no time at all', 503, '0', '', { playable: false, state: 'waiting', retryAfterMs: 500 }],
    ['advice of an hour', 503, '3600', '', { playable: false, state: 'waiting', retryAfterMs: 30_000 }],
    ['an unknown id', 404, null, '', { playable: false, state: 'not-found', retryAfterMs: 15_000 }],
    ['a stream that is disabled', 403, null, '', { playable: false, state: 'disabled', retryAfterMs: 15_000 }],
    ...(
      [
        ['playback_token_invalid', 401, 'link-invalid'],
        ['playback_token_expired', 401, 'link-expired'],
        ['origin_not_allowed', 403, 'site-not-allowed'],
        ['playback_not_allowed', 403, 'place-not-allowed'],
        ['viewer_session_revoked', 403, 'revoked'],
        ['playback_token_used', 401, 'link-used'],
        ['playback_quota_exceeded', 403, 'quota-reached'],
        ['signed_playback_required', 403, 'link-invalid'],
        ['playback_disabled', 403, 'disabled'],
      ] as const
    ).map(
      ([code, status, state]) =>
        [
          `a viewer who is refused: ${code}`,
          status,
          null,
          JSON.stringify({ code }),
          { playable: false, state, retryAfterMs: 15_000 },
        ] as const,
    ),
    ['a broken server', 500, null, '', { playable: false, state: 'busy', retryAfterMs: 2_000 }],
    ['a proxy without its server', 502, null, '', { playable: false, state: 'busy', retryAfterMs: 2_000 }],
  ] as const)('%s', (_, status, retryAfter, playlist, answer) => {
    expect(readProbe(status, retryAfter, playlist)).toEqual(answer);
  });
});

describe('viewerIn', () => {
  it('finds what lets the viewer in from now on, and nothing where everyone may watch', () => {
    expect(viewerIn('index.m3u8?viewer=x.y-_')).toEqual({ viewer: '?viewer=x.y-_' });
    expect(viewerIn('index.m3u8?other=1')).toEqual({});
    expect(viewerIn('index.m3u8')).toEqual({});
  });
});

describe('mediaUrlIn', () => {
  it('finds the first media playlist of a multivariant one, and none in another', () => {
    const multivariant = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="a,b"\nindex.m3u8?viewer=x.y\n';
    expect(mediaUrlIn(multivariant)).toBe('index.m3u8?viewer=x.y');
    expect(mediaUrlIn('#EXTM3U\n#EXTINF:2.0,\n0.ts\n')).toBeUndefined();
  });
});
