// Puts timed metadata that comes by REST into what a publisher sends: once, within the rates of the stream and of its tenant, and
// answered when the frame log has it.
import type { PutTimedMetadata, TimedMetadataPut } from '@millrace/control';
import type { ActivePublishers } from './active-publishers.ts';
import type { LivePublisher } from './live-publisher.ts';

/** How long the log may take to confirm. A gateway asks again, and gives up later. */
const CONFIRM_MS = 2_000;
/** Ids that are remembered for each publisher: those of many seconds. */
const MAX_REMEMBERED = 256;
/** What may come at once. */
const BURST_SECONDS = 2;

export interface TimedMetadataRates {
  readonly timedMetadataPerSecond: number;
  readonly timedMetadataPerSecondPerTenant: number;
}

/** As many a second as may be, and those of two seconds at once. */
class Allowance {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #clock: () => number;
  #left: number;
  #atMs: number;

  constructor(perSecond: number, clock: () => number) {
    this.#perSecond = perSecond;
    this.#most = perSecond * BURST_SECONDS;
    this.#clock = clock;
    this.#left = this.#most;
    this.#atMs = clock();
  }

  /** Whether nothing of it is used. */
  get isWhole(): boolean {
    this.#refill();
    return this.#left >= this.#most;
  }

  take(): boolean {
    this.#refill();
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  #refill(): void {
    const nowMs = this.#clock();
    this.#left = Math.min(this.#most, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1_000);
    this.#atMs = nowMs;
  }
}

interface Inserted {
  readonly rate: Allowance;
  /** What is put in already, the oldest first. */
  readonly ids: Set<string>;
}

export class TimedMetadataInserter {
  readonly #active: ActivePublishers;
  readonly #rates: TimedMetadataRates;
  readonly #clock: () => number;
  readonly #inserted = new WeakMap<LivePublisher, Inserted>();
  readonly #tenants = new Map<string, Allowance>();

  /** @param clock milliseconds of a monotonic clock */
  constructor(active: ActivePublishers, rates: TimedMetadataRates, clock: () => number) {
    this.#active = active;
    this.#rates = rates;
    this.#clock = clock;
  }

  /** @returns undefined when the publisher is not connected here */
  async insert({ id, streamId, epoch, payload }: PutTimedMetadata): Promise<TimedMetadataPut['outcome'] | undefined> {
    const publisher = this.#active.find(streamId, epoch);
    if (publisher === undefined) return undefined;
    const { rate, ids } = this.#insertedInto(publisher);
    if (!ids.has(id)) {
      if (!publisher.isLive) return 'starting';
      if (!rate.take()) return 'stream_rate';
      if (!this.#tenantRate(publisher.claim.tenantId).take()) return 'tenant_rate';
      ids.add(id);
      for (const oldest of ids) if (ids.size > MAX_REMEMBERED) ids.delete(oldest);
      publisher.insert(Buffer.from(payload, 'base64'));
    }
    return (await publisher.confirmed(CONFIRM_MS)) ? 'written' : 'unavailable';
  }

  #insertedInto(publisher: LivePublisher): Inserted {
    const known = this.#inserted.get(publisher);
    if (known !== undefined) return known;
    const inserted = { rate: new Allowance(this.#rates.timedMetadataPerSecond, this.#clock), ids: new Set<string>() };
    this.#inserted.set(publisher, inserted);
    return inserted;
  }

  /** Tenants are bounded by those that publish here: those that have used nothing lately are forgotten. */
  #tenantRate(tenantId: string): Allowance {
    const known = this.#tenants.get(tenantId);
    if (known !== undefined) return known;
    for (const [other, rate] of this.#tenants) if (rate.isWhole) this.#tenants.delete(other);
    const rate = new Allowance(this.#rates.timedMetadataPerSecondPerTenant, this.#clock);
    this.#tenants.set(tenantId, rate);
    return rate;
  }
}
