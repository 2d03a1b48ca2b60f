// What viewers get, counted in plain numbers on the hot path and turned into metrics when they are collected.
import type { Counter, Gauge, Histogram, Metrics } from '@millrace/service-kit';

import type { ProblemCode } from '../http/problem-codes.ts';
import type { SegmentCache } from './segment-cache.ts';

const KINDS = ['master', 'media', 'manifest', 'segment', 'key'] as const;
export type PlaybackKind = (typeof KINDS)[number];
/** Why a request is held: its stream is not live yet, or the part or playlist that it asks for is not there yet. */
export type HoldReason = 'start' | 'media';
const DENIALS = [
  'not_found',
  'stream_not_live',
  'playback_token_invalid',
  'playback_token_expired',
  'origin_not_allowed',
  'playback_not_allowed',
  'viewer_session_revoked',
  'playback_token_used',
  'signed_playback_required',
  'playback_disabled',
  'playback_quota_exceeded',
  'too_many_requests',
  'dependency_unavailable',
  'internal_error',
] satisfies readonly ProblemCode[];

/** Seconds; the longest wait is a setting. */
const WAIT_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** So many of a kind are observed one after another, which costs less for each, where they are not collected earlier. */
const MAX_TIMES = 1_000;

interface Observer {
  observe(seconds: number): void;
}

interface Counts {
  requests: number;
  bytes: number;
}

export class HlsMetrics {
  readonly waiters: Gauge;
  readonly held: Gauge;
  readonly #counts = new Map<PlaybackKind, Map<number, Counts>>();
  readonly #requests: Counter<'kind' | 'status'>;
  readonly #bytes: Counter<'kind'>;
  readonly #seconds: Readonly<Record<PlaybackKind, Observer>>;
  /** In ms: those that are not observed yet. */
  readonly #times: Readonly<Record<PlaybackKind, number[]>> = {
    master: [],
    media: [],
    manifest: [],
    segment: [],
    key: [],
  };
  readonly #waitSeconds: Histogram;
  readonly #denied: Counter<'reason'>;
  readonly #segmentCacheBytes: Gauge;

  constructor(metrics: Metrics, segments: Pick<SegmentCache, 'bytes' | 'reads'>) {
    this.#requests = metrics.counter('playback_requests_total', 'Requests of HLS and MPEG-DASH.', ['kind', 'status']);
    this.#bytes = metrics.counter(
      'playback_bytes_total',
      'Bytes of playlists, manifests, segments and keys sent to viewers.',
      {
        kind: KINDS,
      },
    );
    const seconds = metrics.histogram(
      'playback_request_seconds',
      'Time until a request of HLS or MPEG-DASH is answered.',
      SECONDS,
      {
        kind: KINDS,
      },
    );
    const of = (kind: PlaybackKind): Observer => seconds.labels({ kind });
    this.#seconds = {
      master: of('master'),
      media: of('media'),
      manifest: of('manifest'),
      segment: of('segment'),
      key: of('key'),
    };
    this.#waitSeconds = metrics.histogram(
      'playback_wait_seconds',
      'How long requests were held for a stream that was not live yet.',
      WAIT_SECONDS,
    );
    this.#denied = metrics.counter(
      'playback_denied_total',
      'Requests of HLS and MPEG-DASH answered with an error, by reason.',
      {
        reason: DENIALS,
      },
    );
    this.waiters = metrics.gauge('playback_waiters', 'Requests being held until a stream has its first playlist.');
    this.held = metrics.gauge(
      'playback_held',
      'Low-latency requests being held until the part or playlist that they ask for is there.',
    );
    this.#segmentCacheBytes = metrics.gauge('playback_segment_cache_bytes', 'Bytes of segments in the cache.');
    const segmentReads = metrics.counter(
      'playback_segment_reads_total',
      'Segments read from the live store because they were not in the cache.',
    );
    let countedReads = 0;
    metrics.beforeCollect(() => {
      this.#segmentCacheBytes.set(segments.bytes);
      segmentReads.inc(segments.reads - countedReads);
      countedReads = segments.reads;
      this.#flush();
    });
  }

  /** @param bytes of the body that was sent */
  answered(kind: PlaybackKind, status: number, bytes: number): void {
    let byStatus = this.#counts.get(kind);
    if (byStatus === undefined) this.#counts.set(kind, (byStatus = new Map<number, Counts>()));
    const counts = byStatus.get(status);
    if (counts === undefined) byStatus.set(status, { requests: 1, bytes });
    else {
      counts.requests++;
      counts.bytes += bytes;
    }
  }

  /** @param held what the request was held for: how long that takes says nothing about how fast we are */
  took(kind: PlaybackKind, ms: number, held: HoldReason | undefined): void {
    if (held === 'media') return;
    if (held === 'start') this.#waitSeconds.observe(ms / 1_000);
    else if (this.#times[kind].push(ms) >= MAX_TIMES) this.#observe(kind);
  }

  refused(reason: string): void {
    this.#denied.inc({ reason });
  }

  #observe(kind: PlaybackKind): void {
    const times = this.#times[kind];
    for (const ms of times) this.#seconds[kind].observe(ms / 1_000);
    times.length = 0;
  }

  #flush(): void {
    for (const kind of KINDS) this.#observe(kind);
    for (const [kind, byStatus] of this.#counts)
      for (const [status, { requests, bytes }] of byStatus) {
        this.#requests.inc({ kind, status }, requests);
        this.#bytes.inc({ kind }, bytes);
      }
    this.#counts.clear();
  }
}
