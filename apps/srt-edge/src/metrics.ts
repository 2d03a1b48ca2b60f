// The metrics that this edge has beside those of every ingest: what connections have counted is added now and then, never per packet.
import type { SrtStatistics } from '@millrace/protocol/srt';
import type { Metrics } from '@millrace/service-kit';

const RTT_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 2];

/** What becomes of packets that encoders send. */
const OUTCOMES = ['received', 'lost', 'retransmitted', 'dropped', 'belated', 'undecryptable'] as const;

/** What becomes of packets that players are sent: what connections count, and the port. */
const SENT_OUTCOMES = ['sent', 'retransmitted', 'dropped'] as const;
const PORT_OUTCOMES = ['unsent'] as const;

export type SrtMetrics = ReturnType<typeof registerMetrics>;

export function registerMetrics(metrics: Metrics) {
  return {
    packets: metrics.counter(
      'srt_packets_total',
      'Packets of SRT encoders: received; lost on the way at first; received again after they were asked for; dropped since they did not ' +
        'come in time; belated, or received twice; undecryptable.',
      { outcome: OUTCOMES },
    ),
    sentPackets: metrics.counter(
      'srt_sent_packets_total',
      'Packets to SRT players: sent; retransmitted since they were asked for or not acknowledged; dropped since they were not acknowledged in time; ' +
        'of those that were sent, unsent since the kernel did not take them.',
      { outcome: [...SENT_OUTCOMES, ...PORT_OUTCOMES] },
    ),
    rtt: metrics.histogram(
      'srt_rtt_seconds',
      'Round-trip time to SRT encoders and players, sampled every five seconds.',
      RTT_BUCKETS_S,
    ),
    continuityErrors: metrics.counter(
      'srt_continuity_errors_total',
      'Packets of MPEG-TS that are missing or repeated although SRT lost nothing: what encoders themselves were given.',
    ),
    damagedPackets: metrics.counter('srt_damaged_packets_total', 'Packets and tables of MPEG-TS that cannot be read.'),
  };
}

/** The statistics of a connection by those outcomes. */
const SENT_STATISTICS = { sent: 'sent', retransmitted: 'sentAgain', dropped: 'sendDropped' } as const;

/** Adds what one connection has counted since it was read last. */
export class StatisticsReader {
  readonly #metrics: SrtMetrics;
  #read: SrtStatistics | undefined;

  constructor(metrics: SrtMetrics) {
    this.#metrics = metrics;
  }

  read(statistics: SrtStatistics): void {
    const { packets, sentPackets, rtt } = this.#metrics;
    const added = (name: keyof SrtStatistics): number => statistics[name] - (this.#read?.[name] ?? 0);
    for (const outcome of OUTCOMES) packets.inc({ outcome }, added(outcome));
    for (const outcome of SENT_OUTCOMES) sentPackets.inc({ outcome }, added(SENT_STATISTICS[outcome]));
    this.#read = { ...statistics };
    rtt.observe(statistics.rttUs / 1_000_000);
  }
}
