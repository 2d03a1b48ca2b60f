// The sources that this edge pulls: it asks gateways for those that no edge holds, keeps their leases, and gives them back.
import { randomInt } from 'node:crypto';
import { onSharedBeat, onSharedBeatWhile } from '@millrace/domain';
import type { Beat, WorkBeat } from '@millrace/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { CONTROL_PLANE, formatSourceState, PULL_STATES, SOURCE_LIMITS } from '@millrace/control';
import type { ControlPlane, TakenSource } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { LOGGER, METRICS } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { INGEST_METRICS, INGEST_SETTINGS } from '../ingest-options.ts';
import type { IngestSettings } from '../ingest-options.ts';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { PULL_CONNECTOR } from './pull-connector.ts';
import type { PullConnector } from './pull-connector.ts';
import { PULL_SETTINGS } from './pull-settings.ts';
import type { PullSettings } from './pull-settings.ts';
import { PulledSource } from './pulled-source.ts';

/** While there are sources: with the time of a lease, how long those of an edge that died go without one. */
const ASK_MS = 1_000;
/** Where there are no sources, edges are told of the first one; this is for an edge that has missed it. */
const NOTHING_MS = 30_000;
/** Edges that hear of a change at once ask one after another. */
const ASK_SPREAD_MS = 100;
/** How long gateways may take to answer. */
const ANSWER_MS = 2_000;
const RENEW_MS = SOURCE_LIMITS.leaseMs / 3;
/** What has become of a source is told so soon, together with what has become of others. */
const TELL_MS = 50;

@Injectable()
export class SourcePuller implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #pulled = new Map<string, PulledSource>();
  readonly #releases = new Set<Promise<void>>();
  #asking: WorkBeat | undefined;
  #askingAtRest: Beat | undefined;
  /** Whether there were none to pull, anywhere, when this edge asked last. */
  #isAtRest = false;
  #soon: NodeJS.Timeout | undefined;
  /** While there are sources. */
  #renewing: Beat | undefined;
  #telling: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isRenewing = false;
  #isLeaving = false;
  #isFailing = false;
  #stopCollecting: (() => void) | undefined;
  /** What of the gauge is of this edge. */
  readonly #counted = new Map<string, number>();

  constructor(
    @Inject(PULL_CONNECTOR) private readonly connector: PullConnector,
    @Inject(PULL_SETTINGS) private readonly settings: PullSettings,
    @Inject(INGEST_SETTINGS) private readonly ingest: Pick<IngestSettings, 'instanceId'>,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(LIVE_STORE) private readonly liveStore: LiveStore,
    @Inject(INGEST_METRICS) private readonly metrics: IngestMetrics,
    @Inject(METRICS) private readonly registry: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.maxPulls === 0) return;
    this.#stopCollecting = this.registry.beforeCollect(() => this.#collect());
    this.#asking = onSharedBeatWhile(
      ASK_MS,
      () => !this.#isAtRest,
      () => this.#ask(),
    );
    this.#askingAtRest = onSharedBeat(NOTHING_MS, () => {
      if (this.#isAtRest) this.#ask();
    });
    this.#askSoon();
  }

  /** Sources that are held, also those that wait to be tried again. */
  get size(): number {
    return this.#pulled.size;
  }

  /** A source was made, changed or deleted: this edge asks at once. */
  changed(): void {
    if (this.#asking !== undefined) this.#askSoon();
  }

  /** Takes no more sources, and gives back those that it does not pull now; the others once they have ended. Idempotent. */
  leave(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#asking?.stop();
    this.#askingAtRest?.stop();
    clearTimeout(this.#soon);
    for (const pulled of [...this.#pulled.values()]) pulled.finish();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    for (const pulled of [...this.#pulled.values()]) {
      pulled.close('drained');
      this.#giveBack(pulled);
    }
    await Promise.all(this.#releases);
    this.#renewing?.stop();
    clearTimeout(this.#telling);
    this.#collect();
    this.#stopCollecting?.();
  }

  #askSoon(): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.#ask(), randomInt(ASK_SPREAD_MS));
  }

  #ask(): void {
    if (this.#isAsking || this.#isLeaving) return;
    this.#isAsking = true;
    void this.#takeMore()
      .catch((error: unknown) => this.logger.error({ err: error }, 'could not ask for sources'))
      .finally(() => (this.#isAsking = false));
  }

  async #takeMore(): Promise<void> {
    const { maxPulls, maxPullsPerTenant } = this.settings;
    const held = [...this.#pulled.values()].map(({ source: { sourceId, revision } }) => ({ sourceId, revision }));
    const free = Math.max(0, maxPulls - held.length);
    const { instanceId: edgeId } = this.ingest;
    const { protocols } = this.connector;
    const request = { edgeId, protocols, held, free, maxPerTenant: maxPullsPerTenant };
    const askedAtMs = performance.now();
    const answer = await this.control.takeSources(request, ANSWER_MS);
    this.#isAtRest = answer?.none === true;
    if (!this.#isAtRest) this.#asking?.wake();
    for (const sourceId of answer?.dropped ?? []) {
      const pulled = this.#pulled.get(sourceId);
      if (pulled === undefined) continue;
      pulled.close('source_changed');
      this.#giveBack(pulled);
    }
    for (const source of answer?.taken ?? []) this.#take(source, askedAtMs);
  }

  #take(source: TakenSource, leasedAtMs: number): void {
    // One that this edge holds already was lost to it and taken again: the newer lease counts.
    this.#pulled.get(source.sourceId)?.close('lease_lost');
    const { connector, liveStore, control, settings, metrics, logger } = this;
    const pulled: PulledSource = new PulledSource({
      source,
      edgeId: this.ingest.instanceId,
      leasedAtMs,
      connector,
      liveStore,
      control,
      settings,
      metrics,
      logger,
      onChange: () => this.#tell(),
      onIdle: () => this.#giveBack(pulled),
    });
    this.#pulled.set(source.sourceId, pulled);
    this.#renewing ??= onSharedBeat(RENEW_MS, () => void this.#renew());
    // While it stops, what it was given meanwhile is given back.
    if (this.#isLeaving) this.#giveBack(pulled);
    else pulled.start();
  }

  #tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      void this.#renew();
    }, TELL_MS);
  }

  /** One round. It is skipped while another one waits for the store. What is pulled goes on while the store is unavailable. */
  async #renew(): Promise<void> {
    const all = [...this.#pulled.values()];
    if (all.length === 0) {
      this.#renewing?.stop();
      this.#renewing = undefined;
      return;
    }
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      const reports = all.map(({ lease, state }) => ({ lease, state: formatSourceState(state) }));
      const askedAtMs = performance.now();
      const held = await this.liveStore.renewSources(reports, SOURCE_LIMITS.leaseMs);
      all.forEach((pulled, i) => {
        if (held[i] === true) return pulled.renewed(askedAtMs);
        if (this.#pulled.get(pulled.source.sourceId) !== pulled) return;
        pulled.close('lease_lost');
        this.#pulled.delete(pulled.source.sourceId);
      });
      if (this.#isFailing) this.logger.info('the leases of sources are renewed again');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.logger.warn({ err: error }, 'cannot renew the leases of sources; they are pulled on');
      this.#isFailing = true;
    } finally {
      this.#isRenewing = false;
    }
  }

  #giveBack(pulled: PulledSource): void {
    if (this.#pulled.get(pulled.source.sourceId) !== pulled) return;
    this.#pulled.delete(pulled.source.sourceId);
    const released: Promise<void> = this.liveStore
      .releaseSource(pulled.lease)
      .catch((error: unknown) => this.logger.debug({ err: error }, 'could not give back a source; its lease runs out'))
      .finally(() => this.#releases.delete(released));
    this.#releases.add(released);
  }

  /** Edges of one process share the gauge: each adds what has changed of its own. */
  #collect(): void {
    for (const state of PULL_STATES) {
      const count = [...this.#pulled.values()].filter((pulled) => pulled.state.state === state).length;
      this.metrics.pulls.inc({ state }, count - (this.#counted.get(state) ?? 0));
      this.#counted.set(state, count);
    }
  }
}
