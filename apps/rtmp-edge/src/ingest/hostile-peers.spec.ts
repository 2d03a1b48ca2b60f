// What bad, slow, greedy and mad peers meet, while one good publisher loses nothing.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { FrameKind } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import { encodeCommand } from '@millrace/protocol/rtmp';
import type { AmfValue } from '@millrace/protocol/amf0';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../testing/raw-client.ts';
import { aacMessage, audioConfig, delimiter, interframe, keyframe, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import type { TestStream } from '@millrace/ingest/testing';
import { TestEdge } from '../testing/test-edge.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A message in chunks of 128 bytes, fmt 0 then fmt 3 (RTMP 1.0 section 5.3.1), built by hand. */
function message(type: number, messageStreamId: number, payload: Buffer, chunkStreamId = 3): Buffer {
  const header = Buffer.alloc(12);
  header[0] = chunkStreamId;
  header.writeUIntBE(payload.length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(messageStreamId, 8);
  const parts: Buffer[] = [header];
  for (let at = 0; at < payload.length || at === 0; at += 128) {
    if (at > 0) parts.push(Buffer.from([0xc0 | chunkStreamId]));
    parts.push(payload.subarray(at, at + 128));
  }
  return Buffer.concat(parts);
}

let transaction = 0;
const command = (name: string, object: AmfValue, ...args: AmfValue[]) =>
  message(20, 0, encodeCommand({ name, transactionId: ++transaction, object, args }));
const connectCommand = () => command('connect', { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });

describe('an edge among hostile peers', () => {
  let edge: TestEdge;
  let stream: TestStream;
  let good: TestClient;
  let recorder: FrameRecorder;
  const SETTINGS = { handshakeMs: 300, setupMs: 600, idleMs: 400, closeMs: 200, maxConnectionsPerAddress: 2_000 };

  beforeEach(async () => {
    setMaxListeners(0);
    edge = await TestEdge.start({ settings: SETTINGS });
    stream = edge.control.newStream();
    recorder = await edge.record(stream.streamId);
    good = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key }).untilReady();
    good.session.sendVideo(0, videoConfig());
    good.session.sendAudio(0, audioConfig());
    good.session.sendVideo(0, keyframe(0));
  });
  afterEach(async () => {
    clearInterval(beat);
    good.socket.destroy();
    await edge.stop();
  });

  let beat: NodeJS.Timeout | undefined;
  /** Lets the good publisher send, so that it is not idle, and counts what it sends. */
  function keepPublishing(): () => number {
    let sent = 0;
    beat = setInterval(() => {
      sent++;
      good.session.sendVideo(sent * 10, interframe(sent));
      good.session.sendAudio(sent * 10, aacMessage(sent));
    }, 10);
    return () => sent;
  }

  async function expectGoodPublisherUnharmed(sent: () => number): Promise<void> {
    clearInterval(beat);
    const wanted = 3 + 2 * sent();
    await recorder.untilCount(wanted);
    expect(good.closed).toBe(false);
    expect(recorder.faults).toEqual([]);
    const frames = recorder.frames.filter(({ kind }) => kind === FrameKind.video).length;
    expect(frames).toBe(2 + sent());
  }

  it.each([
    ['speaks HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['speaks TLS', hex('160301020001000100')],
    ['speaks RTSP over TCP', hex('24000010')],
    ['sends a PROXY header', Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n')],
    ['has version 32', Buffer.concat([hex('20'), Buffer.alloc(1_536)])],
    ['has version 255', Buffer.concat([hex('ff'), Buffer.alloc(1_536)])],
  ])('closes on a peer that %s', async (_, bytes) => {
    const sent = keepPublishing();
    await new RawClient(edge).send(bytes).untilClosed();
    const failed = /^millrace_ingest_handshakes_total\{outcome="(?:rtmp\.handshake\.[\w-]+|handshake_timeout)"\} 1$/m;
    await expect.poll(() => edge.metrics.text()).toMatch(failed);
    await expectGoodPublisherUnharmed(sent);
  });

  it.each([
    ['says nothing', Buffer.alloc(0)],
    ['stops inside the handshake', Buffer.concat([hex('03'), Buffer.alloc(1_535)])],
  ])('closes on a peer that %s, in time', async (_, bytes) => {
    const sent = keepPublishing();
    const peer = new RawClient(edge).send(bytes);
    await peer.untilClosed();
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="handshake_timeout"}')).toBe(1);
    expect(await edge.metric('ingest_handshakes_total', '{outcome="handshake_timeout"}')).toBe(1);
    await expectGoodPublisherUnharmed(sent);
  });

  it.each([
    ['inside the handshake', 0, 'handshake_timeout'],
    ['behind the handshake', 1 + 2 * 1_536, 'setup_timeout'],
  ])('closes on a peer that sends a byte at a time %s, in time', async (_, atOnce, reason) => {
    const sent = keepPublishing();
    const peer = new RawClient(edge).send(Buffer.concat([hex('03'), Buffer.alloc(Math.max(0, atOnce - 1))]));
    // A chunk that never ends: 64 KiB of a command.
    peer.send(atOnce === 0 ? Buffer.alloc(0) : hex('03 000000 00ffff 14 00000000'));
    const drip = setInterval(() => peer.send(Buffer.of(0)), 10);
    await peer.untilClosed();
    clearInterval(drip);
    await expect.poll(() => edge.metric('ingest_disconnects_total', `{reason="${reason}"}`)).toBe(1);
    await expectGoodPublisherUnharmed(sent);
  });

  it.each(['end', 'resetAndDestroy'] as const)('lets go of a peer that leaves (%s) in any state', async (leave) => {
    const sent = keepPublishing();
    const states = [
      Buffer.alloc(0),
      hex('03'),
      Buffer.concat([hex('03'), Buffer.alloc(1_536)]),
      Buffer.concat([hex('03'), Buffer.alloc(2 * 1_536 - 1)]),
      Buffer.concat([hex('03'), Buffer.alloc(2 * 1_536)]),
      Buffer.concat([hex('03'), Buffer.alloc(2 * 1_536), connectCommand()]),
      Buffer.concat([hex('03'), Buffer.alloc(2 * 1_536), connectCommand(), command('createStream', null)]),
      Buffer.concat([hex('03'), Buffer.alloc(2 * 1_536), hex('03 000000 000100 14 00000000 02')]),
    ];
    const open = () =>
      Promise.all(
        ['handshake', 'waiting', 'closing'].map((state) =>
          edge.metric('ingest_connections', `{protocol="rtmp",state="${state}"}`),
        ),
      );
    for (const bytes of states) {
      const peer = new RawClient(edge);
      await new Promise<void>((resolve) => peer.socket.once('connect', resolve));
      await new Promise<void>((resolve) => peer.socket.write(bytes, () => resolve()));
      peer.socket[leave]();
      await peer.untilClosed();
    }
    await expect.poll(open).toEqual([0, 0, 0]);
    await expectGoodPublisherUnharmed(sent);
  });

  it.each([
    ['never connects', []],
    ['never publishes', [connectCommand()]],
  ])('closes on a peer that shakes hands and %s, in time', async (_, messages) => {
    const sent = keepPublishing();
    const peer = new RawClient(edge).handshake().send(...messages);
    await peer.untilClosed();
    expect(peer.received.includes('NetStream.Publish.Rejected')).toBe(true);
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="setup_timeout"}')).toBe(1);
    await expectGoodPublisherUnharmed(sent);
  });

  it('closes on a peer that sends more than 64 KiB before it publishes', async () => {
    const sent = keepPublishing();
    const peer = new RawClient(edge).handshake().send(connectCommand());
    const ping = message(4, 0, hex('0006 00000001'), 2);
    peer.send(...Array.from({ length: 4_000 }, () => ping));
    await peer.untilClosed();
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="setup_bytes"}')).toBe(1);
    await expectGoodPublisherUnharmed(sent);
  });

  it('cuts a publisher that falls silent, and tells it why', async () => {
    const sent = keepPublishing();
    const quiet = edge.control.newStream();
    const client = await new TestClient({ port: edge.ports.rtmp, streamName: quiet.key }).untilReady();
    await client.untilClosed();
    expect(client.status).toMatchObject({ level: 'error', code: 'NetStream.Publish.Rejected' });
    expect(client.status!.description).toContain('no data was received for too long');
    expect(edge.control.ended).toMatchObject([{ reason: 'idle_timeout' }]);
    await expectGoodPublisherUnharmed(sent);
  });

  it('closes on a publisher that is done and stays', async () => {
    const client = await publishing();
    client.session.unpublish();
    await client.untilClosed();
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="setup_timeout"}')).toBe(1);
  });

  it('gives the claim back when the peer takes its request back before the answer', async () => {
    const { key, streamId } = edge.control.newStream();
    const request = encodeCommand({ name: 'publish', transactionId: 5, object: null, args: [key, 'live'] });
    const peer = new RawClient(edge).handshake();
    peer.send(
      connectCommand(),
      command('createStream', null),
      message(20, 1, request, 8),
      command('deleteStream', null, 1),
    );
    const released = async () => (await edge.liveStore.readLiveStream(streamId))?.disconnectedAtMs;
    await expect.poll(released).toBeDefined();
    expect(edge.control.ended).toMatchObject([{ reason: 'unpublished', videoFrames: 0 }]);
    peer.socket.destroy();
  });

  it('gives the claim back when the connection is over before the answer', async () => {
    await edge.stop();
    // A claim that is kept would not end by itself for an hour.
    const liveStore = createMemoryLiveStore({ claimTtlMs: 3_600_000 });
    edge = await TestEdge.start({ liveStore, settings: { ...SETTINGS, earlyBytes: 4_096 } });
    const { key, streamId } = edge.control.newStream();
    const { promise, resolve } = Promise.withResolvers<void>();
    edge.control.gate = () => promise;
    const request = encodeCommand({ name: 'publish', transactionId: 5, object: null, args: [key, 'live'] });
    const peer = new RawClient(edge).handshake().send(connectCommand(), command('createStream', null));
    await expect.poll(() => edge.metric('ingest_handshakes_total', '{outcome="connected"}')).toBe(1);
    // In the same read as the question, more than may come before the answer.
    peer.send(message(20, 1, request, 8), message(9, 1, Buffer.alloc(16_384), 6));
    await peer.untilClosed();
    resolve();
    const released = async () => (await edge.liveStore.readLiveStream(streamId))?.disconnectedAtMs;
    await expect.poll(released).toBeDefined();
    expect(edge.control.ended).toEqual([]);
  });

  it.each([
    ['goes on with a chunk stream that was never opened', hex('c5')],
    ['announces 16 MiB', hex('05 000000 ffffff 09 01000000')],
    ['sets a chunk size of 0', message(1, 0, hex('00000000'), 2)],
    ['sets a chunk size with the high bit', message(1, 0, hex('80000080'), 2)],
    ['interrupts a message', Buffer.concat([hex('05 000000 0000ff 14 00000000'), Buffer.alloc(128), hex('05')])],
    ['sends half an AMF value', message(20, 0, hex('02 0007 636f6e'))],
    [
      'nests AMF beyond reason',
      message(20, 0, Buffer.concat([hex('02000161'), Buffer.alloc(40_000, hex('0a00000001'))])),
    ],
    ['publishes before connect', command('publish', null, 'x', 'live')],
    ['connects with a number for an app', command('connect', { app: 5 })],
    ['connects with an app of 64 KB', command('connect', { app: 'x'.repeat(60_000) })],
  ])('closes on a peer that %s', async (_, bytes) => {
    const sent = keepPublishing();
    const peer = new RawClient(edge).handshake().send(bytes);
    // The kind that needs more bytes to be judged gets them.
    peer.send(Buffer.alloc(200));
    await peer.untilClosed();
    await expectGoodPublisherUnharmed(sent);
  });

  it('holds a peer to a number of commands and of streams', async () => {
    const peer = new RawClient(edge).handshake().send(connectCommand());
    for (let i = 0; i < 200; i++) peer.send(command('createStream', null));
    await peer.untilClosed();
  });

  it('closes on a peer that opens too many chunk streams', async () => {
    const peer = new RawClient(edge).handshake();
    for (let id = 64; id < 164; id++)
      peer.send(Buffer.concat([hex('00'), Buffer.from([id - 64]), hex('000000 000001 09 01000000 00')]));
    await peer.untilClosed();
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="rtmp.chunk.too-many-streams"}')).toBe(1);
  });

  it('closes on a publisher that announces more than it may have unfinished', async () => {
    const client = await publishing();
    client.socket.write(
      Buffer.concat(
        [4, 5, 7].map((id) =>
          Buffer.concat([Buffer.from([id]), hex('000000 700000 09 01000000'), Buffer.alloc(4_096)]),
        ),
      ),
    );
    await client.untilClosed();
    await expect
      .poll(() => edge.metric('ingest_disconnects_total', '{reason="rtmp.chunk.too-much-unassembled"}'))
      .toBe(1);
  });

  it('closes on a message above the limit, and takes one at it', async () => {
    await edge.stop();
    edge = await TestEdge.start({ settings: { maxMessageBytes: 100_000 } });
    stream = edge.control.newStream();
    recorder = await edge.record(stream.streamId);
    good = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key }).untilReady();
    good.session.sendVideo(0, videoConfig());
    const largest = Buffer.alloc(100_000, 1);
    keyframe(1).copy(largest);
    largest.writeUInt32BE(100_000 - 9, 5);
    good.session.sendVideo(0, largest);
    good.session.sendVideo(1, delimiter());
    await recorder.untilCount(2);
    good.session.sendVideo(40, Buffer.concat([largest, Buffer.alloc(1)]));
    await good.untilClosed();
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="rtmp.chunk.message-too-large"}')).toBe(1);
  });

  it('cuts a peer that reads nothing of what it makes the edge say', async () => {
    await edge.stop();
    // Behind a balancer the edge reads and writes the accepted socket itself, which this process can get hold of.
    const settings = { proxyProtocol: true, proxyFrom: ['127.0.0.1'], maxUnsentBytes: 64 * 1024 };
    edge = await TestEdge.start({ settings });
    const accepted: Socket[] = [];
    const onAccepted = (message: unknown): void => void accepted.push((message as { socket: Socket }).socket);
    subscribe('net.server.socket', onAccepted);
    const peer = new RawClient(edge).send(hex('0d0a0d0a000d0a515549540a 21 11 000c c0000201 c0000202 1388 078f'));
    peer.handshake().send(connectCommand());
    await expect.poll(() => edge.metric('ingest_handshakes_total', '{outcome="connected"}')).toBe(1);
    unsubscribe('net.server.socket', onAccepted);
    peer.socket.pause();
    // What a peer may ask for is limited too: it would take hours to fill what the kernel takes of it.
    const [socket] = accepted;
    while (socket!.writableLength <= 64 * 1024) socket!.write(Buffer.alloc(1024 * 1024));
    peer.send(message(4, 0, hex('0006 00000001'), 2));
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="unsent_limit"}')).toBe(1);
    expect(socket!.destroyed).toBe(true);
    peer.socket.destroy();
  });

  it('takes no media from who has no right to publish, nor on another message stream', async () => {
    const refused = edge.control.newStream();
    const spied = await edge.record(refused.streamId);
    const peer = new RawClient(edge).handshake();
    const media = () => [message(9, 1, videoConfig(), 6), message(9, 1, keyframe(1), 6)];
    peer.send(...media(), connectCommand(), ...media(), command('createStream', null), ...media());
    peer.send(
      message(20, 1, encodeCommand({ name: 'publish', transactionId: 9, object: null, args: ['wrong', 'live'] }), 8),
    );
    peer.send(...media());
    await peer.untilClosed();
    const client = await publishing(refused);
    for (const id of [0, 2, 0xffffffff])
      client.socket.write(Buffer.concat([message(9, id, videoConfig(), 7), message(9, id, keyframe(2), 7)]));
    client.session.unpublish();
    client.socket.write(Buffer.concat(media()));
    await spied.until(() => spied.frames.some(({ kind }) => kind === FrameKind.end));
    expect(spied.frames).toHaveLength(1);
    client.socket.destroy();
  });

  it('outlives a thousand hostile connections at once', async () => {
    const sent = keepPublishing();
    const kinds = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.concat([hex('03'), Buffer.alloc(700)]),
      Buffer.concat([hex('03'), Buffer.alloc(3_072), hex('c5')]),
      Buffer.concat([hex('03'), Buffer.alloc(3_072), connectCommand(), message(20, 0, hex('0201'))]),
      Buffer.alloc(0),
    ];
    const peers = Array.from({ length: 1_000 }, (_, i) => new RawClient(edge).send(kinds[i % kinds.length]!));
    peers.forEach((peer, i) => i % 7 === 0 && peer.socket.resetAndDestroy());
    await Promise.all(peers.map((peer) => peer.untilClosed()));
    await expect.poll(() => edge.metric('ingest_connections', '{protocol="rtmp",state="publishing"}')).toBe(1);
    await expect.poll(() => edge.metric('ingest_connections', '{protocol="rtmp",state="handshake"}')).toBe(0);
    await expectGoodPublisherUnharmed(sent);
    for (const line of edge.logs) expect(JSON.parse(line)).toMatchObject({ service: 'rtmp-edge' });
  });

  it('accepts so many connections from an address, and so many in total', async () => {
    await edge.stop();
    edge = await TestEdge.start({ settings: { maxConnectionsPerAddress: 2, maxConnections: 3 } });
    const here = [new RawClient(edge), new RawClient(edge)];
    await expect.poll(() => edge.metric('ingest_connections', '{protocol="rtmp",state="handshake"}')).toBe(2);
    await new RawClient(edge).untilClosed();
    const elsewhere = new RawClient(edge, { localAddress: '127.0.0.2' });
    await expect.poll(() => edge.metric('ingest_connections', '{protocol="rtmp",state="handshake"}')).toBe(3);
    await new RawClient(edge, { localAddress: '127.0.0.3' }).untilClosed();
    here[0]!.socket.destroy();
    await expect.poll(() => edge.metric('ingest_connections', '{protocol="rtmp",state="handshake"}')).toBe(2);
    const next = new RawClient(edge);
    await expect.poll(() => edge.metric('ingest_connections', '{protocol="rtmp",state="handshake"}')).toBe(3);
    expect(await edge.metric('ingest_refused_connections_total', '{protocol="rtmp"}')).toBe(2);
    for (const peer of [here[1]!, elsewhere, next]) peer.socket.destroy();
  });

  const publishing = (of = edge.control.newStream()) =>
    new TestClient({ port: edge.ports.rtmp, streamName: of.key }).untilReady();
});
