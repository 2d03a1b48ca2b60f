// What the relay carries, for whom, and what it refuses.
import { buckets, max, quantile, rate, ratio, series, sum } from './expressions.ts';
import { heatmap, stat, timeseries, type Row } from './panel.ts';

const ICE_REQUEST_METHODS = 'method="allocate"';

export const relayRow: Row = {
  title: 'What the relay carries',
  panels: [
    timeseries(
      'Allocations',
      {
        shows: 'Allocations that there are now, by relay.',
        act: 'Each takes one port of the relay range: see "Relay ports in use".',
      },
      'none',
      [{ expr: sum(series('turn_allocations'), 'pod'), legend: '{{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Alternate servers',
      {
        shows: 'The servers of MILLRACE_TURN_ALTERNATE_SERVER by state, added up over all relays.',
        act: 'A draining relay sends new clients to those that answer. None that answers: they are refused with 508.',
      },
      'none',
      [{ expr: sum(series('turn_alternate_servers'), 'state'), legend: '{{state}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Bytes relayed',
      {
        shows: 'Data relayed to peers and from peers.',
        act: 'Plan the network of relays by it. Nothing while there are allocations: a firewall in front of the relay ports.',
      },
      'Bps',
      [{ expr: rate('turn_relayed_bytes_total', '', 'direction'), legend: '{{direction}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Packets relayed',
      {
        shows: 'Packets relayed to peers and from peers.',
        act: 'Packets, not bytes, cost CPU: docs/performance.md says how many one core carries.',
      },
      'pps',
      [{ expr: rate('turn_relayed_packets_total', '', 'direction'), legend: '{{direction}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Requests to allocate by answer',
      {
        shows: 'Answers to Allocate by STUN error code; 0 is success.',
        act: '401 comes before every success. 486 is a quota, 508 no port left, 500 that the gateway could not be asked.',
      },
      'ops',
      [{ expr: rate('turn_answers_total', ICE_REQUEST_METHODS, 'code'), legend: '{{code}}' }],
      { minimum: 0 },
    ),
    timeseries(
      '401 for each success',
      {
        shows: 'Answers 401 for each allocation that was made. One is ordinary: clients learn the realm by it.',
        act: 'Far above 2: clients with wrong or old credentials; see "Credentials that did not work".',
      },
      'none',
      [
        {
          expr: ratio(
            rate('turn_answers_total', 'method="allocate",code="401"'),
            rate('turn_answers_total', 'method="allocate",code="0"'),
          ),
          legend: '401 / success',
        },
      ],
      { minimum: 0, thresholds: [{ color: 'yellow', from: 3 }] },
    ),
    timeseries(
      'Credentials that did not work',
      {
        shows: 'Requests with credentials that were refused, by why.',
        act: '`expired`: clients keep credentials too long, or clocks differ. `wrong_password` from few addresses: somebody guesses.',
      },
      'ops',
      [{ expr: rate('turn_auth_failures_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Relay ports in use',
      {
        shows: 'The part of each relay’s port range that is taken.',
        act: 'Above 80 %: widen the range, or add relays.',
      },
      'percentunit',
      [
        {
          expr: ratio(sum(series('turn_relay_ports', 'state="taken"'), 'pod'), sum(series('turn_relay_ports'), 'pod')),
          legend: '{{pod}}',
        },
      ],
      { minimum: 0, maximum: 1, thresholds: [{ color: 'red', from: 0.8 }] },
    ),
    timeseries(
      'Dropped packets by reason',
      {
        shows: 'Messages and packets dropped, by reason.',
        act: '`no_permission` after a call is ordinary. `denied_peer`: somebody tries to reach your own network through the relay.',
      },
      'pps',
      [{ expr: rate('turn_dropped_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Limits met',
      {
        shows: 'What was refused or dropped because of a limit, by its name.',
        act: 'Names are those of settings without MILLRACE_TURN_, or of a tenant’s quota: raise it where the use is wanted.',
      },
      'ops',
      [{ expr: rate('turn_limits_met_total', '', 'limit'), legend: '{{limit}}' }],
      { minimum: 0 },
    ),
    heatmap(
      'How long allocations last',
      {
        shows: 'Lifetimes of allocations that have ended.',
        act: 'Many of seconds: calls that fail after they have begun, or clients that try every relay.',
      },
      's',
      buckets('turn_allocation_lifetime_seconds'),
    ),
    timeseries(
      'Asking who a user is',
      {
        shows: 'How long the gateway takes to say whether a user name may relay, and how often it is asked.',
        act: 'It is on the way of every first allocation. Slow: look at gateways.',
      },
      's',
      [
        { expr: quantile(0.5, 'turn_authorize_seconds'), legend: 'p50' },
        { expr: quantile(0.99, 'turn_authorize_seconds'), legend: 'p99' },
      ],
      { minimum: 0, thresholds: [{ color: 'red', from: 1 }] },
    ),
    timeseries(
      'Clients’ connections',
      {
        shows: 'Open connections of clients over TCP and TLS, and connections to peers over TCP.',
        act: 'Clients come by TCP and TLS when UDP is blocked: it costs more and sounds worse. Is UDP 3478 open?',
      },
      'none',
      [
        { expr: sum(series('turn_connections'), 'transport'), legend: '{{transport}}' },
        { expr: sum(series('turn_peer_connections')), legend: 'to peers' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Permissions, channels, reservations',
      {
        shows: 'What allocations have opened.',
        act: 'Some for each allocation. Far more: a client that opens everything.',
      },
      'none',
      [
        { expr: sum(series('turn_permissions')), legend: 'permissions' },
        { expr: sum(series('turn_channels')), legend: 'channels' },
        { expr: sum(series('turn_reservations')), legend: 'reservations' },
        { expr: sum(series('turn_waiting_requests')), legend: 'waiting requests' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Questions, revocations, repeats',
      {
        shows:
          'User names that gateways were asked about, credentials revoked, requests answered once more, and messages not delivered.',
        act: 'Repeats are lost packets between clients and here. Messages not delivered: NATS.',
      },
      'ops',
      [
        { expr: rate('turn_authorizations_total'), legend: 'asked' },
        { expr: rate('turn_revocations_total'), legend: 'revoked' },
        { expr: rate('turn_retransmissions_total'), legend: 'answered once more' },
        { expr: rate('turn_control_failures_total', '', 'subject'), legend: '{{subject}}' },
      ],
      { minimum: 0 },
    ),
    stat(
      'Relays that drain',
      {
        shows: 'Which relays give nobody an allocation any more.',
        act: 'Normal in a rollout; their allocations run out, or are cut when the drain’s time is over.',
      },
      'none',
      [{ expr: max(series('turn_draining'), 'pod'), legend: '{{pod}}' }],
      {
        words: { '0': { text: 'no', color: 'green' }, '1': { text: 'drains', color: 'yellow' } },
        thresholds: [{ color: 'yellow', from: 1 }],
      },
    ),
    timeseries(
      'Changes of the certificate',
      {
        shows: 'How often the certificate of TURN over TLS was replaced, or could not be read, in the last day.',
        act: '`failed`: certificate and key do not fit each other, or cannot be read. The old one stays in use until it ends.',
      },
      'none',
      [{ expr: sum(`increase(${series('turn_tls_reloads_total')}[1d])`, 'outcome'), legend: '{{outcome}}' }],
      { minimum: 0 },
    ),
  ],
};
