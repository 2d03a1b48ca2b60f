// A source that this edge holds the lease of: one attempt after another, with growing waits between them.
import { formatSourceState, MAX_SOURCE_ERROR_LENGTH, SOURCE_LIMITS } from '@millrace/control';
import type { ControlPlane, SourceState, SourceStateChanged, TakenSource } from '@millrace/control';
import type { LiveStore, SourceLease } from '@millrace/live-store';
import { retryWaitMs } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { PullAttempt, PullConnector } from './pull-connector.ts';
import type { PullSettings } from './pull-settings.ts';

/** A source that was pulled for so long begins with the shortest wait again. */
const STEADY_MS = 10_000;

/** By the reason for which it is closed while it is live. */
const CLOSED: Readonly<Record<string, string>> = {
  source_changed: 'the source was changed or disabled, or no viewer wants it',
  lease_lost: 'another edge pulls it',
  drained: 'the edge that pulled it stopped',
};
const OCCUPIED = 'another publisher has the stream';
const UNSURE = 'the edge cannot tell whether it still is the one to pull it; it waits for the live store';

export interface PulledSourceOptions {
  readonly source: TakenSource;
  readonly edgeId: string;
  /** Before the lease was given (`performance.now()`). */
  readonly leasedAtMs: number;
  readonly connector: PullConnector;
  readonly liveStore: LiveStore;
  readonly control: Pick<ControlPlane, 'sourceStateChanged'>;
  readonly settings: PullSettings;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  /** Called when its state has changed. */
  readonly onChange: () => void;
  /** Called when an attempt has ended while no other is to begin. */
  readonly onIdle: () => void;
}

export class PulledSource {
  readonly source: TakenSource;
  readonly lease: SourceLease;
  readonly #options: PulledSourceOptions;
  readonly #logger: Logger;
  #state: SourceState = { state: 'connecting', sinceMs: Date.now() };
  #attempt: PullAttempt | undefined;
  /** The lease lasts at least so long. */
  #heldUntilMs: number;
  #failures = 0;
  /** Whether tenants were told that it cannot be pulled, since it was live. */
  #isFailureTold = false;
  #retry: NodeJS.Timeout | undefined;
  #isLast = false;
  #isOver = false;

  constructor(options: PulledSourceOptions) {
    this.#options = options;
    this.source = options.source;
    this.#heldUntilMs = options.leasedAtMs + SOURCE_LIMITS.leaseMs;
    const { sourceId, token, tenantId, streamId } = options.source;
    this.lease = { sourceId, owner: options.edgeId, token };
    this.#logger = options.logger.child({ source_id: sourceId, tenant_id: tenantId, stream_id: streamId });
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Begins to pull. Called once. */
  start(): void {
    void this.#try();
  }

  /** @param askedAtMs before the live store renewed the lease (`performance.now()`) */
  renewed(askedAtMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, askedAtMs + SOURCE_LIMITS.leaseMs);
  }

  /** The edge stops: what is pulled goes on until it ends, and nothing begins any more. */
  finish(): void {
    this.#isLast = true;
    clearTimeout(this.#retry);
    if (this.#state.state !== 'live') this.#idle();
  }

  /** @param reason one of a bounded set */
  close(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#retry);
    if (this.#state.state === 'live') this.#tell('disconnected', CLOSED[reason] ?? CLOSED['drained']);
    this.#attempt?.close(reason);
  }

  async #try(): Promise<void> {
    this.#turn({ state: 'connecting' });
    const obstacle = await this.#takeOver().catch((error: unknown) => {
      this.#logger.debug({ err: error }, 'could not look whether the stream of a source is published');
      return UNSURE;
    });
    if (this.#isOver) return;
    if (this.#isLast) return this.#idle();
    if (obstacle !== undefined) return this.#ended(obstacle);
    // The live store was slow: by now another edge may pull it.
    if (performance.now() >= this.#heldUntilMs) return this.#ended(UNSURE);
    this.#attempt = this.#options.connector.open(this.source, {
      live: () => {
        this.#logger.info('source is live');
        this.#turn({ state: 'live' });
        this.#isFailureTold = false;
        this.#tell('connected');
      },
      ended: (message) => this.#ended(message),
    });
  }

  /**
   * An edge that died holds its claim for a while; it has lost the lease, so that its claim is given back. Another publisher is not
   * taken over from, whatever the stream allows: a source comes back by itself for ever. The lease is renewed first: an edge that has
   * lost it without knowing must not end what its successor publishes.
   * @returns why it cannot be pulled now
   */
  async #takeOver(): Promise<string | undefined> {
    const { liveStore } = this.#options;
    const askedAtMs = performance.now();
    const report = { lease: this.lease, state: formatSourceState(this.#state) };
    const [isHeld] = await liveStore.renewSources([report], SOURCE_LIMITS.leaseMs);
    if (this.#isOver || isHeld !== true) return UNSURE;
    this.renewed(askedAtMs);
    const live = await liveStore.readLiveStream(this.source.streamId);
    if (this.#isOver || live === undefined || live.disconnectedAtMs !== undefined) return undefined;
    if (live.claim.streamKeyId !== this.source.streamKeyId) return OCCUPIED;
    if (performance.now() >= this.#heldUntilMs) return UNSURE;
    await liveStore.releaseClaim(live.claim);
    return undefined;
  }

  #ended(message: string): void {
    if (this.#isOver) return;
    this.#attempt = undefined;
    const { metrics, settings } = this.#options;
    const { pullRetryMinMs: minMs, pullRetryMaxMs: maxMs } = settings;
    const nowMs = Date.now();
    const wasLive = this.#state.state === 'live';
    metrics.pullEnds.inc({ outcome: wasLive ? 'lost' : 'failed' });
    if (wasLive && nowMs - this.#state.sinceMs >= STEADY_MS) this.#failures = 0;
    const error = { message: message.slice(0, MAX_SOURCE_ERROR_LENGTH), atMs: nowMs };
    this.#tellEnd(wasLive, error.message);
    const waitMs = retryWaitMs(this.#failures++, { minMs, maxMs });
    this.#logger.info({ detail: error.message, retry_ms: waitMs }, 'source is not pulled');
    this.#state = { state: 'waiting', sinceMs: nowMs, nextTryAtMs: nowMs + waitMs, error };
    this.#options.onChange();
    if (this.#isLast) return this.#idle();
    this.#retry = setTimeout(() => void this.#try(), waitMs);
  }

  /** Once for each outage; what waits for another publisher, or for the live store, has not failed. */
  #tellEnd(wasLive: boolean, message: string): void {
    if (wasLive) return this.#tell('disconnected', message);
    if (this.#isFailureTold || message === OCCUPIED || message === UNSURE) return;
    this.#isFailureTold = true;
    this.#tell('failed', message);
  }

  #tell(change: SourceStateChanged['change'], message?: string): void {
    const { tenantId, streamId, sourceId, token } = this.source;
    const event = { tenantId, streamId, sourceId, token, change, message, atMs: Date.now() };
    this.#options.control.sourceStateChanged(event);
  }

  #turn({ state }: Pick<SourceState, 'state'>): void {
    this.#state = { state, sinceMs: Date.now(), error: this.#state.error };
    this.#options.onChange();
  }

  #idle(): void {
    this.close('drained');
    this.#options.onIdle();
  }
}
