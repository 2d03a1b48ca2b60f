// RTSP through HTTP: the two connections of one client find each other, in whatever order they come, and no other peer gets between them.
import { FrameFlag, FrameKind } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { aacHeadersOf } from '@millrace/protocol/rtp';
import { newCertificate } from '@millrace/service-kit/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { annexBOf, CLIP, gst, probe, run, slicesOf } from '../testing/outside-judges.ts';
import { TestClient } from '../testing/test-client.ts';
import { slice, TestEncoder } from '../testing/test-encoder.ts';
import { TestEdge } from '../testing/test-edge.ts';
import { TestPlayer } from '../testing/test-player.ts';

let edge: TestEdge;
const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await edge.stop();
});

const start = async (settings: NonNullable<Parameters<typeof TestEdge.start>[0]>['settings'] = {}) =>
  void (edge = await TestEdge.start({ settings }));
function open<Client extends TestClient>(
  Kind: new (port: number, isSecure?: boolean, from?: string) => Client,
  from?: string,
) {
  const client = new Kind(edge.ports.rtsp, false, from);
  clients.push(client);
  return client;
}
const AAC = Buffer.concat([aacHeadersOf(4), Buffer.of(0x21, 0x10, 0x04, 0x60)]);
const COOKIE = '0123456789abcdef';
const base = () => `rtsp://127.0.0.1:${edge.ports.rtsp}`;

describe('a tunnel', () => {
  it('carries an encoder and a player as a connection does, with several POSTs after each other', async () => {
    await start();
    const stream = edge.control.newStream();
    const { playbackId } = edge.control.newPlayback(stream);
    const recorder = await edge.record(stream.streamId);
    const encoder = await open(TestEncoder).tunnel('of-the-encoder');
    await encoder.record(`${base()}/live/${stream.key}`);
    encoder.rtp(0, 1, 0, slice(true, 1));
    encoder.rtp(2, 1, 0, AAC);
    encoder.rtp(0, 2, 3_600, slice(false, 2));
    await recorder.until(() => recorder.frames.some(({ kind }) => kind === FrameKind.video));
    const player = await open(TestPlayer).tunnel('of-the-player');
    await player.play(`${base()}/play/${playbackId}`);
    // QuickTime ends its POST when it has nothing to say, and sends another one later.
    encoder.post.destroy();
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="client_closed"}')).toBe(1);
    encoder.httpPost('of-the-encoder');
    encoder.rtp(0, 3, 7_200, slice(false, 3));
    await expect.poll(() => player.tags).toEqual([1, 2, 3]);
    expect((await player.ask('TEARDOWN', `${base()}/play/${playbackId}`)).status).toBe(200);
    await player.closed;
    expect((await encoder.ask('TEARDOWN', `${base()}/live/${stream.key}`)).status).toBe(200);
    await encoder.closed;
    await expect.poll(() => edge.control.ended).toMatchObject([{ reason: 'unpublished' }]);
  });

  it('has TCP only, also where UDP is offered', async () => {
    await start({ rtspUdp: true });
    const { key } = edge.control.newStream();
    const encoder = await open(TestEncoder).tunnel(COOKIE);
    await encoder.announce(`${base()}/live/${key}`);
    const answer = await encoder.setUp(
      `${base()}/live/${key}/video`,
      'RTP/AVP;unicast;client_port=5000-5001;mode=record',
    );
    expect(answer.status).toBe(461);
  });

  it('is not found by another peer that knows its cookie, and has one GET and one POST at a time', async () => {
    await start();
    const victim = open(TestClient);
    expect(await victim.httpGet(COOKIE)).toMatch(/^HTTP\/1\.0 200 /);
    const thief = open(TestClient, '127.0.0.2');
    const refused = async (client: TestClient, method: string): Promise<string> => {
      const answer = client.nextText();
      client.write(`${method} / HTTP/1.0\r\nx-sessioncookie: ${COOKIE}\r\n\r\n`);
      const text = await answer;
      await client.closed;
      return text;
    };
    expect(await refused(thief, 'POST')).toMatch(/^HTTP\/1\.0 404 no tunnel with this cookie is open/);
    expect(await refused(open(TestClient), 'GET')).toMatch(/^HTTP\/1\.0 409 a tunnel with this cookie is open/);
    victim.httpPost(COOKIE);
    expect((await victim.ask('OPTIONS', '*')).status).toBe(200);
    expect(await refused(open(TestClient), 'POST')).toMatch(/^HTTP\/1\.0 409 this tunnel has a POST already/);
    // The same cookie of another address is another tunnel.
    const other = await open(TestClient, '127.0.0.2').tunnel(COOKIE);
    expect((await other.ask('OPTIONS', '*')).status).toBe(200);
    expect((await victim.ask('OPTIONS', '*')).status).toBe(200);
  });

  it.each([
    [
      'a GET and a POST on one connection',
      `GET / HTTP/1.0\r\nx-sessioncookie: ${COOKIE}\r\n\r\nPOST / HTTP/1.0\r\n\r\n`,
      400,
    ],
    ['a POST before its GET', `POST / HTTP/1.0\r\nx-sessioncookie: ${COOKIE}\r\n\r\n`, 404],
    ['a GET without a cookie', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a head that is too long', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 400],
  ])('is not opened by %s', async (_, text, status) => {
    await start();
    const client = open(TestClient);
    const answer = client.nextText();
    client.write(text);
    expect(await answer).toMatch(new RegExp(`^HTTP/1\\.0 ${status} `));
    await client.closed;
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="tunnel_refused"}')).toBe(1);
  });

  it('ends with its GET, and when something comes behind that, when no POST comes in time, and when its body is not base 64', async () => {
    await start({ rtspTunnelInputMs: 400, rtspSetupMs: 120_000 });
    const [halfOpen, gone, talkative, malformed] = [
      open(TestClient),
      open(TestClient),
      open(TestClient),
      open(TestClient),
    ];
    await halfOpen.httpGet('half-open');
    await talkative.httpGet('talkative');
    talkative.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n');
    await gone.tunnel('going-away');
    await malformed.tunnel('malformed');
    malformed.post.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n');
    await Promise.all([halfOpen.closed, talkative.closed, malformed.closed]);
    gone.post.destroy();
    await gone.closed;
    // Its cookie is free again.
    await open(TestClient).tunnel('half-open');
  });

  it('ends when its body brings too many bytes before media, also when they are blanks that say nothing', async () => {
    await start({ rtspSetupBytes: 100_000, rtspSetupMs: 120_000 });
    const blank = await open(TestClient).tunnel('blank-body');
    expect((await blank.ask('OPTIONS', '*')).status).toBe(200);
    blank.post.write(Buffer.alloc(200_000, '\n'));
    await blank.closed;
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="setup_bytes"}')).toBe(1);
  });

  it('counts as two connections of its address, and ends with the edge', async () => {
    await start({ rtspMaxConnectionsPerAddress: 3 });
    const first = await open(TestClient).tunnel('first-tunnel');
    expect((await first.ask('OPTIONS', '*')).status).toBe(200);
    const second = open(TestClient);
    await second.httpGet('second-tunnel');
    second.httpPost('second-tunnel');
    await expect.poll(() => edge.metric('ingest_refused_connections_total', '{protocol="rtsp"}')).toBe(1);
    await edge.drain();
    await Promise.all([first.closed, second.closed]);
  });
});

describe('ffmpeg', () => {
  it.each(['http', 'https'])('plays through %s what it is sent over TCP', async (transport) => {
    const { certFile: rtspTlsCertFile, keyFile: rtspTlsKeyFile } = await newCertificate();
    await start({ rtspTlsCertFile, rtspTlsKeyFile });
    const stream = edge.control.newStream({ reconnectWindowMs: 0 });
    const { playbackId } = edge.control.newPlayback(stream);
    const port = transport === 'http' ? edge.ports.rtsp : edge.ports.rtsps;
    const [tunnelled, direct] = [
      probe(`rtsp://127.0.0.1:${port}/play/${playbackId}`, '-rtsp_transport', transport),
      probe(`${base()}/play/${playbackId}`, '-rtsp_transport', 'tcp'),
    ];
    const publish = ['-nostdin', '-readrate', '8', '-t', '4', '-i', CLIP, '-c', 'copy', '-f', 'rtsp'];
    await run('ffmpeg', ...publish, '-rtsp_transport', 'tcp', `${base()}/live/${stream.key}`);
    const [{ video, audio }, sent] = await Promise.all([tunnelled, direct]);
    const hashes = (packets: readonly { readonly hash: string }[]) => packets.map(({ hash }) => hash);
    expect(video.length).toBeGreaterThan(60);
    const length = Math.min(video.length, sent.video.length);
    expect(hashes(video).slice(-length)).toEqual(hashes(sent.video).slice(-length));
    const sounds = Math.min(audio.length, sent.audio.length);
    expect(sounds).toBeGreaterThan(80);
    expect(hashes(audio).slice(-sounds)).toEqual(hashes(sent.audio).slice(-sounds));
  });
});

describe('GStreamer', () => {
  it('publishes and plays through HTTP, frame by frame', async () => {
    await start();
    const stream = edge.control.newStream({ reconnectWindowMs: 0 });
    const { playbackId } = edge.control.newPlayback(stream);
    const recorder = await edge.record(stream.streamId);
    const tunnel = `rtsph://127.0.0.1:${edge.ports.rtsp}`;
    const played = gst.bytes(
      `rtspsrc location=${tunnel}/play/${playbackId} ! rtph264depay ! video/x-h264,stream-format=byte-stream,alignment=au`,
    );
    const pictures = () =>
      recorder.frames.filter(({ kind, flags }) => kind === FrameKind.video && (flags & FrameFlag.configuration) === 0);
    await gst.until(
      `filesrc location=${CLIP} ! flvdemux name=d d.video ! capssetter caps=video/x-h264,alignment=au ! identity sync=true ! rtspclientsink location=${tunnel}/live/${stream.key}`,
      () => recorder.until(() => pictures().length >= 90),
    );
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    const clip = tagsOf(CLIP).filter(({ type, body }) => type === 9 && body[1] === 1);
    const sent = clip.slice(0, pictures().length).flatMap(({ body }) => slicesOf(annexBOf(body.subarray(5))));
    expect(pictures().flatMap(({ payload }) => slicesOf(annexBOf(Buffer.from(payload))))).toEqual(sent);
    const seen = slicesOf(await played);
    expect(seen.length).toBeGreaterThan(60);
    expect(seen).toEqual(sent.slice(-seen.length));
  });
});
