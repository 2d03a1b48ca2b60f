// Encoders drop, come back, stay away; everything is restarted: what viewers' playlists promise holds through all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterStream } from './support/cluster-stream.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';

describe('in a cluster', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster?.stop());

  const sessions = async (live: ClusterStream): Promise<string[]> => {
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const page = await api.ok('GET', `/v1/live_streams/${live.stream.id}/sessions`);
    return (page['data'] as { id: string }[]).map(({ id }) => id);
  };

  it('an encoder that returns in time, on the other edge, goes on in the same session, with one discontinuity', async () => {
    const live = await ClusterStream.open(cluster, 'returns in time');
    await live.publish(1);
    await live.ffmpeg?.kill();
    await live.publish(2);
    await live.moreSegments(1);
    await live.finish();
    expect(live.discontinuities).toBe(1);
    expect(live.recorder.versions.some((version) => version.ended)).toBe(false);
    expect(await sessions(live)).toHaveLength(1);
  });

  it('an encoder that stays away ends the session; when it returns, numbers go on', async () => {
    const live = await ClusterStream.open(cluster, 'stays away', { reconnect_window_seconds: 2 });
    await live.publish(1);
    await live.ffmpeg?.stop();
    await live.recorder.until('the list is closed', ({ last }) => last?.ended === true);
    const closed = live.recorder.last!;
    await live.publish(1);
    const reopened = live.recorder.last!;
    expect(reopened.ended).toBe(false);
    expect(reopened.mediaSequence).toBeGreaterThanOrEqual(closed.mediaSequence + closed.uris.length);
    await live.finish();
    expect(await sessions(live)).toHaveLength(2);
  });

  it('a restart of everything: numbers go on', async () => {
    const live = await ClusterStream.open(cluster, 'restart of all');
    await live.publish(1);
    const before = live.newestSegment;
    await live.ffmpeg?.kill();
    const names = ['edge-1', 'edge-2', 'packager-1', 'packager-2', 'gateway-1', 'redis', 'nats', 'postgres'];
    await Promise.all(names.map((name) => cluster.process(name).kill('SIGKILL')));
    await Promise.all(['redis', 'nats', 'postgres'].map((name) => cluster.process(name).start()));
    await Promise.all(names.slice(0, 5).map((name) => cluster.process(name).start()));
    await live.publish(1);
    expect(live.newestSegment).toBeGreaterThan(before);
    await live.ffmpeg?.stop();
    await live.recorder.stop();
    expect(live.recorder.faults).toEqual([]);
  });
});
