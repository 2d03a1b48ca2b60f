// Who is in rooms, and whether joining works.
import { max, rate, series, spread, sum } from './expressions.ts';
import { stat, timeseries, type Row } from './panel.ts';

export const roomsRow: Row = {
  title: 'Rooms',
  panels: [
    timeseries(
      'Rooms and participants',
      {
        shows: 'Rooms with somebody in them and participants, by the signaling server that has their socket.',
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
        shows: 'Open WebSockets: those that have joined and those that wait.',
        act: 'Many that wait are clients that connect and never join, or a slow control plane: see "Time to join".',
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
        shows: 'Attempts to join a room and what became of them.',
        act: '`unavailable` is ours: the gateway or Redis. `bad_token` and `token_expired` are the tenant’s tokens: clocks, keys.',
      },
      'ops',
      [{ expr: rate('signaling_joins_total', '', 'outcome'), legend: '{{outcome}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Time to join',
      {
        shows: 'From the request to join to its answer, of joins that succeeded.',
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
        act: 'Many at once is a signaling server that went away, or a network that blinked. `too_late` and `unknown` had to join again.',
      },
      'ops',
      [{ expr: rate('signaling_resumes_total', '', 'outcome'), legend: '{{outcome}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Who left, and why',
      {
        shows: 'Participants who are out of their room.',
        act: '`lost` are those who dropped and did not come back in time: networks, or browsers that were closed.',
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
        shows: 'Sockets that were not opened, and errors that clients were told, by code.',
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
        act: 'Candidates and offers follow joins. Many without joins: clients that negotiate again and again.',
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
        shows: 'Messages found in the mailbox only, and calls to Redis, NATS and gateways that failed.',
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
        shows: 'Which signaling servers send their clients elsewhere.',
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
        act: 'Those that are left are cut when the drain’s time is over; they resume.',
      },
      'none',
      [{ expr: sum(series('signaling_drain_remaining_sockets'), 'pod'), legend: '{{pod}}' }],
      { minimum: 0 },
    ),
  ],
};
