// Playback over long-lived connections: HTTP-FLV, WebSocket-FLV and RTMP.
import { rate, series, sum } from './expressions.ts';
import { timeseries } from './panel.ts';
import type { Row } from './panel.ts';

export const playoutRow: Row = {
  title: 'Playback over connections: FLV and RTMP',
  panels: [
    timeseries(
      'FLV and RTMP egress',
      {
        shows: 'Bytes of live media sent to viewers by HTTP-FLV, WebSocket-FLV, RTMP and RTMPS, by protocol.',
        act: 'Near the pods’ network limit, add gateways, or edges for RTMP: each viewer costs the full bitrate of its stream.',
      },
      'Bps',
      [{ expr: rate('playout_bytes_total', '', 'protocol'), legend: '{{protocol}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Streams read for viewers',
      {
        shows: 'Streams that gateways and edges read from the bus for these viewers, once per process.',
        act: 'Nothing; traffic from NATS to these pods grows with it.',
      },
      'none',
      [{ expr: sum(series('playout_streams'), 'pod'), legend: '{{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Slow viewers',
      {
        shows: 'How often viewers that fell behind skipped to the next keyframe, and how often they were disconnected.',
        act: 'A few are normal: their networks are slow. Many at once mean that a pod or its network is overloaded.',
      },
      'ops',
      [
        { expr: rate('playout_skips_total', '', 'protocol'), legend: 'skipped, {{protocol}}' },
        { expr: rate('playout_cuts_total', '', 'protocol', 'reason'), legend: '{{reason}}, {{protocol}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Refused viewers',
      {
        shows: 'Viewers that were refused, by reason.',
        act: '`limit`: raise MILLRACE_PLAYOUT_MAX_VIEWERS (FLV) or MILLRACE_RTMP_MAX_PLAYERS, or add pods. `unavailable`: NATS, Redis or PostgreSQL is down.',
      },
      'reqps',
      [{ expr: rate('playout_refused_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Playout memory',
      {
        shows:
          'Memory for the groups of pictures that new viewers start with, and for send queues of viewers with full connections.',
        act: 'They stay below MILLRACE_PLAYOUT_GROUPS_BYTES and MILLRACE_PLAYOUT_QUEUES_BYTES on each gateway, MILLRACE_RTMP_PLAY_GROUPS_BYTES and MILLRACE_RTMP_PLAY_QUEUES_BYTES on each edge.',
      },
      'bytes',
      [
        { expr: sum(series('playout_group_bytes'), 'pod'), legend: 'groups {{pod}}' },
        { expr: sum(series('playout_queued_bytes'), 'pod'), legend: 'queued {{pod}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Gaps in watched streams',
      {
        shows: 'How often frames of a watched stream were missing; its viewers waited for the next keyframe.',
        act: 'See "Dropped frames" on Bus, and check whether NATS restarted.',
      },
      'ops',
      [{ expr: rate('playout_gaps_total'), legend: 'gaps' }],
      { minimum: 0 },
    ),
  ],
};
