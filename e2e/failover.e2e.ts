// Services of a cluster die, freeze and come back while an encoder publishes at full frame rate.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askRedis } from './support/redis-operator.ts';
import { ClusterStream } from './support/cluster-stream.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';

/** Deaths of the packager in one run of the test: each takes about four seconds. */
const KILLS = Number(process.env['MILLRACE_E2E_KILLS'] ?? 8);
const MAX_GAP_MS = 5_000;
/** Then a number's bytes depend on its key as well, which another packager must go on with. */
const ENCRYPTED = { encryption: 'aes-128', key_rotation_segments: 5 } as const;

let cluster: RunningCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

describe('the packager that holds the lease', () => {
  it('is killed at random moments, again and again: the playlist goes on, no frame is lost or repeated', async () => {
    const live = await ClusterStream.open(cluster, 'killed packagers', ENCRYPTED);
    await live.publish();
    for (let i = 0; i < KILLS; i++) {
      const owner = await live.owner();
      await delay(Math.random() * 2_000);
      await cluster.process(owner).kill('SIGKILL');
      await Promise.all([live.moreSegments(1), cluster.process(owner).start()]);
    }
    await live.moreSegments(1);
    await live.finish();
    live.expectSeamless();
    expect(live.recorder.longestGapMs()).toBeLessThan(MAX_GAP_MS);
    expect(new Set(live.recorder.ordered.map(({ keyUri }) => keyUri)).size).toBeGreaterThan(1);
  });

  it('is stopped for 10 s and goes on: its commits are refused, the other one has taken over', async () => {
    const live = await ClusterStream.open(cluster, 'frozen packager');
    await live.publish();
    const owner = await live.owner();
    cluster.process(owner).signal('SIGSTOP');
    await live.moreSegments(4);
    await delay(2_000);
    cluster.process(owner).signal('SIGCONT');
    await live.moreSegments(3);
    expect(await live.owner()).not.toBe(owner);
    await live.recorder.verifyUnchanged();
    await live.finish();
    live.expectSeamless();
    expect(live.recorder.longestGapMs()).toBeLessThan(MAX_GAP_MS);
  });

  it('is stopped politely: the other one goes on where it was', async () => {
    const live = await ClusterStream.open(cluster, 'stopped packager');
    await live.publish();
    const owner = await live.owner();
    await cluster.process(owner).stop();
    await live.moreSegments(3);
    await cluster.process(owner).start();
    await live.finish();
    live.expectSeamless();
    expect(live.recorder.longestGapMs()).toBeLessThan(MAX_GAP_MS);
  });
});

describe('what holds the state', () => {
  it('NATS is killed and comes back: no frame is lost', async () => {
    const live = await ClusterStream.open(cluster, 'nats restart');
    await live.publish();
    await cluster.process('nats').kill('SIGKILL');
    await delay(1_500);
    await cluster.process('nats').start();
    await live.moreSegments(4);
    await live.finish();
    live.expectSeamless();
  });

  it('Redis is killed and comes back empty: the same numbers go on, no frame is lost', async () => {
    const live = await ClusterStream.open(cluster, 'redis restart');
    await live.publish();
    await live.moreSegments(2);
    await cluster.process('redis').kill('SIGKILL');
    await delay(1_500);
    await cluster.process('redis').start();
    await live.moreSegments(4);
    await live.recorder.verifyUnchanged();
    await live.finish();
    live.expectSeamless();
  });

  it('Redis is flushed: the same numbers go on, no frame is lost', async () => {
    const live = await ClusterStream.open(cluster, 'redis flush');
    await live.publish();
    await live.moreSegments(2);
    await redisCommand('FLUSHALL');
    await live.moreSegments(4);
    await live.recorder.verifyUnchanged();
    await live.finish();
    live.expectSeamless();
  });

  it('Redis is flushed while the packager dies: the other one cuts the same window again', async () => {
    const live = await ClusterStream.open(cluster, 'redis flush and packager death', ENCRYPTED);
    await live.publish();
    await live.moreSegments(3);
    const owner = await live.owner();
    await Promise.all([redisCommand('FLUSHALL'), cluster.process(owner).kill('SIGKILL')]);
    await live.moreSegments(4);
    await cluster.process(owner).start();
    await live.recorder.verifyUnchanged();
    await live.finish();
    live.expectSeamless();
  });

  it('Redis goes back to an older state: numbers do not', async () => {
    const live = await ClusterStream.open(cluster, 'redis goes back');
    await live.publish();
    await redisCommand('SAVE');
    await live.moreSegments(4);
    // Killed, it cannot save anew: it comes back with what it was 8 s ago.
    await cluster.process('redis').kill('SIGKILL');
    await cluster.process('redis').start();
    await live.moreSegments(4);
    await live.recorder.verifyUnchanged();
    await live.finish();
    live.expectSeamless();
  });

  it('PostgreSQL is away: the live stream goes on, and an encoder with a known key can begin', async () => {
    const live = await ClusterStream.open(cluster, 'database away', { reconnect_window_seconds: 30 });
    await live.publish();
    await cluster.process('postgres').stop();
    await live.moreSegments(2);
    await live.ffmpeg?.stop();
    await live.publish(2);
    await cluster.process('postgres').start();
    await live.moreSegments(1);
    await live.finish();
    expect(live.discontinuities).toBe(1);
  });
});

describe('the doors', () => {
  it('the gateway is killed and comes back: nothing is lost to who asks again', async () => {
    const live = await ClusterStream.open(cluster, 'gateway restart');
    await live.publish();
    await cluster.process('gateway-1').kill('SIGKILL');
    await cluster.process('gateway-1').start();
    await live.moreSegments(3);
    await live.finish();
    live.expectSeamless();
  });

  it('the edge is killed, the encoder comes back on the other one: same session, one discontinuity', async () => {
    const live = await ClusterStream.open(cluster, 'edge death');
    await live.publish(1);
    await cluster.process('edge-1').kill('SIGKILL');
    await live.ffmpeg?.ended();
    await live.publish(2);
    await cluster.process('edge-1').start();
    await live.moreSegments(2);
    await live.finish();
    expect(live.discontinuities).toBe(1);
    expect(live.recorder.last?.ended).toBe(false);
  });
});

async function redisCommand(command: string): Promise<void> {
  expect(await askRedis(cluster.ports.redis, cluster.redisOperatorPassword, command)).toMatch(/^\+/);
}
