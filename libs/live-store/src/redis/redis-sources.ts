// Leases on sources in Redis, and the streams that viewers want.
import type { HeldSource, SourceLease, SourceReport } from '../source-leases.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { batchesOf, runScript, textReply } from './redis-scripts.ts';

/** Most sources, or streams, in one script. */
const SOURCES_PER_SCRIPT = 250;

export class RedisSources {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  /** How long a token is remembered after its lease; a later one is greater all the same, it is at least the time. */
  readonly #tokenTtlMs: number;

  constructor(link: RedisLink, keys: RedisKeys, tokenTtlMs: number) {
    this.#link = link;
    this.#keys = keys;
    this.#tokenTtlMs = tokenTtlMs;
  }

  async acquire(sourceId: string, owner: string, ttlMs: number): Promise<SourceLease | undefined> {
    const keys = [this.#keys.sources, this.#keys.source(sourceId)];
    const token = await this.#link.call('acquireSource', (redis) =>
      runScript(redis, 'millraceAcquireSource', keys, [sourceId, ownerText(owner), ttlMs, this.#tokenTtlMs + ttlMs]),
    );
    return token === null ? undefined : { sourceId, owner, token: Number(token) };
  }

  async renew(reports: readonly SourceReport[], ttlMs: number): Promise<boolean[]> {
    return (
      await Promise.all(batchesOf(reports, SOURCES_PER_SCRIPT).map((batch) => this.#renewBatch(batch, ttlMs)))
    ).flat();
  }

  async release({ sourceId, token }: SourceLease): Promise<void> {
    const keys = [this.#keys.sources, this.#keys.source(sourceId)];
    await this.#link.call('releaseSource', (redis) =>
      runScript(redis, 'millraceReleaseSource', keys, [sourceId, token, this.#tokenTtlMs]),
    );
  }

  async held(): Promise<string[]> {
    const reply = await this.#link.call('listHeldSources', (redis) =>
      runScript(redis, 'millraceHeldSources', [this.#keys.sources], []),
    );
    return textReply(reply).filter((id) => id !== undefined);
  }

  async noteDemand(streamIds: readonly string[], ttlMs: number): Promise<void> {
    const batches = batchesOf(streamIds, SOURCES_PER_SCRIPT);
    await this.#link.call('noteDemand', (redis) =>
      Promise.all(batches.map((ids) => runScript(redis, 'millraceNoteDemand', [this.#keys.demand], [ttlMs, ...ids]))),
    );
  }

  async demanded(): Promise<string[]> {
    const reply = await this.#link.call('listDemanded', (redis) =>
      runScript(redis, 'millraceListDemand', [this.#keys.demand], []),
    );
    return textReply(reply).filter((id) => id !== undefined);
  }

  async read(sourceIds: readonly string[]): Promise<(HeldSource | undefined)[]> {
    return (await Promise.all(batchesOf(sourceIds, SOURCES_PER_SCRIPT).map((batch) => this.#readBatch(batch)))).flat();
  }

  async #renewBatch(reports: readonly SourceReport[], ttlMs: number): Promise<boolean[]> {
    const keys = [this.#keys.sources, ...reports.map(({ lease }) => this.#keys.source(lease.sourceId))];
    const each = reports.flatMap(({ lease, state }) => [lease.sourceId, ownerText(lease.owner), lease.token, state]);
    const reply = await this.#link.call('renewSources', (redis) =>
      runScript(redis, 'millraceRenewSources', keys, [ttlMs, this.#tokenTtlMs + ttlMs, ...each]),
    );
    return textReply(reply).map((held) => held === '1');
  }

  async #readBatch(sourceIds: readonly string[]): Promise<(HeldSource | undefined)[]> {
    const keys = sourceIds.map((id) => this.#keys.source(id));
    const texts = textReply(
      await this.#link.call('readSources', (redis) => runScript(redis, 'millraceReadSources', keys, [])),
    );
    return sourceIds.map((_, i) => {
      const [owner, state] = [texts[2 * i], texts[2 * i + 1]];
      return owner === undefined || state === undefined ? undefined : { owner: decodeURIComponent(owner), state };
    });
  }
}

/** Without blanks, which separate the parts of a record. */
const ownerText = (owner: string): string => encodeURIComponent(owner);
