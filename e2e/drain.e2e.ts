// Each service is rolled while it is at work, and what arrives is counted: at the viewer, in the room, behind the relay.
import { once } from 'node:events';
import { connect } from 'node:net';
import { errorOf, TurnClient, udpLink } from '@millrace/turn/testing';
import type { ControlledProcess } from '@millrace/tools/processes';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClusterStream } from './support/cluster-stream.ts';
import { eventually } from './support/eventually.ts';
import { compareLooped, framesOf } from './support/frame-ledger.ts';
import type { RecordedSegment } from './support/hls-recorder.ts';
import { MovingEncoder } from './support/moving-encoder.ts';
import { RelayedEcho } from './support/relayed-echo.ts';
import { RoomSocket } from './support/room-socket.ts';
import { sourceFrames, sourceTags } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';

type Answer = Record<string, unknown>;

const CLEAN = { missing: 0, repeated: 0, unknown: 0, details: [] };
const sent = sourceFrames();

let cluster: RunningCluster;
let api: TenantApi;
const closers: (() => void)[] = [];
beforeAll(async () => {
  const env = {
    MILLRACE_DRAIN_READINESS_LAG_MS: '400',
    MILLRACE_RTMP_DRAIN_MS: '3000',
    MILLRACE_RTMP_DRAIN_SPREAD_MS: '8000',
    MILLRACE_HTTP_DRAIN_MS: '12000',
    MILLRACE_SIGNALING_DRAIN_MS: '5000',
    MILLRACE_TURN_DRAIN_MS: '12000',
  };
  cluster = await startCluster({ gateways: 2, signalings: 2, turns: 1, env });
  api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
});
afterAll(() => cluster?.stop());
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** As a rolling update does it: asked to stop, gone by itself, started again. */
async function roll(name: string): Promise<void> {
  const process: ControlledProcess & { readonly exitCode?: number } = cluster.process(name);
  await process.stop();
  expect(process.exitCode, `${name}:\n${cluster.logs(name).tail()}`).toBe(0);
  await process.start();
}

const metricsPort = (kind: 'edges' | 'gateways' | 'turns', i: number): number => cluster.ports[kind][i - 1]!.metrics;

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^millrace_${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

/** Segments up to each discontinuity. */
function parts(segments: readonly RecordedSegment[]): RecordedSegment[][] {
  const out: RecordedSegment[][] = [[]];
  for (const segment of segments) {
    if (segment.discontinuity) out.push([]);
    out.at(-1)!.push(segment);
  }
  return out;
}

async function connectionsOf(streamId: string): Promise<Answer[]> {
  const list = await api.ok('GET', `/v1/live_streams/${streamId}/sessions`);
  const sessions = list['data'] as { id: string }[];
  expect(sessions).toHaveLength(1);
  return (await api.ok('GET', `/v1/sessions/${sessions[0]!.id}`))['connections'] as Answer[];
}

describe('rtmp-edge', () => {
  it('ends an encoder that cannot be asked before a keyframe; when it is back elsewhere nothing that was taken is missing', async () => {
    const live = await ClusterStream.open(cluster, 'rolled edge', { reconnect_window_seconds: 30 });
    await live.publish(1);
    const rolled = roll('edge-1');
    await live.ffmpeg?.ended();
    const [gone] = await connectionsOf(live.stream.id);
    await live.publish(2);
    await rolled;
    await live.finish();

    const [before, after, ...more] = parts(live.recorder.ordered).map((segments) => framesOf(segments));
    expect(more).toEqual([]);
    for (const track of ['video', 'audio'] as const) {
      expect(compareLooped(sent[track], before![track])).toEqual(CLEAN);
      expect(compareLooped(sent[track], after![track])).toEqual(CLEAN);
    }
    // What the edge says that it took is what the viewer has; and the next picture would have been a keyframe.
    const taken = { video_frames: before!.video.length, audio_frames: before!.audio.length };
    await eventually('the end is written down', async () => (await connectionsOf(live.stream.id))[1]!['ended_at']);
    expect((await connectionsOf(live.stream.id))[1]).toMatchObject({ ...taken, end_reason: 'drained' });
    expect(gone!['stream_key_id']).toBe(live.stream.keyId);
    expect(keyframes()).toContain(before!.video.length % sent.video.length);
    expect(live.recorder.last?.ended).toBe(false);
  });

  it('asks an encoder that understands it, through both edges: no frame is missing or repeated', async () => {
    const live = await ClusterStream.open(cluster, 'moving encoder', { reconnect_window_seconds: 30 });
    const encoder = new MovingEncoder(
      cluster.ports.edges.map(({ rtmp }) => rtmp),
      live.stream.key,
      sourceTags(),
    );
    await encoder.start();
    await live.moreSegments(2);
    await roll('edge-1');
    expect(encoder.moves).toBe(1);
    await live.moreSegments(1);
    await roll('edge-2');
    expect(encoder.moves).toBe(2);
    await live.moreSegments(1);
    await encoder.stop();
    await live.finish();
    const arrived = parts(live.recorder.ordered).map((segments) => framesOf(segments));
    expect(arrived.flatMap(({ faults }) => faults)).toEqual([]);
    expect(arrived).toHaveLength(3);
    for (const track of ['video', 'audio'] as const)
      expect(
        compareLooped(
          sent[track],
          arrived.flatMap((part) => part[track]),
        ),
      ).toEqual(CLEAN);
    const reasons = (await connectionsOf(live.stream.id)).map((connection) => connection['end_reason']);
    expect(reasons.slice(1)).toEqual(['drained', 'drained']);
  });

  it('is drained by hand: not ready, closed to new clients, no connection ended, until a signal arrives', async () => {
    const live = await ClusterStream.open(cluster, 'drained by hand');
    await live.publish(2);
    const admin = `http://127.0.0.1:${metricsPort('edges', 2)}`;
    expect((await fetch(`${admin}/drain`, { method: 'POST' })).status).toBe(202);
    const state = await eventually('the door is closed', async () => {
      const report = (await (await fetch(`${admin}/drain`)).json()) as Answer;
      return report['door'] === 'closed' && report;
    });
    expect(state).toEqual({ draining: true, door: 'closed', left: 1 });
    expect((await fetch(`${admin}/readyz`)).status).toBe(503);
    const [refused] = (await once(connect(cluster.ports.edges[1]!.rtmp, '127.0.0.1'), 'error')) as [Error];
    expect(refused.message).toContain('ECONNREFUSED');
    await live.moreSegments(2);
    await live.ffmpeg?.stop();
    await roll('edge-2');
    await live.finish();
    live.expectSeamless();
  });
});

describe('packager', () => {
  it('both are rolled, one after the other: the leases go over, no frame is lost or repeated', async () => {
    const live = await ClusterStream.open(cluster, 'rolled packagers');
    await live.publish(1);
    for (const name of ['packager-1', 'packager-2']) {
      await roll(name);
      await live.moreSegments(1);
    }
    await live.recorder.verifyUnchanged();
    await live.finish();
    live.expectSeamless();
    expect(live.recorder.longestGapMs()).toBeLessThan(15_000);
  });
});

describe('gateway', () => {
  it('both are rolled behind a viewer that tries again; a held request gets its answer', async () => {
    const live = await ClusterStream.open(cluster, 'rolled gateways');
    const held = fetch(live.stream.playlistUrl, { headers: { connection: 'keep-alive' } });
    await eventually('both are held', async () => (await metric(metricsPort('gateways', 1), 'playback_waiters')) === 2);
    const rolled = roll('gateway-1');
    await live.publish(1);
    const answer = await held;
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    expect(await answer.text()).toContain('#EXTINF');
    await rolled;
    await roll('gateway-2');
    await live.moreSegments(1);
    await live.finish();
    live.expectSeamless();
  });
});

describe('signaling', () => {
  it('is rolled: who is told to go away resumes on the other one, and no message is lost or repeated', async () => {
    const { id } = await api.ok('POST', '/v1/rooms', { name: 'rolled' });
    const { token } = await api.ok('POST', `/v1/rooms/${String(id)}/tokens`, {});
    const enter = async (server: number): Promise<{ socket: RoomSocket; joined: Answer }> => {
      const socket = await RoomSocket.open(addressOf(server));
      closers.push(() => socket.close());
      socket.send({ type: 'join', version: 1, token });
      return { socket, joined: await socket.next('joined') };
    };
    const [ada, bob] = [await enter(1), await enter(2)];
    const to = (ada.joined['participant'] as { id: string }).id;
    let said = 0;
    const talk = setInterval(() => bob.socket.send({ type: 'chat', text: String(said++), to }), 50);
    closers.push(() => clearInterval(talk));

    const heard: string[] = [];
    let last = 0;
    const listen = async (socket: RoomSocket, until: () => boolean): Promise<void> => {
      while (!until()) {
        const chat = await socket.next('chat');
        heard.push(String(chat['text']));
        last = Number(chat['sequence']);
      }
    };
    await listen(ada.socket, () => heard.length >= 10);
    const rolled = roll('signaling-1');
    // What comes with the word to go is not lost: it is behind the sequence that is acknowledged, and comes again.
    await ada.socket.next('go_away');
    const back = await RoomSocket.open(addressOf(2));
    closers.push(() => back.close());
    back.send({ type: 'resume', version: 1, resume_token: ada.joined['resume_token'], last_sequence: last });
    await back.next('resumed');
    ada.socket.close();
    await rolled;
    clearInterval(talk);
    await listen(back, () => heard.length === said);
    expect(heard).toEqual(Array.from({ length: said }, (_, i) => String(i)));
  });
});

describe('turn', () => {
  it('gives no new allocation, lets the one that there is go on and be refreshed, and ends when it has ended', async () => {
    const answer = await api.ok('POST', '/v1/ice_servers', {});
    const relay = (answer['ice_servers'] as Answer[]).find((server) => 'username' in server)!;
    const user = { username: String(relay['username']), password: String(relay['credential']) };
    const client = async () => new TurnClient(await udpLink('127.0.0.1', cluster.ports.turns[0]!.turn), user);
    const caller = await client();
    const echo = await RelayedEcho.begin(caller);
    closers.push(() => echo.close());
    await eventually('packets come back', () => echo.returned.length >= 50);

    const rolled = roll('turn-1');
    await eventually('it drains', async () => (await metric(metricsPort('turns', 1), 'turn_draining')) === 1);
    const late = await client();
    expect(errorOf(await late.allocate())).toBe(508);
    late.close();
    expect(errorOf(await caller.refresh(600))).toBe(0);
    const before = echo.returned.length;
    await eventually('packets come back', () => echo.returned.length >= before + 200);
    echo.stop();
    await eventually('the last ones come back', () => echo.returned.length === echo.sent);
    expect(echo.returned).toEqual(Array.from({ length: echo.sent }, (_, i) => i));
    await caller.refresh(0);
    await rolled;
  });
});

const addressOf = (server: number): string =>
  `ws://127.0.0.1:${cluster.ports.signalings[server - 1]!.websocket}/v1/rooms`;

/** Where the keyframes of the source are, by the number of the picture. */
function keyframes(): number[] {
  const pictures = sourceTags().filter(({ type, body }) => type === 9 && body[1] === 1);
  return pictures.flatMap(({ body }, i) => (body[0]! >> 4 === 1 ? [i] : []));
}
