// Who is in rooms, and whether joining works.
import { max, rate, series, spread, sum } from './expressions.ts';
import { stat, timeseries, type Row } from './panel.ts';

export const roomsRow: Row = {
  title: 'Rooms',
  panels: [
    timeseries(
      'Rooms and participants',
      {
        shows: 'Rooms with participants, and participants, by the signaling server that has their socket.',
        act: 'A room whose participants are on two servers counts on both. Nothing to do.',
      },
      'none',
      [
        { expr: sum(series('signaling_rooms'), 'pod'), legend: 'rooms {{pod}}' },
        { expr: sum(series('signaling_peers'), 'pod'), legend: 'participants {{pod}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Sockets',
      {
        shows: 'Open WebSockets: those that have joined and those that are waiting.',
        act: 'Many waiting sockets mean clients that connect and never join, or a slow control plane: see "Time to join".',
      },
      'none',
      [{ expr: sum(series('signaling_sockets'), 'state'), legend: '{{state}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Token renewals by outcome',
      {
        shows: 'Fresh join tokens for participants who are in a room, issued before the old one expires.',
        act: 'Refusals are expected after a removal, a revoked signing key or a suspension; otherwise read the gateway’s log.',
      },
      'ops',
      [{ expr: rate('token_renewals_total', '', 'outcome'), legend: '{{outcome}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Joins by outcome',
      {
        shows: 'Attempts to join a room, by outcome.',
        act: '`unavailable` is a fault on the server: the gateway or Redis. `bad_token` and `token_expired` point to the tenant’s tokens: clocks, keys.',
      },
      'ops',
      [{ expr: rate('signaling_joins_total', '', 'outcome'), legend: '{{outcome}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Time to join',
      {
        shows: 'Time from a join request to its answer, for joins that succeeded.',
        act: 'Above 2 s it counts as failed. It asks a gateway (PostgreSQL) and Redis: look at those.',
      },
      's',
      spread('signaling_join_seconds', 'outcome="joined"'),
      { minimum: 0, thresholds: [{ color: 'red', from: 2 }] },
    ),
    timeseries(
      'Resumes by outcome',
      {
        shows: 'Clients that came back after their socket dropped.',
        act: 'Many at once mean a signaling server that stopped, or a short network outage. `too_late` and `unknown` had to join again.',
      },
      'ops',
      [{ expr: rate('signaling_resumes_total', '', 'outcome'), legend: '{{outcome}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Who left, and why',
      {
        shows: 'Participants who left their room, by reason.',
        act: '`lost`: participants who dropped and did not return in time, because of the network or a closed browser.',
      },
      'ops',
      [{ expr: rate('signaling_departures_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Ended sockets by reason',
      {
        shows: 'Why sockets ended.',
        act: '`silent` and `connection_lost` are networks. `rate_limited` and `too_many_errors` are clients that misbehave.',
      },
      'ops',
      [{ expr: rate('signaling_closed_sockets_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Refused sockets and errors told',
      {
        shows: 'Sockets that were refused, and errors sent to clients, by code.',
        act: '`too_fast_from_address` with many people behind one proxy: set MILLRACE_SIGNALING_TRUSTED_PROXIES. Codes are in docs/errors.md.',
      },
      'ops',
      [
        { expr: rate('signaling_refused_sockets_total', '', 'reason'), legend: 'refused {{reason}}' },
        { expr: rate('signaling_errors_total', '', 'code'), legend: '{{code}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Messages',
      {
        shows: 'Messages from clients by type, and all messages to clients.',
        act: 'Candidates and offers follow joins. Many without joins: clients that keep renegotiating.',
      },
      'ops',
      [
        { expr: rate('signaling_messages_total', '', 'type'), legend: '{{type}}' },
        { expr: rate('signaling_sent_messages_total'), legend: 'sent' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Between signaling servers',
      {
        shows: 'Messages found only in the mailbox, and failed calls to Redis, NATS and gateways.',
        act: 'Messages from the mailbox come late but are not lost. Failures of the store are Redis; notes are NATS.',
      },
      'ops',
      [
        { expr: rate('signaling_caught_up_messages_total'), legend: 'from the mailbox' },
        { expr: rate('signaling_bus_failures_total'), legend: 'notes' },
        { expr: rate('signaling_store_failures_total', '', 'op'), legend: 'store {{op}}' },
        { expr: rate('signaling_control_failures_total', '', 'subject'), legend: '{{subject}}' },
      ],
      { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
    ),
    stat(
      'Signaling that drains',
      {
        shows: 'Signaling servers that send their clients elsewhere.',
        act: 'Normal in a rollout.',
      },
      'none',
      [{ expr: max(series('signaling_draining'), 'pod'), legend: '{{pod}}' }],
      {
        words: { '0': { text: 'no', color: 'green' }, '1': { text: 'drains', color: 'yellow' } },
        thresholds: [{ color: 'yellow', from: 1 }],
      },
    ),
    timeseries(
      'Sockets that a drain waits for',
      {
        shows: 'Clients that a draining server has told to resume elsewhere and that have not gone yet.',
        act: 'The remaining ones are disconnected when the drain’s time is over; they then resume.',
      },
      'none',
      [{ expr: sum(series('signaling_drain_remaining_sockets'), 'pod'), legend: '{{pod}}' }],
      { minimum: 0 },
    ),
  ],
};
