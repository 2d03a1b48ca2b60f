// Which edge pulls which source: edges ask, and are given leases on sources that no edge holds.
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { SOURCE_LIMITS, takenSourceSchema } from '@millrace/control';
import type { TakenSource, TakeSources, TakeSourcesAnswer } from '@millrace/control';
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore, SourceLease } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { In, IsNull } from 'typeorm';
import { z } from 'zod';
import { IngestSourceSeal, StreamKeySeal } from '../auth/secret-seal.ts';
import { StreamDemand } from '../demand/stream-demand.ts';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS } from '../ports/tokens.ts';
import { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import { IngestSourceEntity } from './ingest-source.entity.ts';
import type { SourceMode } from './ingest-source.entity.ts';
import { openCredentials } from './ingest-sources.service.ts';

/** However many edges ask, database and live store are read this often. */
const VIEW_MS = 500;
/** As long as none of the sources is to be pulled: that a stream is enabled, or a tenant resumed, is not told. */
const INACTIVE_VIEW_MS = 5_000;
/** As long as there are no sources at all; those that are made are told to every gateway. */
const EMPTY_VIEW_MS = 30_000;
/** And no more often than this, however many sources are changed. */
const CHANGED_VIEW_MS = 250;
/** Sources that are looked at in the whole installation, those that are always pulled first; those made later wait. */
const MAX_WANTED = 20_000;
/** How often the gauges are set, and streams on demand are read, also where no edge asks. */
const GAUGE_MS = 5_000;

interface WantedSource {
  readonly id: string;
  readonly tenantId: string;
  readonly protocol: string;
  readonly revision: number;
}

interface SourceRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly live_stream_id: string;
  readonly protocol: string;
  readonly mode: SourceMode;
  readonly revision: number;
}

/** What there is to pull, as of a moment ago. */
interface View {
  readonly wanted: ReadonlyMap<string, WantedSource>;
  /** By any edge. */
  readonly held: Set<string>;
  /** There are no sources, to be pulled or not. */
  readonly isEmpty: boolean;
}

@Injectable()
export class SourceAssignments implements OnApplicationBootstrap, OnApplicationShutdown {
  #view: Promise<View> | undefined;
  #viewedAtMs = -VIEW_MS;
  /** How long it counts. */
  #viewMs = VIEW_MS;
  /** Whether something has changed since the view was read. */
  #isStale = false;
  /** Whether the view is yet to be read. */
  #isAwaited = false;
  #gauge: Beat | undefined;
  /** Revisions of sources that cannot be given to an edge: they are not offered again before they are changed. */
  readonly #unfit = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly seal: IngestSourceSeal,
    private readonly keySeal: StreamKeySeal,
    private readonly demand: StreamDemand,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#gauge = onSharedBeat(GAUGE_MS, () => {
      if (this.database.isUp && this.store.isReady()) void this.#look().catch((error: unknown) => this.#failed(error));
    });
  }

  onApplicationShutdown(): void {
    this.#gauge?.stop();
  }

  /** Does not fail: an edge that is told nothing goes on with what it pulls. */
  async take(request: TakeSources): Promise<TakeSourcesAnswer> {
    try {
      return await this.#take(request);
    } catch (error) {
      this.#failed(error);
      return { taken: [], dropped: [] };
    }
  }

  /** A source was made or changed: the next question is answered with it, if a moment later. */
  changed(): void {
    if (!this.#isAwaited) this.#isStale = true;
  }

  async #take({ edgeId, protocols, held, free, maxPerTenant }: TakeSources): Promise<TakeSourcesAnswer> {
    const { wanted, held: heldByAny, isEmpty } = await this.#look();
    const dropped = held
      .filter(({ sourceId, revision }) => wanted.get(sourceId)?.revision !== revision)
      .map(({ sourceId }) => sourceId);
    const ofTenant = new Map<string, number>();
    for (const { sourceId } of held) {
      const tenantId = wanted.get(sourceId)?.tenantId;
      if (tenantId !== undefined) ofTenant.set(tenantId, (ofTenant.get(tenantId) ?? 0) + 1);
    }
    const own = new Set(held.map(({ sourceId }) => sourceId));
    for (const [id, revision] of this.#unfit) if (wanted.get(id)?.revision !== revision) this.#unfit.delete(id);
    const waiting = [...wanted.values()].filter(
      ({ id, protocol }) => protocols.includes(protocol) && !heldByAny.has(id) && !own.has(id) && !this.#unfit.has(id),
    );
    const chosen = chooseFairly(waiting, ofTenant, Math.min(free, SOURCE_LIMITS.maxTaken), maxPerTenant);
    const leases = await this.#acquire(chosen, edgeId);
    for (const { sourceId } of leases) heldByAny.add(sourceId);
    return { taken: await this.#describe(leases), dropped, ...(isEmpty && { none: true }) };
  }

  /** Of gateways that offer the same source at once, one gets the lease. */
  async #acquire(chosen: readonly WantedSource[], edgeId: string): Promise<SourceLease[]> {
    const leases = await Promise.all(
      chosen.map(({ id }) => this.store.acquireSource(id, edgeId, SOURCE_LIMITS.leaseMs)),
    );
    return leases.filter((lease) => lease !== undefined);
  }

  async #describe(leases: readonly SourceLease[]): Promise<TakenSource[]> {
    if (leases.length === 0) return [];
    const ids = leases.map(({ sourceId }) => sourceId);
    const [rows, keys] = await this.database.run(
      async (manager) => [
        await manager.findBy(IngestSourceEntity, { id: In(ids), enabled: true }),
        await manager.findBy(StreamKeyEntity, { ingestSourceId: In(ids), revokedAt: IsNull() }),
      ],
      'control',
    );
    const rowOf = new Map(rows.map((row) => [row.id, row]));
    const keyOf = new Map(keys.map((key) => [key.ingestSourceId, key]));
    return leases.flatMap((lease): TakenSource[] => {
      const [row, key] = [rowOf.get(lease.sourceId), keyOf.get(lease.sourceId)];
      // Deleted or disabled a moment ago: the lease, which is not renewed, runs out.
      if (row === undefined || key === undefined || key.sealed === null) return [];
      try {
        const secret = this.keySeal.open(key.sealed, key.id);
        const { id: sourceId, tenantId, liveStreamId: streamId, url, revision } = row;
        const ids = { sourceId, tenantId, streamId, streamKeyId: key.id, revision, token: lease.token };
        return [takenSourceSchema.parse({ ...ids, key: secret, url, ...openCredentials(this.seal, row) })];
      } catch (error) {
        this.#leaveOut(row, lease, error);
        return [];
      }
    });
  }

  /** One source that cannot be given costs no other: an edge would refuse the whole answer. */
  #leaveOut({ id, tenantId, revision }: IngestSourceEntity, lease: SourceLease, error: unknown): void {
    this.#unfit.set(id, revision);
    // Of the error itself, the message may quote what was sealed.
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : 'its secrets cannot be opened';
    this.logger.error({ source_id: id, tenant_id: tenantId, detail }, 'an ingest source cannot be given to an edge');
    this.store
      .releaseSource(lease)
      .catch((fault: unknown) => this.logger.debug({ err: fault }, 'could not give back a source; its lease runs out'));
  }

  /** What was seen a moment ago counts for all who ask meanwhile. */
  #look(): Promise<View> {
    const nowMs = performance.now();
    const ageMs = nowMs - this.#viewedAtMs;
    if (this.#view === undefined || this.#isStale || ageMs >= this.#viewMs) {
      const waitMs = Math.max(0, CHANGED_VIEW_MS - ageMs);
      this.#viewedAtMs = nowMs + waitMs;
      this.#isStale = false;
      const view = this.#readAfter(waitMs);
      this.#view = view;
      view.catch(() => {
        if (this.#view === view) this.#view = undefined;
      });
    }
    return this.#view;
  }

  async #readAfter(waitMs: number): Promise<View> {
    if (waitMs > 0) {
      this.#isAwaited = true;
      await delay(waitMs, undefined, { ref: false });
      this.#isAwaited = false;
    }
    return this.#read();
  }

  async #read(): Promise<View> {
    const rows = await this.database.run(
      (manager) =>
        manager.query<SourceRow[]>(
          `SELECT source.id, source.tenant_id, source.live_stream_id, source.protocol, source.mode, source.revision
           FROM ingest_sources source
           JOIN live_streams stream ON stream.id = source.live_stream_id
           JOIN tenants tenant ON tenant.id = source.tenant_id
           WHERE source.enabled AND stream.enabled AND tenant.status = 'active'
           ORDER BY source.mode, source.id LIMIT $1`,
          [MAX_WANTED],
        ),
      'control',
    );
    const onDemand = Map.groupBy(
      rows.filter(({ mode }) => mode === 'on_demand'),
      ({ live_stream_id: streamId }) => streamId,
    );
    this.demand.follow(new Map([...onDemand].map(([streamId, sources]) => [streamId, sources.map(({ id }) => id)])));
    const isEmpty = rows.length === 0 && !(await this.#hasAny());
    this.#viewMs = isEmpty ? EMPTY_VIEW_MS : rows.length === 0 ? INACTIVE_VIEW_MS : VIEW_MS;
    const [demanded, held] = await Promise.all([
      onDemand.size === 0 ? [] : this.store.listDemanded(),
      rows.length === 0 ? [] : this.store.listHeldSources(),
    ]);
    const isDemanded = new Set(demanded);
    const wanted = new Map(
      rows
        .filter(({ mode, live_stream_id: streamId }) => mode === 'always' || isDemanded.has(streamId))
        .map(({ id, tenant_id: tenantId, protocol, revision }) => [id, { id, tenantId, protocol, revision }]),
    );
    const isHeld = new Set(held);
    const count = held.filter((id) => wanted.has(id)).length;
    this.metrics.ingestSources.set({ state: 'held' }, count);
    this.metrics.ingestSources.set({ state: 'unheld' }, wanted.size - count);
    return { wanted, held: isHeld, isEmpty };
  }

  async #hasAny(): Promise<boolean> {
    const rows = await this.database.run(
      (manager) => manager.query<unknown[]>('SELECT FROM ingest_sources LIMIT 1'),
      'control',
    );
    return rows.length > 0;
  }

  #failed(error: unknown): void {
    if (!(error instanceof DatabaseUnavailable))
      this.logger.warn({ err: error }, 'cannot give edges the sources that they shall pull');
  }
}

/**
 * One of each tenant after another, those first of which this edge pulls the fewest: a tenant with many sources leaves places to others.
 * @param ofTenant how many of each the edge pulls; updated
 */
export function chooseFairly<T extends { readonly tenantId: string }>(
  waiting: readonly T[],
  ofTenant: Map<string, number>,
  max: number,
  maxPerTenant: number,
): T[] {
  const queues = Map.groupBy(waiting, ({ tenantId }) => tenantId);
  const chosen: T[] = [];
  const count = (tenantId: string): number => ofTenant.get(tenantId) ?? 0;
  while (chosen.length < max) {
    let next: string | undefined;
    for (const [tenantId, queue] of queues)
      if (queue.length > 0 && count(tenantId) < maxPerTenant && (next === undefined || count(tenantId) < count(next)))
        next = tenantId;
    const source = next === undefined ? undefined : queues.get(next)?.shift();
    if (source === undefined) break;
    chosen.push(source);
    ofTenant.set(source.tenantId, count(source.tenantId) + 1);
  }
  return chosen;
}
