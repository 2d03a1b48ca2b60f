// Finds publishers that may not publish any more: a grace period that ended, a change whose event was lost.
import { Injectable } from '@nestjs/common';
import type { PublishClaim, PublishRefusal } from '@millrace/domain';
import type { LiveStream } from '@millrace/live-store';
import { In } from 'typeorm';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { keyFactOf } from '../stream-keys/stream-key-fact-reader.ts';
import { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import { streamFactOf } from '../streams/stream-fact-reader.ts';
import { tenantFactOf } from '../tenants/tenant-fact-reader.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { KeyExpiries } from '../stream-keys/key-expiries.ts';
import { TenantQuotas } from './tenant-quotas.ts';
import { PublisherCuts } from '../publisher-cuts/publisher-cuts.ts';
import { refusalOf } from './publish-facts.ts';

/** How often the facts of a live stream are remembered anew, so that they outlast a long broadcast. */
const REMEMBER_AGAIN_MS = 10 * 60_000;
const MAX_REMEMBERED = 50_000;

/**
 * What changes when one of these rows does: the transaction that wrote it last. A round that finds nothing changed reads no row, which most
 * rounds do: with many publishers, reading them costs far more than this.
 */
const VERSIONS = `
  SELECT id, xmin::text AS version FROM stream_keys WHERE id = ANY ($1::text[])
  UNION ALL SELECT id, xmin::text FROM live_streams WHERE id = ANY ($2::text[])
  UNION ALL SELECT id, xmin::text FROM tenants WHERE id = ANY ($3::text[])`;

interface Version {
  readonly id: string;
  readonly version: string;
}

interface Rows {
  readonly keys: Map<string, StreamKeyEntity>;
  readonly streams: Map<string, LiveStreamEntity>;
  readonly tenants: Map<string, TenantEntity>;
}

@Injectable()
export class RefusedPublishers {
  readonly #rememberedAtMs = new BoundedCache<string, number>(MAX_REMEMBERED);
  /** As of the last round. */
  #rows: Rows | undefined;
  #versions = '';

  constructor(
    private readonly database: Database,
    private readonly known: KnownFacts,
    private readonly cuts: PublisherCuts,
    private readonly expiries: KeyExpiries,
    private readonly quotas: TenantQuotas,
  ) {}

  /** Cuts those of these streams' publishers that the database says must not publish. */
  async cut(live: readonly LiveStream[], nowMs: number): Promise<void> {
    const claims = live.filter(({ disconnectedAtMs }) => disconnectedAtMs === undefined).map(({ claim }) => claim);
    if (claims.length === 0) {
      this.#rows = undefined;
      return this.quotas.show([], new Map());
    }
    const rows = await this.#readRows(claims);
    this.quotas.show(claims, rows.tenants);
    for (const claim of claims) {
      const refusal = judge(claim, rows, nowMs);
      if (refusal !== undefined) await this.cuts.cutKey(claim.streamId, claim.streamKeyId, refusal);
      else if (isTooLong(claim, rows.streams.get(claim.streamId), nowMs)) await this.cuts.endStream(claim.streamId);
      else {
        const expiresAtMs = rows.keys.get(claim.streamKeyId)?.expiresAt?.getTime() ?? null;
        this.expiries.expect(claim.streamId, claim.streamKeyId, expiresAtMs);
        await this.#rememberAgain(claim, rows, nowMs);
      }
    }
  }

  async #readRows(claims: readonly PublishClaim[]): Promise<Rows> {
    const keyIds = distinct(claims.map(({ streamKeyId }) => streamKeyId));
    const streamIds = distinct(claims.map(({ streamId }) => streamId));
    const tenantIds = distinct(claims.map(({ tenantId }) => tenantId));
    return this.database.run(async (manager) => {
      // Before the rows: what changes between the two is seen in the next round.
      const found = await manager.query<Version[]>(VERSIONS, [keyIds, streamIds, tenantIds]);
      const versions = found
        .map(({ id, version }) => `${id} ${version}`)
        .sort()
        .join();
      if (this.#rows !== undefined && versions === this.#versions) return this.#rows;
      const rows = {
        keys: byId(await manager.findBy(StreamKeyEntity, { id: In(keyIds) })),
        streams: byId(await manager.findBy(LiveStreamEntity, { id: In(streamIds) })),
        tenants: byId(await manager.findBy(TenantEntity, { id: In(tenantIds) })),
      };
      this.#versions = versions;
      this.#rows = rows;
      return rows;
    }, 'control');
  }

  async #rememberAgain(claim: PublishClaim, { keys }: Rows, nowMs: number): Promise<void> {
    const key = keys.get(claim.streamKeyId);
    if (key === undefined || nowMs - (this.#rememberedAtMs.get(key.id) ?? 0) < REMEMBER_AGAIN_MS) return;
    this.#rememberedAtMs.set(key.id, nowMs);
    await this.known.changed('keys', key.hash.toString('hex'));
    await this.known.changed('streams', claim.streamId);
    await this.known.changed('tenants', claim.tenantId);
    await this.known.changed('publishAuthorizers', claim.tenantId);
  }
}

function judge(claim: PublishClaim, rows: Rows, nowMs: number): PublishRefusal | undefined {
  const key = rows.keys.get(claim.streamKeyId);
  const stream = rows.streams.get(claim.streamId);
  const tenant = rows.tenants.get(claim.tenantId);
  if (key === undefined || stream === undefined || tenant === undefined) return 'bad_key';
  return refusalOf({ key: keyFactOf(key), stream: streamFactOf(stream), tenant: tenantFactOf(tenant) }, nowMs);
}

/** The session is over then; the encoder may begin another one. */
const isTooLong = (claim: PublishClaim, stream: LiveStreamEntity | undefined, nowMs: number): boolean =>
  typeof stream?.maxDurationMs === 'number' && nowMs - claim.sessionStartedAtMs >= stream.maxDurationMs;

const distinct = (ids: readonly string[]): string[] => [...new Set(ids)];

const byId = <T extends { id: string }>(rows: readonly T[]): Map<string, T> =>
  new Map(rows.map((row) => [row.id, row]));
