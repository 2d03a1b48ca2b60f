// What viewers get whose connections are held: HTTP-FLV and WebSocket-FLV.
import { rate, series, sum } from './expressions.ts';
import { timeseries, type Row } from './panel.ts';

export const playoutRow: Row = {
  title: 'Viewers with a connection',
  panels: [
    timeseries(
      'Live media sent',
      {
        shows: 'Bytes of live media sent to viewers over their connections, by protocol.',
        act: 'Near the network limit of the pods, add gateways: each viewer costs its whole bitrate.',
      },
      'Bps',
      [{ expr: rate('playout_bytes_total', '', 'protocol'), legend: '{{protocol}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Streams read',
      {
        shows: 'Streams whose frames gateways read for such viewers: each once per gateway.',
        act: 'Nothing by itself: traffic from NATS to gateways grows with it.',
      },
      'none',
      [{ expr: sum(series('playout_streams'), 'pod'), legend: '{{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Slow viewers',
      {
        shows:
          'How often viewers that were behind were sent on to the next keyframe, and how often they were disconnected.',
        act: 'A few are slow networks of viewers. Many at once: a gateway or its network is overloaded.',
      },
      'ops',
      [
        { expr: rate('playout_skips_total', '', 'protocol'), legend: 'sent on, {{protocol}}' },
        { expr: rate('playout_cuts_total', '', 'protocol', 'reason'), legend: '{{reason}}, {{protocol}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Refused',
      {
        shows: 'Viewers that were not let in, by reason.',
        act: '`limit`: raise MILLRACE_PLAYOUT_MAX_VIEWERS or add gateways. `unavailable`: NATS, Redis or PostgreSQL is away.',
      },
      'reqps',
      [{ expr: rate('playout_refused_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Memory of live media',
      {
        shows: 'Groups of pictures that new viewers start with, and what waits for viewers whose connections are full.',
        act: 'They stay below MILLRACE_PLAYOUT_GROUPS_BYTES and MILLRACE_PLAYOUT_QUEUES_BYTES on each pod.',
      },
      'bytes',
      [
        { expr: sum(series('playout_group_bytes'), 'pod'), legend: 'groups {{pod}}' },
        { expr: sum(series('playout_queued_bytes'), 'pod'), legend: 'waiting {{pod}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Gaps',
      {
        shows: 'How often frames of a watched stream were missing: its viewers waited for the next keyframe.',
        act: 'Look at "Frames lost" of the bus, and at whether NATS restarted.',
      },
      'ops',
      [{ expr: rate('playout_gaps_total'), legend: 'gaps' }],
      { minimum: 0 },
    ),
  ],
};
