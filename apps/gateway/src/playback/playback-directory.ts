// From a playback id to its stream, for every playlist and segment that is asked for, as long as it may be watched.
import { Inject, Injectable } from '@nestjs/common';
import { isId } from '@millrace/domain';
import { SharedPlaces } from '@millrace/service-kit';
import type { ViewerGroup } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import type { FactKind, FactOf, PlaybackFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { PLAYBACK_CODE_LIMITS } from './playback-limits.ts';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { PlaybackQuotas } from '../quotas/playback-quotas.ts';

/** A deleted playback id, a disabled stream and a suspended tenant stop being played within twice this time, on every gateway. */
const FRESH_MS = 400;
/** What is asked for all the time is looked up again when it is this old. */
const RENEW_MS = 300;
/** How often what is remembered of an id in use is compared with the database. */
const VERIFY_MS = 60_000;
const MAX_KNOWN = 20_000;
/** Ids that do not exist have a list of their own, so that guessed ids cannot push out those that do. */
const MAX_UNKNOWN = 5_000;
/** Likewise for those of disabled streams and suspended tenants. */
const MAX_BARRED = 5_000;
/** How many ids that nothing is remembered of wait for the database at once; the others are told to come again. */
const MAX_LOOKUPS = PLAYBACK_CODE_LIMITS.maxLookups;
/** An address that guesses ids takes no more places than these. */
const MAX_LOOKUPS_PER_ADDRESS = PLAYBACK_CODE_LIMITS.maxLookupsPerAddress;

/** All places for look-ups are taken, or all of this client's. */
const NO_PLACE = Symbol('no place');

interface Known {
  readonly fact: PlaybackFact;
  /** Of the stream; undefined while it cannot be told. */
  readonly name: string | undefined;
  /** Whether its segments are to be encrypted. */
  readonly encrypted: boolean;
  /** Those with a quota that its viewers count in. */
  readonly viewerGroups: readonly ViewerGroup[];
  readonly readAtMs: number;
}

type Watchable = Pick<Known, 'name' | 'encrypted' | 'viewerGroups'>;

@Injectable()
export class PlaybackDirectory {
  readonly #known = new BoundedCache<string, Known>(MAX_KNOWN);
  readonly #unknown = new BoundedCache<string, number>(MAX_UNKNOWN);
  readonly #barred = new BoundedCache<string, { readonly problem: ProblemError; readonly readAtMs: number }>(
    MAX_BARRED,
  );
  readonly #verified = new BoundedCache<string, number>(MAX_KNOWN);
  readonly #running = new Map<string, Promise<PlaybackFact | typeof NO_PLACE | undefined>>();
  readonly #lookups = new SharedPlaces({ max: MAX_LOOKUPS, maxPerAddress: MAX_LOOKUPS_PER_ADDRESS });

  constructor(
    private readonly facts: KnownFacts,
    private readonly database: Database,
    private readonly quotas: PlaybackQuotas,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** The stream of an id that was asked for in the last second; undefined: ask `find`. Costs next to nothing. */
  fresh(playbackId: string, nowMs: number): PlaybackFact | undefined {
    const entry = this.#known.get(playbackId);
    return entry !== undefined && nowMs - entry.readAtMs < FRESH_MS ? entry.fact : undefined;
  }

  /** Looks an id up again before it is too old to answer requests with. @returns its stream, as long as it is fresh */
  renew(playbackId: string, network: string, nowMs: number): PlaybackFact | undefined {
    const entry = this.#known.get(playbackId);
    const age = entry === undefined ? FRESH_MS : nowMs - entry.readAtMs;
    if (age >= FRESH_MS) return undefined;
    // What is found is noted by itself, and what cannot be told is told to those that ask for it then.
    if (age >= RENEW_MS && !this.#running.has(playbackId)) this.#begin(playbackId, network).catch(() => undefined);
    return entry?.fact;
  }

  /** The stream and tenant of an id that was found lately. */
  factOf(playbackId: string): PlaybackFact | undefined {
    return this.#known.get(playbackId)?.fact;
  }

  /** The name of the stream of an id that was found lately. */
  nameOf(playbackId: string): string | undefined {
    return this.#known.get(playbackId)?.name;
  }

  /** Whether an id that was found lately is of a stream that may leave this server only as encrypted segments. */
  isEncrypted(playbackId: string): boolean {
    return this.#known.get(playbackId)?.encrypted ?? false;
  }

  /** The groups with a quota that viewers of an id that was found lately count in: of its stream, and of its tenant. */
  viewerGroups(playbackId: string): readonly ViewerGroup[] {
    return this.#known.get(playbackId)?.viewerGroups ?? NO_GROUPS;
  }

  /**
   * @param network of the client that asks, as limits count it
   * @returns undefined when there is no such id
   * @throws ProblemError when it may not be watched, or that cannot be told now
   */
  async find(playbackId: string, network: string): Promise<PlaybackFact | undefined> {
    if (!isId('pbk', playbackId)) return undefined;
    const now = Date.now();
    const fresh = this.fresh(playbackId, now);
    if (fresh !== undefined) return fresh;
    const missedAtMs = this.#unknown.get(playbackId);
    if (missedAtMs !== undefined && now - missedAtMs < FRESH_MS) return undefined;
    const barred = this.#barred.get(playbackId);
    if (barred !== undefined && now - barred.readAtMs < FRESH_MS) throw barred.problem;
    const running = this.#running.get(playbackId);
    if (running === undefined) return this.#begin(playbackId, network);
    const found = await running;
    // The first request had no place left: that does not answer the others.
    return found === NO_PLACE ? this.#begin(playbackId, network) : found;
  }

  async #begin(playbackId: string, network: string): Promise<PlaybackFact | undefined> {
    const begun = this.#lookUp(playbackId, network);
    this.#running.set(playbackId, begun);
    try {
      const found = await begun;
      if (found === NO_PLACE) throw dependencyUnavailable('The list of playback ids');
      return found;
    } finally {
      if (this.#running.get(playbackId) === begun) this.#running.delete(playbackId);
    }
  }

  async #lookUp(playbackId: string, network: string): Promise<PlaybackFact | typeof NO_PLACE | undefined> {
    const remembered = await this.#recall(playbackId);
    const fact = remembered === undefined ? await this.#readDatabase(playbackId, network) : remembered;
    if (fact === NO_PLACE) return fact;
    // An earlier release remembered it, without its policy, and may have meant an id that it did not know to be signed.
    if (remembered === undefined && fact !== undefined) void this.facts.changed('playback', playbackId);
    const standing = fact === undefined || fact === null ? undefined : await this.#standingOf(fact);
    const now = Date.now();
    if (fact === undefined || fact === null || standing === undefined || standing === 'gone') {
      this.#known.delete(playbackId);
      this.#unknown.set(playbackId, now);
      return undefined;
    }
    if (standing instanceof ProblemError) {
      this.#known.delete(playbackId);
      this.#barred.set(playbackId, { problem: standing, readAtMs: now });
      throw standing;
    }
    this.#known.set(playbackId, { ...standing, fact, readAtMs: now });
    this.#verifyLater(playbackId, now);
    return fact;
  }

  /** @returns null when it is remembered that the id was deleted; deleted ids never come back */
  async #recall(playbackId: string): Promise<PlaybackFact | null | undefined> {
    try {
      const fact = await this.facts.of('playback').recall(playbackId);
      return fact?.policy === undefined && fact !== null && this.database.isUp ? undefined : fact;
    } catch (error) {
      this.logger.debug({ err: error }, 'cannot look up a playback id in the live store');
      return undefined;
    }
  }

  async #readDatabase(playbackId: string, network: string): Promise<PlaybackFact | typeof NO_PLACE | undefined> {
    const last = this.#known.get(playbackId)?.fact;
    const release = this.#lookups.take({ network });
    if (release === undefined) return last ?? NO_PLACE;
    try {
      return await this.facts.of('playback').read(playbackId);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      if (last !== undefined) return last;
      throw dependencyUnavailable('The list of playback ids', error);
    } finally {
      release();
    }
  }

  /** Whether the stream and its tenant let it be watched; what cannot be told now does not stop viewers. */
  async #standingOf({ streamId, tenantId, policy }: PlaybackFact): Promise<Watchable | 'gone' | ProblemError> {
    const [stream, tenant] = await Promise.all([this.#factOf('streams', streamId), this.#factOf('tenants', tenantId)]);
    if (stream === null || tenant === null) return 'gone';
    if (tenant?.suspended === true) return playbackDisabled('The tenant of this stream is suspended.');
    if (stream?.enabled === false) return playbackDisabled('This stream is disabled.');
    if (tenant?.requireSignedPlayback === true && policy !== 'signed') return signedPlaybackRequired();
    const overQuota = this.quotas.refusal(tenantId, tenant?.maxEgressBytesPerMonth);
    if (overQuota !== undefined) return overQuota;
    // An earlier release remembered it without its name.
    if (stream !== undefined && stream.name === undefined && this.database.isUp)
      void this.facts.changed('streams', streamId);
    return {
      name: stream?.name,
      encrypted: stream?.keyRotationSegments !== undefined,
      viewerGroups: [...groupOf(streamId, tenant?.maxViewersPerStream), ...groupOf(tenantId, tenant?.maxViewers)],
    };
  }

  /** What the live store remembers, else what the database says: then it is remembered from now on. */
  async #factOf<K extends FactKind>(kind: K, id: string): Promise<FactOf<K> | null | undefined> {
    try {
      const remembered = this.facts.of(kind);
      const fact = await remembered.recall(id);
      if (fact !== undefined || !this.database.isUp) return fact;
      void this.facts.changed(kind, id);
      return (await remembered.read(id)) ?? null;
    } catch (error) {
      this.logger.debug({ err: error, kind }, 'cannot determine whether a stream may be watched');
      return undefined;
    }
  }

  #verifyLater(playbackId: string, nowMs: number): void {
    if (!this.database.isUp || nowMs - (this.#verified.get(playbackId) ?? 0) < VERIFY_MS) return;
    this.#verified.set(playbackId, nowMs);
    void this.facts.changed('playback', playbackId);
  }
}

const playbackDisabled = (detail: string): ProblemError => new ProblemError('playback_disabled', detail);
const signedPlaybackRequired = (): ProblemError =>
  new ProblemError('signed_playback_required', 'The tenant of this stream allows signed playback ids only.');

const NO_GROUPS: readonly ViewerGroup[] = [];
const groupOf = (id: string, max: number | null | undefined): ViewerGroup[] =>
  max === null || max === undefined ? [] : [{ id, max }];
