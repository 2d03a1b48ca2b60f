// Services of a cluster die, freeze and come back while an encoder publishes at full frame rate.
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { requireProgram } from '@millrace/tools/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askRedis } from './support/redis-operator.ts';
import { ClusterStream } from './support/cluster-stream.ts';
import { eventually } from './support/eventually.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { RtspCamera } from './support/rtsp-camera.ts';
import { LivePlayer } from './support/live-player.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { StreamOptions } from './support/tenant-api.ts';

/** Deaths of the packager in one run of the test: each takes about four seconds. */
const KILLS = Number(process.env['MILLRACE_E2E_KILLS'] ?? 6);
const MAX_GAP_MS = 5_000;
/** Then a number's bytes depend on its key as well, which another packager must go on with. */
const ENCRYPTED = { encryption: 'aes-128', key_rotation_segments: 5 } as const;
const LOW = { latency_mode: 'low' } as const;

let cluster: RunningCluster;
beforeAll(async () => {
  cluster = await startCluster({
    rtspEdges: 2,
    srtEdges: 2,
    env: { MILLRACE_PULL_ALLOWED_ADDRESSES: '127.0.0.0/8', MILLRACE_SIMULCAST_ALLOWED_ADDRESSES: '127.0.0.0/8' },
  });
});
afterAll(() => cluster?.stop());

/** A stream with standard latency and one with low latency, to which the same happens. */
class BothStreams {
  private constructor(readonly streams: readonly [ClusterStream, ClusterStream]) {}

  static async open(name: string, standard: StreamOptions = {}): Promise<BothStreams> {
    const low = `${name}, with low latency`;
    return new BothStreams([
      await ClusterStream.open(cluster, name, standard),
      await ClusterStream.open(cluster, low, LOW),
    ]);
  }

  /** The packager that has one of them: both, once it is the only one that runs. */
  owner(): Promise<string> {
    return this.streams[0].owner();
  }

  async publish(): Promise<void> {
    await Promise.all(this.streams.map((live) => live.publish()));
  }

  async moreSegments(count: number): Promise<void> {
    await Promise.all(this.streams.map((live) => live.moreSegments(count)));
  }

  async verifyUnchanged(): Promise<void> {
    await Promise.all(this.streams.map((live) => live.verifyUnchanged()));
  }

  /** Ends them: no rule was broken, no frame and no part lost or repeated, no number has gone back. */
  async finishSeamless(): Promise<void> {
    await Promise.all(this.streams.map((live) => live.finish()));
    for (const live of this.streams) live.expectSeamless();
  }

  get longestGapMs(): number {
    return Math.max(...this.streams.map(({ recorder }) => recorder.longestGapMs()));
  }
}

describe('the packager that holds the lease', () => {
  it('is killed at random moments, again and again: the playlists go on, no frame or part is lost or repeated', async () => {
    const both = await BothStreams.open('killed packagers', ENCRYPTED);
    await both.publish();
    for (let i = 0; i < KILLS; i++) {
      const owner = await both.owner();
      await delay(Math.random() * 2_000);
      await cluster.process(owner).kill('SIGKILL');
      await Promise.all([both.moreSegments(1), cluster.process(owner).start()]);
    }
    await both.moreSegments(1);
    const [{ recorder }, { renditions }] = both.streams;
    await Promise.all(renditions.map((rendition) => rendition.untilCompared({ reloads: 25, deltas: 6 })));
    await both.finishSeamless();
    expect(both.longestGapMs).toBeLessThan(MAX_GAP_MS);
    for (const { comparedReports } of renditions) expect(comparedReports).toBeGreaterThan(15);
    expect(new Set(recorder.ordered.map(({ keyUri }) => keyUri)).size).toBeGreaterThan(1);
  });

  it('is stopped politely, then the other one for 10 s, which goes on later: its commits are refused', async () => {
    const both = await BothStreams.open('stopped and frozen packagers');
    await both.publish();
    const polite = await both.owner();
    await cluster.process(polite).stop();
    await both.moreSegments(3);
    await cluster.process(polite).start();
    const owner = await both.owner();
    cluster.process(owner).signal('SIGSTOP');
    await both.moreSegments(4);
    await delay(2_000);
    cluster.process(owner).signal('SIGCONT');
    await both.moreSegments(3);
    expect([owner, await both.owner()]).toEqual([expect.not.stringMatching(polite), polite]);
    await both.verifyUnchanged();
    await both.finishSeamless();
    expect(both.longestGapMs).toBeLessThan(MAX_GAP_MS);
  });
});

describe('what holds the state', () => {
  it('NATS is killed and comes back: no frame is lost', async () => {
    const both = await BothStreams.open('nats restart');
    await both.publish();
    await cluster.process('nats').kill('SIGKILL');
    await delay(1_500);
    await cluster.process('nats').start();
    await both.moreSegments(4);
    await both.finishSeamless();
  });

  it('Redis is killed and comes back empty: the same numbers go on, no frame is lost', async () => {
    const both = await BothStreams.open('redis restart');
    await both.publish();
    await both.moreSegments(2);
    await cluster.process('redis').kill('SIGKILL');
    await delay(1_500);
    await cluster.process('redis').start();
    await both.moreSegments(4);
    await both.verifyUnchanged();
    await both.finishSeamless();
  });

  it('Redis is flushed: the same numbers go on, no frame is lost', async () => {
    const both = await BothStreams.open('redis flush');
    await both.publish();
    await both.moreSegments(2);
    await redisCommand('FLUSHALL');
    await both.moreSegments(4);
    await both.verifyUnchanged();
    await both.finishSeamless();
  });

  it('Redis is flushed while the packager dies: the other one cuts the same window again', async () => {
    const both = await BothStreams.open('redis flush and packager death', ENCRYPTED);
    await both.publish();
    await both.moreSegments(3);
    const owner = await both.owner();
    await Promise.all([redisCommand('FLUSHALL'), cluster.process(owner).kill('SIGKILL')]);
    await both.moreSegments(4);
    await cluster.process(owner).start();
    await both.verifyUnchanged();
    await both.finishSeamless();
  });

  it('Redis goes back to an older state: numbers do not', async () => {
    const both = await BothStreams.open('redis goes back');
    await both.publish();
    await redisCommand('SAVE');
    await both.moreSegments(4);
    // Killed, it cannot save anew: it comes back with what it was 8 s ago.
    await cluster.process('redis').kill('SIGKILL');
    await cluster.process('redis').start();
    await both.moreSegments(4);
    await both.verifyUnchanged();
    await both.finishSeamless();
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
    const both = await BothStreams.open('gateway restart');
    await both.publish();
    await cluster.process('gateway-1').kill('SIGKILL');
    await cluster.process('gateway-1').start();
    await both.moreSegments(3);
    await both.finishSeamless();
  });

  it('the edge is killed, the encoder comes back on the other one: same session, one discontinuity, and its target goes on', async () => {
    const live = await ClusterStream.open(cluster, 'edge death');
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const elsewhere = await api.createStream('target of a dead edge');
    const targets = `/v1/live_streams/${live.stream.id}/simulcast_targets`;
    const { id } = await api.ok('POST', targets, { url: `${cluster.rtspUrl}/${elsewhere.key}` });
    const connectedAt = async () => (await api.ok('GET', `${targets}/${String(id)}`))['connected_at'] as string | null;
    await live.publish(1);
    const first = await eventually('the target is connected', connectedAt);
    await cluster.process('edge-1').kill('SIGKILL');
    await live.ffmpeg?.ended();
    await live.publish(2);
    await eventually('the other edge sends to the target', async () => {
      const at = await connectedAt();
      return at !== null && at !== first;
    });
    const { data } = await api.ok('GET', `/v1/sessions?live_stream_id=${elsewhere.id}`);
    expect(data).toMatchObject([{ status: 'live' }]);
    await cluster.process('edge-1').start();
    await live.moreSegments(2);
    await live.finish();
    expect(live.discontinuities).toBe(1);
    expect(live.recorder.last?.ended).toBe(false);
  });

  it('the edges of an RTMP and an RTSP player are killed: both connect again, and the stream goes on where it is now', async () => {
    const live = await ClusterStream.open(cluster, 'players of dead edges');
    await live.publish(2);
    const { playbackId } = live.stream;
    const playOn = (...urls: string[]): Promise<LivePlayer[]> =>
      Promise.all(urls.map((url) => LivePlayer.start(url, playbackId)));
    const first = await playOn(cluster.rtmpUrl(1), cluster.rtspUrl);
    for (const player of first) await player.pictures(25);
    await Promise.all(['edge-1', 'rtsp-1'].map((name) => cluster.process(name).kill('SIGKILL')));
    for (const player of first) await player.ended();
    await cluster.process('rtsp-1').start();
    const second = await playOn(cluster.rtmpUrl(2), cluster.rtspUrl);
    for (const player of second) await player.pictures(25);
    for (const player of second) await player.stop();
    await Promise.all([cluster.process('edge-1').start(), live.finish()]);
    live.expectSeamless();
    expect(second.map(({ firstIsKeyframe }) => firstIsKeyframe)).toEqual([true, true]);
  });

  it('an RTSP edge is one of them: what it is sent is played by HLS, and by RTMP on another edge', async () => {
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const stream = await api.createStream('by RTSP', { reconnect_window_seconds: 0.5 });
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    const ffmpeg = await publishWithFfmpeg(`${cluster.rtspUrl}/${stream.key}`, SOURCE_FILE);
    const player = await LivePlayer.start(cluster.rtmpUrl(1), stream.playbackId);
    await player.pictures(25);
    await recorder.until('two segments are listed', ({ segments }) => segments.size >= 2);
    await Promise.all([player.stop(), ffmpeg.stop()]);
    await recorder.until('the list is closed', ({ last }) => last?.ended === true);
    await recorder.stop();
    expect(recorder.faults).toEqual([]);
    expect(recorder.ordered.every(({ discontinuity }) => !discontinuity)).toBe(true);
  });

  it('the RTSP edge that pulls a camera is killed: the other one does within five seconds, in the same session', async () => {
    const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
    const stream = await api.createStream('a camera');
    const camera = await RtspCamera.start();
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    const sources = `/v1/live_streams/${stream.id}/ingest_sources`;
    const source = await api.ok('POST', sources, { url: camera.url });
    const read = () => api.ok('GET', `${sources}/${String(source['id'])}`);
    await recorder.until('a segment is listed', ({ segments }) => segments.size >= 1);
    expect(await read()).toMatchObject({ state: 'live', last_error: null });
    const puller = await pullingEdge();
    const killedAtMs = performance.now();
    await cluster.process(puller).kill('SIGKILL');
    await eventually('the camera is asked to play again', () => camera.playedAtMs.length === 2);
    expect(camera.playedAtMs[1]! - killedAtMs).toBeLessThan(MAX_GAP_MS);
    const before = Math.max(...recorder.segments.keys());
    await recorder.until('two more segments are listed', ({ segments }) => segments.has(before + 2));
    expect(await pullingEdge()).not.toBe(puller);
    expect(recorder.ordered.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
    expect(recorder.faults).toEqual([]);
    const { data } = await api.ok('GET', `/v1/sessions?live_stream_id=${stream.id}`);
    expect(data).toMatchObject([{ status: 'live' }]);
    await api.ok('DELETE', `${sources}/${String(source['id'])}`);
    await eventually('nothing is pulled from the camera any more', () => camera.players === 0);
    await Promise.all([recorder.stop(), camera.stop(), cluster.process(puller).start()]);
  });

  it('an SRT edge is killed: its encoder comes back on the other one, and no frame is lost but those that it held', async () => {
    const live = await ClusterStream.open(cluster, 'death of an SRT edge');
    await live.publishTo(`${cluster.srtUrl(1)}${live.stream.key}`);
    // It is played from the other one.
    const url = cluster.srtUrl(2).replace('publish:', `play:${live.stream.playbackId}`);
    const args = ['-v', 'error', '-nostdin', '-i', url, '-t', '1', '-c', 'copy', '-f', 'null', '-'];
    expect((await promisify(execFile)(requireProgram('ffmpeg', 'ffmpeg'), args)).stderr).toBe('');
    const before = live.newestSegment;
    await cluster.process('srt-1').kill('SIGKILL');
    await live.ffmpeg?.ended();
    await live.publishTo(`${cluster.srtUrl(2)}${live.stream.key}`);
    await cluster.process('srt-1').start();
    await live.finish();
    expect(live.discontinuities).toBe(1);
    live.expectExactUntil(before);
  });
});

/** Which RTSP edge pulls a source, by its own metrics: 'rtsp-1' or 'rtsp-2'. */
function pullingEdge(): Promise<string> {
  return eventually('an edge says that it pulls a source', async () => {
    for (const [i, { metrics }] of cluster.ports.rtspEdges.entries()) {
      const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`).catch(() => undefined);
      if (/^millrace_ingest_pulls\{state="live"\} 1$/m.test((await answer?.text()) ?? '')) return `rtsp-${i + 1}`;
    }
    return undefined;
  });
}

async function redisCommand(command: string): Promise<void> {
  expect(await askRedis(cluster.ports.redis, cluster.redisOperatorPassword, command)).toMatch(/^\+/);
}
