// What viewers get of the gateways.
import { quantile, rate, ratio, series, spread, sum } from './expressions.ts';
import { timeseries, type Row } from './panel.ts';

export const playbackRow: Row = {
  title: 'What viewers get',
  panels: [
    timeseries(
      'Viewers',
      {
        shows:
          'Viewers by protocol. For HLS: approximate number of players that requested a playlist within 30 s. A cache in front of gateways hides them.',
        act: 'Nothing: this is the purpose of the system.',
      },
      'none',
      [{ expr: sum(series('playback_viewers'), 'protocol', 'pod'), legend: '{{protocol}} {{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Requests by status',
      {
        shows: 'HLS requests by kind and HTTP status.',
        act: '404 of segments: players that are far behind. 503: not live yet, or Redis is away; see "Denied by reason".',
      },
      'reqps',
      [{ expr: rate('playback_requests_total', '', 'kind', 'status'), legend: '{{kind}} {{status}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Denied by reason',
      {
        shows: 'Requests answered with an error.',
        act: '`stream_not_live` and `not_found` are on the viewers’ side. `dependency_unavailable` and `internal_error` are faults of the server: they count against the objective.',
      },
      'reqps',
      [{ expr: rate('playback_denied_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Time to answer',
      {
        shows:
          'How long requests for playlists and segments take; those held for a stream that is not live are not counted.',
        act: 'Above 0.5 s it counts as failed. Segments that are not in the cache come from Redis: see "Answered from memory".',
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
      'Bytes sent',
      {
        shows: 'Playlists and segments sent to viewers.',
        act: 'Near the network limit of the pods, add gateways or put a cache in front.',
      },
      'Bps',
      [{ expr: rate('playback_bytes_total', '', 'kind'), legend: '{{kind}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Answered from memory',
      {
        shows: 'Fraction of segment requests that a gateway answered without reading from Redis.',
        act: 'If it is low with many viewers, raise MILLRACE_SEGMENT_CACHE_BYTES, or check whether the cache is full.',
      },
      'percentunit',
      [
        {
          expr: `clamp_min(1 - ${ratio(rate('playback_segment_reads_total'), rate('playback_requests_total', 'kind="segment"'))}, 0)`,
          legend: 'from memory',
        },
      ],
      { minimum: 0, maximum: 1 },
    ),
    timeseries(
      'Segments at hand',
      {
        shows: 'Bytes of segments that gateways keep in memory.',
        act: 'It stays below MILLRACE_SEGMENT_CACHE_BYTES on each pod.',
      },
      'bytes',
      [{ expr: sum(series('playback_segment_cache_bytes'), 'pod'), legend: '{{pod}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Waiting for a stream to begin',
      {
        shows: 'Requests currently held for a stream that is not live.',
        act: 'Viewers are early, or the encoder is late. Beyond MILLRACE_HLS_MAX_WAITERS they are answered 503 immediately.',
      },
      'none',
      [{ expr: sum(series('playback_waiters')), legend: 'waiting' }],
      { minimum: 0 },
    ),
    timeseries(
      'Time that early viewers were held',
      {
        shows:
          'How long requests for a stream that was not live were held, until it was live, or until they were told to retry.',
        act: 'At MILLRACE_HLS_WAIT_MS streams do not start while viewers wait: do they have the right address?',
      },
      's',
      spread('playback_wait_seconds'),
      { minimum: 0 },
    ),
  ],
};
