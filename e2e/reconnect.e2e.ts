// Encoders drop, come back, stay away; everything is restarted: what viewers' playlists promise holds through all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterStream } from './support/cluster-stream.ts';
import { eventually } from './support/eventually.ts';
import { readFlvFrames } from './support/flv-frames.ts';
import { compareLooped, framesOf } from './support/frame-ledger.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './support/publish-with-ffmpeg.ts';
import { makeSecondSource } from './support/second-source.ts';
import { SOURCE_FILE, sourceFrames } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';

/** How the first of two encoders stops; all of them in the full run. */
const STOPS = process.env['MILLRACE_E2E_BACKUP'] === 'all' ? ['killed', 'silent', 'without its edge'] : ['killed'];

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

  describe('with a backup encoder', () => {
    let file: string;
    beforeAll(async () => {
      file = await makeSecondSource(cluster.folder);
    });

    /** What viewers got between discontinuities, each part of one source. */
    function expectSources(live: ClusterStream, sources: readonly ('first' | 'second')[]): void {
      const frames = { first: sourceFrames(), second: readFlvFrames(file) };
      const runs: (typeof live.recorder.ordered)[] = [];
      for (const segment of live.recorder.ordered) {
        if (runs.length === 0 || segment.discontinuity) runs.push([]);
        runs.at(-1)!.push(segment);
      }
      expect(runs).toHaveLength(sources.length);
      runs.forEach((run, i) => {
        const arrived = framesOf(run);
        expect(arrived.faults).toEqual([]);
        const sent = frames[sources[i]!];
        const clean = { missing: 0, repeated: 0, unknown: 0, details: [] };
        expect(compareLooped(sent.video, arrived.video, true)).toEqual(clean);
        expect(compareLooped(sent.audio, arrived.audio, true)).toEqual(clean);
      });
    }

    async function open(name: string) {
      const live = await ClusterStream.open(cluster, name);
      const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
      const [firstUrl, secondUrl] = [1, 2].map((edge) => `${cluster.rtmpUrl(edge)}/${live.stream.key}`);
      await live.publish(1);
      const [sessionId] = await sessions(live);
      const session = async () => api.ok('GET', `/v1/sessions/${sessionId}`);
      const standby = (role: string) =>
        eventually(`the ${role} encoder waits`, async () => {
          const found = (await session())['standby'] as { role: string; ready: boolean } | null;
          return found?.role === role && found.ready;
        });
      const second: FfmpegPublisher = await publishWithFfmpeg(`${secondUrl!}?backup=1`, file);
      await standby('backup');
      /** Waits for segments behind so many discontinuities. */
      const segmentsBehind = (count: number) =>
        live.recorder.until(`two segments behind discontinuity ${count}`, ({ ordered }) => {
          const at = ordered.filter(({ discontinuity }) => discontinuity).at(count - 1);
          return at !== undefined && ordered.at(-1)!.mediaSequence > at.mediaSequence;
        });
      return { live, api, session, standby, segmentsBehind, second, firstUrl: firstUrl! };
    }

    it.each(STOPS)('viewers go on with it when the first one is %s, and back by REST', async (how) => {
      const { live, api, session, standby, segmentsBehind, second, firstUrl } = await open(`first one ${how}`);
      expect(await session()).toMatchObject({ status: 'live', publisher: 'primary' });
      const stoppedAt = performance.now();
      if (how === 'killed') await live.ffmpeg?.kill();
      else if (how === 'silent') live.ffmpeg?.freeze();
      else await cluster.process('edge-1').kill('SIGKILL');
      await eventually('the backup publishes', async () => (await session())['publisher'] === 'backup');
      const tookOverMs = performance.now() - stoppedAt;
      await segmentsBehind(1);
      if (how === 'silent') live.ffmpeg?.thaw();
      else {
        await live.ffmpeg?.kill();
        if (how !== 'killed') await cluster.process('edge-1').start();
        live.ffmpeg = await publishWithFfmpeg(firstUrl, SOURCE_FILE);
      }
      await standby('primary');
      expect(await session()).toMatchObject({ publisher: 'backup', standby: { role: 'primary' } });
      await api.ok('POST', `/v1/live_streams/${live.stream.id}/switch_encoder`);
      await segmentsBehind(2);
      expect(await session()).toMatchObject({ publisher: 'primary', standby: { role: 'backup' } });
      await second.stop();
      await live.finish();
      expectSources(live, ['first', 'second', 'first']);
      expect(live.recorder.versions.some((version) => version.ended)).toBe(false);
      expect(await sessions(live)).toHaveLength(1);
      expect(tookOverMs).toBeLessThan(20_000);
      const { data } = await api.ok('GET', `/v1/events?object_id=${live.stream.id}&limit=100`);
      const switches = (data as { type: string; data: { object: { reason: string } } }[])
        .filter(({ type }) => type === 'live_stream.switched')
        .map(({ data: { object } }) => object.reason);
      expect(switches).toEqual(['requested', 'stopped']);
    });

    if (STOPS.length > 1)
      it('viewers notice nothing when the edge of the one that waits dies', async () => {
        const { live, second } = await open('edge of the one that waits');
        await cluster.process('edge-2').kill('SIGKILL');
        await live.moreSegments(4);
        await cluster.process('edge-2').start();
        await second.stop();
        await live.finish();
        live.expectSeamless();
      });
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
