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
        shows: 'Current allocations, by relay.',
        act: 'Each takes one port of the relay range: see "Relay ports in use".',
      },
      'none',
      [{ expr: sum(series('turn_allocations'), 'pod'), legend: '{{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Alternate servers',
      {
        shows: 'The servers in MILLRACE_TURN_ALTERNATE_SERVER by state, summed over all relays.',
        act: 'A draining relay sends new clients to those that answer. If none answers, they are refused with 508.',
      },
      'none',
      [{ expr: sum(series('turn_alternate_servers'), 'state'), legend: '{{state}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Bytes relayed',
      {
        shows: 'Data relayed to peers and from peers.',
        act: 'Size the network of the relays by it. If nothing is relayed while there are allocations, a firewall blocks the relay ports.',
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
        act: '401 comes before every success. 486 means a quota, 508 no port left, 500 that the gateway could not be reached.',
      },
      'ops',
      [{ expr: rate('turn_answers_total', ICE_REQUEST_METHODS, 'code'), legend: '{{code}}' }],
      { minimum: 0 },
    ),
    timeseries(
      '401 for each success',
      {
        shows: '401 answers per successful allocation. One is normal: clients learn the realm from it.',
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
        shows: 'Requests with credentials that were refused, by reason.',
        act: '`expired`: clients keep credentials too long, or clocks differ. `wrong_password` from few addresses: someone is guessing.',
      },
      'ops',
      [{ expr: rate('turn_auth_failures_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Relay ports in use',
      {
        shows: 'Fraction of each relay’s port range in use.',
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
        act: '`no_permission` after a call is normal. `denied_peer`: a client tries to reach your own network through the relay.',
      },
      'pps',
      [{ expr: rate('turn_dropped_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Limits met',
      {
        shows: 'Requests and packets refused or dropped because of a limit, by limit.',
        act: 'Names are those of settings without MILLRACE_TURN_, or of a tenant’s quota: raise it if the use is legitimate.',
      },
      'ops',
      [{ expr: rate('turn_limits_met_total', '', 'limit'), legend: '{{limit}}' }],
      { minimum: 0 },
    ),
    heatmap(
      'How long allocations last',
      {
        shows: 'Lifetimes of ended allocations.',
        act: 'Many that last only seconds: calls that fail after they have started, or clients that try every relay.',
      },
      's',
      buckets('turn_allocation_lifetime_seconds'),
    ),
    timeseries(
      'Asking who a user is',
      {
        shows: 'How long the gateway takes to decide whether a user name may relay, and how often it is asked.',
        act: 'Every first allocation waits for it. If it is slow, look at the gateways.',
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
        act: 'Clients use TCP and TLS when UDP is blocked: it costs more and calls sound worse. Is UDP 3478 open?',
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
        shows: 'Permissions and channels of allocations.',
        act: 'A few per allocation are normal. Far more: a client that opens everything.',
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
          'User names that gateways were asked about, revoked credentials, retransmitted requests, and control messages that were not delivered.',
        act: 'Retransmissions mean lost packets between clients and the relay. Undelivered messages: look at NATS.',
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
        shows: 'Relays that grant no new allocations.',
        act: 'Normal in a rollout; their allocations expire, or are ended when the drain’s time is over.',
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
        shows: 'How often the TURN over TLS certificate was replaced, or could not be read, in the last day.',
        act: '`failed`: certificate and key do not match, or cannot be read. The old one stays in use until it expires.',
      },
      'none',
      [{ expr: sum(`increase(${series('turn_tls_reloads_total')}[1d])`, 'outcome'), legend: '{{outcome}}' }],
      { minimum: 0 },
    ),
  ],
};
