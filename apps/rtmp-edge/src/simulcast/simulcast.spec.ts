// Simulcast targets over real connections: what another server gets of a stream, and what it costs the stream when that server fails.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo, Server, Socket } from 'node:net';
import { MAX_FAULT_LENGTH } from '@millrace/control';
import type { SimulcastTarget, SyncedStream } from '@millrace/control';
import { DEFAULT_STREAM_SETTINGS, FrameFlag, FrameKind, TICKS_PER_MS } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { tagsOf } from '@millrace/ingest/testing';
import type { TestStream } from '@millrace/ingest/testing';
import { LiveStoreError } from '@millrace/live-store';
import { RtmpServerSession, serverSessionOptions } from '@millrace/protocol/rtmp';
import { newCertificate } from '@millrace/service-kit/testing';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  aacMessage,
  audioConfig,
  interframe,
  keyframe,
  slice,
  videoConfig,
  videoMessage,
} from '../testing/sample-media.ts';
import { lastReport, newTarget, QUICK, SOON, untilState } from '../testing/simulcast-reports.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const H265 = new URL('../../../../media/bbb-h265-aac-enhanced.flv', import.meta.url).pathname;
const PICTURE_BYTES = 256 * 1024;

const open: { stop(): unknown }[] = [];
afterEach(async () => {
  if (vi.isFakeTimers()) vi.runOnlyPendingTimers();
  vi.useRealTimers();
  for (const each of open.splice(0).reverse()) await each.stop();
});

async function startEdge(options: Parameters<typeof TestEdge.start>[0] = {}): Promise<TestEdge> {
  const edge = await TestEdge.start({ ...options, settings: { ...QUICK, ...options.settings } });
  open.push(edge);
  return edge;
}

const targetAt = (port: number, streamKey: string, scheme = 'rtmp'): SimulcastTarget =>
  newTarget({ url: `${scheme}://127.0.0.1:${port}/live`, streamKey });

/** An encoder whose pictures can be told apart. */
class Encoder {
  readonly client: TestClient;
  #timestamp = 0;
  #tag = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(edge: TestEdge, stream: TestStream) {
    this.client = new TestClient({ port: edge.ports.rtmp, streamName: stream.key });
    open.push({ stop: () => this.stop() });
  }

  async begin(): Promise<this> {
    await this.client.untilReady();
    this.client.session.sendVideo(0, videoConfig());
    this.client.session.sendAudio(0, audioConfig());
    return this;
  }

  /** A group of five pictures with sound. */
  group(): this {
    for (let i = 0; i < 5; i++) {
      const tag = ++this.#tag;
      this.#picture(i === 0 ? keyframe(tag, 80) : interframe(tag, 40));
      this.client.session.sendAudio(this.#timestamp, aacMessage(tag));
    }
    return this;
  }

  /** Sends groups again and again. */
  run(): this {
    this.#timer ??= setInterval(() => this.group(), 20);
    return this;
  }

  /** Sends pictures that soon fill what the system keeps of a connection. */
  runLarge(): void {
    this.#timer = setInterval(() => {
      const tag = ++this.#tag;
      const unit = Buffer.alloc(4 + PICTURE_BYTES, tag);
      unit.writeUInt32BE(PICTURE_BYTES);
      slice(true, tag).copy(unit, 4, 4);
      this.#picture(videoMessage(unit, 1));
    }, 20);
  }

  #picture(body: Buffer): void {
    this.#timestamp += 40;
    this.client.session.sendVideo(this.#timestamp, body);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.client.socket.destroy();
  }
}

/** A server that lists no codec of Enhanced RTMP beside H.264, and takes everything until it is told to read no more. */
class PlainServer {
  readonly sockets: Socket[] = [];
  readonly videos: Buffer[] = [];
  published = 0;
  isReading = true;
  /** Accepts a stream, and closes before it has been sent any of it. */
  isLeaving = false;
  /** If set, streams are refused with it. */
  refusal: string | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(port = 0): Promise<PlainServer> {
    const server = new PlainServer();
    await new Promise<void>((resolve) => server.#server.listen(port, '127.0.0.1', resolve));
    open.push(server);
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #serve(socket: Socket): void {
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    const ignore = (): void => undefined;
    const session: RtmpServerSession = new RtmpServerSession(
      {
        send: (bytes) => void socket.write(bytes),
        onConnect: ignore,
        onLoginRequest: ignore,
        onPublishRequest: (request) => {
          this.published++;
          if (this.refusal !== undefined)
            return void session.refuse(request, 'NetStream.Publish.BadName', this.refusal);
          session.acceptPublish(request);
          if (this.isLeaving) socket.end();
          if (!this.isReading) socket.pause();
        },
        onPlayRequest: ignore,
        onPlayerCommand: ignore,
        onStopped: ignore,
        onClosed: () => socket.end(),
      },
      serverSessionOptions(() => performance.now()),
    );
    session.media = { onAudio: ignore, onVideo: (_, body) => void this.videos.push(Buffer.from(body)), onData: ignore };
    socket.on('data', (bytes: Buffer) => session.push(bytes));
    socket.on('close', () => session.end());
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

const lastStream = (edge: TestEdge): SyncedStream | undefined => edge.control.synced.at(-1)?.streams[0];

/** What the edge said last of a target. */
const untilFault = (edge: TestEdge, target: SimulcastTarget, code: string) =>
  expect.poll(() => lastReport(edge, target)?.fault?.code, SOON).toBe(code);

/** Changes the targets of a stream, as REST does, and tells the edge. */
function setTargets(edge: TestEdge, { streamId }: TestStream, ...targets: SimulcastTarget[]): void {
  edge.control.targets.set(streamId, targets);
}

/** Frames as a target should get them: their times from the first picture on, in milliseconds. */
function texts(frames: readonly Frame[]): string[] {
  const media = frames.filter(({ kind }) => kind === FrameKind.video || kind === FrameKind.audio);
  const first90k = media.find(({ kind }) => kind === FrameKind.video)?.dts90k ?? 0;
  return media.map(
    ({ kind, flags, dts90k, compositionOffset90k, payload }) =>
      `${kind} ${flags} ${Math.round((dts90k - first90k) / TICKS_PER_MS)} ${compositionOffset90k} ${Buffer.from(payload).toString('hex')}`,
  );
}

const untilEnd = (recorder: FrameRecorder): Promise<void> =>
  recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);

describe('a simulcast target', () => {
  it('is sent every frame from a keyframe to the last one, with times that are right to the millisecond', async () => {
    const [edge, other] = [await startEdge(), await startEdge()];
    const [stream, received] = [edge.control.newStream(), other.control.newStream()];
    const target = targetAt(other.ports.rtmp, received.key);
    setTargets(edge, stream, target);
    const [sent, got] = [await edge.record(stream.streamId), await other.record(received.streamId)];
    const encoder = await new Encoder(edge, stream).begin();
    encoder.group().group();
    const { connectedAtMs } = await untilState(edge, target, 'connected');
    expect(connectedAtMs).toBeGreaterThan(0);
    encoder.group().group();
    encoder.client.session.unpublish();
    await Promise.all([untilEnd(sent), untilEnd(got)]);
    const pushed = texts(got.frames);
    // It begins with the newest group of that time, and misses nothing from there on.
    expect(pushed).toEqual(texts(sent.frames.slice(-frameCountOf(got))));
    expect(got.frames.filter(({ kind }) => kind === FrameKind.video).length).toBeGreaterThan(10);
    expect(got.frames.at(-1)?.flags).toBe(FrameFlag.unpublished);
    // The last report is of a publisher that is gone, and counts everything.
    await expect.poll(() => edge.control.synced.at(-1)?.streams[0]?.isOver, SOON).toBe(true);
    expect(lastReport(edge, target)?.bytes).toBeGreaterThan(500);
  });

  it('that is away is connected to again and again, and gets the stream once it is back', async () => {
    const edge = await startEdge();
    const stream = edge.control.newStream();
    const { port } = await reserve();
    const target = targetAt(port, 'key');
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).run();
    const { fault } = await untilState(edge, target, 'waiting');
    expect(fault).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^nothing listens there/) as string,
    });
    const server = await PlainServer.start(port);
    await untilState(edge, target, 'connected');
    for (const socket of server.sockets) socket.destroy();
    await untilFault(edge, target, 'closed');
    await untilState(edge, target, 'connected');
    expect(server.published).toBeGreaterThanOrEqual(2);
    expect(await edge.metric('simulcast_failures_total', '{reason="unreachable"}')).toBeGreaterThan(0);
    expect(await edge.metric('simulcast_targets', '{state="connected"}')).toBe(1);
    expect(await edge.metric('simulcast_bytes_total')).toBeGreaterThan(0);
  });

  it('that reads nothing is cut, and costs neither the stream nor other targets a frame', async () => {
    const [edge, other] = [await startEdge({ settings: { playoutMaxSkips: 0 } }), await startEdge()];
    const [stream, received] = [edge.control.newStream(), other.control.newStream()];
    const server = await PlainServer.start();
    server.isReading = false;
    const [silent, good] = [targetAt(server.port, 'key'), targetAt(other.ports.rtmp, received.key)];
    setTargets(edge, stream, silent, good);
    const [sent, got] = [await edge.record(stream.streamId), await other.record(received.streamId)];
    const encoder = await new Encoder(edge, stream).begin();
    encoder.runLarge();
    await expect.poll(() => lastReport(edge, silent)?.fault?.code, SOON).toBe('too_slow');
    encoder.stop();
    await Promise.all([untilEnd(sent), untilEnd(got)]);
    expect(texts(got.frames)).toEqual(texts(sent.frames.slice(-frameCountOf(got))));
    expect(sent.faults).toEqual([]);
  });

  it('that is removed while live ends at once, and one that is changed is connected to with its new key', async () => {
    const [edge, other] = [await startEdge(), await startEdge()];
    const stream = edge.control.newStream();
    const [first, second] = [other.control.newStream(), other.control.newStream()];
    const target = targetAt(other.ports.rtmp, first.key);
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).run();
    await untilState(edge, target, 'connected');
    const bytes = lastReport(edge, target)?.bytes ?? 0;
    setTargets(edge, stream, { ...target, streamKey: second.key, version: 'changed' });
    await expect.poll(() => other.control.requests.map(({ key }) => key), SOON).toEqual([first.key, second.key]);
    await expect.poll(() => other.control.ended.map(({ claim }) => claim.streamId), SOON).toEqual([first.streamId]);
    await expect.poll(() => lastReport(edge, target)?.bytes, SOON).toBeGreaterThan(bytes);
    setTargets(edge, stream);
    await expect.poll(() => other.control.ended.length, SOON).toBe(2);
    expect(other.control.ended.map(({ reason }) => reason)).toEqual(['unpublished', 'unpublished']);
    expect(edge.ingest.publishers).toBe(1);
  });

  it('that refuses is shown with its words, without the stream key in them or in the log', async () => {
    const [edge, other] = [await startEdge(), await startEdge()];
    const stream = edge.control.newStream();
    const target = targetAt(other.ports.rtmp, 'not-a-key-of-that-server');
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).run();
    const { fault } = await untilState(edge, target, 'waiting');
    expect(fault).toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/^the server refuses: .*bad key/) as string,
    });
    const { sinceMs } = fault!;
    await expect.poll(() => lastReport(edge, target)?.fault?.atMs, SOON).toBeGreaterThan(fault!.atMs);
    // Failures in a row are one outage.
    expect(lastReport(edge, target)?.fault?.sinceMs).toBe(sinceMs);
    expect(edge.logs.join('')).not.toContain(target.streamKey);
  });

  it('that says more than fits into a report costs no other target its report', async () => {
    const [edge, server, good] = [await startEdge(), await PlainServer.start(), await PlainServer.start()];
    const stream = edge.control.newStream();
    server.refusal = '\u{1f3ac}'.repeat(400);
    const [talkative, other] = [targetAt(server.port, 'key'), targetAt(good.port, 'key')];
    setTargets(edge, stream, talkative, other);
    (await new Encoder(edge, stream).begin()).run();
    await untilState(edge, other, 'connected');
    const { fault } = await untilState(edge, talkative, 'waiting');
    expect(fault).toMatchObject({ code: 'refused', message: expect.stringMatching(/^the server refuses: /) as string });
    expect(fault?.message.length).toBe(MAX_FAULT_LENGTH);
    expect(fault?.message.isWellFormed()).toBe(true);
  });

  it('that accepts the stream and closes before its first frame has failed', async () => {
    // No group is kept, so a target begins with the next keyframe.
    const edge = await startEdge({ settings: { playoutGroupBytes: 1 } });
    const server = await PlainServer.start();
    server.isLeaving = true;
    const stream = edge.control.newStream();
    const target = targetAt(server.port, 'key');
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).group();
    await untilFault(edge, target, 'closed');
  });

  it('is not blamed for a live store that does not answer, and is not told where that is', async () => {
    const edge = await startEdge();
    const server = await PlainServer.start();
    const stream = edge.control.newStream();
    const target = targetAt(server.port, 'key');
    const away = new LiveStoreError('disconnected', 'readLiveStream', 'connect ECONNREFUSED 10.0.3.7:6379');
    const reading = vi.spyOn(edge.liveStore, 'readLiveStream').mockRejectedValue(away);
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).run();
    expect((await untilState(edge, target, 'waiting')).fault).toMatchObject({
      code: 'unavailable',
      message: 'the frames of this stream cannot be read now',
    });
    reading.mockRestore();
    await untilState(edge, target, 'connected');
  });

  it('that lists no such codec is in error, which names the codec', async () => {
    const [edge, server] = [await startEdge(), await PlainServer.start()];
    const stream = edge.control.newStream();
    const target = targetAt(server.port, 'key');
    setTargets(edge, stream, target);
    const { client } = new Encoder(edge, stream);
    await client.untilReady();
    for (const { type, timestamp, body } of tagsOf(H265))
      if (type === 9) client.session.sendVideo(timestamp, body);
      else if (type === 8) client.session.sendAudio(timestamp, body);
    const { fault } = await untilState(edge, target, 'error');
    expect(fault).toMatchObject({
      code: 'unsupported_codec',
      message: expect.stringContaining('the server does not list hvc1 among the codecs that it takes') as string,
    });
  });

  it('at a private address, or without encryption where the stream is encrypted, is not connected to', async () => {
    const edge = await startEdge({ settings: { simulcastAllowedAddresses: [] } });
    const inside = await startEdge();
    const server = await PlainServer.start();
    const stream = edge.control.newStream();
    const encrypted = inside.control.newStream({ ...DEFAULT_STREAM_SETTINGS, keyRotationSegments: 60 });
    const [target, clear] = [targetAt(server.port, 'key'), targetAt(server.port, 'key')];
    setTargets(edge, stream, target);
    setTargets(inside, encrypted, clear);
    for (const encoder of [new Encoder(edge, stream), new Encoder(inside, encrypted)]) (await encoder.begin()).run();
    expect((await untilState(edge, target, 'error')).fault).toMatchObject({
      code: 'address_not_allowed',
      message: expect.stringMatching(
        /^127.0.0.1 is not a public address; .* MILLRACE_SIMULCAST_ALLOWED_ADDRESSES$/,
      ) as string,
    });
    expect((await untilState(inside, clear, 'error')).fault?.code).toBe('stream_encrypted');
    expect(server.sockets).toHaveLength(0);
  });

  it('with a certificate that no known authority has signed is not sent anything', async () => {
    const edge = await startEdge();
    const { certFile: tlsCertFile, keyFile: tlsKeyFile } = await newCertificate();
    const other = await startEdge({ settings: { tlsCertFile, tlsKeyFile } });
    const [stream, received] = [edge.control.newStream(), other.control.newStream()];
    const target = { ...targetAt(0, received.key), url: `rtmps://localhost:${other.ports.rtmps}/live` };
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).run();
    const { fault } = await untilState(edge, target, 'waiting');
    expect(fault?.message).toMatch(/^the certificate is not signed by an authority that this server trusts/);
    expect(other.control.requests).toHaveLength(0);
  });

  it('beyond the limit of the edge waits for a place', async () => {
    const edge = await startEdge({ settings: { simulcastMaxTargets: 1 } });
    const [stream, server] = [edge.control.newStream(), await PlainServer.start()];
    const [first, second] = [targetAt(server.port, 'first'), targetAt(server.port, 'second')];
    setTargets(edge, stream, first, second);
    (await new Encoder(edge, stream).begin()).run();
    await untilState(edge, first, 'connected');
    await untilFault(edge, second, 'limit_exceeded');
    setTargets(edge, stream, second);
    await untilState(edge, second, 'connected');
  });
});

describe('the targets of a stream whose publisher is followed by another one', () => {
  it('are left at once where the other one is at another edge', async () => {
    const [edge, server] = [await startEdge(), await PlainServer.start()];
    const stream = edge.control.newStream();
    const target = targetAt(server.port, 'key');
    setTargets(edge, stream, target);
    const sent = await edge.record(stream.streamId);
    (await new Encoder(edge, stream).begin()).run();
    await untilState(edge, target, 'connected');
    const closed = new Promise((resolve) => server.sockets[0]!.once('close', () => resolve('closed')));
    // What follows is on the bus before this edge hears of it.
    const picture = sent.frames.find(
      ({ kind, flags }) => kind === FrameKind.video && (flags & FrameFlag.configuration) === 0,
    )!;
    const epoch = picture.epoch + 1;
    const { streamId, tenantId } = stream;
    const next = edge.frameBus.openPublisher(streamId, epoch, tenantId);
    let sequence = 0;
    const publish = (): void => {
      sequence++;
      next.publish({ ...picture, epoch, sequence, dts90k: picture.dts90k + sequence * 20 * TICKS_PER_MS });
    };
    publish();
    const publishing = setInterval(publish, 20);
    onTestFinished(() => clearInterval(publishing));
    // Nothing ends because a time has passed, except for this.
    const late = new Promise((resolve) => setTimeout(resolve, 10_000, 'late'));
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    edge.ingest.cutPublisher({ streamId, streamKeyId: undefined, beforeEpoch: epoch, reason: 'taken_over' });
    expect(await Promise.race([closed, late])).toBe('closed');
  });

  it('are sent nothing of what is published elsewhere, even before this edge is told of that', async () => {
    const [edge, server] = [await startEdge(), await PlainServer.start()];
    const stream = edge.control.newStream();
    const target = targetAt(server.port, 'key');
    setTargets(edge, stream, target);
    const sent = await edge.record(stream.streamId);
    (await new Encoder(edge, stream).begin()).run();
    await untilState(edge, target, 'connected');
    const closed = new Promise((resolve) => server.sockets[0]!.once('close', resolve));
    const picture = sent.frames.findLast(
      ({ kind, flags }) => kind === FrameKind.video && flags === FrameFlag.keyframe,
    )!;
    const epoch = picture.epoch + 1;
    const next = edge.frameBus.openPublisher(stream.streamId, epoch, stream.tenantId);
    const payload = Buffer.concat([picture.payload, Buffer.from('published elsewhere')]);
    for (let sequence = 1; sequence < 10; sequence++)
      next.publish({ ...picture, payload, epoch, sequence, dts90k: picture.dts90k + sequence * 20 * TICKS_PER_MS });
    await closed;
    await expect.poll(() => lastStream(edge)?.isOver, SOON).toBe(true);
    expect(server.videos.length).toBeGreaterThan(2);
    expect(server.videos.filter((body) => body.includes('published elsewhere'))).toHaveLength(0);
    expect(edge.ingest.publishers).toBe(1);
    expect(server.published).toBe(1);
  });

  it('stay connected where the other one is at the same edge, and are counted for each of both', async () => {
    const [edge, server] = [await startEdge(), await PlainServer.start()];
    const stream = edge.control.newStream({ secondPublisher: 'takeover' });
    const target = targetAt(server.port, 'key');
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).run();
    await untilState(edge, target, 'connected');
    const first = lastStream(edge)!;
    await expect.poll(() => lastReport(edge, target)?.bytes, SOON).toBeGreaterThan(2_000);
    (await new Encoder(edge, stream).begin()).run();
    await expect.poll(() => lastStream(edge)?.epoch, SOON).toBeGreaterThan(first.epoch);
    await edge.drain();
    const reports = Map.groupBy(
      edge.control.synced.flatMap(({ streams }) => streams),
      ({ epoch }) => epoch,
    );
    const counts = [...reports.values()].map((each) =>
      Math.max(...each.flatMap(({ targets }) => targets.map(({ bytes }) => bytes))),
    );
    expect(counts).toHaveLength(2);
    const sum = counts.reduce((all, bytes) => all + bytes, 0);
    expect(sum).toBe(await edge.metric('simulcast_bytes_total'));
    // The last report of usage comes after the targets have ended.
    const used = edge.lastUsage.filter(({ protocol }) => protocol === 'simulcast');
    expect(used.reduce((all, { amount }) => all + amount, 0)).toBe(sum);
    expect(server.published).toBe(1);
  });

  it('are not sent in clear what is encrypted since then', async () => {
    const [edge, server] = [await startEdge(), await PlainServer.start()];
    const stream = edge.control.newStream({ secondPublisher: 'takeover' });
    const target = targetAt(server.port, 'key');
    setTargets(edge, stream, target);
    (await new Encoder(edge, stream).begin()).run();
    await untilState(edge, target, 'connected');
    const key = edge.control.newKey(stream, { keyRotationSegments: 60 });
    (await new Encoder(edge, { ...stream, key }).begin()).run();
    await untilFault(edge, target, 'stream_encrypted');
    expect(server.published).toBe(1);
  });
});

describe('nginx with its RTMP module as a target', () => {
  it('is away at first, and then has every frame in what it records', { timeout: 60_000 }, async () => {
    const edge = await startEdge();
    const stream = edge.control.newStream();
    const folder = mkdtempSync(join(tmpdir(), 'millrace-simulcast-'));
    open.push({ stop: () => rmSync(folder, { recursive: true, force: true }) });
    const { port } = await reserve();
    const target = targetAt(port, 'recorded');
    setTargets(edge, stream, target);
    const sent = await edge.record(stream.streamId);
    const encoder = await new Encoder(edge, stream).begin();
    encoder.group().group();
    await untilState(edge, target, 'waiting');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
       user root; daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
       events { worker_connections 64; }
       rtmp { server { listen 127.0.0.1:${port};
         application live { live on; record all; record_path ${folder}; record_unique off; } } }`,
    );
    const nginx = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]);
    open.push({
      stop: async () => {
        if (nginx.exitCode === null && nginx.kill()) await once(nginx, 'exit');
      },
    });
    await untilState(edge, target, 'connected');
    encoder.group().group();
    encoder.client.session.unpublish();
    await untilEnd(sent);
    const file = join(folder, 'recorded.flv');
    const recorded = (): string[] =>
      existsSync(file) ? tagsOf(file).flatMap(({ type, timestamp, body }) => mediaText(type, timestamp, body)) : [];
    const all = sent.frames.filter(
      ({ kind, flags }) => kind <= FrameKind.audio && (flags & FrameFlag.configuration) === 0,
    );
    const last = Buffer.from(all.at(-1)!.payload).toString('hex');
    await expect.poll(() => recorded().at(-1)?.split(' ').at(-1), SOON).toBe(last);
    const got = recorded();
    const own = all.slice(-got.length);
    const [firstMs] = (got[0] ?? '').split(' ', 1).map(Number);
    const shiftMs = (firstMs ?? 0) - Math.round(own[0]!.dts90k / TICKS_PER_MS);
    expect(got).toEqual(
      own.map(
        ({ kind, dts90k, payload }) =>
          `${Math.round(dts90k / TICKS_PER_MS) + shiftMs} ${kind === FrameKind.video ? 9 : 8} ${Buffer.from(payload).toString('hex')}`,
      ),
    );
    expect(got.length).toBeGreaterThanOrEqual(15);
  });
});

/** A picture or sound of an FLV file: its time, its type and what it holds; nothing for configurations and metadata. */
function mediaText(type: number, timestamp: number, body: Buffer): string[] {
  const header = type === 9 ? 5 : 2;
  return (type === 9 || type === 8) && body[1] === 1
    ? [`${timestamp} ${type} ${body.subarray(header).toString('hex')}`]
    : [];
}

/** A port on which nothing listens. */
async function reserve(): Promise<AddressInfo> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return address;
}

/** Without the metadata that is written for each target. */
const frameCountOf = ({ frames }: FrameRecorder): number => frames.filter(({ kind }) => kind !== FrameKind.data).length;
