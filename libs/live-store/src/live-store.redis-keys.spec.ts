// What is stored in Redis: which keys, for how long, in which slot.
import { newId } from '@millrace/domain';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  again,
  claimed,
  given,
  nextCommit,
  rebuild,
  samplePlaylist,
  sampleRequest,
} from './contract/sample-streams.ts';
import type { LiveStore } from './live-store.ts';
import { createRedisLiveStore } from './live-store.redis.ts';
import { startRedisServer } from './testing/redis-server.ts';
import type { RedisServer } from './testing/redis-server.ts';

let server: RedisServer;
let admin: Redis;
let store: LiveStore;

/** A server that refuses every command whose keys are not all in one slot. */
beforeAll(async () => {
  server = await startRedisServer(['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf']);
  admin = new Redis(server.url);
  await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
  let info = '';
  while (!info.includes('cluster_state:ok')) info = String(await admin.cluster('INFO'));
  store = await createRedisLiveStore({ url: server.url });
});
afterAll(async () => {
  await store.close();
  admin.disconnect();
  await server.stop();
});

it('does each step in one slot, under keys of a known form that all expire', async () => {
  const request = sampleRequest();
  const { claim } = claimed(await store.claimPublish(request));
  const other = claimed(await store.claimPublish(sampleRequest())).claim;
  expect(await store.renewClaims([claim, other])).toEqual([undefined, undefined]);
  const numbers = {
    epoch: claim.epoch,
    measuredAtMs: 1,
    bytes: 1,
    videoFrames: 1,
    audioFrames: 1,
    framesPerSecond: 25,
  };
  const rates = { videoBitsPerSecond: 1, audioBitsPerSecond: 1, keyframeIntervalMs: undefined };
  await store.reportIngest([{ streamId: claim.streamId, ...numbers, ...rates }]);
  const sample = { atMs: 1, videoBitsPerSecond: 1, audioBitsPerSecond: 1, framesPerSecond: 25 };
  const counts = { droppedFrames: 0, heldFrames: 0, timestampJumps: 0, driftMs: 0, keyframeIntervalMs: 1 };
  await store.recordHealth([{ ...claim, sample: { ...sample, ...counts } }]);
  expect(await store.readHealth([claim.sessionId], 0, 2)).toEqual([[{ ...sample, ...counts }]]);
  await store.releaseClaim(claim);
  claimed(await store.claimPublish(again(request)));
  const waiting = await store.claimPublish(again(request, { role: 'backup' }));
  if (waiting.outcome !== 'standby') throw new Error(waiting.outcome);
  const details = { protocol: 'rtmp', encoder: 'backup', clientAddress: '192.0.2.7' };
  const standby = { claim: waiting.claim, silentMs: 0, isReady: true, details, newSessionId: newId('ses') };
  expect(await store.renewStandbys([standby], 60_000)).toEqual([{ outcome: 'waiting' }]);
  expect(await store.requestSwitch(claim.streamId)).toBe(true);
  expect(await store.renewStandbys([standby], 60_000)).toMatchObject([{ outcome: 'promoted' }]);
  await store.releaseStandby(waiting.claim);
  claimed(await store.claimPublish(again(request)));
  // The place of the one that waits is taken by the one that made way.
  expect((await store.claimPublish(again(request, { role: 'backup' }))).outcome).toBe('backup_waiting');
  await store.revokeClaims(other.streamId, other.streamKeyId);
  expect(await store.endSession(other.streamId, other.sessionId)).toBe(true);
  expect((await store.readLiveStream(claim.streamId))?.claim.sessionId).toBe(claim.sessionId);

  const lease = given(await store.acquireLease(claim.streamId, 'packager-a', 60_000));
  expect(await store.renewLeases([lease], 60_000)).toEqual([true]);
  expect(await store.commit(rebuild(lease, 1, 4))).toEqual({ outcome: 'committed' });
  expect(await store.commit(nextCommit(lease, 2, 5))).toEqual({ outcome: 'committed' });
  expect(await store.readPlaylist(claim.streamId)).toEqual(samplePlaylist(claim.streamId, 2, 5));
  // What is refused, and what comes again, leaves nothing behind.
  expect((await store.commit(nextCommit(lease, 2, 5))).outcome).toBe('committed');
  expect((await store.commit(nextCommit(lease, 2, 9))).outcome).toBe('out_of_step');
  expect((await store.commit(rebuild(lease, 1, 3))).outcome).toBe('out_of_step');
  await store.releaseLease(lease);
  expect((await store.commit(nextCommit(lease, 2, 6))).outcome).toBe('stale_lease');
  const source = (await store.acquireSource(newId('src'), 'edge-a', 60_000))!;
  expect(await store.renewSources([{ lease: source, state: 'live' }], 60_000)).toEqual([true]);
  await store.noteDemand([claim.streamId], 60_000);
  await store.remember('key', 'value', 60_000);
  await store.noteViewers([{ playbackId: newId('pbk'), seen: ['viewer'], left: [] }]);
  await store.admitViewer('viewer', [{ id: newId('ten'), max: 1 }]);

  const id = '[a-z]+_[0-9a-z]{26}';
  const known = new RegExp(
    `^millrace:(\\{live\\}:(open|seen|sources|demand|(session|ingest|health|health-of|tenant|revoked|standby|source):${id})|\\{${id}\\}:(lease|head|playlist|seg:[a-z0-9.-]+(:type)?)|record:key|viewers:${id})$`,
  );
  const keys = await admin.keys('*');
  expect(keys).toHaveLength(1 + 2 + 2 + 1 + 1 + 1 + 2 + 2 + 1 + 1 + 3 + 2 * 4 + 2);
  for (const key of keys) {
    expect(key).toMatch(known);
    // The index loses what is too old with each publish.
    if (key !== 'millrace:{live}:open') expect(await admin.pttl(key), key).toBeGreaterThan(0);
  }
});
