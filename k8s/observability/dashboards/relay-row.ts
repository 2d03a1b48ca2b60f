// The TURN relay: allocations, traffic, authorization and refusals.
import { buckets, max, quantile, rate, ratio, series, sum } from './expressions.ts';
import { heatmap, stat, timeseries } from './panel.ts';
import type { Row } from './panel.ts';

const ICE_REQUEST_METHODS = 'method="allocate"';

export const relayRow: Row = {
  title: 'TURN relay',
  panels: [
    timeseries(
      'Allocations',
      {
        shows: 'Current allocations, by relay.',
        act: 'Each uses one port of the relay port range: see "Relay ports in use".',
      },
      'none',
      [{ expr: sum(series('turn_allocations'), 'pod'), legend: '{{pod}}' }],
      { stacked: true, minimum: 0 },
    ),
    timeseries(
      'Alternate servers',
      {
        shows: 'The servers in MILLRACE_TURN_ALTERNATE_SERVER by state, summed over all relays.',
        act: 'A draining relay redirects new clients to the alternate servers that respond. If none responds, clients are refused with 508.',
      },
      'none',
      [{ expr: sum(series('turn_alternate_servers'), 'state'), legend: '{{state}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Relay throughput',
      {
        shows: 'Bytes relayed to and from peers.',
        act: 'Use it to size the relays’ network. If nothing is relayed while there are allocations, a firewall is blocking the relay ports.',
      },
      'Bps',
      [{ expr: rate('turn_relayed_bytes_total', '', 'direction'), legend: '{{direction}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Relay packet rate',
      {
        shows: 'Packets relayed to and from peers.',
        act: 'CPU usage depends on packets, not bytes: docs/performance.md gives the capacity of one core.',
      },
      'pps',
      [{ expr: rate('turn_relayed_packets_total', '', 'direction'), legend: '{{direction}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Allocate responses by code',
      {
        shows: 'Responses to Allocate requests, by STUN error code; 0 is success.',
        act: 'A 401 precedes every success. 486: a quota is used up. 508: no port is left. 500: the gateway could not be reached.',
      },
      'ops',
      [{ expr: rate('turn_answers_total', ICE_REQUEST_METHODS, 'code'), legend: '{{code}}' }],
      { minimum: 0 },
    ),
    timeseries(
      '401 responses per success',
      {
        shows: '401 responses per successful allocation. One is normal: clients learn the realm from it.',
        act: 'Far above 2, clients have wrong or expired credentials; see "Authentication failures".',
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
      'Authentication failures',
      {
        shows: 'Requests whose credentials were refused, by reason.',
        act: '`expired`: clients keep credentials too long, or clocks differ. `wrong_password` from a few addresses: an attacker is guessing passwords.',
      },
      'ops',
      [{ expr: rate('turn_auth_failures_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Relay ports in use',
      {
        shows: 'Fraction of each relay’s port range in use.',
        act: 'Above 80 %, widen the port range or add relays.',
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
        act: '`no_permission` after a call is normal. `denied_peer`: a client tried to reach your internal network through the relay.',
      },
      'pps',
      [{ expr: rate('turn_dropped_total', '', 'reason'), legend: '{{reason}}' }],
      { minimum: 0 },
    ),
    timeseries(
      'Limits reached',
      {
        shows: 'Requests and packets refused or dropped because of a limit, by limit.',
        act: 'Each label is the name of a setting without MILLRACE_TURN_, or of a tenant quota: raise it if the usage is legitimate.',
      },
      'ops',
      [{ expr: rate('turn_limits_met_total', '', 'limit'), legend: '{{limit}}' }],
      { minimum: 0 },
    ),
    heatmap(
      'Allocation lifetime',
      {
        shows: 'Lifetime of allocations that have ended.',
        act: 'Many that last only seconds point to calls that fail after they start, or clients that try every relay.',
      },
      's',
      buckets('turn_allocation_lifetime_seconds'),
    ),
    timeseries(
      'Authorization latency',
      {
        shows: 'Time that gateways take to authorize a TURN user name.',
        act: 'The first allocation of each user name waits for it. If it is slow, check the gateways.',
      },
      's',
      [
        { expr: quantile(0.5, 'turn_authorize_seconds'), legend: 'p50' },
        { expr: quantile(0.99, 'turn_authorize_seconds'), legend: 'p99' },
      ],
      { minimum: 0, thresholds: [{ color: 'red', from: 1 }] },
    ),
    timeseries(
      'TCP and TLS connections',
      {
        shows: 'Open TCP and TLS connections from clients, and TCP connections to peers.',
        act: 'Clients fall back to TCP and TLS when UDP is blocked, which costs more and lowers call quality. Check that UDP 3478 is open.',
      },
      'none',
      [
        { expr: sum(series('turn_connections'), 'transport'), legend: '{{transport}}' },
        { expr: sum(series('turn_peer_connections')), legend: 'to peers' },
      ],
      { minimum: 0 },
    ),
    timeseries(
      'Permissions, channels and reservations',
      {
        shows: 'Permissions, channels, reserved ports, and requests waiting for a gateway.',
        act: 'A few per allocation are normal. Far more point to a misbehaving client.',
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
      'Authorizations, revocations and retransmissions',
      {
        shows:
          'Authorization requests to gateways, revoked credentials, retransmitted requests, and undelivered control messages.',
        act: 'Retransmissions mean packet loss between clients and the relay. If messages are not delivered, check NATS.',
      },
      'ops',
      [
        { expr: rate('turn_authorizations_total'), legend: 'authorizations' },
        { expr: rate('turn_revocations_total'), legend: 'revocations' },
        { expr: rate('turn_retransmissions_total'), legend: 'retransmissions' },
        { expr: rate('turn_control_failures_total', '', 'subject'), legend: '{{subject}}' },
      ],
      { minimum: 0 },
    ),
    stat(
      'Draining relays',
      {
        shows: 'Relays that do not grant new allocations.',
        act: 'Normal during a rollout. Their allocations expire, or are ended when the drain period is over.',
      },
      'none',
      [{ expr: max(series('turn_draining'), 'pod'), legend: '{{pod}}' }],
      {
        words: { '0': { text: 'no', color: 'green' }, '1': { text: 'draining', color: 'yellow' } },
        thresholds: [{ color: 'yellow', from: 1 }],
      },
    ),
    timeseries(
      'Certificate reloads',
      {
        shows: 'How often the TURN over TLS certificate was reloaded, or failed to reload, in the last day.',
        act: '`failed`: the certificate and key do not match or cannot be read. The old pair stays in use until it expires.',
      },
      'none',
      [{ expr: sum(`increase(${series('turn_tls_reloads_total')}[1d])`, 'outcome'), legend: '{{outcome}}' }],
      { minimum: 0 },
    ),
  ],
};
