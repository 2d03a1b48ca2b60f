// Rooms: participants, joins, sockets and messages.
import { max, rate, series, spread, sum } from './expressions.ts';
import { stat, timeseries } from './panel.ts';
import type { Row } from './panel.ts';

export const roomsRow: Row = {
  title: 'Rooms',
  panels: [
    timeseries(
      'Rooms and participants',
      {
        shows: 'Rooms with participants, and participants, by the signaling server that holds their WebSocket.',
        act: 'Nothing. A room whose participants are on two servers is counted on both.',
      },
      'none',
      [
        { expr: sum(series('signaling_rooms'), 'pod'), legend: 'rooms {{pod}}' },
        { expr: sum(series('signaling_peers'), 'pod'), legend: 'participants {{pod}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Open WebSockets',
      {
        shows: 'Open WebSockets by state: joined to a room, or waiting.',
        act: 'Many waiting sockets mean clients that connect and never join, or a slow control plane: see "Join latency".',
      },
      'none',
      [{ expr: sum(series('signaling_sockets'), 'state'), legend: '{{state}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Token renewals by outcome',
      {
        shows: 'Requests of participants in a room to renew their join token before it expires, by outcome.',
        act: 'Refusals are expected after a participant is removed, a signing key revoked or a tenant suspended; otherwise see the gateway’s log.',
      },
      'ops',
      [{ expr: rate('token_renewals_total', '', 'outcome'), legend: '{{outcome}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Joins by outcome',
      {
        shows: 'Attempts to join a room, by outcome.',
        act: '`unavailable` is a server-side failure: check gateways and Redis. `bad_token` and `token_expired` point to the tenant’s tokens: check its clocks and keys.',
      },
      'ops',
      [{ expr: rate('signaling_joins_total', '', 'outcome'), legend: '{{outcome}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Join latency',
      {
        shows: 'Time from a join request to its response, for successful joins.',
        act: 'A join that takes more than 2 s counts as failed. Joins depend on a gateway (PostgreSQL) and Redis: check those.',
      },
      's',
      spread('signaling_join_seconds', 'outcome="joined"'),
      { minimum: 0, thresholds: [{ color: 'red', from: 2 }] },
    ),
    timeseries(
      'Resumes by outcome',
      {
        shows: 'Clients that resumed after their WebSocket dropped, by outcome.',
        act: 'Many at once mean that a signaling server stopped, or a short network outage. After `too_late` or `unknown`, the client had to join again.',
      },
      'ops',
      [{ expr: rate('signaling_resumes_total', '', 'outcome'), legend: '{{outcome}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Departures by reason',
      {
        shows: 'Participants who left their room, by reason.',
        act: '`lost`: the participant’s connection dropped and was not resumed in time, because of the network or a closed browser.',
      },
      'ops',
      [{ expr: rate('signaling_departures_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Closed sockets by reason',
      {
        shows: 'Closed WebSockets, by reason.',
        act: '`silent` and `connection_lost` point to networks; `rate_limited` and `too_many_errors` to misbehaving clients.',
      },
      'ops',
      [{ expr: rate('signaling_closed_sockets_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Refused sockets and errors',
      {
        shows: 'Refused WebSockets by reason, and errors sent to clients by code.',
        act: 'If `too_fast_from_address` affects many users behind one proxy, set MILLRACE_SIGNALING_TRUSTED_PROXIES. The codes are listed in docs/errors.md.',
      },
      'ops',
      [
        { expr: rate('signaling_refused_sockets_total', '', 'reason'), legend: 'refused {{reason}}' },
        { expr: rate('signaling_errors_total', '', 'code'), legend: '{{code}}' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Signaling messages',
      {
        shows: 'Messages from clients by type, and all messages sent to clients.',
        act: 'Candidates and offers follow joins. Many without joins mean that clients keep renegotiating.',
      },
      'ops',
      [
        { expr: rate('signaling_messages_total', '', 'type'), legend: '{{type}}' },
        { expr: rate('signaling_sent_messages_total'), legend: 'sent' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Mailbox deliveries and failed calls',
      {
        shows:
          'Messages that were delivered only through the mailbox in Redis, and failed calls to Redis, NATS and gateways.',
        act: 'Messages from the mailbox arrive late but are not lost. `store` failures point to Redis, `notes` failures to NATS.',
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
      'Draining signaling servers',
      {
        shows: 'Signaling servers that are moving their clients to other servers.',
        act: 'Normal during a rollout.',
      },
      'none',
      [{ expr: max(series('signaling_draining'), 'pod'), legend: '{{pod}}' }],
      {
        words: { '0': { text: 'no', color: 'green' }, '1': { text: 'draining', color: 'yellow' } },
        thresholds: [{ color: 'yellow', from: 1 }],
      },
    ),
    timeseries(
      'Sockets on draining servers',
      {
        shows: 'Clients that a draining server has told to resume elsewhere and that are still connected.',
        act: 'The remaining clients are disconnected when the drain period ends; they then resume on another server.',
      },
      'none',
      [{ expr: sum(series('signaling_drain_remaining_sockets'), 'pod'), legend: '{{pod}}' }],
      { minimum: 0 },
    ),
  ],
};
