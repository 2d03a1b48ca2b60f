// What live viewers get, counted as plain numbers on the hot path and turned into metrics when they are collected.
import type { Counter, Gauge, Metrics } from '@millrace/service-kit';
import { CUT_REASONS } from './live-viewer.ts';
import type { ViewerCutReason } from './live-viewer.ts';

/**
 * Why a viewer was refused. `limit`: a limit of viewers, in all or of its address or tenant. `not_allowed`: its playback token, or what
 * restricts it.
 */
export const PLAYOUT_REFUSALS = [
  'not_found',
  'playback_disabled',
  'not_allowed',
  'stream_offline',
  'limit',
  'unavailable',
] as const;
export type PlayoutRefusal = (typeof PLAYOUT_REFUSALS)[number];

/** Problem codes of the API that refuse viewers. */
const REFUSALS: Readonly<Record<string, PlayoutRefusal>> = {
  not_found: 'not_found',
  playback_disabled: 'playback_disabled',
  playback_quota_exceeded: 'limit',
  stream_encrypted: 'not_allowed',
  signed_playback_required: 'not_allowed',
  playback_token_used: 'not_allowed',
  stream_offline: 'stream_offline',
  too_many_viewers: 'limit',
  playback_token_invalid: 'not_allowed',
  playback_token_expired: 'not_allowed',
  origin_not_allowed: 'not_allowed',
  playback_not_allowed: 'not_allowed',
  viewer_session_revoked: 'not_allowed',
};
export const playoutRefusalOf = (problemCode: string): PlayoutRefusal => REFUSALS[problemCode] ?? 'unavailable';

interface Counts {
  bytes: number;
  skips: number;
}

export interface PlayoutLevels {
  readonly streams: number;
  readonly groupBytes: number;
  readonly queuedBytes: number;
}

/** The readers of each process: several services may share one, and its gauges. */
const READERS = new WeakMap<Metrics, Set<() => PlayoutLevels>>();

export class PlayoutMetrics {
  readonly #counts = new Map<string, Counts>();
  readonly #bytes: Counter<'protocol'>;
  readonly #skips: Counter<'protocol'>;
  readonly #cuts: Counter<'protocol' | 'reason'>;
  readonly #refusals: Counter<'protocol' | 'reason'>;
  readonly #gaps: Counter;
  readonly #streams: Gauge;
  readonly #groupBytes: Gauge;
  readonly #queuedBytes: Gauge;

  /** @param protocols those of this process whose viewers hold a connection */
  constructor(metrics: Metrics, protocols: readonly string[], levels: () => PlayoutLevels) {
    const protocol = [...protocols];
    this.#bytes = metrics.counter('playout_bytes_total', 'Bytes of live media sent to viewers over connections.', {
      protocol,
    });
    this.#skips = metrics.counter('playout_skips_total', 'Times that a slow viewer skipped to the next keyframe.', {
      protocol,
    });
    this.#cuts = metrics.counter('playout_cuts_total', 'Viewers disconnected because they were too slow, by reason.', {
      protocol,
      reason: CUT_REASONS,
    });
    this.#refusals = metrics.counter('playout_refused_total', 'Refused viewers, by reason.', {
      protocol,
      reason: PLAYOUT_REFUSALS,
    });
    this.#gaps = metrics.counter('playout_gaps_total', 'Gaps in the frames of watched streams.');
    this.#streams = metrics.gauge('playout_streams', 'Streams being read for viewers.');
    this.#groupBytes = metrics.gauge('playout_group_bytes', 'Bytes of the groups of pictures kept for new viewers.');
    this.#queuedBytes = metrics.gauge('playout_queued_bytes', 'Bytes queued for viewers whose connections are full.');
    const readers = READERS.get(metrics) ?? new Set();
    READERS.set(metrics, readers.add(levels));
    metrics.beforeCollect(() => {
      const all = [...readers].map((each) => each());
      const total = (level: keyof PlayoutLevels): number => all.reduce((sum, each) => sum + each[level], 0);
      this.#streams.set(total('streams'));
      this.#groupBytes.set(total('groupBytes'));
      this.#queuedBytes.set(total('queuedBytes'));
      this.#flush();
    });
  }

  sent(protocol: string, bytes: number): void {
    this.#of(protocol).bytes += bytes;
  }

  skipped(protocol: string): void {
    this.#of(protocol).skips++;
  }

  cut(protocol: string, reason: ViewerCutReason): void {
    this.#cuts.inc({ protocol, reason });
  }

  refused(protocol: string, reason: PlayoutRefusal): void {
    this.#refusals.inc({ protocol, reason });
  }

  gap(): void {
    this.#gaps.inc();
  }

  #of(protocol: string): Counts {
    let counts = this.#counts.get(protocol);
    if (counts === undefined) this.#counts.set(protocol, (counts = { bytes: 0, skips: 0 }));
    return counts;
  }

  #flush(): void {
    for (const [protocol, { bytes, skips }] of this.#counts) {
      this.#bytes.inc({ protocol }, bytes);
      this.#skips.inc({ protocol }, skips);
    }
    this.#counts.clear();
  }
}
