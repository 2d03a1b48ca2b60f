// HLS playback by gateways.
import { quantile, rate, ratio, series, spread, sum } from './expressions.ts';
import { timeseries } from './panel.ts';
import type { Row } from './panel.ts';

export const playbackRow: Row = {
  title: 'HLS playback',
  panels: [
    timeseries(
      'Viewers',
      {
        shows:
          'Viewers by protocol. For HLS, the approximate number of players that requested a playlist in the last 30 s; players behind a cache are not counted.',
        act: 'Nothing; use it to plan capacity.',
      },
      'none',
      [{ expr: sum(series('playback_viewers'), 'protocol', 'pod'), legend: '{{protocol}} {{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Requests by status',
      {
        shows: 'HLS requests by kind and HTTP status.',
        act: '404 for segments: the player is far behind. 503: the stream is not live yet, or Redis is down; see "Error responses by reason".',
      },
      'reqps',
      [{ expr: rate('playback_requests_total', '', 'kind', 'status'), legend: '{{kind}} {{status}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Error responses by reason',
      {
        shows: 'Requests answered with an error, by reason.',
        act: '`stream_not_live` and `not_found` are client errors. `dependency_unavailable` and `internal_error` are server errors and count against the objective.',
      },
      'reqps',
      [{ expr: rate('playback_denied_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Request latency',
      {
        shows: 'Latency of playlist and segment requests, not counting requests held for a stream that is not live.',
        act: 'A request that takes more than 0.5 s counts as failed. Segments that are not cached come from Redis: see "Segment cache hit ratio".',
      },
      's',
      [
        { expr: quantile(0.99, 'playback_request_seconds', 'kind="media"'), legend: 'playlist p99' },
        { expr: quantile(0.99, 'playback_request_seconds', 'kind="master"'), legend: 'master p99' },
        { expr: quantile(0.99, 'playback_request_seconds', 'kind="segment"'), legend: 'segment p99' },
      ],
      { minimum: 0, thresholds: [{ color: 'red', from: 0.5 }] },
    ),
    timeseries(
      'HLS egress',
      {
        shows: 'Bytes of playlists and segments sent to viewers.',
        act: 'Near the pods’ network limit, add gateways or put a cache in front of them.',
      },
      'Bps',
      [{ expr: rate('playback_bytes_total', '', 'kind'), legend: '{{kind}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Segment cache hit ratio',
      {
        shows: 'Fraction of segment requests that gateways answered without reading from Redis.',
        act: 'If it is low with many viewers, check whether the cache is full, and raise MILLRACE_SEGMENT_CACHE_BYTES.',
      },
      'percentunit',
      [
        {
          expr: `clamp_min(1 - ${ratio(rate('playback_segment_reads_total'), rate('playback_requests_total', 'kind="segment"'))}, 0)`,
          legend: 'hit ratio',
        },
      ],
      { minimum: 0, maximum: 1 },
    ),
    timeseries(
      'Segment cache size',
      {
        shows: 'Bytes of segments cached in memory, by gateway.',
        act: 'It stays below MILLRACE_SEGMENT_CACHE_BYTES on each pod.',
      },
      'bytes',
      [{ expr: sum(series('playback_segment_cache_bytes'), 'pod'), legend: '{{pod}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Held requests',
      {
        shows: 'Requests currently held for a stream that is not live.',
        act: 'Viewers are waiting for an encoder to start. Above MILLRACE_HLS_MAX_WAITERS, requests are answered with 503 immediately.',
      },
      'none',
      [{ expr: sum(series('playback_waiters')), legend: 'waiting' }],
      { minimum: 0 },
    ),
    timeseries(
      'Held low-latency requests',
      {
        shows: 'Requests of low-latency players that wait for the next part of a stream: two or more for each viewer.',
        act: 'Normal while such streams are watched. Above MILLRACE_HLS_MAX_HELD, requests are answered with 503 immediately.',
      },
      'none',
      [{ expr: sum(series('playback_held')), legend: 'held' }],
      { minimum: 0 },
    ),
    timeseries(
      'Hold time of requests',
      {
        shows:
          'How long requests for a stream that was not live were held, until it went live or they were told to retry.',
        act: 'Values at MILLRACE_HLS_WAIT_MS mean that streams do not start while viewers wait: check that the viewers have the right address.',
      },
      's',
      spread('playback_wait_seconds'),
      { minimum: 0 },
    ),
  ],
};
