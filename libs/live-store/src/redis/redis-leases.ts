// Leases in Redis.
import type { Lease } from '../live-store.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { batchesOf, runScript, textReply } from './redis-scripts.ts';

/** Most leases in one script. */
const LEASES_PER_SCRIPT = 250;

/** Who may package what. */
export class RedisLeases {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  /** How long a token is remembered after its lease; a later one is greater all the same, it is at least the time. */
  readonly #tokenTtlMs: number;

  constructor(link: RedisLink, keys: RedisKeys, tokenTtlMs: number) {
    this.#link = link;
    this.#keys = keys;
    this.#tokenTtlMs = tokenTtlMs;
  }

  async acquire(streamId: string, owner: string, ttlMs: number): Promise<Lease | undefined> {
    const args = [owner, ttlMs, this.#tokenTtlMs + ttlMs];
    const token = await this.#link.call('acquireLease', (redis) =>
      runScript(redis, 'millraceAcquireLease', [this.#keys.lease(streamId)], args),
    );
    return token === null ? undefined : { streamId, owner, token: Number(token) };
  }

  async renew(leases: readonly Lease[], ttlMs: number): Promise<boolean[]> {
    const batches = batchesOf(leases, LEASES_PER_SCRIPT);
    return (await Promise.all(batches.map((batch) => this.#renewBatch(batch, ttlMs)))).flat();
  }

  async release(lease: Lease): Promise<void> {
    const args = [lease.token, this.#tokenTtlMs];
    await this.#link.call('releaseLease', (redis) =>
      runScript(redis, 'millraceReleaseLease', [this.#keys.lease(lease.streamId)], args),
    );
  }

  async #renewBatch(leases: readonly Lease[], ttlMs: number): Promise<boolean[]> {
    const keys = leases.map((lease) => this.#keys.lease(lease.streamId));
    const args = [ttlMs, this.#tokenTtlMs + ttlMs, ...leases.map((lease) => lease.token)];
    const reply = await this.#link.call('renewLeases', (redis) => runScript(redis, 'millraceRenewLeases', keys, args));
    return textReply(reply).map((held) => held === '1');
  }
}
