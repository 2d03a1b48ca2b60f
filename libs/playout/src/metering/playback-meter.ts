// Counts viewers and what they are sent: one for all protocols of a process.
import { randomBytes } from 'node:crypto';
import type { UsageOf, UsageSink } from '@millrace/domain';
import type { Gauge, Metrics, TenantLabels } from '@millrace/service-kit';
import { TenantPlayback } from './tenant-playback.ts';
import { VIEWER_STEP_S, ViewerCount, viewerName, viewerNumber } from './viewer-count.ts';
import type { Viewer } from './viewer-count.ts';

/** What a viewer watches. */
export type Watched = Pick<Viewer, 'playbackId' | 'streamId' | 'tenantId'>;

/** The protocols whose viewers hold no connection: they count by their recent requests of playlists and manifests. */
const POLLING_PROTOCOLS = ['hls', 'dash'] as const;
type PollingProtocol = (typeof POLLING_PROTOCOLS)[number];

/** Is told who watches, by names that every process gives the same viewer. */
export interface ViewerListener {
  /** A viewer without a connection: told again every quarter of a minute. */
  seen(playbackId: string, name: string): void;
  /** A viewer with a connection: told once. */
  arrived(playbackId: string, name: string): void;
  left(playbackId: string, name: string): void;
}

const CONNECTION_NAME_BYTES = 12;

/** A viewer that holds a connection for as long as it watches. */
interface Watching extends Watched {
  readonly protocol: string;
  /** What its connection has been sent. */
  readonly sentBytes: () => number;
  countedBytes: number;
  /** Up to when its time has been counted. */
  countedAtMs: number;
}

export class PlaybackMeter {
  readonly #tenants: TenantPlayback;
  readonly #polling: Readonly<Record<PollingProtocol, ViewerCount>> = {
    hls: new ViewerCount(),
    dash: new ViewerCount(),
  };
  #hasPolled = false;
  readonly #watching = new Set<Watching>();
  readonly #byPlayback = new Map<string, number>();
  readonly #byProtocol = new Map<string, number>();
  readonly #viewers: Gauge<'protocol'>;
  #listener: ViewerListener | undefined;

  readonly #usage: UsageSink;
  readonly #nowMs: () => number;

  /** @param nowMs the wall clock */
  constructor(metrics: Metrics, labels: TenantLabels, usage: UsageSink, nowMs: () => number = Date.now) {
    this.#usage = usage;
    this.#nowMs = nowMs;
    usage.beforeCollect(() => this.#countWatching());
    this.#viewers = metrics.gauge(
      'playback_viewers',
      'Current viewers, by protocol. For HLS and MPEG-DASH: approximate number of players that requested a playlist or manifest recently.',
      { protocol: POLLING_PROTOCOLS },
    );
    // Before the tenants' own metrics, which include what is counted here.
    metrics.beforeCollect(() => this.#collect());
    this.#tenants = new TenantPlayback(metrics, labels);
  }

  listen(listener: ViewerListener): void {
    this.#listener = listener;
  }

  /** Makes the series of a protocol whose viewers hold a connection. */
  add(protocol: string): void {
    this.#byProtocol.set(protocol, this.#byProtocol.get(protocol) ?? 0);
  }

  /** Bytes were sent that are not counted by the connection of a viewer. */
  sent(protocol: string, watched: Watched, bytes: number): void {
    this.#tenants.sent(watched.tenantId, bytes);
    this.#usage.add(usageOf('egress_bytes', protocol, watched), bytes);
  }

  /** A viewer asked for a playlist or a manifest and got it. */
  polled(protocol: PollingProtocol, viewer: Viewer): void {
    this.#polled(protocol, viewer, viewerNumber(viewer));
  }

  /** @returns call it each time that the viewer asked for a playlist or a manifest and got it */
  poller(protocol: PollingProtocol, viewer: Viewer): () => void {
    const name = viewerNumber(viewer);
    return () => this.#polled(protocol, viewer, name);
  }

  #polled(protocol: PollingProtocol, viewer: Viewer, name: number): void {
    this.#hasPolled = true;
    if (!this.#polling[protocol].note(viewer, this.#nowMs(), name)) return;
    this.#watched(protocol, viewer, VIEWER_STEP_S);
    this.#listener?.seen(viewer.playbackId, viewerName(viewer));
  }

  /** Whether a viewer got a playlist from this process a moment ago. */
  knows(viewer: Parameters<ViewerCount['has']>[0]): boolean {
    return POLLING_PROTOCOLS.some((protocol) => this.#polling[protocol].has(viewer, this.#nowMs()));
  }

  /**
   * A viewer watches over a connection.
   *
   * @param viewer with the token that it was let in by, if there is one: then that names it, else the connection does
   * @param name it was admitted by; undefined where it needed no admission
   * @param sentBytes how many bytes the connection has sent since the viewer came
   * @returns call it once, when the viewer has left
   */
  connected(
    protocol: string,
    viewer: Watched & Pick<Viewer, 'tokenId'>,
    sentBytes: () => number,
    name = connectionName(viewer),
  ): () => void {
    const { playbackId, streamId, tenantId } = viewer;
    this.#listener?.arrived(playbackId, name);
    const watched = { playbackId, streamId, tenantId };
    const watching: Watching = { ...watched, protocol, sentBytes, countedBytes: 0, countedAtMs: this.#nowMs() };
    this.#watching.add(watching);
    change(this.#byPlayback, playbackId, 1);
    this.#byProtocol.set(protocol, (this.#byProtocol.get(protocol) ?? 0) + 1);
    return () => {
      if (!this.#watching.delete(watching)) return;
      this.#listener?.left(playbackId, name);
      this.#count(watching);
      change(this.#byPlayback, playbackId, -1);
      this.#byProtocol.set(protocol, (this.#byProtocol.get(protocol) ?? 1) - 1);
    };
  }

  /** Viewers of one playback id by all protocols. */
  viewersOf(playbackId: string): number {
    const polling = POLLING_PROTOCOLS.map((protocol) => this.#polling[protocol].countOf(playbackId, this.#nowMs()));
    return polling.reduce((sum, count) => sum + count, this.#byPlayback.get(playbackId) ?? 0);
  }

  #collect(): void {
    this.#countWatching();
    // A process that shares the gauge may serve no playlists.
    for (const protocol of this.#hasPolled ? POLLING_PROTOCOLS : [])
      this.#viewers.set({ protocol }, this.#polling[protocol].count(this.#nowMs()));
    for (const [protocol, count] of this.#byProtocol) this.#viewers.set({ protocol }, count);
  }

  #countWatching(): void {
    for (const watching of this.#watching) this.#count(watching);
  }

  #count(watching: Watching): void {
    const now = this.#nowMs();
    // A wall clock may be set back; time that was counted stays counted.
    const seconds = Math.max(0, now - watching.countedAtMs) / 1_000;
    watching.countedAtMs = now;
    this.#watched(watching.protocol, watching, seconds);
    const sent = watching.sentBytes();
    if (sent <= watching.countedBytes) return;
    this.sent(watching.protocol, watching, sent - watching.countedBytes);
    watching.countedBytes = sent;
  }

  #watched(protocol: string, watched: Watched, seconds: number): void {
    this.#tenants.watched(watched.tenantId, seconds);
    this.#usage.add(usageOf('viewer_seconds', protocol, watched), seconds);
  }
}

/** The token names a viewer that has one, else the connection does. */
export const connectionName = ({ playbackId, tokenId }: Pick<Viewer, 'playbackId' | 'tokenId'>): string =>
  tokenId === undefined
    ? randomBytes(CONNECTION_NAME_BYTES).toString('base64url')
    : viewerName({ playbackId, tokenId, address: '', userAgent: '' });

const usageOf = (kind: UsageOf['kind'], protocol: string, { tenantId, streamId }: Watched): UsageOf => ({
  tenantId,
  streamId,
  kind,
  protocol,
});

function change(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}
