// A publish from its beginning to every one of its ends, over real connections.
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus, FramePublisher } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aacMessage,
  audioConfig,
  interframe,
  keyframe,
  nal,
  videoConfig,
  videoMessage,
} from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import type { TestStream } from '../testing/test-control-plane.ts';
import { TestEdge } from '../testing/test-edge.ts';

const endOf = (recorder: FrameRecorder) => recorder.frames.find(({ kind }) => kind === FrameKind.end);
const untilEnd = (recorder: FrameRecorder) => recorder.until(() => endOf(recorder) !== undefined);

describe('a publish', () => {
  let edge: TestEdge;
  let stream: TestStream;
  let recorder: FrameRecorder;
  const clients: TestClient[] = [];

  async function start(
    settings?: Parameters<typeof TestEdge.start>[0],
    of?: Parameters<TestEdge['control']['newStream']>[0],
  ) {
    edge = await TestEdge.start(settings);
    stream = edge.control.newStream(of);
    recorder = await edge.record(stream.streamId);
  }
  const connect = (options: Partial<ConstructorParameters<typeof TestClient>[0]> = {}) => {
    const client = new TestClient({ port: edge.ports.rtmp, streamName: stream.key, ...options });
    clients.push(client);
    return client;
  };
  const sendSome = (client: TestClient, from = 0) => {
    client.session.sendVideo(from, videoConfig());
    client.session.sendAudio(from, audioConfig());
    client.session.sendVideo(from, keyframe(from));
    client.session.sendAudio(from, aacMessage(from));
    client.session.sendVideo(from + 40, interframe(from + 1));
  };
  const SOME = 5;

  beforeEach(() => void clients.splice(0));
  afterEach(async () => {
    for (const client of clients) client.socket.destroy();
    await edge.stop();
  });

  it('ends as unpublished when the encoder says that it is done; its connection may publish again', async () => {
    await start();
    const client = await connect().untilReady();
    sendSome(client);
    client.session.unpublish();
    await untilEnd(recorder);
    expect(endOf(recorder)).toMatchObject({ flags: FrameFlag.unpublished, sequence: SOME + 1, dts90k: 40 * 90 });
    expect(edge.control.ended).toMatchObject([
      { reason: 'unpublished', videoFrames: 2, audioFrames: 1, claim: { streamId: stream.streamId } },
    ]);
    await client.until(() => client.statuses.some(({ code }) => code === 'NetStream.Unpublish.Success'));
    expect(client.closed).toBe(false);
    expect((await edge.liveStore.readLiveStream(stream.streamId))?.disconnectedAtMs).toBeDefined();
  });

  it.each([
    ['closes its socket', (client: TestClient) => client.socket.end(), 'client_closed'],
    ['is torn away', (client: TestClient) => client.socket.resetAndDestroy(), 'socket_error'],
  ])('ends without that mark when the encoder %s', async (_, leave, reason) => {
    await start();
    const client = await connect().untilReady();
    sendSome(client);
    await recorder.untilCount(SOME);
    leave(client);
    await untilEnd(recorder);
    expect(endOf(recorder)).toMatchObject({ flags: 0, sequence: SOME + 1 });
    expect(edge.control.ended).toMatchObject([{ reason }]);
    expect(await edge.metric('ingest_publishers', '{protocol="rtmp"}')).toBe(0);
  });

  it('goes on in the same session, with a greater epoch, when the encoder returns', async () => {
    await start();
    const first = await connect().untilReady();
    sendSome(first, 5_000);
    first.socket.end();
    await untilEnd(recorder);
    const second = await connect().untilReady();
    sendSome(second);
    await recorder.untilCount(2 * SOME + 1);
    const epochs = new Set(recorder.frames.map(({ epoch }) => epoch));
    expect(epochs.size).toBe(2);
    expect(recorder.faults).toEqual([]);
    const live = await edge.liveStore.readLiveStream(stream.streamId);
    expect(live!.claim.sessionId).toBe(edge.control.ended[0]!.claim.sessionId);
    expect(live!.claim.epoch).toBe(Math.max(...epochs));
  });

  it('refuses a second encoder when the stream says so', async () => {
    await start();
    const first = await connect().untilReady();
    const second = await connect().untilClosed();
    expect(second.status).toMatchObject({ code: 'NetStream.Publish.BadName' });
    expect(first.closed).toBe(false);
  });

  it('gives way to a second encoder when the stream says so', async () => {
    await start({}, { secondPublisher: 'takeover' });
    const first = await connect().untilReady();
    sendSome(first);
    await recorder.untilCount(SOME);
    const second = await connect().untilReady();
    await first.untilClosed();
    expect(first.status).toMatchObject({ level: 'error', code: 'NetStream.Publish.Rejected' });
    expect(first.status!.description).toContain('taken over');
    sendSome(second, 100);
    await recorder.until(() => new Set(recorder.frames.map(({ epoch }) => epoch)).size === 2);
    expect(edge.control.ended).toMatchObject([{ reason: 'taken_over' }]);
    expect(second.closed).toBe(false);
    expect((await edge.liveStore.readLiveStream(stream.streamId))!.disconnectedAtMs).toBeUndefined();
  });

  it('gives way to an encoder on another edge with its next renewal', async () => {
    const liveStore = createMemoryLiveStore();
    await start({ liveStore, settings: { instanceId: 'edge-1' } }, { secondPublisher: 'takeover' });
    const client = await connect().untilReady();
    const claim = (await liveStore.readLiveStream(stream.streamId))!.claim;
    const { tenantId, streamId, streamKeyId, settings } = claim;
    const newSessionId = claim.sessionId;
    const request = { tenantId, streamId, streamKeyId, settings, newSessionId, edgeId: 'edge-2', maxLiveStreams: 9 };
    await liveStore.claimPublish(request);
    await client.untilClosed();
    expect(client.status!.description).toContain('taken over');
  });

  it('is cut by a control message: by stream, by key, and only older epochs where it says so', async () => {
    await start();
    const client = await connect().untilReady();
    const { streamId, streamKeyId } = stream;
    const other = edge.control.newStream();
    const { epoch } = (await edge.liveStore.readLiveStream(streamId))!.claim;
    const cut = { streamId, streamKeyId, reason: 'key_revoked', beforeEpoch: undefined } as const;
    edge.edge.cutPublisher({ ...cut, streamKeyId: other.streamKeyId });
    edge.edge.cutPublisher({ ...cut, streamId: other.streamId });
    edge.edge.cutPublisher({ ...cut, beforeEpoch: epoch });
    sendSome(client);
    await recorder.untilCount(SOME);
    expect(client.closed).toBe(false);
    edge.edge.cutPublisher(cut);
    await client.untilClosed();
    expect(client.status).toMatchObject({ code: 'NetStream.Publish.Denied' });
    expect(client.status!.description).toContain('key revoked');
    expect(client.error).toBeUndefined();
    await untilEnd(recorder);
  });

  it('is cut by the next renewal when the message about a revoked key was lost', async () => {
    await start();
    const client = await connect().untilReady();
    await edge.liveStore.revokeClaims(stream.streamId, stream.streamKeyId);
    await client.untilClosed();
    expect(client.status!.description).toContain('key revoked');
  });

  it('goes on while the live store is away, and is renewed again after it', async () => {
    const store = createMemoryLiveStore();
    let away = false;
    let rounds = 0;
    const liveStore = Object.create(store, {
      renewClaims: {
        value: async (claims: Parameters<typeof store.renewClaims>[0]) => {
          rounds++;
          if (away) throw new Error('redis is away');
          return store.renewClaims(claims);
        },
      },
    }) as typeof store;
    for (const name of ['claimPublish', 'releaseClaim', 'close', 'isReady', 'readLiveStream'] as const)
      Object.defineProperty(liveStore, name, { value: store[name].bind(store) });
    await start({ liveStore });
    const client = await connect().untilReady();
    away = true;
    await expect.poll(() => rounds, { timeout: 10_000 }).toBeGreaterThan(1);
    expect(await edge.metric('ingest_claim_renew_failures_total')).toBeGreaterThan(0);
    sendSome(client);
    await recorder.untilCount(SOME);
    away = false;
    const before = rounds;
    await expect.poll(() => rounds, { timeout: 10_000 }).toBeGreaterThan(before);
    expect(client.closed).toBe(false);
  });

  it('is not read while the bus is behind, and loses nothing', async () => {
    const memory = createMemoryFrameBus();
    const held: FramePublisher[] = [];
    let full = true;
    const frameBus: FrameBus = {
      openPublisher(streamId, epoch) {
        const inner = memory.openPublisher(streamId, epoch);
        const outer: FramePublisher = {
          publish: (frame) => inner.publish(frame) && !full,
          flush: () => inner.flush(),
          inflightBytes: 0,
          onDrain: undefined,
          close: (timeoutMs) => inner.close(timeoutMs),
        };
        held.push(outer);
        return outer;
      },
      subscribe: (...args) => memory.subscribe(...args),
      recordCommit: (mark) => memory.recordCommit(mark),
      lastCommit: (streamId) => memory.lastCommit(streamId),
      isReady: () => true,
      close: () => memory.close(),
    };
    await start({ frameBus });
    const client = await connect().untilReady();
    sendSome(client);
    await recorder.untilCount(SOME);
    const FRAMES = 4_000;
    const large = videoMessage(nal(0x41, ...Buffer.alloc(4_000, 1)));
    for (let i = 0; i < FRAMES; i++) client.session.sendVideo(80 + i, large);
    await expect.poll(() => edge.metric('ingest_backpressure_total')).toBe(1);
    // What fits the buffers of both kernels is sent; the rest waits at the encoder.
    await expect.poll(() => client.socket.writableLength).toBeGreaterThan(0);
    const waiting = client.socket.writableLength;
    expect(recorder.frames.length).toBeLessThan(FRAMES);
    expect(waiting).toBeGreaterThan(1_000_000);
    full = false;
    held[0]!.onDrain?.();
    await recorder.untilCount(SOME + FRAMES);
    expect(recorder.faults).toEqual([]);
  });

  it('counts what encoders send', async () => {
    await start();
    const client = await connect().untilReady();
    sendSome(client);
    client.session.sendData(0, { name: 'onMetaData', values: [{ encoder: 'test\u001b[2J' }] });
    await recorder.untilCount(SOME + 1);
    expect(recorder.frames.at(-1)).toMatchObject({ kind: FrameKind.data });
    expect(await edge.metric('ingest_messages_total', '{kind="video"}')).toBe(2);
    expect(await edge.metric('ingest_messages_total', '{kind="audio"}')).toBe(1);
    expect(await edge.metric('ingest_messages_total', '{kind="data"}')).toBe(1);
    expect(await edge.metric('ingest_bytes_total', '{kind="video"}')).toBe(
      videoConfig().length + keyframe(0).length + interframe(1).length,
    );
    expect(await edge.metric('ingest_connections', '{protocol="rtmp",state="publishing"}')).toBe(1);
    client.socket.end();
    await untilEnd(recorder);
    const line = edge.logs.find((log) => log.includes('publish ended'))!;
    expect(JSON.parse(line)).toMatchObject({ stream_id: stream.streamId, tenant_id: stream.tenantId, videoFrames: 2 });
    expect(line).not.toContain('\u001b');
  });
});
