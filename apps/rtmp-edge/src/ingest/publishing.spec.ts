// A publish from its beginning to every one of its ends, over real connections.
import { FrameFlag, FrameKind, PUBLISH_REFUSALS } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus, FramePublisher } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import { encodeAmf0 } from '@millrace/protocol/amf0';
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
import type { TestStream } from '@millrace/ingest/testing';
import { TestEdge } from '../testing/test-edge.ts';

const endOf = (recorder: FrameRecorder) => recorder.frames.find(({ kind }) => kind === FrameKind.end);
const untilEnd = (recorder: FrameRecorder) => recorder.until(() => endOf(recorder) !== undefined);

type Losses = Awaited<ReturnType<LiveStore['renewClaims']>>;

/** A store whose renewals go through `around`. */
function withRenewals(around: (renew: () => Promise<Losses>) => Promise<Losses>): LiveStore {
  const store = createMemoryLiveStore();
  const renewClaims: LiveStore['renewClaims'] = (claims) => around(() => store.renewClaims(claims));
  return new Proxy(store, {
    get(target, name) {
      if (name === 'renewClaims') return renewClaims;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Resolves when a number has not changed for a while. */
async function untilStill(read: () => number): Promise<void> {
  let last = -1;
  let unchanged = 0;
  const look = () => {
    unchanged = read() === last ? unchanged + 1 : 0;
    last = read();
    return unchanged;
  };
  await expect.poll(look, { interval: 50, timeout: 15_000 }).toBeGreaterThan(8);
}

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

  it('goes on when its connection asks for a second one, which is refused', async () => {
    await start();
    const client = await connect().untilReady();
    const other = edge.control.newStream();
    client.session.sendCommand('publish', null, [other.key, 'live'], client.session.messageStreamId);
    await client.until(() => client.statuses.some(({ code }) => code === 'NetStream.Publish.BadName'));
    sendSome(client);
    await recorder.untilCount(SOME);
    expect(client.closed).toBe(false);
    expect(edge.control.requests).toHaveLength(1);
  });

  it.each<[string, (client: TestClient) => void]>([
    ['closeStream', ({ session }) => void session.sendCommand('closeStream', null, [], session.messageStreamId)],
    ['FCUnpublish', ({ session }) => void session.sendCommand('FCUnpublish', null, [stream.key])],
  ])('is over with %s, and media that was on its way does not end the connection', async (_, end) => {
    await start();
    const client = await connect().untilReady();
    sendSome(client);
    end(client);
    const picture = Buffer.concat([keyframe(7), Buffer.alloc(200_000, 1)]);
    for (let i = 0; i < 4; i++) client.session.sendVideo(100 + i, picture);
    const next = edge.control.newStream();
    client.session.sendCommand('createStream', null, []);
    client.session.sendCommand('publish', null, [next.key, 'live'], 2);
    await client.until(
      () => client.closed || client.statuses.filter(({ code }) => code.endsWith('Start')).length === 2,
    );
    expect(client.closed).toBe(false);
    await untilEnd(recorder);
    expect(edge.control.ended).toMatchObject([{ reason: 'unpublished', videoFrames: 2 }]);
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

  it('gives way to a second encoder when the stream says so, at once', async () => {
    const liveStore = withRenewals(() => Promise.reject(new Error('nothing is renewed')));
    await start({ liveStore }, { secondPublisher: 'takeover' });
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
    edge.ingest.cutPublisher({ ...cut, streamKeyId: other.streamKeyId });
    edge.ingest.cutPublisher({ ...cut, streamId: other.streamId });
    edge.ingest.cutPublisher({ ...cut, beforeEpoch: epoch });
    sendSome(client);
    await recorder.untilCount(SOME);
    expect(client.closed).toBe(false);
    edge.ingest.cutPublisher(cut);
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
    let away = false;
    let rounds = 0;
    const liveStore = withRenewals(async (renew) => {
      rounds++;
      if (away) throw new Error('redis is away');
      return renew();
    });
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

  describe('while the bus is behind', () => {
    const FRAMES = 4_000;
    const publishers: FramePublisher[] = [];
    let full: boolean;
    let logFault: string | undefined;
    let client: TestClient;

    /** A bus that says it is full until it is told otherwise. */
    function slowBus(): FrameBus {
      const memory = createMemoryFrameBus();
      return {
        openPublisher(streamId, epoch) {
          const inner = memory.openPublisher(streamId, epoch);
          const outer: FramePublisher = {
            publish: (frame) => inner.publish(frame) && !full,
            flush: () => inner.flush(),
            confirmed: (timeoutMs) => inner.confirmed(timeoutMs),
            inflightBytes: 0,
            onDrain: undefined,
            memory: undefined,
            close: (timeoutMs) => inner.close(timeoutMs),
          };
          publishers.push(outer);
          return outer;
        },
        subscribe: (...args) => memory.subscribe(...args),
        recordCommit: (mark) => memory.recordCommit(mark),
        lastCommit: (streamId) => memory.lastCommit(streamId),
        readLogs: () => memory.readLogs(),
        logFault: () => logFault,
        marksFault: () => memory.marksFault(),
        isReady: () => true,
        close: () => memory.close(),
      };
    }

    beforeEach(async () => {
      full = true;
      logFault = undefined;
      publishers.splice(0);
      // So short that a publisher would be cut for its silence if the edge's own pause counted as one.
      await start({ frameBus: slowBus(), settings: { idleMs: 200 } });
      client = await connect().untilReady();
      sendSome(client);
      const large = videoMessage(nal(0x41, ...Buffer.alloc(4_000, 1)));
      for (let i = 0; i < FRAMES; i++) client.session.sendVideo(80 + i, large);
      await untilStill(() => recorder.frames.length);
    });

    it('is not read, for as long as it takes, and loses nothing', async () => {
      expect(recorder.frames.length).toBeLessThan(FRAMES);
      expect(client.socket.writableLength).toBeGreaterThan(1_000_000);
      expect(client.closed).toBe(false);
      expect(await edge.metric('ingest_backpressure_total')).toBe(1);
      full = false;
      publishers[0]!.onDrain?.();
      await recorder.untilCount(SOME + FRAMES);
      expect(recorder.faults).toEqual([]);
    });

    it('goes on when the log takes nothing for long; who wants to begin is told to come again, until it takes something', async () => {
      logFault = 'the log takes no frames';
      const refused = await connect().untilClosed();
      expect(refused.status?.description).toBe(PUBLISH_REFUSALS.unavailable);
      expect(await edge.metric('ingest_publish_attempts_total', '{outcome="refused",reason="unavailable"}')).toBe(1);
      expect(client.closed).toBe(false);
      logFault = undefined;
      // From now on it is looked at who asks: the stream has a publisher.
      const second = await connect().untilClosed();
      expect(second.status?.description).toBe(PUBLISH_REFUSALS.already_publishing);
    });

    it('gets to read why it is cut', async () => {
      edge.ingest.cutPublisher({ ...stream, reason: 'key_revoked', beforeEpoch: undefined });
      await client.untilClosed();
      expect(client.status).toMatchObject({ code: 'NetStream.Publish.Denied' });
      expect(client.error).toBeUndefined();
    });
  });

  it('takes timed metadata of the API at the present, once, and says so when the log has it', async () => {
    await start();
    const client = await connect().untilReady();
    const { epoch } = (await edge.liveStore.readLiveStream(stream.streamId))!.claim;
    const payload = encodeAmf0('onTimedMetadata', 'goal');
    const put = (id: string, of = epoch) =>
      edge.ingest.putTimedMetadata({ id, streamId: stream.streamId, epoch: of, payload: payload.toString('base64') });
    await put('too-soon');
    sendSome(client);
    await recorder.untilCount(SOME);
    await put('elsewhere', epoch - 1);
    await Promise.all(['a', 'a', 'b'].map((id) => put(id)));
    await put('a');
    expect(edge.control.metadataPut).toEqual([
      { id: 'too-soon', outcome: 'starting' },
      ...['a', 'a', 'b', 'a'].map((id) => ({ id, outcome: 'written' })),
    ]);
    const said = recorder.frames.slice(SOME);
    expect(said).toMatchObject([1, 2].map((n) => ({ kind: FrameKind.data, sequence: SOME + n, dts90k: 40 * 90 })));
    expect(said.map((frame) => Buffer.from(frame.payload))).toEqual([payload, payload]);
  });

  it('counts what encoders send', async () => {
    await start();
    const client = await connect().untilReady();
    sendSome(client);
    client.session.sendData(0, { name: 'onMetaData', values: [{ encoder: 'test\u001b[2J' }] });
    await recorder.untilCount(SOME + 1);
    expect(recorder.frames.at(-1)).toMatchObject({ kind: FrameKind.data, dts90k: 0 });
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
    expect(JSON.parse(line)).toMatchObject({ stream_id: stream.streamId, tenant_id: stream.tenantId, video_frames: 2 });
    expect(line).not.toContain('\u001b');
  });
});
