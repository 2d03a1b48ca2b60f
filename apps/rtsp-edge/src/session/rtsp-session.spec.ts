// Requests in any order and of any content: each costs its sender an answer or its connection, and nothing else.
import { createHash } from 'node:crypto';
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { aacHeadersOf, encodeSenderReport } from '@millrace/protocol/rtp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SDP, slice, TestEncoder } from '../testing/test-encoder.ts';
import { TestEdge } from '../testing/test-edge.ts';

let edge: TestEdge;
let encoders: TestEncoder[];
beforeEach(async () => {
  edge = await TestEdge.start({ settings: { rtspOnlyUnsupportedMs: 300 } });
  encoders = [];
});
afterEach(async () => {
  for (const encoder of encoders) encoder.destroy();
  await edge.stop();
});

function open(): TestEncoder {
  const encoder = new TestEncoder(edge.ports.rtsp);
  encoders.push(encoder);
  return encoder;
}
const address = (path: string) => `rtsp://127.0.0.1:${edge.ports.rtsp}/${path}`;
const TCP = 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record';

describe('requests', () => {
  it('are answered in their order, also while one is decided', async () => {
    const { key } = edge.control.newStream();
    const gate = Promise.withResolvers<void>();
    edge.control.gate = () => gate.promise;
    const encoder = open();
    const announced = encoder.announce(address(`live/${key}`));
    encoder.write('OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n');
    await expect.poll(() => edge.control.requests.length).toBe(1);
    gate.resolve();
    expect((await announced).headers.get('cseq')).toBe('1');
    const options = await encoder.answer();
    expect([options?.status, options?.headers.get('cseq')]).toEqual([200, '2']);
    expect(options?.headers.get('public')).toContain('RECORD');
  });

  it.each<[string, string, Readonly<Record<string, string>>, number]>([
    ['SETUP before ANNOUNCE', 'SETUP', { Transport: TCP }, 455],
    ['RECORD before ANNOUNCE', 'RECORD', {}, 455],
    ['PAUSE before ANNOUNCE', 'PAUSE', {}, 455],
    ['a method that is not known', 'REDIRECT', {}, 501],
    ['an option that is not known', 'SETUP', { Require: 'implicit-play' }, 551],
    ['a session that is not known', 'TEARDOWN', { Session: 'abc' }, 454],
    ['ANNOUNCE of another kind of description', 'ANNOUNCE', { 'Content-Type': 'text/plain' }, 415],
  ])('are refused: %s', async (_, method, headers, status) => {
    const encoder = open();
    expect((await encoder.ask(method, address('live/x'), Object.entries(headers))).status).toBe(status);
    expect((await encoder.ask('OPTIONS', '*')).status).toBe(200);
  });

  it.each([
    ['no CSeq', 'OPTIONS * RTSP/1.0\r\n\r\n'],
    ['a CSeq of 2^64', 'OPTIONS * RTSP/1.0\r\nCSeq: 18446744073709551616\r\n\r\n'],
    ['a negative length', 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n'],
    ['a relative address', 'ANNOUNCE /live/x RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\n\r\n'],
    ['HTTP', 'PUT / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('with %s are bad requests', async (_, text) => {
    const encoder = open();
    encoder.write(text);
    expect((await encoder.answer())?.status).toBe(400);
  });

  it.each([
    ['nothing', '', 400],
    ['a clock rate of 0', 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/0\r\n', 400],
    ['no media', 'v=0\r\ns=x\r\n', 415],
  ])('announce nothing that can be published: %s', async (_, sdp, status) => {
    const { key } = edge.control.newStream();
    expect((await open().announce(address(`live/${key}`), sdp)).status).toBe(status);
    expect(edge.control.requests).toEqual([]);
  });

  it('are answered with challenges of SHA-256, MD5 and Basic where the address names a key, and an answer counts for its request', async () => {
    const { streamKeyId, key } = edge.control.newStream();
    const url = address(`live/${streamKeyId}`);
    const challenged = await open().announce(url);
    const offered = challenged.headers.get('www-authenticate')!;
    expect([challenged.status, offered.replaceAll(/nonce="[^"]+"/g, 'nonce')]).toEqual([
      401,
      'Digest realm="Millrace", nonce, algorithm=SHA-256, qop="auth", ' +
        'Digest realm="Millrace", nonce, algorithm=MD5, Basic realm="Millrace: the password is a stream key"',
    ]);
    expect((await open().announce(address('live'))).headers.get('www-authenticate')).toMatch(/^Basic/);
    const [, nonce = ''] = /nonce="([^"]+)"/.exec(offered)!;
    const hash = (...parts: string[]) => createHash('sha256').update(parts.join(':')).digest('hex');
    const answer = (uri: string) => {
      const response = hash(hash('anyone', 'Millrace', key), nonce, '00000001', 'c', 'auth', hash('ANNOUNCE', uri));
      return `Digest username="anyone", realm="Millrace", nonce="${nonce}", uri="${uri}", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c", response="${response}"`;
    };
    const announce = async (authorization: string) => {
      const headers = Object.entries({ 'Content-Type': 'application/sdp', Authorization: authorization });
      return (await open().ask('ANNOUNCE', url, headers, SDP)).status;
    };
    expect(await announce(answer(address('live/other')))).toBe(401);
    expect(await announce(answer(url).replace('anyone', 'other'))).toBe(403);
    expect(await announce(answer(url))).toBe(200);
  });

  it('of another connection do not reach a session, which goes on', async () => {
    const { key } = edge.control.newStream();
    const encoder = await open().record(address(`live/${key}`));
    const thief = open();
    thief.session = encoder.session;
    for (const method of ['TEARDOWN', 'PAUSE', 'RECORD', 'SETUP'])
      expect((await thief.ask(method, address(`live/${key}`))).status).toBe(454);
    expect((await encoder.ask('GET_PARAMETER', address(`live/${key}`))).status).toBe(200);
    expect(encoder.session).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ['UDP', 'RTP/AVP;unicast;client_port=5000-5001;mode=record', 461],
    ['UDP to another address', 'RTP/AVP;unicast;destination=192.0.2.1;client_port=53-54;mode=record', 461],
    ['multicast', 'RTP/AVP/TCP;multicast;interleaved=0-1', 461],
    ['encrypted RTP', 'RTP/SAVP/TCP;unicast;interleaved=0-1', 461],
    ['garbage', ';;;===,,,', 461],
    ['nothing', '', 461],
  ])('set up no transport but TCP: %s', async (_, transport, status) => {
    const { key } = edge.control.newStream();
    const encoder = open();
    await encoder.announce(address(`live/${key}`));
    expect((await encoder.setUp(address(`live/${key}/video`), transport)).status).toBe(status);
    // A client that offers UDP first falls back.
    expect((await encoder.setUp(address(`live/${key}/video`), `${transport || 'RTP/AVP'},${TCP}`)).status).toBe(200);
  });

  it('set up each media once, each on channels of its own', async () => {
    const { key } = edge.control.newStream();
    const url = address(`live/${key}`);
    const encoder = open();
    await encoder.announce(url);
    expect((await encoder.ask('RECORD', url)).status).toBe(455);
    expect((await encoder.setUp(`${url}/other`, TCP)).status).toBe(404);
    expect((await encoder.setUp(`${url}/video`, TCP)).status).toBe(200);
    expect((await encoder.setUp(`${url}/video`, TCP)).status).toBe(455);
    expect((await encoder.setUp(`${url}/audio`, TCP)).status).toBe(461);
    const chosen = await encoder.setUp(`${url}/audio`, 'RTP/AVP/TCP;unicast;mode=record');
    expect(chosen.headers.get('transport')).toBe('RTP/AVP/TCP;unicast;interleaved=2-3;mode=record');
    expect((await encoder.ask('PAUSE', url)).status).toBe(455);
    expect((await encoder.ask('RECORD', url)).status).toBe(200);
    expect((await encoder.ask('PAUSE', url)).status).toBe(200);
    expect((await encoder.ask('PAUSE', url)).status).toBe(200);
    expect((await encoder.announce(url)).status).toBe(455);
  });
});

describe('connections', () => {
  it('end when nothing is published in time, when too much is sent before, and when a publisher is silent', async () => {
    await edge.stop();
    edge = await TestEdge.start({ settings: { rtspSetupMs: 2_000, rtspIdleMs: 1_000, rtspSetupBytes: 16 * 1024 } });
    const idle = open();
    const talkative = open();
    talkative.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'.repeat(600));
    const silent = await open().record(address(`live/${edge.control.newStream().key}`));
    await Promise.all([idle.closed, talkative.closed, silent.closed]);
    for (const reason of ['setup_timeout', 'setup_bytes', 'idle_timeout'])
      await expect.poll(() => edge.metric('ingest_disconnects_total', `{reason="${reason}"}`)).toBe(1);
    await expect.poll(() => edge.control.ended).toMatchObject([{ reason: 'idle_timeout' }]);
  });

  it('end when the key is revoked, and when the edge drains', async () => {
    const stream = edge.control.newStream();
    const first = await open().record(address(`live/${stream.key}`));
    edge.ingest.cutPublisher({ ...stream, reason: 'key_revoked', beforeEpoch: undefined });
    await first.closed;
    const second = await open().record(address(`live/${edge.control.newStream().key}`));
    await edge.drain();
    await second.closed;
    expect(edge.control.ended.map(({ reason }) => reason)).toEqual(['key_revoked', 'drained']);
  });
});

describe('media', () => {
  let encoder: TestEncoder;
  let recorder: FrameRecorder;
  const isMedia = (frame: Frame) => (frame.flags & FrameFlag.configuration) === 0;
  const pictures = () => recorder.frames.filter((frame) => frame.kind === FrameKind.video && isMedia(frame));
  const tags = () => pictures().map(({ payload }) => payload.at(-1));

  async function publish(sdp = SDP): Promise<void> {
    const { key, streamId } = edge.control.newStream();
    recorder = await edge.record(streamId);
    encoder = await open().record(address(`live/${key}`), sdp);
  }

  it('goes on at the next keyframe after a loss, which is counted', async () => {
    await publish();
    const STEP = 3_000;
    const send = (picture: number, sequence: number, isIdr = false) =>
      encoder.rtp(0, sequence, picture * STEP, slice(isIdr, picture));
    send(0, 0xfffe, true);
    send(1, 0xffff);
    send(2, 0);
    send(2, 0);
    send(4, 2);
    send(5, 3);
    send(6, 4, true);
    send(7, 5);
    encoder.rtp(0, 30_000, 8 * STEP, slice(false, 8));
    encoder.rtp(0, 30_001, 9 * STEP, slice(true, 9));
    await expect.poll(tags).toEqual([0, 1, 2, 6, 7, 9]);
    expect(pictures().map(({ dts90k }) => dts90k)).toEqual([0, 1, 2, 6, 7, 9].map((picture) => picture * STEP));
    expect(await edge.metric('ingest_dropped_total', '{kind="video",reason="lost_packets"}')).toBe(2);
    expect(await edge.metric('ingest_dropped_total', '{kind="video",reason="before_keyframe"}')).toBe(1);
  });

  it('is put together from fragments, and from packets whose markers say nothing', async () => {
    await publish();
    const fragments = (sequence: number, timestamp: number, header: number, tag: number) => {
      encoder.rtp(0, sequence, timestamp, Buffer.of(0x7c, 0x80 | header, 0x88, 0x80), false);
      encoder.rtp(0, sequence + 1, timestamp, Buffer.of(0x7c, 0x40 | header, tag));
    };
    fragments(0, 0, 5, 1);
    fragments(2, 3_000, 1, 2);
    // A marker on each NAL unit.
    encoder.rtp(0, 4, 6_000, slice(true, 3));
    encoder.rtp(0, 5, 6_000, Buffer.of(0x65, 0x08, 0x88, 4));
    encoder.rtp(0, 6, 9_000, slice(true, 5));
    encoder.rtp(0, 7, 9_000, Buffer.of(0x65, 0x08, 0x88, 6));
    encoder.rtp(0, 8, 12_000, slice(false, 7));
    encoder.rtp(0, 9, 15_000, slice(false, 8));
    await expect.poll(() => tags().slice(-2)).toEqual([6, 7]);
    expect(tags().slice(0, 3)).toEqual([1, 2, 3]);
  });

  it('of two tracks is in step, as the reports of the sender say, wherever their clocks begin', async () => {
    await publish();
    const AAC = Buffer.concat([aacHeadersOf(4), Buffer.of(0x21, 0x10, 0x04, 0x60)]);
    const report = (channel: number, wallClockMs: number, rtpTimestamp: number) =>
      encoder.frame(
        channel + 1,
        encodeSenderReport({ ssrc: 7 + channel, wallClockMs, rtpTimestamp, packets: 0, octets: 0 }, 'x'),
      );
    const NOW = 1_796_000_000_000;
    report(0, NOW, 0xffff_f000);
    report(2, NOW, 1_000_000);
    // Captured 100 ms after the picture, and sent at the same time.
    encoder.rtp(0, 1, 0xffff_f000, slice(true, 1));
    encoder.rtp(2, 1, 1_000_000 + 4_800, AAC);
    encoder.rtp(2, 2, 1_000_000 + 4_800 + 1_024, AAC);
    encoder.rtp(0, 2, 0xffff_f000 + 9_000 - 2 ** 32, slice(false, 2));
    await expect.poll(() => recorder.frames.filter(isMedia).length).toBe(4);
    const timesOf = (kind: number) =>
      recorder.frames.filter((frame) => frame.kind === kind && isMedia(frame)).map(({ dts90k }) => dts90k);
    expect(timesOf(FrameKind.video)).toEqual([0, 9_000]);
    expect(timesOf(FrameKind.audio)).toEqual([9_000, 10_920]);
  });

  it('that is malformed, of another source, or on a channel that was not set up is left out', async () => {
    await publish();
    encoder.frame(9, Buffer.alloc(65_535));
    encoder.frame(0, Buffer.alloc(0));
    encoder.frame(1, Buffer.from('80c8ffff', 'hex'));
    encoder.frame(0, Buffer.from('80e00001', 'hex'));
    encoder.rtp(0, 1, 0, slice(true, 1));
    encoder.rtp(0, 2, 3_000, slice(false, 2), true, 99);
    encoder.rtp(0, 2, 3_000, Buffer.of(0x78, 0xff, 0xff, 1));
    encoder.rtp(0, 3, 6_000, slice(true, 3));
    await expect.poll(tags).toEqual([1, 3]);
    expect((await encoder.ask('GET_PARAMETER', address('live'))).status).toBe(200);
  });

  it.each([
    ['G.711', 'm=audio 0 RTP/AVP 0\r\na=control:audio\r\n', 'the audio is PCMU'],
    ['G.726', 'm=audio 0 RTP/AVP 97\r\na=rtpmap:97 G726-32/8000\r\na=control:audio\r\n', 'the audio is G726-32'],
    ['JPEG', 'm=video 0 RTP/AVP 26\r\na=control:video\r\n', 'the video is JPEG'],
    [
      'two of them',
      'm=video 0 RTP/AVP 26\r\nm=audio 0 RTP/AVP 8\r\na=control:audio\r\n',
      'the video is JPEG, the audio is PCMA',
    ],
  ])('of codecs that are not carried is refused by name where there is nothing else: %s', async (_, media, named) => {
    const { key } = edge.control.newStream();
    encoder = open();
    const answer = await encoder.announce(address(`live/${key}`), `v=0\r\n${media}`);
    expect([answer.status, answer.reason]).toEqual([
      415,
      `unsupported codec: send H.264 or H.265 video with AAC or Opus audio (${named})`,
    ]);
    await encoder.closed;
    await expect
      .poll(() => edge.control.ended)
      .toMatchObject([{ reason: 'unsupported_codec', detail: expect.stringContaining(named) as string }]);
    expect(edge.control.warned.map(({ warning }) => warning.code)).toContain(
      media.startsWith('m=audio') ? 'unsupported_audio' : 'unsupported_video',
    );
  });

  it.each(['m=audio 0 RTP/AVP 0', 'm=audio 0 RTP/AVP 98\r\na=rtpmap:98 G726-32/8000'])(
    'goes on as video alone beside sound that is not carried, which is named in a warning: %s',
    async (audio) => {
      await publish(`${SDP.slice(0, SDP.indexOf('m=audio'))}${audio}\r\na=control:audio\r\n`);
      const header = Buffer.from([0x80, audio.endsWith('0') ? (audio.includes('98') ? 98 : 0) : 0, 0, 1]);
      for (let picture = 0; picture < 5; picture++) {
        encoder.rtp(0, picture, picture * 3_000, slice(picture === 0, picture));
        encoder.frame(2, Buffer.concat([header, Buffer.alloc(8 + 160)]));
      }
      await expect.poll(tags).toEqual([0, 1, 2, 3, 4]);
      await expect.poll(() => edge.control.warned.length).toBe(1);
      expect(edge.control.warned).toMatchObject([{ warning: { code: 'unsupported_audio', track: 'audio' } }]);
      expect(edge.control.warned[0]?.warning.message).toContain(audio.includes('98') ? 'G726-32' : 'PCMU');
      expect((await encoder.ask('GET_PARAMETER', address('live'))).status).toBe(200);
    },
  );
});

describe('a backup encoder', () => {
  it('waits where its address says so, and publishes from its next keyframe on when no other one does', async () => {
    await edge.stop();
    edge = await TestEdge.start({ settings: { backupAfterMs: 500 } });
    const stream = edge.control.newStream();
    const recorder: FrameRecorder = await edge.record(stream.streamId);
    const encoder = await open().record(address(`live/${stream.key}?backup=1`));
    expect(edge.control.requests.at(-1)).toMatchObject({ role: 'backup', mayWait: true });
    expect(edge.control.standbys).toMatchObject([{ change: 'waiting', protocol: 'rtsp', claim: { role: 'backup' } }]);
    let sent = 0;
    const beat = setInterval(() => {
      encoder.rtp(0, sent, sent * 1_800, slice(sent % 10 === 0, sent & 0xff));
      sent++;
    }, 20);
    try {
      await recorder.until(() => recorder.frames.filter(({ kind }) => kind === FrameKind.video).length > 12);
    } finally {
      clearInterval(beat);
    }
    const pictures = recorder.frames.filter(({ kind }) => kind === FrameKind.video);
    expect(pictures.slice(0, 3).map(({ flags }) => flags)).toEqual([FrameFlag.configuration, FrameFlag.keyframe, 0]);
    expect(pictures[1]!.payload.at(-1)! % 10).toBe(0);
    expect(edge.control.standbys.map(({ change }) => change)).toEqual(['waiting', 'promoted']);
  });
});
