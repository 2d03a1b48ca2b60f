// All that is known about a stream key when an encoder asks to publish with it.
import { AddressRanges } from '@millrace/service-kit';
import { Injectable } from '@nestjs/common';
import type { PublishRefusal, StreamSettings } from '@millrace/domain';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import type { KeyFact, PublishAuthorizerFact, StreamFact, TenantFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';

export interface PublishFacts {
  readonly key: KeyFact;
  readonly stream: StreamFact;
  readonly tenant: TenantFact;
  /** The endpoint that decides; null when the tenant has none. */
  readonly authorizer: PublishAuthorizerFact | null;
}

export type FoundFacts =
  /** `verified`: from the database, rather than from memory. */
  | { readonly found: true; readonly facts: PublishFacts; readonly verified: boolean }
  | { readonly found: false; readonly refusal: 'bad_key' | 'unavailable' };

@Injectable()
export class PublishFactsFinder {
  constructor(
    private readonly known: KnownFacts,
    private readonly database: Database,
  ) {}

  /**
   * Asks the database; what the live store remembers counts only while the database is away.
   *
   * @param hash of the key, as hexadecimal text
   */
  async find(hash: string): Promise<FoundFacts> {
    if (this.database.isUp) {
      try {
        return await this.#gather((id) => this.known.of('keys').read(id), hash, true);
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error;
      }
    }
    return this.#gather((id) => this.known.of('keys').recall(id), hash, false);
  }

  /** Remembers what holds now, for when the database is away. */
  async remember({ key }: PublishFacts, hash: string): Promise<void> {
    await Promise.all([
      this.known.changed('keys', hash),
      this.known.changed('streams', key.streamId),
      this.known.changed('tenants', key.tenantId),
      this.known.changed('publishAuthorizers', key.tenantId),
    ]);
  }

  async #gather(
    readKey: (hash: string) => Promise<KeyFact | null | undefined>,
    hash: string,
    verified: boolean,
  ): Promise<FoundFacts> {
    const streams = this.known.of('streams');
    const tenants = this.known.of('tenants');
    const key = await readKey(hash);
    if (key === null || (key === undefined && verified)) return { found: false, refusal: 'bad_key' };
    if (key === undefined) return { found: false, refusal: 'unavailable' };
    const authorizers = this.known.of('publishAuthorizers');
    const [stream, tenant, authorizer] = await Promise.all([
      verified ? streams.read(key.streamId) : streams.recall(key.streamId),
      verified ? tenants.read(key.tenantId) : tenants.recall(key.tenantId),
      verified ? authorizers.read(key.tenantId).then((found) => found ?? null) : authorizers.recall(key.tenantId),
    ]);
    // A deleted stream or tenant takes its keys along.
    if (stream === null || tenant === null) return { found: false, refusal: 'bad_key' };
    if (stream === undefined || tenant === undefined || authorizer === undefined)
      return { found: false, refusal: verified ? 'bad_key' : 'unavailable' };
    return { found: true, facts: { key, stream, tenant, authorizer }, verified };
  }
}

/** Why this key may not publish now, if it may not. */
export function refusalOf(
  { key, stream, tenant }: Omit<PublishFacts, 'authorizer'>,
  nowMs: number,
): PublishRefusal | undefined {
  if (key.revoked) return 'key_revoked';
  if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) return 'key_expired';
  if (tenant.suspended) return 'tenant_suspended';
  if (!stream.enabled) return 'stream_disabled';
  return undefined;
}

/** Whether an encoder may use this key from where it is. */
export const isAllowedFrom = ({ allowedAddresses }: KeyFact, address: string): boolean =>
  allowedAddresses === undefined || new AddressRanges(allowedAddresses).includes(address);

export const settingsOf = ({ stream, tenant }: Pick<PublishFacts, 'stream' | 'tenant'>): StreamSettings => ({
  segmentTargetMs: stream.segmentTargetMs,
  windowMs: stream.windowMs,
  reconnectWindowMs: stream.reconnectWindowMs,
  secondPublisher: stream.secondPublisher,
  ...(stream.keyRotationSegments !== undefined && { keyRotationSegments: stream.keyRotationSegments }),
  ...(stream.audioTracks !== undefined && { audioTracks: stream.audioTracks }),
  // An encrypted stream has no parts: REST refuses both, and a fact of another release may still say so.
  ...(stream.partDurationMs !== undefined &&
    stream.keyRotationSegments === undefined && { partDurationMs: stream.partDurationMs }),
  ...(typeof tenant.maxIngestBitsPerSecond === 'number' && { maxIngestBitsPerSecond: tenant.maxIngestBitsPerSecond }),
});
