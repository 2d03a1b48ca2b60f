// Simulcast targets that are sent the stream by SRT and RTSP: what servers that are not this one get of it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { SimulcastTarget } from '@millrace/control';
import { DEFAULT_STREAM_SETTINGS } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import type { TestStream } from '@millrace/ingest/testing';
import { splitAccessUnit } from '@millrace/protocol/nal';
import { SrtListener, SrtRejection, SynCookies } from '@millrace/protocol/srt';
import type { SrtConnection, SrtRequest } from '@millrace/protocol/srt';
import { afterEach, describe, expect, it } from 'vitest';
import { lastReport, newTarget, QUICK, SOON, untilState } from '../testing/simulcast-reports.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const CLIP = new URL('../../../../media/bbb-h264-aac.flv', import.meta.url).pathname;
const SECONDS = 6;
/** How much faster than it was filmed the clip is sent. */
const SPEED = 4;

const open: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
});

async function startEdge(
  settings: NonNullable<Parameters<typeof TestEdge.start>[0]>['settings'] = {},
): Promise<TestEdge> {
  const edge = await TestEdge.start({ settings: { ...QUICK, ...settings } });
  open.push(edge);
  return edge;
}

const TAGS = tagsOf(CLIP).filter(({ type, timestamp }) => (type === 8 || type === 9) && timestamp < SECONDS * 1_000);

/** An encoder that sends the clip, once or over and over again, at its own times. */
class ClipEncoder {
  readonly client: TestClient;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  readonly #fromMs = performance.now();
  readonly #done = Promise.withResolvers<void>();

  constructor(edge: TestEdge, { key }: TestStream) {
    this.client = new TestClient({ port: edge.ports.rtmp, streamName: key });
    open.push({ stop: () => this.stop() });
  }

  /** Sends it from now on. */
  async begin(): Promise<this> {
    await this.client.untilReady();
    this.#timer = setInterval(() => this.#send((performance.now() - this.#fromMs) * SPEED), 10);
    return this;
  }

  /** Resolves once all of it was sent, and says that it is done. */
  async finish(): Promise<void> {
    await this.#done.promise;
    this.client.session.unpublish();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.client.socket.destroy();
  }

  #send(untilMs: number): void {
    const lengthMs = SECONDS * 1_000;
    for (;;) {
      const tag = TAGS[this.#next % TAGS.length]!;
      const round = Math.floor(this.#next / TAGS.length);
      const timestamp = tag.timestamp + round * lengthMs;
      if (timestamp > untilMs) return;
      if (round > 0) this.#done.resolve();
      // Once it is awaited, nothing is sent twice.
      if (round > 0 && this.isLast) return;
      if (tag.type === 9) this.client.session.sendVideo(timestamp, tag.body);
      else
        this.client.session.sendAudio(timestamp, (tag.body[1] === 0 ? this.soundConfiguration : undefined) ?? tag.body);
      this.#next++;
    }
  }

  /** Instead of that of the clip. */
  soundConfiguration: Buffer | undefined;
  /** Whether it is sent once only. */
  isLast = false;
}

interface Played {
  readonly pts90k: number;
  readonly hash: string;
}
const hashOf = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
/** As ffmpeg writes a byte stream: a long start code first, then short ones. */
const slicesOf = (picture: Buffer): Buffer =>
  Buffer.concat(
    splitAccessUnit(picture, 4)
      .filter((nalUnit) => (nalUnit[0]! & 0x1f) <= 5)
      .flatMap((nalUnit, i) => [i === 0 ? Buffer.of(0, 0, 0, 1) : Buffer.of(0, 0, 1), nalUnit]),
  );
const MEDIA = TAGS.filter(({ body }) => body[1] === 1);
const PICTURES: Played[] = MEDIA.filter(({ type }) => type === 9).map(({ timestamp, body }) => ({
  pts90k: (timestamp + ((body.readUIntBE(2, 3) << 8) >> 8)) * 90,
  hash: hashOf(slicesOf(body.subarray(5))),
}));
const SOUNDS: Played[] = MEDIA.filter(({ type }) => type === 8).map(({ timestamp, body }) => ({
  pts90k: timestamp * 90,
  hash: hashOf(body.subarray(2)),
}));

/** ffmpeg as a server: it listens, and lists the coded frames that it is sent until the end. */
class FfmpegServer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #text = '';
  #said = '';

  constructor(input: readonly string[]) {
    const bare = ['-c', 'copy', '-bsf:v', 'filter_units=pass_types=1-5', '-bsf:a', 'aac_adtstoasc'];
    const args = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-copyts', ...input];
    this.#child = spawn('ffmpeg', [...args, '-map', '0:v', '-map', '0:a', ...bare, '-f', 'framemd5', '-']);
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.#ended = once(this.#child, 'close');
    open.push({ stop: () => this.#child.kill('SIGKILL') });
  }

  async frames(): Promise<Record<'video' | 'audio', Played[]>> {
    await this.#ended;
    const lines = this.#text
      .split('\n')
      .filter((line) => /^[01],/.test(line))
      .map((line) => line.split(',').map((field) => field.trim()));
    if (lines.length === 0) throw new Error(`ffmpeg was sent nothing: ${this.#said}`);
    const scale = (stream: string): number => {
      const [, from = 1, to = 1] = new RegExp(`#tb ${stream}: (\\d+)/(\\d+)`).exec(this.#text) ?? [];
      return (90_000 * Number(from)) / Number(to);
    };
    const of = (stream: string): Played[] =>
      lines
        .filter(([index]) => index === stream)
        .map((fields) => ({ pts90k: Number(fields[2]) * scale(stream), hash: fields[5]! }));
    return { video: of('0'), audio: of('1') };
  }
}

/**
 * Checks that these were sent from one on, to the last one.
 *
 * @param untimed how many at the beginning have no times that are right @returns how far the clock of the server is ahead of the source's
 */
function expectFrames(played: readonly Played[], sent: readonly Played[], untimed = 0): number {
  const first = sent.findIndex(({ hash }) => hash === played[0]?.hash);
  const expected = sent.slice(first);
  expect(played.map(({ hash }) => hash)).toEqual(expected.map(({ hash }) => hash));
  const ahead = played.map(({ pts90k }, i) => pts90k - expected[i]!.pts90k).slice(untimed);
  expect(Math.max(...ahead) - Math.min(...ahead)).toBeLessThan(135);
  return ahead[0]!;
}

/** Publishes the clip to a target, until the end. @returns the bytes that are reported */
async function sendClip(target: SimulcastTarget): Promise<number> {
  const edge = await startEdge();
  const stream = edge.control.newStream({ reconnectWindowMs: 0 });
  edge.control.targets.set(stream.streamId, [target]);
  const encoder = new ClipEncoder(edge, stream);
  encoder.isLast = true;
  await encoder.begin();
  await encoder.finish();
  await expect.poll(() => edge.control.synced.at(-1)?.streams[0]?.isOver, SOON).toBe(true);
  const { bytes, fault } = lastReport(edge, target)!;
  expect(edge.logs.join('')).not.toContain(target.login?.passphrase ?? target.streamKey);
  expect(fault?.code ?? 'unreachable').toBe('unreachable');
  return bytes;
}

describe.each([
  ['in clear', {}, ''],
  ['with a passphrase', { login: { passphrase: 'a-long-random-phrase' } }, '&passphrase=a-long-random-phrase'],
])('ffmpeg as a server of SRT, %s', (_, secret, query) => {
  it('is sent every coded frame at its time, to the last one', { timeout: 60_000 }, async () => {
    const port = await freePort('udp');
    const server = new FfmpegServer(['-i', `srt://127.0.0.1:${port}?mode=listener&latency=500000${query}`]);
    const url = `srt://127.0.0.1:${port}?latency=500`;
    const bytes = await sendClip(newTarget({ url, streamKey: 'publish:a-stream-id', ...secret }));
    const { video, audio } = await server.frames();
    expect(video.length).toBeGreaterThan(30);
    expect(audio.length).toBeGreaterThan(40);
    expect(Math.abs(expectFrames(video, PICTURES) - expectFrames(audio, SOUNDS))).toBeLessThan(135);
    expect(bytes).toBeGreaterThan(100_000);
  });
});

describe('ffmpeg as a server of RTSP', () => {
  it('is sent every coded frame at its time, to the last one', { timeout: 60_000 }, async () => {
    const port = await freePort('tcp');
    const server = new FfmpegServer(['-rtsp_flags', 'listen', '-i', `rtsp://127.0.0.1:${port}/live/key-of-it`]);
    const bytes = await sendClip(newTarget({ url: `rtsp://127.0.0.1:${port}/live`, streamKey: 'key-of-it' }));
    const { video, audio } = await server.frames();
    expect(video.length).toBeGreaterThan(30);
    expect(audio.length).toBeGreaterThan(40);
    // ffmpeg finds out how pictures are reordered while it reads the first ones.
    const [pictures, sounds] = [
      expectFrames(video, PICTURES, Math.floor(video.length / 2)),
      expectFrames(audio, SOUNDS),
    ];
    expect(Math.abs(pictures - sounds)).toBeLessThan(135);
    expect(bytes).toBeGreaterThan(100_000);
  });
});

/** A server of SRT in this process: what is decided of a caller is up to the test. */
class SrtServer {
  readonly port: number;
  readonly requests: SrtRequest[] = [];
  readonly connections: SrtConnection[] = [];
  received = 0;
  ended = 0;
  /** Reads no datagram while it is set. */
  isDeaf = false;
  readonly #socket: ReturnType<typeof createSocket>;
  readonly #ticks: NodeJS.Timeout;

  private constructor(socket: ReturnType<typeof createSocket>, decide: (request: SrtRequest) => void) {
    this.#socket = socket;
    this.port = socket.address().port;
    const listener = new SrtListener({
      cookies: new SynCookies(),
      clock: () => performance.now() * 1_000,
      send: (packet, peer) => socket.send(packet, peer.port, peer.address),
      requested: (request) => {
        this.requests.push(request);
        decide(request);
      },
      maxUndecided: 100,
      maxUndecidedPerNetwork: 100,
      networkOf: (address) => address,
      delayMs: 20,
      maxDelayMs: 1_000,
      receivePackets: 8_192,
      sendPackets: 64,
      idleUs: 60_000_000,
    });
    socket.on('message', (packet, from) => {
      if (!this.isDeaf) listener.push(packet, from);
    });
    this.#ticks = setInterval(() => {
      if (!this.isDeaf) listener.tick();
    }, 10);
    open.push(this);
  }

  static async start(decide?: (request: SrtRequest) => void): Promise<SrtServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const server: SrtServer = new SrtServer(socket, decide ?? ((request) => server.accept(request)));
    return server;
  }

  accept(request: SrtRequest): void {
    const handlers = {
      data: () => void this.received++,
      lost: () => undefined,
      ended: () => void this.ended++,
    };
    this.connections.push(request.accept(handlers, undefined, { receivePackets: 8_192, sendPackets: 64 }));
  }

  stop(): void {
    clearInterval(this.#ticks);
    this.#socket.close();
  }
}

describe('a target over SRT', () => {
  it.each([
    [SrtRejection.forbidden, 'the server refuses: the stream id is not accepted (1403)'],
    [SrtRejection.conflict, 'the server refuses: the stream is published already (1409)'],
    [SrtRejection.badSecret, 'the server refuses: the passphrase is not the one that it expects (10)'],
    [2_000, 'the server refuses (2000)'],
  ])('that refuses with %i says why', async (reason, message) => {
    const server = await SrtServer.start((request) => request.reject(reason));
    const edge = await startEdge();
    const stream = edge.control.newStream();
    const target = newTarget({ url: `srt://127.0.0.1:${server.port}`, streamKey: 'publish:the-key' });
    edge.control.targets.set(stream.streamId, [target]);
    await new ClipEncoder(edge, stream).begin();
    expect((await untilState(edge, target, 'waiting')).fault).toMatchObject({ code: 'refused', message });
    expect(server.requests[0]?.streamId).toBe('publish:the-key');
    expect(edge.logs.join('')).not.toContain('the-key');
  });

  it('at a port at which nothing listens is told so, and gets the stream once something does', async () => {
    const edge = await startEdge();
    const stream = edge.control.newStream();
    const port = await freePort('udp');
    const target = newTarget({ url: `srt://127.0.0.1:${port}`, streamKey: 'x' });
    edge.control.targets.set(stream.streamId, [target]);
    await new ClipEncoder(edge, stream).begin();
    expect((await untilState(edge, target, 'waiting')).fault).toMatchObject({
      code: 'unreachable',
      message: 'nothing listens there',
    });
    const server = await SrtServer.start();
    edge.control.targets.set(stream.streamId, [{ ...target, url: `srt://127.0.0.1:${server.port}`, version: 'moved' }]);
    await untilState(edge, target, 'connected');
    await expect.poll(() => server.received, SOON).toBeGreaterThan(10);
    // What ends the connection at the other side is a failure, and is followed by another attempt.
    server.connections[0]!.close();
    await expect.poll(() => server.connections.length, SOON).toBe(2);
    edge.control.targets.set(stream.streamId, []);
    await expect.poll(() => server.ended, SOON).toBe(2);
  });

  it('that acknowledges nothing is cut, and costs neither the stream nor its encoder anything', async () => {
    const server = await SrtServer.start();
    const edge = await startEdge({ playoutUnreadMs: 300, simulcastSrtSendPackets: 64 });
    const stream = edge.control.newStream();
    const target = newTarget({ url: `srt://127.0.0.1:${server.port}`, streamKey: '' });
    edge.control.targets.set(stream.streamId, [target]);
    const sent = await edge.record(stream.streamId);
    await new ClipEncoder(edge, stream).begin();
    await untilState(edge, target, 'connected');
    server.isDeaf = true;
    const before = sent.frames.length;
    await expect.poll(() => lastReport(edge, target)?.fault?.code, SOON).toMatch(/^(unread|too_slow)$/);
    expect(sent.frames.length).toBeGreaterThan(before);
    expect(sent.faults).toEqual([]);
    server.isDeaf = false;
    await untilState(edge, target, 'connected');
  });
});

/** A server of RTSP that answers as it is told. */
async function rtspServer(answers: Readonly<Record<string, string>>): Promise<{ port: number; requests: string[] }> {
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString('latin1');
      const [, method = '', cSeq = ''] = /^([A-Z_]+) .*\r\nCSeq: (\d+)/.exec(text) ?? [];
      // What ends it comes behind media.
      if (text.includes('TEARDOWN rtsp://')) requests.push('TEARDOWN');
      if (method === '') return;
      requests.push(text);
      const status = answers[method] ?? '200 OK';
      socket.write(`RTSP/1.0 ${status}\r\nCSeq: ${cSeq}\r\nSession: 1\r\n\r\n`.replace('\r\n\r\n\r\n', '\r\n\r\n'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return { port: (server.address() as AddressInfo).port, requests };
}

describe('a target over RTSP', () => {
  it.each([
    [{ ANNOUNCE: '403 no stream key-of-mine here' }, 'the server answers ANNOUNCE with 403: "no stream *** here"'],
    [{ ANNOUNCE: '405 Method Not Allowed' }, 'the server answers ANNOUNCE with 405: "Method Not Allowed"'],
    [{ SETUP: '461 Unsupported Transport' }, 'the server does not carry media over its TCP connection (461)'],
    [{ ANNOUNCE: '401 Unauthorized' }, 'the server asks for a user name and a password (401)'],
  ])('that answers %j is shown with its words, without secrets', async (answers, message) => {
    const { port } = await rtspServer(answers);
    const edge = await startEdge();
    const stream = edge.control.newStream();
    const target = newTarget({ url: `rtsp://127.0.0.1:${port}/live`, streamKey: 'key-of-mine' });
    edge.control.targets.set(stream.streamId, [target]);
    await new ClipEncoder(edge, stream).begin();
    const { fault } = await untilState(edge, target, 'waiting');
    expect(fault).toMatchObject({ code: fault?.message.includes('401') ? fault.code : 'refused', message });
  });

  it('is told of other tracks by another connection', async () => {
    const { port, requests } = await rtspServer({});
    const edge = await startEdge();
    const stream = edge.control.newStream({ secondPublisher: 'takeover' });
    const target = newTarget({ url: `rtsp://127.0.0.1:${port}/live`, streamKey: 'key-of-mine' });
    edge.control.targets.set(stream.streamId, [target]);
    await new ClipEncoder(edge, stream).begin();
    await untilState(edge, target, 'connected');
    const descriptions = (): string[] => requests.filter((text) => text.startsWith('ANNOUNCE'));
    expect(descriptions().map((text) => /MPEG4-GENERIC[^\r]*/.exec(text)?.[0])).toEqual(['MPEG4-GENERIC/44100/2']);
    // Another encoder takes over, with sound at 48 kHz.
    const other = new ClipEncoder(edge, stream);
    other.soundConfiguration = Buffer.from('af001190', 'hex');
    await other.begin();
    await expect.poll(() => descriptions().at(-1), SOON).toContain('MPEG4-GENERIC/48000/2');
    await untilState(edge, target, 'connected');
    expect(lastReport(edge, target)?.fault).toBeUndefined();
  });

  it('is told when it is over', async () => {
    const { port, requests } = await rtspServer({});
    const edge = await startEdge();
    const stream = edge.control.newStream();
    const target = newTarget({ url: `rtsp://127.0.0.1:${port}/live`, streamKey: 'key-of-mine' });
    edge.control.targets.set(stream.streamId, [target]);
    await new ClipEncoder(edge, stream).begin();
    await untilState(edge, target, 'connected');
    expect(requests.map((text) => text.split(' ', 1)[0])).toEqual(['OPTIONS', 'ANNOUNCE', 'SETUP', 'SETUP', 'RECORD']);
    edge.control.targets.set(stream.streamId, []);
    await expect.poll(() => requests.at(-1), SOON).toBe('TEARDOWN');
  });
});

describe('an encrypted stream', () => {
  it('is sent by SRT with a passphrase only, and by RTSP over TLS only', async () => {
    const server = await SrtServer.start((request) => request.reject(SrtRejection.forbidden));
    const edge = await startEdge();
    const stream = edge.control.newStream({ ...DEFAULT_STREAM_SETTINGS, keyRotationSegments: 60 });
    const url = `srt://127.0.0.1:${server.port}`;
    const clear = newTarget({ url, streamKey: 'clear' });
    const rtsp = newTarget({ url: `rtsp://127.0.0.1:${server.port}/live`, streamKey: 'clear' });
    const encrypted = newTarget({ url, streamKey: 'encrypted', login: { passphrase: 'a-long-random-phrase' } });
    edge.control.targets.set(stream.streamId, [clear, rtsp, encrypted]);
    await new ClipEncoder(edge, stream).begin();
    for (const target of [clear, rtsp])
      expect((await untilState(edge, target, 'error')).fault?.code).toBe('stream_encrypted');
    await untilState(edge, encrypted, 'waiting');
    expect(new Set(server.requests.map(({ streamId }) => streamId))).toEqual(new Set(['encrypted']));
    expect(server.requests.every(({ keyMaterial }) => keyMaterial !== undefined)).toBe(true);
  });
});

/** A port on which nothing listens. */
async function freePort(kind: 'tcp' | 'udp'): Promise<number> {
  if (kind === 'tcp') {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
