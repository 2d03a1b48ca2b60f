// A stopping edge, over real connections.
import { connect } from 'node:net';
import { PUBLISH_REFUSALS } from '@millrace/domain';
import { FrameKind } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import { CapsEx } from '@millrace/protocol/rtmp';
import { withCalls } from '@millrace/service-kit/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../testing/raw-client.ts';
import { delimiter, interframe, keyframe, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const LONG_MS = 60_000;
const REJECTED = { level: 'error', code: 'NetStream.Publish.Rejected', description: PUBLISH_REFUSALS.draining };

describe('drain', () => {
  let edge: TestEdge;
  afterEach(() => edge.stop());
  const start = async (settings = {}) => (edge = await TestEdge.start({ settings: { drainMs: LONG_MS, ...settings } }));
  beforeEach(() => start());

  const publish = (key: string, reconnects: boolean) =>
    new TestClient({
      port: edge.ports.rtmp,
      streamName: key,
      capabilities: reconnects ? { capsEx: CapsEx.reconnect } : {},
    }).untilReady();

  it('asks encoders that understand it to connect again, and ends when they have gone', async () => {
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const client = await publish(stream.key, true);
    client.session.sendVideo(0, videoConfig());
    client.session.sendVideo(0, keyframe(0));
    client.session.sendVideo(1, delimiter());
    await recorder.untilCount(2);
    const drained = edge.drain();
    await client.until(() => client.reconnectRequests.length > 0);
    expect(client.reconnectRequests).toEqual([undefined]);
    expect(client.closed).toBe(false);
    expect(await edge.metric('ingest_draining')).toBe(1);
    expect(await edge.metric('ingest_drain_remaining_publishers')).toBe(1);
    client.session.sendVideo(40, keyframe(1));
    await recorder.untilCount(4);
    client.session.unpublish();
    client.socket.end();
    await drained;
    expect(recorder.frames.at(-1)!.kind).toBe(FrameKind.end);
    expect(edge.control.ended).toMatchObject([{ reason: 'drained' }]);
    expect(await edge.metric('ingest_drain_remaining_publishers')).toBe(0);
  });

  it('tells where to connect, when that is set', async () => {
    await edge.stop();
    await start({ reconnectUrl: 'rtmp://other.example/live' });
    const client = await publish(edge.control.newStream().key, true);
    const drained = edge.drain();
    await client.until(() => client.reconnectRequests.length > 0);
    expect(client.reconnectRequests).toEqual(['rtmp://other.example/live']);
    client.socket.end();
    await drained;
  });

  const live = async (reconnects: boolean, keyframes = 1) => {
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const client = await publish(stream.key, reconnects);
    client.session.sendVideo(0, videoConfig());
    for (let i = 0; i < keyframes; i++) client.session.sendVideo(i * 40, keyframe(i));
    client.session.sendVideo(keyframes * 40 - 1, delimiter());
    await recorder.untilCount(2 * keyframes);
    return { stream, recorder, client };
  };

  it('leaves the others alone, and is over when they have ended by themselves', async () => {
    const { recorder, client } = await live(false);
    edge.edge.leave();
    client.session.sendVideo(40, interframe(1));
    await recorder.untilCount(3);
    expect(client.reconnectRequests).toEqual([]);
    const drained = edge.drain();
    client.session.unpublish();
    client.socket.end();
    await drained;
    expect(edge.control.ended).toMatchObject([{ reason: 'unpublished' }]);
  });

  it('ends those that are left before a keyframe, and says why to them, to the session and to the packager', async () => {
    await edge.stop();
    await start({ drainMs: 0, drainSpreadMs: 2 * LONG_MS });
    const { stream, recorder, client } = await live(false);
    const drained = edge.drain();
    // Its turn to be ended comes soon after; each of these goes all the way before the next one.
    for (let i = 1; i <= 50; i++) {
      client.session.sendVideo(i * 40, interframe(i));
      await recorder.untilCount(2 + i);
    }
    expect(client.closed).toBe(false);
    client.session.sendVideo(51 * 40, keyframe(51));
    await client.untilClosed();
    await drained;
    expect(client.status).toEqual(REJECTED);
    expect(client.error).toBeUndefined();
    // Configuration, keyframe, interframes, end: the second keyframe was not taken.
    expect(recorder.frames.slice(52)).toMatchObject([{ kind: FrameKind.end, flags: 0 }]);
    expect(edge.control.ended).toMatchObject([{ reason: 'drained', videoFrames: 51 }]);
    expect((await edge.liveStore.readLiveStream(stream.streamId))!.disconnectedAtMs).toBeDefined();
  });

  it('ends them one by one, and does not wait for a keyframe for ever', async () => {
    await edge.stop();
    await start({ drainMs: 0, drainSpreadMs: 400 });
    const all = [await live(false), await live(false), await live(false), await live(false)];
    const order: number[] = [];
    const closed = all.map(async ({ client }, i) => {
      await client.untilClosed();
      order.push(i);
    });
    await edge.drain();
    await Promise.all(closed);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(edge.control.ended.map(({ reason }) => reason)).toEqual(['drained', 'drained', 'drained', 'drained']);
  });

  it('ends a publisher without video at once when it is its turn', async () => {
    await edge.stop();
    await start({ drainMs: 0, drainSpreadMs: 2 * LONG_MS });
    const client = await publish(edge.control.newStream().key, false);
    await edge.drain();
    await client.untilClosed();
    expect(client.status).toEqual(REJECTED);
  });

  it('waits no longer than it may', async () => {
    await edge.stop();
    await start({ drainMs: 100, drainSpreadMs: 0 });
    const client = await publish(edge.control.newStream().key, true);
    await edge.drain();
    await client.untilClosed();
    expect(client.status).toEqual(REJECTED);
  });

  it('accepts no publisher any more, and refuses one that asks late', async () => {
    const staying = await publish(edge.control.newStream().key, true);
    const late = edge.control.newStream();
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    edge.control.gate = () => opened;
    const asking = new TestClient({ port: edge.ports.rtmp, streamName: late.key });
    await expect.poll(() => edge.control.requests.length).toBe(2);
    const drained = edge.drain();
    const newcomer = connect({ host: '127.0.0.1', port: edge.ports.rtmp });
    const refused = await new Promise<NodeJS.ErrnoException>((resolve) => newcomer.once('error', resolve));
    expect(refused.code).toBe('ECONNREFUSED');
    open();
    await asking.untilClosed();
    expect(asking.status).toEqual(REJECTED);
    await expect.poll(async () => (await edge.liveStore.readLiveStream(late.streamId))?.disconnectedAtMs).toBeDefined();
    staying.socket.end();
    await drained;
  });

  it('renews the claims of the publishers that it waits for, and no others', async () => {
    await edge.stop();
    const calls: string[] = [];
    const liveStore = withCalls(createMemoryLiveStore(), (method) => calls.push(method));
    edge = await TestEdge.start({ settings: { drainMs: LONG_MS }, liveStore });
    const { client } = await live(false);
    const drained = edge.drain();
    calls.splice(0);
    await expect.poll(() => calls).toContain('renewClaims');
    client.session.unpublish();
    client.socket.end();
    await drained;
    expect(calls.lastIndexOf('renewClaims')).toBeLessThan(calls.lastIndexOf('releaseClaim'));
  });

  it('closes connections that never published, whatever they were doing', async () => {
    const silent = new RawClient(edge);
    const waiting = new RawClient(edge).handshake();
    await expect.poll(() => edge.metric('ingest_connections', '{protocol="rtmp",state="waiting"}')).toBe(1);
    await edge.drain();
    await Promise.all([silent.untilClosed(), waiting.untilClosed()]);
  });
});
