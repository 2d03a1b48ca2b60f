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

interface Rows {
  readonly keys: Map<string, StreamKeyEntity>;
  readonly streams: Map<string, LiveStreamEntity>;
  readonly tenants: Map<string, TenantEntity>;
}

@Injectable()
export class RefusedPublishers {
  readonly #rememberedAtMs = new BoundedCache<string, number>(MAX_REMEMBERED);

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
    if (claims.length === 0) return this.quotas.show([], new Map());
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
    const idIn = (ids: string[]) => ({ id: In([...new Set(ids)]) });
    return this.database.run(
      async (manager) => ({
        keys: byId(await manager.findBy(StreamKeyEntity, idIn(claims.map(({ streamKeyId }) => streamKeyId)))),
        streams: byId(await manager.findBy(LiveStreamEntity, idIn(claims.map(({ streamId }) => streamId)))),
        tenants: byId(await manager.findBy(TenantEntity, idIn(claims.map(({ tenantId }) => tenantId)))),
      }),
      'control',
    );
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

const byId = <T extends { id: string }>(rows: readonly T[]): Map<string, T> =>
  new Map(rows.map((row) => [row.id, row]));
