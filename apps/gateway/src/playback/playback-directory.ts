// From a playback id to its stream, for every playlist and segment that is asked for.
import { Inject, Injectable } from '@nestjs/common';
import { isId } from '@millrace/domain';
import { SharedPlaces, type Logger } from '@millrace/service-kit';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import type { PlaybackFact } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { PLAYBACK_CODE_LIMITS } from './playback-limits.ts';
import { dependencyUnavailable } from '../http/problem-error.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';

/** A deleted playback id stops working within this time. */
const FRESH_MS = 1_000;
/** How often what is remembered of an id in use is compared with the database. */
const VERIFY_MS = 60_000;
const MAX_KNOWN = 20_000;
/** Ids that do not exist have a list of their own: whoever guesses them must not push out those that do. */
const MAX_UNKNOWN = 5_000;
/** How many ids that nothing is remembered of wait for the database at once; the others are told to come again. */
const MAX_LOOKUPS = PLAYBACK_CODE_LIMITS.maxLookups;
/** An address that guesses ids takes no more places than these. */
const MAX_LOOKUPS_PER_ADDRESS = PLAYBACK_CODE_LIMITS.maxLookupsPerAddress;

/** All places for look-ups are taken, or all of this client's. */
const NO_PLACE = Symbol('no place');

interface Known {
  readonly fact: PlaybackFact;
  readonly readAtMs: number;
}

@Injectable()
export class PlaybackDirectory {
  private readonly known = new BoundedCache<string, Known>(MAX_KNOWN);
  private readonly unknown = new BoundedCache<string, number>(MAX_UNKNOWN);
  private readonly verified = new BoundedCache<string, number>(MAX_KNOWN);
  private readonly running = new Map<string, Promise<PlaybackFact | typeof NO_PLACE | undefined>>();
  private readonly lookups = new SharedPlaces({ max: MAX_LOOKUPS, maxPerAddress: MAX_LOOKUPS_PER_ADDRESS });

  constructor(
    private readonly facts: KnownFacts,
    private readonly database: Database,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** The stream of an id that was asked for in the last second; undefined: ask `find`. Costs next to nothing. */
  fresh(playbackId: string, nowMs: number): PlaybackFact | undefined {
    const entry = this.known.get(playbackId);
    return entry !== undefined && nowMs - entry.readAtMs < FRESH_MS ? entry.fact : undefined;
  }

  /** The tenant of an id that was found lately. */
  tenantOf(playbackId: string): string | undefined {
    return this.known.get(playbackId)?.fact.tenantId;
  }

  /**
   * @param network of the client that asks, as limits count it
   * @returns undefined when there is no such id
   * @throws ProblemError when that cannot be told now
   */
  async find(playbackId: string, network: string): Promise<PlaybackFact | undefined> {
    if (!isId('pbk', playbackId)) return undefined;
    const now = Date.now();
    const fresh = this.fresh(playbackId, now);
    if (fresh !== undefined) return fresh;
    const missedAtMs = this.unknown.get(playbackId);
    if (missedAtMs !== undefined && now - missedAtMs < FRESH_MS) return undefined;
    const running = this.running.get(playbackId);
    if (running === undefined) return this.begin(playbackId, network);
    const found = await running;
    // Whoever asked first had no place left: that is no answer for others.
    return found === NO_PLACE ? this.begin(playbackId, network) : found;
  }

  private async begin(playbackId: string, network: string): Promise<PlaybackFact | undefined> {
    const begun = this.lookUp(playbackId, network);
    this.running.set(playbackId, begun);
    try {
      const found = await begun;
      if (found === NO_PLACE) throw dependencyUnavailable('The list of playback ids');
      return found;
    } finally {
      if (this.running.get(playbackId) === begun) this.running.delete(playbackId);
    }
  }

  private async lookUp(playbackId: string, network: string): Promise<PlaybackFact | typeof NO_PLACE | undefined> {
    const remembered = await this.recall(playbackId);
    const fact = remembered === undefined ? await this.readDatabase(playbackId, network) : remembered;
    if (fact === NO_PLACE) return fact;
    const now = Date.now();
    if (fact === undefined || fact === null) {
      this.known.delete(playbackId);
      this.unknown.set(playbackId, now);
      return undefined;
    }
    this.known.set(playbackId, { fact, readAtMs: now });
    this.verifyLater(playbackId, now);
    return fact;
  }

  /** @returns null when it is remembered that the id was deleted; deleted ids never come back */
  private async recall(playbackId: string): Promise<PlaybackFact | null | undefined> {
    try {
      return await this.facts.playback.recall(playbackId);
    } catch (error) {
      this.logger.debug({ err: error }, 'the live store cannot be asked for a playback id');
      return undefined;
    }
  }

  private async readDatabase(playbackId: string, network: string): Promise<PlaybackFact | typeof NO_PLACE | undefined> {
    const last = this.known.get(playbackId)?.fact;
    const giveBack = this.lookups.take({ network });
    if (giveBack === undefined) return last ?? NO_PLACE;
    try {
      return await this.facts.playback.read(playbackId);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      if (last !== undefined) return last;
      throw dependencyUnavailable('The list of playback ids', error);
    } finally {
      giveBack();
    }
  }

  private verifyLater(playbackId: string, nowMs: number): void {
    if (!this.database.isUp || nowMs - (this.verified.get(playbackId) ?? 0) < VERIFY_MS) return;
    this.verified.set(playbackId, nowMs);
    void this.facts.changed('playback', playbackId);
  }
}
