// Simulcast: streams that edges send to other servers.
import { rate, series, sum } from './expressions.ts';
import { timeseries } from './panel.ts';
import type { Row } from './panel.ts';

export const simulcastRow: Row = {
  title: 'Simulcast targets',
  panels: [
    timeseries(
      'Simulcast targets by state',
      {
        shows:
          'Targets of the streams that are live: `connected` ones are sent the stream, `waiting` and `error` are not.',
        act: 'If many wait at once, the way from the edges to the internet is broken, or a service is down: see the next panel.',
      },
      'none',
      [{ expr: sum(series('simulcast_targets'), 'state'), legend: '{{state}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Failed attempts',
      {
        shows: 'Attempts to send a stream to a target that failed, by reason.',
        act: '`refused`: stream keys of tenants are wrong, or already in use. `unreachable`, `timeout`: see the network policy and the egress of the edges. `limit_exceeded`: raise MILLRACE_SIMULCAST_MAX_TARGETS, or add edges.',
      },
      'ops',
      [{ expr: rate('simulcast_failures_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Sent to simulcast targets',
      {
        shows: 'Bytes of live media sent to targets, by edge.',
        act: 'Near the pods’ network limit, add edges: each target costs the full bitrate of its stream.',
      },
      'Bps',
      [{ expr: rate('simulcast_bytes_total', '', 'pod'), legend: '{{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Slow simulcast targets',
      {
        shows: 'How often targets that fell behind skipped to the next keyframe.',
        act: 'A few are normal. Many at once mean that the network of an edge is full.',
      },
      'ops',
      [{ expr: rate('simulcast_skips_total'), legend: 'skipped' }],
      { minimum: 0 },
    ),
  ],
};
