// The list of live streams, made for being asked for several times a second by every packager.
import type { PublishClaim } from '@millrace/domain';
import type { LiveStream, Standby } from '../live-store.ts';
import type { LiveStoreLimits } from '../live-store-limits.ts';
import type { LiveStoreOperation } from '../live-store-error.ts';
import { SESSION_FIELDS, sessionClaim, STANDBY_FIELDS, standbyOf } from './claim-texts.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { publicationArguments } from './publication-arguments.ts';
import { runScript, textReply } from './redis-scripts.ts';
import type { ScriptArgument } from './redis-scripts.ts';

/** A member of the index: which epoch of which stream, and until or since when its publisher is connected or not. */
interface Publication {
  readonly streamId: string;
  readonly epoch: number;
  readonly untilMs: number;
}

/**
 * Lists in plain reads of the index and of the leases. The claim of an epoch never changes, so it is read once and kept as
 * long as the index has that epoch.
 */
export class RedisLiveStreams {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #shared: readonly ScriptArgument[];
  #claims = new Map<string, PublishClaim>();

  constructor(link: RedisLink, keys: RedisKeys, limits: LiveStoreLimits) {
    this.#link = link;
    this.#keys = keys;
    this.#shared = publicationArguments(keys, limits);
  }

  async list(): Promise<LiveStream[]> {
    const operation = 'listLiveStreams';
    const index = await this.#link.call(operation, (redis) =>
      runScript(redis, 'millraceReadIndex', this.#keys.publication, this.#shared),
    );
    const { now, publications } = parseIndex(String(index));
    const [claims, owners, standbys] = await Promise.all([
      this.#claimsOf(operation, publications),
      this.#leaseOwners(operation, publications, now),
      this.#standbysOf(operation, publications, now),
    ]);
    const streams: LiveStream[] = [];
    publications.forEach(({ streamId, epoch, untilMs }, i) => {
      const claim = claims.get(streamId);
      if (claim === undefined) return;
      // Claimed anew since the index was read: connected.
      const connected = untilMs > now || claim.epoch !== epoch;
      streams.push({
        claim,
        disconnectedAtMs: connected ? undefined : readerMs(untilMs, now),
        leaseOwner: owners[i],
        standby: standbys.get(streamId),
      });
    });
    this.#claims = claims;
    return streams;
  }

  async read(streamId: string): Promise<LiveStream | undefined> {
    const keys = this.#keys;
    const [reply, lease, standby] = await this.#link.call('readLiveStream', (redis) =>
      Promise.all([
        runScript(redis, 'millraceReadSession', [keys.session(streamId), keys.open], [streamId, ...SESSION_FIELDS]),
        redis.get(keys.lease(streamId)),
        redis.hmget(keys.standby(streamId), ...STANDBY_FIELDS),
      ]),
    );
    const [time, score, ...fields] = textReply(reply);
    const claim = sessionClaim(streamId, fields);
    if (claim === undefined || score === undefined) return undefined;
    const now = Number(time);
    return {
      claim,
      disconnectedAtMs: Number(score) > now ? undefined : readerMs(Number(score), now),
      leaseOwner: leaseOwner(lease, now),
      standby: standbyOf(standby, Date.now() - now),
    };
  }

  /** Of streams whose publisher is gone: who goes on for it. */
  async #standbysOf(
    operation: LiveStoreOperation,
    publications: readonly Publication[],
    now: number,
  ): Promise<Map<string, Standby | undefined>> {
    const left = publications.filter(({ untilMs }) => untilMs <= now).map(({ streamId }) => streamId);
    if (left.length === 0) return new Map();
    const found = await this.#link.call(operation, (redis) =>
      Promise.all(left.map((streamId) => redis.hmget(this.#keys.standby(streamId), ...STANDBY_FIELDS))),
    );
    return new Map(found.map((fields, i) => [left[i] ?? '', standbyOf(fields, Date.now() - now)]));
  }

  async #claimsOf(
    operation: LiveStoreOperation,
    publications: readonly Publication[],
  ): Promise<Map<string, PublishClaim>> {
    const claims = new Map<string, PublishClaim>();
    const unknown: string[] = [];
    for (const { streamId, epoch } of publications) {
      const known = this.#claims.get(streamId);
      if (known?.epoch === epoch) claims.set(streamId, known);
      else unknown.push(streamId);
    }
    if (unknown.length === 0) return claims;
    const sessions = await this.#link.call(operation, (redis) =>
      Promise.all(unknown.map((streamId) => redis.hmget(this.#keys.session(streamId), ...SESSION_FIELDS))),
    );
    sessions.forEach((fields, i) => {
      const streamId = unknown[i] ?? '';
      const claim = sessionClaim(streamId, fields);
      if (claim !== undefined) claims.set(streamId, claim);
    });
    return claims;
  }

  async #leaseOwners(
    operation: LiveStoreOperation,
    publications: readonly Publication[],
    now: number,
  ): Promise<(string | undefined)[]> {
    if (publications.length === 0) return [];
    const keys = publications.map(({ streamId }) => this.#keys.lease(streamId));
    const leases = await this.#link.call(operation, (redis) => redis.mget(keys));
    return leases.map((text) => leaseOwner(text, now));
  }
}

function parseIndex(index: string): { now: number; publications: Publication[] } {
  const words = index.split(' ');
  const publications: Publication[] = [];
  for (let i = 1; i + 1 < words.length; i += 2) {
    const [streamId = '', epoch] = (words[i] ?? '').split(':');
    publications.push({ streamId, epoch: Number(epoch), untilMs: Number(words[i + 1]) });
  }
  return { now: Number(words[0]), publications };
}

function leaseOwner(text: string | null, now: number): string | undefined {
  const [, untilMs, owner] = /^\d+ (\d+) (.*)$/s.exec(text ?? '') ?? [];
  return Number(untilMs) > now ? owner : undefined;
}

/** A time of the server by the reader's own clock, which may be another. */
function readerMs(serverTimeMs: number, serverNowMs: number): number {
  return Date.now() - (serverNowMs - serverTimeMs);
}
