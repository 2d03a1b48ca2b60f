import { newId } from '@millrace/domain';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, LiveStore, SegmentCommit } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import { given, nextCommit, rebuild, samplePlaylist, segmentEntry, segmentName } from './sample-streams.ts';

const LONG_MS = 600_000;
const RETENTION_MS = 40;
const STREAMS = 3;
const WINDOW = 3;
/** Of two sizes of blocks, and one that has memory of its own. */
const SIZES = [20_000, 20_480, 31_000, 2_000];
const RUN_MS = 1_500;

/** `glance`: a reader gets the playlist. `forget`: readers let go of half of what they hold. */
const KINDS = ['commit', 'commit', 'commit', 'commit', 'read', 'glance', 'end', 'take over', 'wait', 'forget'] as const;

interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly stream: number;
  /** Chooses among sizes, segments and ways. */
  readonly pick: number;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  stream: fc.nat(STREAMS - 1),
  pick: fc.nat(1_000),
});

/** One stream as its packager sees it. */
class Stream {
  lease: Lease;
  /** Before the next segment, and of the oldest that is listed. */
  head = 1;
  first = 1;
  /** What each segment holds, also of those that are gone. */
  readonly expected = new Map<number, Uint8Array>();
  last: SegmentCommit | undefined;

  constructor(lease: Lease) {
    this.lease = lease;
  }
}

/** Bytes that a reader holds, and what they were when they were committed. */
interface Reading {
  readonly bytes: Uint8Array;
  readonly expected: Uint8Array;
}

/** A packager with streams, and a gateway whose readers hold what they got for as long as they like. */
class Scene {
  readonly #harness: LiveStoreHarness;
  readonly #packager: LiveStore;
  readonly #gateway: LiveStore;
  readonly #streams: readonly Stream[];
  #readings: Reading[] = [];
  #marks = 0;
  /** How often memory that was given back was taken. */
  reused = 0;

  private constructor(harness: LiveStoreHarness, packager: LiveStore, gateway: LiveStore, streams: readonly Stream[]) {
    this.#harness = harness;
    this.#packager = packager;
    this.#gateway = gateway;
    this.#streams = streams;
  }

  static async open(harness: LiveStoreHarness): Promise<Scene> {
    const [packager, gateway] = [await harness.open(), await harness.open()];
    const leases = await Promise.all(
      Array.from({ length: STREAMS }, () => packager.acquireLease(newId('str'), 'packager', LONG_MS)),
    );
    return new Scene(
      harness,
      packager,
      gateway,
      leases.map((lease) => new Stream(given(lease))),
    );
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#take(step);
      for (const { bytes, expected } of this.#readings) expect(Buffer.compare(bytes, expected)).toBe(0);
    }
    this.#readings = [];
  }

  async #take({ kind, stream: index, pick }: Step): Promise<void> {
    const stream = this.#streams[index]!;
    if (kind === 'commit') await this.#commit(stream, pick);
    else if (kind === 'read') await this.#read(stream, pick);
    else if (kind === 'glance') await this.#gateway.readPlaylistText(stream.lease.streamId);
    else if (kind === 'end') await this.#end(stream);
    else if (kind === 'take over') await this.#takeOver(stream, pick);
    else if (kind === 'forget') this.#readings.splice(0, this.#readings.length / 2);
    else {
      const at = this.#harness.nowMs() + RETENTION_MS;
      await this.#harness.until(() => this.#harness.nowMs() > at);
    }
  }

  /** Memory of the pool with bytes that no other segment has. */
  #segment(stream: Stream, mediaSequence: number, pick: number): SegmentCommit['segments'][number] {
    const { segmentPool } = this.#packager;
    const { freeBytes } = segmentPool;
    const bytes = segmentPool.take(SIZES[pick % SIZES.length]!);
    if (segmentPool.freeBytes < freeBytes) this.reused++;
    bytes.fill(Buffer.from(`${++this.#marks} `.padStart(8)));
    stream.expected.set(mediaSequence, Buffer.from(bytes));
    return { entry: segmentEntry(mediaSequence), bytes };
  }

  async #commit(stream: Stream, pick: number): Promise<void> {
    const { lease, head } = stream;
    stream.head++;
    stream.first = Math.max(stream.first, stream.head - WINDOW);
    const commit = nextCommit(lease, stream.first, stream.head, {
      segments: [this.#segment(stream, head, pick)],
      expectedMediaSequence: head === 1 ? undefined : head,
      retentionMs: RETENTION_MS,
    });
    await this.#send(stream, commit, pick % 5 === 0);
  }

  /** Sent twice, it is not given back by the packager. */
  async #send(stream: Stream, commit: SegmentCommit, isTwice: boolean): Promise<void> {
    expect(await this.#packager.commit(commit)).toEqual({ outcome: 'committed' });
    if (isTwice) expect(await this.#packager.commit(commit)).toEqual({ outcome: 'committed' });
    else for (const { bytes } of commit.segments) this.#packager.segmentPool.release(bytes);
    stream.last = commit;
  }

  async #read(stream: Stream, pick: number): Promise<void> {
    const { streamId } = stream.lease;
    const listed = stream.head - stream.first;
    // Also of what has left the list.
    const mediaSequence = stream.head - 1 - (pick % (WINDOW * 2));
    const name = segmentName(mediaSequence);
    const stored = this.#gateway.segmentInMemory(streamId, name) ?? (await this.#gateway.readSegment(streamId, name));
    if (stored !== undefined)
      this.#readings.push({ bytes: stored.bytes, expected: stream.expected.get(mediaSequence)! });
    const isListed = mediaSequence >= stream.first && mediaSequence < stream.head;
    if (isListed && listed > 0 && stream.last?.playlist.ended === false) expect(stored).toBeDefined();
  }

  async #end(stream: Stream): Promise<void> {
    const { lease, head, first } = stream;
    if (head === 1) return;
    const playlist = samplePlaylist(lease.streamId, first, head, true);
    const commit = nextCommit(lease, first, head, { segments: [], playlist, retentionMs: RETENTION_MS });
    await this.#send(stream, { ...commit, expectedMediaSequence: head }, false);
    stream.first = head;
  }

  /** Another packager has the lease, and commits the whole window anew, twice in the very same memory. */
  async #takeOver(stream: Stream, pick: number): Promise<void> {
    const { lease, head } = stream;
    await this.#packager.releaseLease(lease);
    stream.lease = given(await this.#packager.acquireLease(lease.streamId, 'packager', LONG_MS));
    if (head === 1) return;
    stream.first = Math.max(1, head - WINDOW);
    const sequences = Array.from({ length: head - stream.first }, (_, i) => stream.first + i);
    const segments = sequences.map((sequence) => this.#segment(stream, sequence, pick + sequence));
    await this.#send(stream, rebuild(stream.lease, stream.first, head, { segments, retentionMs: RETENTION_MS }), true);
  }
}

/** Segments are in memory that is used again: what a reader has stays as it was. */
export function segmentMemoryContract(makeHarness: MakeHarness): void {
  describe('memory of segments', () => {
    let harness: LiveStoreHarness;

    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(() => harness.close());

    it('is not changed while a reader holds it, whatever is committed, read, ended and taken over', async () => {
      let reused = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 120 }), async (steps) => {
          const scene = await Scene.open(harness);
          await scene.run(steps);
          reused += scene.reused;
        }),
        { numRuns: 100, interruptAfterTimeLimit: RUN_MS, endOnFailure: true },
      );
      expect(reused).toBeGreaterThan(0);
    });
  });
}
