// Streams that the edge pulls: from ffmpeg as a server of RTMP and of FLV over HTTP, from another edge, and from servers that do as they like.
import { spawn } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { SourcePuller } from '@millrace/ingest';
import { pulledSources, tagsOf } from '@millrace/ingest/testing';
import type { TestStream } from '@millrace/ingest/testing';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIP, interframe, keyframe, videoConfig } from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const FAST = { pullAllowedAddresses: ['127.0.0.0/8'], pullRetryMinMs: 100, pullRetryMaxMs: 200, trackWaitMs: 0 };
/** As long as a loaded machine may take. */
const WITHIN = { timeout: 15_000, interval: 20 };

let edge: TestEdge;
let stream: TestStream;
let recorder: FrameRecorder;
const undo: (() => unknown)[] = [];

beforeEach(async () => {
  edge = await TestEdge.start({ settings: FAST });
  undo.push(() => edge.stop());
  stream = edge.control.newStream();
  recorder = await edge.record(stream.streamId);
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const { pull, untilState, untilError } = pulledSources(
  () => edge,
  () => stream,
);

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const http = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listening(createHttpServer(listener))}`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** FFmpeg as a server that sends the clip to the first who asks. */
function serveClip(...output: string[]): void {
  const options = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-readrate', '8', '-i', CLIP, '-c', 'copy'];
  const child = spawn('ffmpeg', [...options, '-f', 'flv', ...output], { stdio: 'ignore' });
  undo.push(() => child.kill('SIGKILL'));
}

const isMedia = (frame: Frame) => (frame.flags & FrameFlag.configuration) === 0;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const picturesOf = (frames: readonly Frame[]) =>
  frames.filter((frame) => frame.kind === FrameKind.video && isMedia(frame));
/** The tags that pictures were made with. */
const tags = () => picturesOf(recorder.frames).map(({ payload }) => payload.at(-1));

/** Every coded frame of the clip is on the bus, in order, with its time. */
async function expectClip(): Promise<void> {
  await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
  const clip = tagsOf(CLIP);
  for (const [kind, type, header] of [
    [FrameKind.video, 9, 5],
    [FrameKind.audio, 8, 2],
  ] as const) {
    const sent = clip.filter((tag) => tag.type === type && tag.body[1] === 1);
    const zero = clip.find((tag) => tag.type !== 18 && tag.body[1] === 1)!.timestamp;
    const frames = recorder.frames.filter((frame) => frame.kind === kind && isMedia(frame));
    expect(frames.map(({ payload }) => base64(payload))).toEqual(sent.map(({ body }) => base64(body.subarray(header))));
    expect(frames.map(({ dts90k }) => dts90k)).toEqual(sent.map(({ timestamp }) => (timestamp - zero) * 90));
  }
}

describe('a source that is pulled', () => {
  it('may be an RTMP server: what it sends is published frame by frame, and its state is told', async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live/door?token=abc`;
    const sourceId = pull(url);
    await untilError(sourceId, 'nothing listens there');
    serveClip('-listen', '1', url);
    await untilState(sourceId, { state: 'live' });
    await expectClip();
    expect(edge.control.requests).toMatchObject([
      { protocol: 'rtmp', clientAddress: '127.0.0.1', key: stream.key, app: 'pull' },
    ]);
    await untilError(sourceId, 'nothing listens there');
    expect(await edge.metric('ingest_pull_ends_total', '{outcome="lost"}')).toBe(1);
  }, 30_000);

  it('may be FLV over HTTP', async () => {
    const url = `http://127.0.0.1:${await freePort()}/door.flv`;
    const sourceId = pull(url);
    await untilError(sourceId, 'nothing listens there');
    serveClip('-listen', '1', url);
    await untilState(sourceId, { state: 'live' });
    await expectClip();
    expect(edge.control.requests).toMatchObject([{ protocol: 'http-flv', clientAddress: '127.0.0.1' }]);
    expect(edge.control.ended).toMatchObject([{ reason: 'source_failed' }]);
  }, 30_000);

  it('may be another server of ours, whose codecs of Enhanced RTMP it asks for', async () => {
    const other = await TestEdge.start();
    undo.push(() => other.stop());
    const published = other.control.newStream();
    const { playbackId } = other.control.newPlayback(published);
    const port = other.ports.rtmp;
    const encoder = await new TestClient({ port, streamName: published.key }).untilReady();
    encoder.session.sendVideo(0, videoConfig());
    let sent = 0;
    const pace = setInterval(() => {
      encoder.session.sendVideo(sent * 20, sent % 10 === 0 ? keyframe(sent) : interframe(sent));
      sent++;
    }, 20);
    undo.push(() => clearInterval(pace));
    const sourceId = pull(`rtmp://127.0.0.1:${port}/play/${playbackId}`);
    await recorder.until(() => tags().length >= 30);
    const seen = tags() as number[];
    expect(seen[0]! % 10).toBe(0);
    expect(seen).toEqual(seen.map((_, i) => (seen[0]! + i) % 256));
    expect(picturesOf(recorder.frames).every(({ codec }) => codec === Codec.h264)).toBe(true);
    await other.drain();
    await untilError(sourceId, 'the source');
  });

  it('shows its credentials to its own host alone, behind redirects too', async () => {
    const seen: (string | undefined)[] = [];
    const other = await http((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(404, 'No geheim').end();
    });
    const own = await http((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${other}/x.flv` }).end();
    });
    const sourceId = pull(`${own}/door.flv`, stream, { username: 'viewer', password: 'geheim' });
    await untilError(sourceId, 'the source answers with 404 Not Found');
    expect(seen.slice(0, 2)).toEqual([`Basic ${Buffer.from('viewer:geheim').toString('base64')}`, undefined]);
    expect(edge.logs.join('')).not.toContain('geheim');
  });

  it('ends, and is given back, when it is deleted', async () => {
    let closed = 0;
    const clip = await http((_, response) => {
      response.writeHead(200, { server: 'box of geheim' }).flushHeaders();
      response.on('close', () => closed++);
      for (const piece of pieces()) response.write(piece);
    });
    const sourceId = pull(`${clip}/door.flv`, stream, { username: 'viewer', password: 'geheim' });
    await untilState(sourceId, { state: 'live' });
    edge.control.sources.delete(sourceId);
    edge.provider(SourcePuller).changed();
    await expect.poll(() => edge.control.ended, WITHIN).toMatchObject([{ reason: 'source_changed' }]);
    await expect.poll(() => closed, WITHIN).toBe(1);
    // The server is the encoder, and may repeat what it was shown.
    await expect.poll(() => edge.logs.join(''), WITHIN).toContain('box of ***');
    expect(edge.logs.join('')).not.toContain('geheim');
    expect(await edge.liveStore.listHeldSources()).toEqual([]);
  });
});

/** An FLV file of one picture. */
function pieces(): Buffer[] {
  const tag = (type: number, timestamp: number, body: Buffer): Buffer => {
    const head = Buffer.alloc(11);
    head[0] = type;
    head.writeUIntBE(body.length, 1, 3);
    head.writeUIntBE(timestamp, 4, 3);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(11 + body.length);
    return Buffer.concat([head, body, tail]);
  };
  const header = Buffer.from('464c5601010000000900000000', 'hex');
  return [header, tag(9, 0, videoConfig()), tag(9, 0, keyframe(1)), tag(9, 40, interframe(2)), tag(9, 80, keyframe(3))];
}

describe('a source that cannot be pulled', () => {
  it('says why, is tried again, and costs no other source', async () => {
    const other = await TestEdge.start();
    undo.push(() => other.stop());
    const requests: string[] = [];
    const bad = await http((request, response) => {
      const path = request.url ?? '';
      requests.push(path);
      if (path.startsWith('/loop')) response.writeHead(302, { location: `${path.split('?')[0]}?again` }).end();
      else if (path.startsWith('/away')) response.writeHead(302, { location: 'http://10.1.2.3/x.flv' }).end();
      else if (path.startsWith('/file')) response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else if (path.startsWith('/login')) response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else if (path.startsWith('/text')) response.end('<html>no FLV</html>');
      else if (path.startsWith('/zip')) response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
      else if (path.startsWith('/empty')) response.writeHead(200).end();
      // A tag that is larger than allowed.
      else if (path.startsWith('/huge'))
        response.end(Buffer.from(`464c560101000000090000000009ffffff${'00'.repeat(7)}`, 'hex'));
    });
    const garbage = await listening(createServer((socket) => socket.end(Buffer.alloc(4_000, 7))));
    const mute = await listening(createServer(() => undefined));
    const cases = {
      [`${bad}/loop.flv`]: 'the source redirects more than 5 times',
      [`${bad}/away.flv`]: 'the address of the source 10.1.2.3 is not a public address',
      [`${bad}/file.flv`]: 'the source redirects to what is no address of HTTP',
      [`${bad}/login.flv`]: 'the source asks for a user name and a password (401)',
      [`${bad}/text.flv`]: 'what the source sends cannot be read',
      [`${bad}/zip.flv`]: 'the source compresses what it sends',
      [`${bad}/empty.flv`]: 'the source ended the stream',
      [`${bad}/huge.flv`]: 'what the source sends cannot be read',
      [`${bad}/mute.flv`]: 'the source did not begin to send within 0.3 s',
      'http://10.0.0.1/door.flv': 'the address of the source 10.0.0.1 is not a public address',
      'https://127.0.0.1:1/door.flv': 'nothing listens there',
      [`rtmp://127.0.0.1:${other.ports.rtmp}/play/nothing`]: 'the source refuses: NetStream.Play.StreamNotFound',
      [`rtmp://127.0.0.1:${garbage}/live/x`]:
        'the source does not speak RTMP: another server answers there: its first byte is 7, that of RTMP is 3',
      [`rtmp://127.0.0.1:${new URL(bad).port}/live/x`]: 'the source does not speak RTMP: an HTTP server answers there',
      [`rtmp://127.0.0.1:${mute}/live/x`]: 'the source did not begin to send within 0.3 s',
      [`rtmps://127.0.0.1:${mute}/live/x`]: 'the source did not begin to send within 0.3 s',
      'rtmp://192.168.0.1/live/x': 'the address of the source 192.168.0.1 is not a public address',
    };
    await edge.stop();
    edge = await TestEdge.start({ settings: { ...FAST, pullConnectMs: 300 } });
    const good = await http((_, response) => {
      response.writeHead(200).flushHeaders();
      for (const piece of pieces()) response.write(piece);
    });
    const ids = Object.keys(cases).map((url) => pull(url, edge.control.newStream()));
    const goodId = pull(`${good}/door.flv`, edge.control.newStream());
    for (const [i, words] of Object.values(cases).entries()) await untilError(ids[i]!, words);
    await untilState(goodId, { state: 'live' });
    await expect.poll(() => requests.filter((path) => path.startsWith('/text')).length, WITHIN).toBeGreaterThan(2);
    // The stream is claimed once a source can send, and not before.
    expect(edge.control.requests.every(({ protocol }) => protocol === 'http-flv')).toBe(true);
    expect(edge.logs.join('')).not.toContain('pulling a source broke');
  }, 30_000);

  it('says that nothing came', async () => {
    await edge.stop();
    edge = await TestEdge.start({ settings: { ...FAST, idleMs: 200 } });
    const silent = await http((_, response) => {
      response.writeHead(200).flushHeaders();
      response.write(pieces()[0]);
    });
    await untilError(pull(`${silent}/door.flv`, edge.control.newStream()), 'the source sent no media for 0.2 s');
  });
});
