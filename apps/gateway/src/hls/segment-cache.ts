// Cached segments, as players fetch them: each is read once, however many ask for it at the same time, and kept while there is room. The
// tenant whose segments take up most of it makes room.
import type { LiveStore } from '@millrace/live-store';
import { SharedPlaces } from '@millrace/service-kit';
import type { PlaceHolder } from '@millrace/service-kit';
import { PLAYBACK_CODE_LIMITS } from '../playback/playback-limits.ts';
import { segmentRepresentation } from './representation.ts';
import type { Representation } from './representation.ts';
import { isEncryptedName } from './segment-keys.ts';
import type { SegmentKeys } from './segment-keys.ts';

/** How many segments are read from the live store at once. One more waits where playlists list it, or its client is told to come again. */
const MAX_READS = PLAYBACK_CODE_LIMITS.maxReads;
/** Names that no playlist lists are made up, or too old: reading them takes no place of those that are listed. */
const MAX_UNLISTED_READS = PLAYBACK_CODE_LIMITS.maxUnlistedReads;

/** More reads are under way than the gateway takes on. */
export class TooManyReads extends Error {
  constructor() {
    super('too many segments are being read');
    this.name = 'TooManyReads';
  }
}

/** A read that waits for a place. */
interface Waiting {
  readonly holder: PlaceHolder;
  readonly begin: (release: () => void) => void;
}

interface Held {
  readonly segment: Representation;
  readonly tenantId: string;
}

/** The segments of one tenant that are held, the one that was not asked for the longest first. */
interface TenantSegments {
  readonly keys: Set<string>;
  bytes: number;
}

export class SegmentCache {
  readonly #held = new Map<string, Held>();
  readonly #byTenant = new Map<string, TenantSegments>();
  readonly #reading = new Map<string, Promise<Representation | undefined>>();
  readonly #listedPlaces = new SharedPlaces({
    max: MAX_READS,
    maxPerAddress: PLAYBACK_CODE_LIMITS.maxReadsPerAddress,
    maxPerTenant: PLAYBACK_CODE_LIMITS.maxReadsPerTenant,
  });
  readonly #waitingPlaces = new SharedPlaces({
    max: PLAYBACK_CODE_LIMITS.maxWaitingReads,
    maxPerAddress: PLAYBACK_CODE_LIMITS.maxWaitingReadsPerAddress,
    maxPerTenant: PLAYBACK_CODE_LIMITS.maxWaitingReadsPerTenant,
  });
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiting>();
  readonly #unlistedPlaces = new SharedPlaces({
    max: MAX_UNLISTED_READS,
    maxPerAddress: PLAYBACK_CODE_LIMITS.maxUnlistedReadsPerAddress,
    maxPerTenant: PLAYBACK_CODE_LIMITS.maxUnlistedReadsPerTenant,
  });
  #heldBytes = 0;
  #readCount = 0;
  /** By what the store keeps: a store in this process gives out the same array each time. */
  readonly #encrypted = new WeakMap<Uint8Array, Uint8Array>();
  readonly #store: LiveStore;
  readonly #keys: SegmentKeys;
  readonly #maxBytes: number;

  /** @param maxBytes how much to keep; 0 where the store is in this process and reading costs nothing */
  constructor(store: LiveStore, keys: SegmentKeys, maxBytes: number) {
    this.#store = store;
    this.#keys = keys;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#heldBytes;
  }

  /** How often the live store was asked for a segment. */
  get reads(): number {
    return this.#readCount;
  }

  /** A cached segment, or one that is in this process anyway. */
  get(streamId: string, name: string): Representation | undefined {
    if (this.#maxBytes === 0) return this.#inStore(streamId, name);
    const key = `${streamId}/${name}`;
    const found = this.#held.get(key);
    if (found === undefined) return undefined;
    const { keys } = this.#byTenant.get(found.tenantId)!;
    keys.delete(key);
    keys.add(key);
    return found.segment;
  }

  /**
   * Reads it.
   *
   * @param listed whether a playlist lists it, or did lately
   * @returns undefined when there is none, or none any more
   * @throws TooManyReads, LiveStoreError
   */
  async load(
    streamId: string,
    name: string,
    holder: PlaceHolder,
    listed: boolean,
  ): Promise<Representation | undefined> {
    const key = `${streamId}/${name}`;
    const running = this.get(streamId, name) ?? this.#reading.get(key);
    if (running !== undefined) return running;
    const place = listed ? this.#listedPlace(holder) : this.#unlistedPlaces.take(holder);
    if (place === undefined) throw new TooManyReads();
    const reading = this.#readIn(place, key, streamId, name, holder.tenantId ?? '').finally(() =>
      this.#reading.delete(key),
    );
    this.#reading.set(key, reading);
    return reading;
  }

  async #readIn(
    place: (() => void) | Promise<() => void>,
    key: string,
    streamId: string,
    name: string,
    tenantId: string,
  ): Promise<Representation | undefined> {
    const release = typeof place === 'function' ? place : await place;
    try {
      return await this.#read(key, streamId, name, tenantId);
    } finally {
      release();
    }
  }

  /** @returns what releases a place, at once or once there is one; undefined: too many wait */
  #listedPlace(holder: PlaceHolder): (() => void) | Promise<() => void> | undefined {
    const release = this.#listedPlaces.take(holder);
    if (release !== undefined) return this.#passingOn(release);
    const leave = this.#waitingPlaces.take(holder);
    if (leave === undefined) return undefined;
    return new Promise((resolve) => {
      this.#waiting.add({
        holder,
        begin: (release) => {
          leave();
          resolve(this.#passingOn(release));
        },
      });
    });
  }

  /** @returns releases the place, and gives it to the first of those that wait whose share it fits */
  #passingOn(release: () => void): () => void {
    return () => {
      release();
      for (const waiting of this.#waiting) {
        const taken = this.#listedPlaces.take(waiting.holder);
        if (taken === undefined) continue;
        this.#waiting.delete(waiting);
        return waiting.begin(taken);
      }
    };
  }

  #inStore(streamId: string, name: string): Representation | undefined {
    const stored = this.#store.segmentInMemory(streamId, name);
    if (stored === undefined) return undefined;
    const bytes = isEncryptedName(name) ? this.#encrypted.get(stored.bytes) : stored.bytes;
    if (bytes === undefined) return undefined;
    this.#readCount++;
    return segmentRepresentation({ bytes, contentType: stored.contentType });
  }

  async #read(key: string, streamId: string, name: string, tenantId: string): Promise<Representation | undefined> {
    this.#readCount++;
    const stored = await this.#store.readSegment(streamId, name);
    if (stored === undefined) return undefined;
    const { bytes, contentType } = stored;
    const segment = segmentRepresentation({ bytes: await this.#encrypt(streamId, name, bytes), contentType });
    this.#keep(key, { segment, tenantId });
    return segment;
  }

  async #encrypt(streamId: string, name: string, bytes: Uint8Array): Promise<Uint8Array> {
    const known = this.#encrypted.get(bytes);
    if (known !== undefined) return known;
    const encrypted = await this.#keys.encrypt(streamId, name, bytes);
    if (encrypted !== bytes) this.#encrypted.set(bytes, encrypted);
    return encrypted;
  }

  #keep(key: string, held: Held): void {
    const { byteLength } = held.segment.body;
    if (byteLength > this.#maxBytes || this.#held.has(key)) return;
    const theirs = this.#byTenant.get(held.tenantId) ?? { keys: new Set<string>(), bytes: 0 };
    this.#byTenant.set(held.tenantId, theirs);
    this.#held.set(key, held);
    theirs.keys.add(key);
    theirs.bytes += byteLength;
    this.#heldBytes += byteLength;
    while (this.#heldBytes > this.#maxBytes) this.#dropOldestOf(this.#largestTenant());
  }

  #largestTenant(): string {
    let largest = '';
    let most = -1;
    for (const [tenantId, { bytes }] of this.#byTenant)
      if (bytes > most) {
        largest = tenantId;
        most = bytes;
      }
    return largest;
  }

  #dropOldestOf(tenantId: string): void {
    const theirs = this.#byTenant.get(tenantId)!;
    const [oldest] = theirs.keys;
    const { byteLength } = this.#held.get(oldest!)!.segment.body;
    this.#held.delete(oldest!);
    theirs.keys.delete(oldest!);
    theirs.bytes -= byteLength;
    this.#heldBytes -= byteLength;
    if (theirs.keys.size === 0) this.#byTenant.delete(tenantId);
  }
}
