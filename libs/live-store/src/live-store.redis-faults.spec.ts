// What holds when Redis forgets, goes back in time, hangs, or is away.
import { copyFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { newId } from '@millrace/domain';
import type { PublishClaim } from '@millrace/domain';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  again,
  claimed,
  given,
  nextCommit,
  rebuild,
  samplePlaylist,
  sampleRequest,
  segmentBytes,
  segmentName,
} from './contract/sample-streams.ts';
import type { ClaimRequest, Lease, LiveStore } from './live-store.ts';
import { LiveStoreError } from './live-store-error.ts';
import { createRedisLiveStore } from './live-store.redis.ts';
import type { RedisLiveStoreOptions } from './live-store.redis.ts';
import { startRedisServer } from './testing/redis-server.ts';
import type { RedisServer } from './testing/redis-server.ts';
import { ReplyCutter } from './testing/reply-cutter.ts';

const LONG_MS = 60_000;

let server: RedisServer;
let admin: Redis;
const opened: LiveStore[] = [];

async function openStore(options: Partial<RedisLiveStoreOptions> = {}): Promise<LiveStore> {
  const store = await createRedisLiveStore({ url: server.url, maxReconnectDelayMs: 100, ...options });
  opened.push(store);
  return store;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition never held');
    await wait(5);
  }
}

beforeAll(async () => {
  server = await startRedisServer();
});
beforeEach(async () => {
  admin = new Redis(server.url, { retryStrategy: () => 50 });
  admin.on('error', () => undefined);
  await admin.flushall();
});
afterEach(async () => {
  server.resume();
  await Promise.all(opened.splice(0).map((store) => store.close()));
  admin.disconnect();
});
afterAll(() => server.stop());

describe('a process that does not run for a while', () => {
  it('takes an answer of Redis that has come meanwhile', async () => {
    const store = await openStore({ timeoutMs: 400 });
    await until(() => store.isReady());
    const claim = store.claimPublish(sampleRequest());
    await new Promise((resolve) => setImmediate(resolve));
    // As where all processors are busy with other work.
    for (const end = performance.now() + 1_200; performance.now() < end;);
    expect((await claim).outcome).toBe('claimed');
  });
});

describe('a store that lost everything', () => {
  let store: LiveStore;
  let request: ClaimRequest;
  let claim: PublishClaim;
  let lease: Lease;

  beforeEach(async () => {
    store = await openStore();
    request = sampleRequest();
    claim = claimed(await store.claimPublish(request)).claim;
    lease = given(await store.acquireLease(claim.streamId, 'packager-a', LONG_MS));
    await store.commit(rebuild(lease, 40, 50));
  });

  const expectsRecovery = async (): Promise<void> => {
    const { streamId } = claim;
    // The packager: its lease is lost, so is the playlist; it takes a new lease and rebuilds.
    expect(await store.commit(nextCommit(lease, 41, 51))).toEqual({ outcome: 'stale_lease' });
    expect(await store.renewLeases([lease], LONG_MS)).toEqual([false]);
    const newLease = given(await store.acquireLease(streamId, 'packager-a', LONG_MS));
    expect(newLease.token).toBeGreaterThan(lease.token);
    expect(await store.readPlaylistText(streamId)).toBeUndefined();
    expect(await store.commit(nextCommit(newLease, 41, 51))).toEqual({
      outcome: 'out_of_step',
      storeMediaSequence: undefined,
    });
    expect(await store.commit(rebuild(newLease, 41, 51))).toEqual({ outcome: 'committed' });
    expect(await store.readPlaylist(streamId)).toEqual(samplePlaylist(streamId, 41, 51));
    // The edge: its claim comes back with its renewal and refuses others.
    expect(await store.listLiveStreams()).toEqual([]);
    expect(await store.renewClaims([claim])).toEqual([undefined]);
    expect(await store.listLiveStreams()).toEqual([{ claim, disconnectedAtMs: undefined, leaseOwner: 'packager-a' }]);
    expect(await store.claimPublish(again(request))).toEqual({ outcome: 'already_publishing' });
    expect(await store.claimPublish(sampleRequest({ tenantId: request.tenantId, maxLiveStreams: 1 }))).toEqual({
      outcome: 'quota',
    });
    await store.releaseClaim(claim);
    const next = claimed(await store.claimPublish(again(request)));
    expect(next.resumed).toBe(true);
    expect(next.claim.epoch).toBeGreaterThan(claim.epoch);
  };

  it('goes on after FLUSHALL: claims come back, tokens grow, the window is rebuilt', async () => {
    await admin.flushall();
    await expectsRecovery();
  });

  it('goes on after a crash and an empty start, with the same handle', async () => {
    await server.kill();
    await until(() => !store.isReady());
    await expect(store.readPlaylistText(claim.streamId)).rejects.toMatchObject({ code: 'disconnected' });
    await server.restart();
    await until(() => store.isReady());
    await expectsRecovery();
  });

  it('gives epochs and tokens that grow although it remembers none', async () => {
    await admin.flushall();
    const newer = claimed(await store.claimPublish(again(request))).claim;
    expect(newer.epoch).toBeGreaterThan(claim.epoch);
    expect(await store.renewClaims([claim])).toEqual(['taken_over']);
    expect(given(await store.acquireLease(claim.streamId, 'b', LONG_MS)).token).toBeGreaterThan(lease.token);
  });

  it('works on when the scripts are forgotten', async () => {
    await admin.script('FLUSH');
    expect(await store.renewClaims([claim])).toEqual([undefined]);
    expect(await store.commit(nextCommit(lease, 41, 51))).toEqual({ outcome: 'committed' });
    expect(new Uint8Array((await store.readSegment(claim.streamId, segmentName(50)))?.bytes ?? [])).toEqual(
      segmentBytes(50),
    );
  });
});

describe('a store that went back in time', () => {
  it('lets no number go back', async () => {
    const store = await openStore();
    const request = sampleRequest({ settings: { secondPublisher: 'takeover' } });
    const { streamId } = request;
    const oldClaim = claimed(await store.claimPublish(request)).claim;
    const oldLease = given(await store.acquireLease(streamId, 'packager-a', LONG_MS));
    await store.commit(rebuild(oldLease, 1, 5));
    await admin.save();
    const dump = `${server.dumpFile}.older`;
    await copyFile(server.dumpFile, dump);

    await store.releaseLease(oldLease);
    const lease = given(await store.acquireLease(streamId, 'packager-b', LONG_MS));
    const claim = claimed(await store.claimPublish(again(request, { edgeId: 'edge-2' }))).claim;
    await store.commit(nextCommit(lease, 1, 6));
    await store.commit(nextCommit(lease, 2, 7));
    await server.restart(dump);
    await until(() => store.isReady());

    // The store believes in the older lease and the older claim.
    expect(await store.renewLeases([lease], LONG_MS)).toEqual([false]);
    expect(await store.commit(nextCommit(lease, 3, 8))).toEqual({ outcome: 'stale_lease' });
    expect((await store.readLiveStream(streamId))?.claim.epoch).toBe(oldClaim.epoch);
    // The newer claim puts itself back, and the older one is lost.
    expect(await store.renewClaims([claim])).toEqual([undefined]);
    expect(await store.renewClaims([oldClaim])).toEqual(['taken_over']);
    expect(claimed(await store.claimPublish(again(request))).claim.epoch).toBeGreaterThan(claim.epoch);
    // Once the older lease is over, the packager goes on from where it really was.
    await store.releaseLease(oldLease);
    const next = given(await store.acquireLease(streamId, 'packager-b', LONG_MS));
    expect(next.token).toBeGreaterThan(lease.token);
    expect(await store.commit(nextCommit(next, 3, 8))).toEqual({ outcome: 'out_of_step', storeMediaSequence: 5 });
    expect(await store.commit(rebuild(next, 3, 8))).toEqual({ outcome: 'committed' });
  });
});

describe('a store that does not answer', () => {
  it('fails each call by its deadline, then at once, and comes back', async () => {
    const failures: string[] = [];
    const calls: [string, string | undefined][] = [];
    const store = await openStore({
      timeoutMs: 300,
      observer: {
        connectionFailed: (_, message) => failures.push(message),
        called: (operation, seconds, failure) => {
          expect(seconds).toBeGreaterThanOrEqual(0);
          calls.push([operation, failure]);
        },
      },
    });
    const request = sampleRequest();
    const { claim } = claimed(await store.claimPublish(request));
    const lease = given(await store.acquireLease(claim.streamId, 'packager-a', LONG_MS));
    server.pause();
    const waiting = [
      store.commit(rebuild(lease, 1, 3)),
      store.readSegment(claim.streamId, segmentName(1)),
      store.renewClaims([claim]),
      store.listLiveStreams(),
      store.recall('key'),
    ];
    for (const call of await Promise.allSettled(waiting)) {
      expect(call.status).toBe('rejected');
      const reason: unknown = call.status === 'rejected' ? call.reason : undefined;
      expect(reason).toBeInstanceOf(LiveStoreError);
      expect(['timed_out', 'disconnected']).toContain((reason as LiveStoreError).code);
    }
    expect(store.isReady()).toBe(false);
    await expect(store.claimPublish(again(request))).rejects.toMatchObject({ code: 'disconnected' });
    expect(failures).toContain('no answer in time');
    expect(calls).toContainEqual(['claimPublish', undefined]);
    expect(calls).toContainEqual(['claimPublish', 'disconnected']);

    server.resume();
    await until(() => store.isReady());
    // It is not known whether the commit was done while it was waiting: doing it again is right in both cases.
    expect(await store.commit(rebuild(lease, 1, 3))).toEqual({ outcome: 'committed' });
    expect(await store.renewClaims([claim])).toEqual([undefined]);
    expect(await store.readPlaylist(claim.streamId)).toEqual(samplePlaylist(claim.streamId, 1, 3));
  });

  it('is noticed although there are no requests', async () => {
    const store = await openStore({ timeoutMs: 200 });
    server.pause();
    await until(() => !store.isReady());
    server.resume();
    await until(() => store.isReady());
  });

  it('need not be there at the start', async () => {
    await server.kill();
    const store = await openStore();
    expect(store.isReady()).toBe(false);
    await expect(store.listLiveStreams()).rejects.toMatchObject({ code: 'disconnected' });
    await server.restart();
    await until(() => store.isReady());
    expect(await store.listLiveStreams()).toEqual([]);
  });

  it('tells watchers to look again when it is back', async () => {
    const store = await openStore();
    let changes = 0;
    store.watchPlaylist(newId('str'), () => changes++);
    await until(() => changes === 1);
    await server.restart();
    await until(() => changes === 2);
  });

  it('can be closed while it is away', async () => {
    const store = await openStore();
    await server.kill();
    await until(() => !store.isReady());
    await store.close();
    await expect(store.listLiveStreams()).rejects.toMatchObject({ code: 'closed' });
    await server.restart();
  });
});

describe('a connection that is lost after the command was sent', () => {
  it('fails the call, and sends nothing twice', async () => {
    const cutter = await ReplyCutter.start(server.port);
    const store = await openStore({ url: cutter.url });
    const direct = await openStore();
    const streamId = newId('str');
    await admin.config('RESETSTAT');
    cutter.cutReplies(true);
    await expect(store.acquireLease(streamId, 'packager-a', LONG_MS)).rejects.toMatchObject({ code: 'disconnected' });
    cutter.cutReplies(false);
    await until(() => store.isReady());
    expect(cutter.cutCount).toBeGreaterThan(0);
    // It was done: the lease has a holder. It was done once.
    expect(await direct.acquireLease(streamId, 'packager-b', LONG_MS)).toBeUndefined();
    expect(await store.recall('anything')).toBeUndefined();
    expect(await admin.info('commandstats')).toMatch(/cmdstat_eval:calls=2,/);
    await cutter.stop();
  });

  it('answers the commit that is sent again as done', async () => {
    const cutter = await ReplyCutter.start(server.port);
    const store = await openStore({ url: cutter.url });
    const streamId = newId('str');
    const lease = given(await store.acquireLease(streamId, 'packager-a', LONG_MS));
    await store.commit(rebuild(lease, 1, 3));
    cutter.cutReplies(true);
    await expect(store.commit(nextCommit(lease, 1, 4))).rejects.toBeInstanceOf(LiveStoreError);
    cutter.cutReplies(false);
    await until(() => store.isReady());
    expect((await store.readPlaylist(streamId))?.head.mediaSequence).toBe(4);
    expect(await store.commit(nextCommit(lease, 1, 4))).toEqual({ outcome: 'committed' });
    expect(await store.commit(nextCommit(lease, 1, 5))).toEqual({ outcome: 'committed' });
    await cutter.stop();
  });
});

describe('a server that refuses', () => {
  it('says full when there is no memory left, and has written nothing', async () => {
    const store = await openStore();
    const streamId = newId('str');
    const lease = given(await store.acquireLease(streamId, 'packager-a', LONG_MS));
    await admin.config('SET', 'maxmemory', '1');
    await expect(store.commit(rebuild(lease, 1, 3))).rejects.toMatchObject({ code: 'full', operation: 'commit' });
    await admin.config('SET', 'maxmemory', '0');
    expect(await store.readPlaylist(streamId)).toBeUndefined();
    expect(await store.readSegment(streamId, segmentName(1))).toBeUndefined();
    expect(await store.commit(rebuild(lease, 1, 3))).toEqual({ outcome: 'committed' });
  });

  it('connects anew when the primary has become a replica', async () => {
    const store = await openStore();
    const streamId = newId('str');
    await admin.replicaof('127.0.0.1', 1);
    await expect(store.acquireLease(streamId, 'a', LONG_MS)).rejects.toMatchObject({ code: 'failed' });
    await admin.replicaof('NO', 'ONE');
    await until(() => store.isReady());
    expect(await store.acquireLease(streamId, 'a', LONG_MS)).toBeDefined();
  });

  it('is reported without the password', async () => {
    const failures: string[] = [];
    await admin.config('SET', 'requirepass', 'right-one');
    const url = server.url.replace('//', '//:wrong-secret@');
    const observer = { connectionFailed: (_: string, message: string) => failures.push(message) };
    const store = await openStore({ url, observer });
    await until(() => failures.length > 0);
    expect(store.isReady()).toBe(false);
    const refused = await store.recall('key').catch((error: unknown) => error);
    expect(`${failures.join()} ${String(refused)} ${JSON.stringify(refused)}`).not.toContain('wrong-secret');
    await admin.config('SET', 'requirepass', '');
    await expect(createRedisLiveStore({ url: 'http://:secret@x' })).rejects.toThrow(/^(?!.*secret)/);
  });
});
