// The metrics that this edge has beside those of every ingest: what connections have counted is added now and then, never per packet.
import type { SrtStatistics } from '@millrace/protocol/srt';
import type { Metrics } from '@millrace/service-kit';

const RTT_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 2];

/** What becomes of packets that encoders send. */
const OUTCOMES = ['received', 'lost', 'retransmitted', 'dropped', 'belated', 'undecryptable'] as const;

export type SrtMetrics = ReturnType<typeof registerMetrics>;

export function registerMetrics(metrics: Metrics) {
  return {
    packets: metrics.counter(
      'srt_packets_total',
      'Packets of SRT encoders: received; lost on the way at first; received again after they were asked for; dropped since they did not ' +
        'come in time; belated, or received twice; undecryptable.',
      { outcome: OUTCOMES },
    ),
    rtt: metrics.histogram(
      'srt_rtt_seconds',
      'Round-trip time to SRT encoders, sampled every five seconds.',
      RTT_BUCKETS_S,
    ),
    continuityErrors: metrics.counter(
      'srt_continuity_errors_total',
      'Packets of MPEG-TS that are missing or repeated although SRT lost nothing: what encoders themselves were given.',
    ),
    damagedPackets: metrics.counter('srt_damaged_packets_total', 'Packets and tables of MPEG-TS that cannot be read.'),
  };
}

/** Adds what one connection has counted since it was read last. */
export class StatisticsReader {
  readonly #metrics: SrtMetrics;
  readonly #read: Record<(typeof OUTCOMES)[number], number> = {
    received: 0,
    lost: 0,
    retransmitted: 0,
    dropped: 0,
    belated: 0,
    undecryptable: 0,
  };

  constructor(metrics: SrtMetrics) {
    this.#metrics = metrics;
  }

  read(statistics: SrtStatistics): void {
    for (const outcome of OUTCOMES) {
      const added = statistics[outcome] - this.#read[outcome];
      if (added > 0) this.#metrics.packets.inc({ outcome }, added);
      this.#read[outcome] = statistics[outcome];
    }
    this.#metrics.rtt.observe(statistics.rttUs / 1_000_000);
  }
}
