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
          'Viewers by protocol. Of HLS: different players that asked for a playlist within 30 s; roughly. A cache in front of gateways hides them.',
        act: 'Nothing: it is what you are here for.',
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
        shows: 'Requests that got nothing to play.',
        act: '`stream_not_live` and `not_found` are the viewers’ side. `dependency_unavailable` and `internal_error` are ours: they count against the objective.',
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
        act: 'Above 0.5 s it counts as failed. Segments that are not at hand come from Redis: see "Answered from memory".',
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
        shows: 'The part of segment requests that a gateway answered without asking Redis.',
        act: 'Low with many viewers: raise MILLRACE_SEGMENT_CACHE_BYTES, or see whether the cache is full.',
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
        shows: 'Requests that are held now for a stream that is not live.',
        act: 'Viewers are early, or the encoder is late. Beyond MILLRACE_HLS_MAX_WAITERS they are answered 503 at once.',
      },
      'none',
      [{ expr: sum(series('playback_waiters')), legend: 'waiting' }],
      { minimum: 0 },
    ),
    timeseries(
      'Time that early viewers were held',
      {
        shows:
          'How long requests for a stream that was not live were held, until it was, or until they were told to come again.',
        act: 'At MILLRACE_HLS_WAIT_MS streams do not begin while viewers wait: is the address that was given to them right?',
      },
      's',
      spread('playback_wait_seconds'),
      { minimum: 0 },
    ),
  ],
};
