import { describe, expect, it } from 'vitest';
import { readProbe } from './playlist-probe.ts';

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
    ['a broken server', 500, null, '', { playable: false, state: 'busy', retryAfterMs: 2_000 }],
    ['a proxy without its server', 502, null, '', { playable: false, state: 'busy', retryAfterMs: 2_000 }],
  ] as const)('%s', (_, status, retryAfter, playlist, answer) => {
    expect(readProbe(status, retryAfter, playlist)).toEqual(answer);
  });
});
