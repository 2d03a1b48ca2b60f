// Counts viewers and what they are sent: one for all protocols of a process.
import type { Gauge, Metrics, TenantLabels } from '@millrace/service-kit';
import { TenantPlayback } from './tenant-playback.ts';
import { VIEWER_STEP_S, ViewerCount } from './viewer-count.ts';
import type { Viewer } from './viewer-count.ts';

/** The protocol whose viewers hold no connection: they count by their recent playlist requests. */
const POLLING_PROTOCOL = 'hls';

/** A viewer that holds a connection for as long as it watches. */
interface Watching {
  readonly protocol: string;
  readonly playbackId: string;
  readonly tenantId: string;
  /** Up to when its time has been counted. */
  countedAtMs: number;
}

export class PlaybackMeter {
  readonly #tenants: TenantPlayback;
  readonly #polling = new ViewerCount();
  readonly #watching = new Set<Watching>();
  readonly #byPlayback = new Map<string, number>();
  readonly #byProtocol = new Map<string, number>();
  readonly #viewers: Gauge<'protocol'>;

  /** @param nowMs the wall clock */
  readonly #nowMs: () => number;

  constructor(metrics: Metrics, labels: TenantLabels, nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.#viewers = metrics.gauge(
      'playback_viewers',
      'Current viewers, by protocol. For HLS: approximate number of players that requested a playlist recently.',
      { protocol: [POLLING_PROTOCOL] },
    );
    // Before the tenants' own metrics, which include what is counted here.
    metrics.beforeCollect(() => this.#collect());
    this.#tenants = new TenantPlayback(metrics, labels);
  }

  /** Makes the series of a protocol whose viewers hold a connection. */
  add(protocol: string): void {
    this.#byProtocol.set(protocol, this.#byProtocol.get(protocol) ?? 0);
  }

  sent(tenantId: string, bytes: number): void {
    this.#tenants.sent(tenantId, bytes);
  }

  /** A viewer asked for a playlist and got it. */
  polled(viewer: Viewer): void {
    if (this.#polling.note(viewer, this.#nowMs())) this.#tenants.watched(viewer.tenantId, VIEWER_STEP_S);
  }

  /** A viewer watches over a connection. @returns call it once, when the viewer has left */
  connected(protocol: string, { playbackId, tenantId }: Pick<Viewer, 'playbackId' | 'tenantId'>): () => void {
    const watching: Watching = { protocol, playbackId, tenantId, countedAtMs: this.#nowMs() };
    this.#watching.add(watching);
    change(this.#byPlayback, playbackId, 1);
    this.#byProtocol.set(protocol, (this.#byProtocol.get(protocol) ?? 0) + 1);
    return () => {
      if (!this.#watching.delete(watching)) return;
      this.#countTime(watching);
      change(this.#byPlayback, playbackId, -1);
      this.#byProtocol.set(protocol, (this.#byProtocol.get(protocol) ?? 1) - 1);
    };
  }

  /** Viewers of one playback id by all protocols. */
  viewersOf(playbackId: string): number {
    return this.#polling.countOf(playbackId, this.#nowMs()) + (this.#byPlayback.get(playbackId) ?? 0);
  }

  #collect(): void {
    for (const watching of this.#watching) this.#countTime(watching);
    this.#viewers.set({ protocol: POLLING_PROTOCOL }, this.#polling.count(this.#nowMs()));
    for (const [protocol, count] of this.#byProtocol) this.#viewers.set({ protocol }, count);
  }

  #countTime(watching: Watching): void {
    const now = this.#nowMs();
    // A wall clock may be set back; time that was counted stays counted.
    const seconds = Math.max(0, now - watching.countedAtMs) / 1_000;
    watching.countedAtMs = now;
    this.#tenants.watched(watching.tenantId, seconds);
  }
}

function change(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}
