import type { LiveStore, StoredSegment } from '@millrace/live-store';
import { describe, expect, it, vi } from 'vitest';
import { SegmentCache, TooManyReads } from './segment-cache.ts';
import { SegmentKeys } from './segment-keys.ts';

const MIB = 1024 * 1024;
const KEYS = new SegmentKeys('a pepper');

const segmentOf = (length: number): StoredSegment => ({ bytes: Buffer.alloc(length), contentType: 'video/x-sample' });

/** A store that takes its time: each read ends when it is let go. */
class SlowStore {
  readonly reads: { readonly name: string; readonly end: (stored: StoredSegment | undefined) => void }[] = [];
  readonly store = {
    readSegment: (_streamId: string, name: string) => {
      const { promise, resolve } = Promise.withResolvers<StoredSegment | undefined>();
      this.reads.push({ name, end: resolve });
      return promise;
    },
  } as unknown as LiveStore;
}

type Outcome = Promise<'read' | 'too many'>;

const outcomeOf = (load: Promise<unknown>): Outcome =>
  load.then(
    () => 'read' as const,
    (error: unknown) => {
      if (error instanceof TooManyReads) return 'too many' as const;
      throw error;
    },
  );

function crowd(listed: boolean) {
  const slow = new SlowStore();
  const cache = new SegmentCache(slow.store, KEYS, MIB);
  let n = 0;
  const ask = (address: string, tenantId: string, count: number): Outcome[] =>
    Array.from({ length: count }, () =>
      outcomeOf(cache.load('str_1', `${n++}-0a.ts`, { network: address, tenantId }, listed)),
    );
  return { slow, ask };
}

/** Ends all reads, also those that begin because of it. */
async function endAll({ reads }: SlowStore, count: number): Promise<void> {
  for (let ended = 0; ended < count; ended++) {
    await expect.poll(() => reads.length).toBeGreaterThan(ended);
    reads[ended]!.end(undefined);
  }
}

describe.each([
  ['that playlists list', true, { all: 256, address: 64, tenant: 128, waiting: 256 }],
  ['that no playlist lists', false, { all: 32, address: 4, tenant: 16, waiting: 0 }],
])('reads of segments %s', (_, listed, most) => {
  it(`of one address: ${most.address} at once, and those of others beside them`, async () => {
    const { slow, ask } = crowd(listed);
    const refused = ask('attacker', 'ten_1', 1_000).slice(most.address + most.waiting);
    expect(slow.reads).toHaveLength(most.address);
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['too many']));
    void ask('good', 'ten_1', 1);
    expect(slow.reads).toHaveLength(most.address + 1);
  });

  it(`of one tenant: ${most.tenant} at once, and those of others beside them`, () => {
    const { slow, ask } = crowd(listed);
    for (let i = 0; i < 100; i++) void ask(`address ${i}`, 'ten_1', most.address);
    expect(slow.reads).toHaveLength(most.tenant);
    void ask('good', 'ten_2', 1);
    expect(slow.reads).toHaveLength(most.tenant + 1);
  });

  it(`in all: ${most.all} at once, and again as many once they have ended`, async () => {
    const { slow, ask } = crowd(listed);
    const outcomes = Array.from({ length: 300 }, (_, i) => ask(`address ${i}`, `ten_${i}`, 1)).flat();
    expect(slow.reads).toHaveLength(most.all);
    const all = listed ? 300 : most.all;
    await endAll(slow, all);
    expect((await Promise.all(outcomes)).filter((outcome) => outcome === 'read')).toHaveLength(all);
    const before = slow.reads.length;
    void ask('later', 'ten_1', 1);
    expect(slow.reads).toHaveLength(before + 1);
  });
});

describe('SegmentCache', () => {
  it('has listed segments wait for a place of their address, in order, while another address has one at once', async () => {
    const { slow, ask } = crowd(true);
    const outcomes = ask('many viewers', 'ten_1', 100);
    expect(slow.reads).toHaveLength(64);
    slow.reads[5]!.end(segmentOf(1));
    await expect.poll(() => slow.reads).toHaveLength(65);
    outcomes.push(...ask('another', 'ten_1', 1));
    expect(slow.reads.slice(64).map(({ name }) => name)).toEqual(['64-0a.ts', '100-0a.ts']);
    await endAll(slow, 101);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['read']));
  });

  it('reads a segment that waits once, and goes on behind a read that fails', async () => {
    const slow = new SlowStore();
    const cache = new SegmentCache(slow.store, KEYS, MIB);
    const holder = { network: 'a', tenantId: 'ten_1' };
    const fails = Promise.withResolvers<never>();
    vi.spyOn(slow.store, 'readSegment').mockReturnValueOnce(fails.promise);
    const failed = cache.load('str_1', 'fails', holder, true);
    for (let i = 0; i < 63; i++) void cache.load('str_1', `${i}`, holder, true);
    const waiting = [1, 2].map(() => cache.load('str_1', 'waits', holder, true));
    expect(slow.reads).toHaveLength(63);
    fails.reject(new Error('away'));
    await expect(failed).rejects.toThrow('away');
    await expect.poll(() => slow.reads.map(({ name }) => name).at(-1)).toBe('waits');
    slow.reads.at(-1)!.end(segmentOf(10));
    expect((await Promise.all(waiting)).map((found) => found?.body.byteLength)).toEqual([10, 10]);
    expect(slow.reads).toHaveLength(64);
  });

  it('reads what playlists list while all places for other names are taken', () => {
    const slow = new SlowStore();
    const cache = new SegmentCache(slow.store, KEYS, MIB);
    for (let i = 0; i < 100; i++)
      void outcomeOf(cache.load('str_1', `${i}-0a.ts`, { network: `a${i}`, tenantId: `t${i}` }, false));
    const taken = slow.reads.length;
    void outcomeOf(cache.load('str_1', '100-0a.ts', { network: 'good', tenantId: 'ten_1' }, true));
    expect(slow.reads).toHaveLength(taken + 1);
  });

  it('reads once what many ask for, and keeps it', async () => {
    const slow = new SlowStore();
    const cache = new SegmentCache(slow.store, KEYS, MIB);
    const holder = { network: 'a', tenantId: 'ten_1' };
    const loads = [1, 2, 3].map(() => cache.load('str_1', '1-0a.ts', holder, true));
    expect(slow.reads).toHaveLength(1);
    slow.reads[0]!.end(segmentOf(1_000));
    expect((await Promise.all(loads)).map((found) => found?.body.byteLength)).toEqual([1_000, 1_000, 1_000]);
    expect(cache.get('str_1', '1-0a.ts')?.body.byteLength).toBe(1_000);
    expect(cache.bytes).toBe(1_000);
  });

  it('keeps as much as it may, and drops what was asked for longest ago', async () => {
    const slow = new SlowStore();
    const cache = new SegmentCache(slow.store, KEYS, 3_000);
    const read = async (name: string, bytes: number): Promise<void> => {
      const load = cache.load('str_1', name, { network: 'a', tenantId: 'ten_1' }, true);
      slow.reads.at(-1)!.end(segmentOf(bytes));
      await load;
    };
    for (const name of ['1', '2', '3']) await read(name, 1_000);
    cache.get('str_1', '1');
    await read('4', 1_000);
    const held = ['1', '2', '3', '4'].filter((name) => cache.get('str_1', name) !== undefined);
    expect(held).toEqual(['1', '3', '4']);
    await read('too large', 3_001);
    expect(cache.get('str_1', 'too large')).toBeUndefined();
    expect(cache.bytes).toBe(3_000);
  });

  it('makes room by dropping segments of the tenant that takes up most of it', async () => {
    const slow = new SlowStore();
    const cache = new SegmentCache(slow.store, KEYS, 4_000);
    const read = async (tenantId: string, name: string): Promise<void> => {
      const load = cache.load(tenantId, name, { network: 'a', tenantId }, true);
      slow.reads.at(-1)!.end(segmentOf(1_000));
      await load;
    };
    await read('quiet', '1');
    for (let n = 0; n < 10; n++) await read('loud', String(n));
    await read('quiet', '2');
    const held = (tenantId: string) =>
      Array.from({ length: 10 }, (_, n) => String(n)).filter((name) => cache.get(tenantId, name) !== undefined);
    expect([held('quiet'), held('loud'), cache.bytes]).toEqual([['1', '2'], ['8', '9'], 4_000]);
  });

  it('keeps nothing where the store is in this process: it has what the store has, encrypted names once they are', async () => {
    const stored = new Map([
      ['1-0a.ts', segmentOf(1_000)],
      ['2.k1.ts', segmentOf(1_000)],
    ]);
    const store = {
      segmentInMemory: (_streamId: string, name: string) => stored.get(name),
      readSegment: (_streamId: string, name: string) => Promise.resolve(stored.get(name)),
    } as unknown as LiveStore;
    const cache = new SegmentCache(store, KEYS, 0);
    expect(cache.get('str_1', '1-0a.ts')?.body).toBe(stored.get('1-0a.ts')!.bytes);
    expect(cache.get('str_1', '3-0a.ts')).toBeUndefined();
    expect(cache.get('str_1', '2.k1.ts')).toBeUndefined();
    const encrypted = await cache.load('str_1', '2.k1.ts', { network: 'a', tenantId: 'ten_1' }, true);
    expect(encrypted?.body).not.toEqual(stored.get('2.k1.ts')!.bytes);
    expect(cache.get('str_1', '2.k1.ts')?.body).toBe(encrypted?.body);
    stored.clear();
    expect(['1-0a.ts', '2.k1.ts'].map((name) => cache.get('str_1', name))).toEqual([undefined, undefined]);
    expect([cache.bytes, cache.reads]).toEqual([0, 3]);
  });
});
