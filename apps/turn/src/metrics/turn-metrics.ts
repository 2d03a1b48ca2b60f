// Every metric of the TURN server, by its name. What packets cause is counted in plain numbers first: see Counters.
import { RELAY_REFUSALS, RelaySubject, UsageSubject } from '@millrace/control';
import { certificateExpiry } from '@millrace/service-kit';
import type { Counter, Metrics } from '@millrace/service-kit';
import { ALTERNATE_STATES } from '../alternates/alternate-health.ts';
import type { PortPool } from '../allocation/port-pool.ts';
import { AUTH_FAILURES, DROP_REASONS, MET_LIMITS, METHODS, OUTCOMES, TRANSPORTS } from '../counters.ts';
import type { Counters } from '../counters.ts';

const AUTHORIZE_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const LIFETIME_BUCKETS_S = [1, 10, 60, 300, 600, 1_800, 3_600, 14_400, 43_200];

export function createTurnMetrics(metrics: Metrics) {
  return {
    authorizeSeconds: metrics.histogram(
      'turn_authorize_seconds',
      'Time to authorize a user name.',
      AUTHORIZE_BUCKETS_S,
      { outcome: ['granted', ...RELAY_REFUSALS] },
    ),
    revocations: metrics.counter('turn_revocations_total', 'Revoked credentials.'),
    controlFailures: metrics.counter(
      'turn_control_failures_total',
      'Control messages that were not delivered, by subject.',
      {
        subject: [RelaySubject.authorizeRelay, RelaySubject.relayUsage, UsageSubject.reportUsage],
      },
    ),
    tlsReloads: metrics.counter('turn_tls_reloads_total', 'Reloads of the TLS certificate, by outcome.', {
      outcome: ['replaced', 'failed'],
    }),
    certificateExpiry: certificateExpiry(metrics),
    lifetime: metrics.histogram(
      'turn_allocation_lifetime_seconds',
      'Lifetime of ended allocations.',
      LIFETIME_BUCKETS_S,
    ),
    alternates: metrics.gauge('turn_alternate_servers', 'Alternate servers for new clients, by state.', {
      state: ALTERNATE_STATES,
    }),
    draining: metrics.gauge('turn_draining', '1 while this server is draining.'),
  };
}

export type TurnMetrics = ReturnType<typeof createTurnMetrics>;

/** Makes metrics of what the threads count, at each scrape. @returns stops it */
export function collectCounters(metrics: Metrics, threads: readonly Counters[], ports: PortPool): () => void {
  const total = (read: (counters: Counters) => number): number => threads.reduce((sum, each) => sum + read(each), 0);
  const bytes = metrics.counter('turn_relayed_bytes_total', 'Bytes of data relayed.', ['direction']);
  const packets = metrics.counter('turn_relayed_packets_total', 'Packets relayed.', ['direction']);
  const answers = metrics.counter('turn_answers_total', 'Answers by method and error code; 0 is success.', [
    'method',
    'code',
  ]);
  const dropped = metrics.counter('turn_dropped_total', 'Messages and packets dropped, by reason.', ['reason']);
  const limits = metrics.counter(
    'turn_limits_met_total',
    'Requests and packets refused or dropped because of a limit, by limit.',
    ['limit'],
  );
  const authFailures = metrics.counter(
    'turn_auth_failures_total',
    'Requests with credentials that were not accepted, by reason.',
    ['reason'],
  );
  const retransmissions = metrics.counter(
    'turn_retransmissions_total',
    'Retransmitted requests that were answered again.',
  );
  const asked = metrics.counter('turn_authorizations_total', 'Authorization requests to the control plane.');
  const connections = metrics.gauge('turn_connections', 'Open client connections.', ['transport']);
  const gauges = [
    ['allocations', metrics.gauge('turn_allocations', 'Current allocations.')],
    ['permissions', metrics.gauge('turn_permissions', 'Current permissions.')],
    ['channels', metrics.gauge('turn_channels', 'Current channels.')],
    ['reservations', metrics.gauge('turn_reservations', 'Currently reserved ports.')],
    ['peerConnections', metrics.gauge('turn_peer_connections', 'Current TCP connections to peers.')],
    ['waiting', metrics.gauge('turn_waiting_requests', 'Requests waiting for the control plane.')],
  ] as const;
  const relayPorts = metrics.gauge('turn_relay_ports', 'Ports of the relay range, by state.', ['state']);
  const raise = riser();

  return metrics.beforeCollect(() => {
    raise(
      bytes,
      { direction: 'sent' },
      total((each) => each.read('sentBytes')),
    );
    raise(
      bytes,
      { direction: 'received' },
      total((each) => each.read('receivedBytes')),
    );
    raise(
      packets,
      { direction: 'sent' },
      total((each) => each.read('sentPackets')),
    );
    raise(
      packets,
      { direction: 'received' },
      total((each) => each.read('receivedPackets')),
    );
    raise(
      retransmissions,
      {},
      total((each) => each.read('retransmissions')),
    );
    raise(
      asked,
      {},
      total((each) => each.read('asked')),
    );
    for (const reason of DROP_REASONS)
      raise(
        dropped,
        { reason },
        total((each) => each.read(`dropped.${reason}`)),
      );
    for (const limit of MET_LIMITS)
      raise(
        limits,
        { limit },
        total((each) => each.read(`met.${limit}`)),
      );
    for (const reason of AUTH_FAILURES)
      raise(
        authFailures,
        { reason },
        total((each) => each.read(`auth.${reason}`)),
      );
    for (const method of METHODS)
      for (const code of OUTCOMES) {
        const count = total((each) => each.read(`answer.${method}.${code}`));
        if (count > 0 || method === 'allocate') raise(answers, { method, code: String(code) }, count);
      }
    for (const transport of TRANSPORTS)
      if (transport !== 'udp')
        connections.set(
          { transport },
          total((each) => each.read(`connections.${transport}`)),
        );
    for (const [name, gauge] of gauges) gauge.set(total((each) => each.read(name)));
    const { taken } = ports;
    relayPorts.set({ state: 'taken' }, taken);
    relayPorts.set({ state: 'free' }, ports.last - ports.first + 1 - taken);
  });
}

/** Brings a counter to a total that only grows. */
function riser() {
  const known = new Map<string, number>();
  return <L extends string>(counter: Counter<L>, labels: Record<L, string>, value: number): void => {
    const key = `${(counter as unknown as { readonly name: string }).name}${JSON.stringify(labels)}`;
    const more = value - (known.get(key) ?? 0);
    known.set(key, value);
    counter.inc(labels, Math.max(0, more));
  };
}
