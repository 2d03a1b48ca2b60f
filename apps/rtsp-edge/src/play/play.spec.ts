// Players of an edge, over real connections: what they are described, sent, told and refused.
import { createHash } from 'node:crypto';
import type { TestPlayback, TestStream } from '@millrace/ingest/testing';
import { aacHeadersOf, encodeSenderReport } from '@millrace/protocol/rtp';
import { newCertificate } from '@millrace/service-kit/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { TestEdge } from '../testing/test-edge.ts';
import { PPS, slice, SPS, TestEncoder } from '../testing/test-encoder.ts';
import { TestPlayer } from '../testing/test-player.ts';

let edge: TestEdge;
let stream: TestStream;
let playback: TestPlayback;
const clients: (TestEncoder | TestPlayer)[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await edge.stop();
});

async function start(settings: Parameters<typeof TestEdge.start>[0] = {}, of = {}, token?: string): Promise<void> {
  edge = await TestEdge.start({ ...settings, settings: { rtspPlayMergeMs: 0, ...settings.settings } });
  stream = edge.control.newStream(of);
  playback = edge.control.newPlayback(stream, token);
}

const base = () => `rtsp://127.0.0.1:${edge.ports.rtsp}`;
const address = (query = '') => `${base()}/play/${playback.playbackId}${query}`;

function player(localAddress?: string): TestPlayer {
  const client = new TestPlayer(edge.ports.rtsp, false, localAddress);
  clients.push(client);
  return client;
}

const AAC = Buffer.concat([aacHeadersOf(4), Buffer.of(0x21, 0x10, 0x04, 0x60)]);
const STEP = 3_600;
const NOW = 1_796_000_000_000;
const MIB = 1024 * 1024;
const IDLE = 200;
/** Connecting so many takes its time on a busy machine. */
const LONG_MS = 60_000;
/** Large enough to fill what the system keeps of a connection, and the longest that one frame of the connection holds. */
const LARGE_BYTES = 60 * 1024;

/** An encoder with one group of pictures after the other. */
class Publisher {
  readonly encoder = new TestEncoder(edge.ports.rtsp);
  #sequence = 1;
  #time = 0;
  #sounds = 1;

  async begin(): Promise<this> {
    clients.push(this.encoder);
    await this.encoder.record(`${base()}/live/${stream.key}`);
    // What is at 0 on both clocks was captured at one time.
    for (const channel of [0, 2])
      this.encoder.frame(
        channel + 1,
        encodeSenderReport({ ssrc: 7 + channel, wallClockMs: NOW, rtpTimestamp: 0, packets: 0, octets: 0 }, 'x'),
      );
    // Both tracks are there from now on.
    this.key(200);
    this.sound();
    this.picture(201);
    return this;
  }

  key(tag: number): void {
    this.#send(tag, true);
  }

  /** A picture of so many bytes, of which the last one tells it apart. */
  large(tag: number, isKey: boolean): void {
    this.encoder.rtp(0, this.#sequence++, this.#time, Buffer.concat([slice(isKey, 0), Buffer.alloc(LARGE_BYTES, tag)]));
    this.#time += STEP;
  }

  /** A keyframe with a parameter set of its own. */
  keyWith(parameterSet: Buffer, tag: number): void {
    this.encoder.rtp(0, this.#sequence++, this.#time, parameterSet, false);
    this.key(tag);
  }

  picture(tag: number): void {
    this.#send(tag, false);
  }

  sound(): void {
    this.encoder.rtp(2, this.#sounds++, Math.round((this.#time * 48_000) / 90_000), AAC);
  }

  #send(tag: number, isKey: boolean): void {
    this.encoder.rtp(0, this.#sequence++, this.#time, slice(isKey, tag));
    this.#time += STEP;
  }
}

const until = (client: TestPlayer, tag: number) => expect.poll(() => client.tags.includes(tag)).toBe(true);

describe('a player', () => {
  it('is described all that it needs, and begins with the newest keyframe, with times and reports that agree', async () => {
    await start();
    const publisher = await new Publisher().begin();
    publisher.key(1);
    publisher.picture(2);
    publisher.sound();
    const first = player();
    const described = await first.describe(address('?token=unused'));
    expect(described.headers.get('content-base')).toBe(`${address()}/`);
    expect(described.headers.has('session')).toBe(false);
    expect(described.body.toString().split('\r\n').slice(5)).toEqual([
      'a=control:*',
      'a=range:npt=now-',
      'm=video 0 RTP/AVP 96',
      'a=rtpmap:96 H264/90000',
      `a=fmtp:96 packetization-mode=1; sprop-parameter-sets=${SPS.toString('base64')},${PPS.toString('base64')}; profile-level-id=42C01E`,
      'a=control:trackID=0',
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:97 MPEG4-GENERIC/48000/2',
      'a=fmtp:97 streamtype=5; profile-level-id=1; mode=AAC-hbr; sizelength=13; indexlength=3; indexdeltalength=3; config=1190',
      'a=control:trackID=1',
      '',
    ]);
    await first.play(address());
    publisher.sound();
    publisher.picture(3);
    await until(first, 3);
    const second = await player().play(address());
    publisher.sound();
    publisher.picture(4);
    await until(second, 4);
    expect(second.tags).toEqual([1, 2, 3, 4]);
    const [video, audio] = [second.packets(0), second.packets(2)];
    expect(second.info).toBe(
      `url=${address()}/trackID=0;seq=${video[0]!.sequence};rtptime=${video[0]!.timestamp},` +
        `url=${address()}/trackID=1;seq=${audio[0]!.sequence};rtptime=${timeAt(second, 3, video[0]!.timestamp)}`,
    );
    expect(video.map(({ timestamp }) => timestamp - video[0]!.timestamp)).toEqual([0, STEP, 2 * STEP, 3 * STEP]);
    expect(video.every(({ marker, payloadType }) => marker && payloadType === 96)).toBe(true);
    expect(audio.every(({ payload }) => payload.equals(AAC))).toBe(true);
    // The first sound was captured with the third picture.
    expect(audio[0]!.timestamp).toBe(timeAt(second, 3, video[2]!.timestamp));
    expect(await edge.metric('playback_viewers', '{protocol="rtsp"}')).toBe(2);
    expect(await edge.metric('ingest_connections', '{protocol="rtsp",state="playing"}')).toBe(2);
    expect(await edge.metric('playout_streams')).toBe(1);
    expect((await second.ask('GET_PARAMETER', address())).status).toBe(200);
    expect((await second.ask('TEARDOWN', address())).status).toBe(200);
    await second.closed;
    await expect.poll(() => edge.metric('playback_viewers', '{protocol="rtsp"}')).toBe(1);
    expect(edge.usage.collect().find(({ kind }) => kind === 'egress_bytes')).toMatchObject({
      streamId: stream.streamId,
      protocol: 'rtsp',
    });
  });

  it('may set up one track alone, on channels of its choice, and begin without a description', async () => {
    await start();
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const client = player();
    const chosen = await client.setUp(`${address()}/trackID=1`, 'RTP/AVP/TCP;unicast;interleaved=8-9');
    expect(chosen.headers.get('transport')).toBe('RTP/AVP/TCP;unicast;interleaved=8-9');
    publisher.sound();
    expect((await client.ask('PLAY', address())).status).toBe(200);
    publisher.picture(2);
    publisher.sound();
    await expect.poll(() => client.packets(8).length).toBeGreaterThan(1);
    expect(new Set(client.frames.map(({ channel }) => channel))).toEqual(new Set([8, 9]));
  });

  it('pauses, and goes on where it was', async () => {
    await start({ settings: { rtspPlayPauseMs: 1_000 } });
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const [client, other] = [await player().play(address()), await player().play(address())];
    await until(client, 1);
    for (let i = 0; i < 2; i++) expect((await client.ask('PAUSE', address())).status).toBe(200);
    publisher.picture(2);
    await until(other, 2);
    expect(client.tags).toEqual([1]);
    const played = await client.ask('PLAY', address());
    await until(client, 2);
    expect(played.headers.get('rtp-info')).toContain(`trackID=0;seq=${client.packets(0)[1]!.sequence};`);
    expect((await client.ask('PLAY', address())).status).toBe(200);
    publisher.picture(3);
    await until(client, 3);
    expect(client.tags).toEqual([1, 2, 3]);
    await client.ask('PAUSE', address());
    await client.closed;
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="paused_too_long"}')).toBe(1);
  });

  it('goes on without a step back when the encoder returns, and with its new parameter sets', async () => {
    await start({}, { reconnectWindowMs: 60_000 });
    const first = await new Publisher().begin();
    first.key(1);
    const client = await player().play(address());
    await until(client, 1);
    first.encoder.destroy();
    await expect
      .poll(async () => (await edge.liveStore.readLiveStream(stream.streamId))?.disconnectedAtMs)
      .toBeDefined();
    const otherSps = Buffer.from(SPS);
    otherSps[3] = 0x1f;
    const second = await new Publisher().begin();
    second.keyWith(otherSps, 3);
    second.picture(4);
    await until(client, 4);
    const times = client.packets(0).map(({ timestamp }) => (timestamp - client.packets(0)[0]!.timestamp) >>> 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const at = client.packets(0).findIndex(({ payload }) => payload.equals(otherSps));
    expect(client.packets(0)[at + 1]!.payload).toEqual(PPS);
    expect(client.packets(0)[at]!.timestamp).toBe(client.packets(0)[at + 2]!.timestamp);
  });

  it('waits for a stream that has not begun, and is told when it does not begin', async () => {
    await start({ settings: { rtspPlayWaitMs: 200, rtspSetupMs: 100 } });
    expect(await player().describe(address())).toMatchObject({ status: 404, reason: 'This stream is not live now.' });
    await edge.stop();
    await start();
    const waiting = player().play(address());
    const publisher = await new Publisher().begin();
    publisher.key(1);
    await until(await waiting, 1);
    expect(await edge.metric('playout_refused_total', '{protocol="rtsp",reason="stream_offline"}')).toBe(0);
  });

  it('is refused with the reason, and ended within seconds when it may not watch any more', async () => {
    const { certFile: rtspTlsCertFile, keyFile: rtspTlsKeyFile } = await newCertificate();
    await start({ settings: { rtspTlsCertFile, rtspTlsKeyFile } }, {}, 'secret');
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const basic = `Basic ${Buffer.from(`${playback.playbackId}:secret`).toString('base64')}`;
    const refused = async (url: string, ...headers: [string, string][]) => {
      const { status, reason } = await player().describe(url, headers);
      return [status, reason];
    };
    expect(await refused(`${base()}/play/camera`)).toEqual([
      404,
      'What follows /play/ is not a playback id (pbk_...): rtsp://HOST/play/PLAYBACK_ID',
    ]);
    expect((await refused(`${base()}/play`))[1]).toBe('The address has no playback id: rtsp://HOST/play/PLAYBACK_ID');
    expect((await refused(`${base()}/live/${stream.key}`))[0]).toBe(404);
    expect(await refused(address())).toEqual([401, 'This playback id is signed. (append ?token=)']);
    expect(await refused(address(), ['Authorization', basic])).toEqual([
      401,
      'This playback id is signed. (a token as password needs RTSPS; append ?token= instead)',
    ]);
    expect(await refused(address('?token=wrong'))).toEqual([403, 'This playback id is signed.']);
    expect((await player().ask('DESCRIBE', address('?token=secret'), [['Accept', 'text/plain']])).status).toBe(406);
    const secure = new TestPlayer(edge.ports.rtsps!, true);
    clients.push(secure);
    const challenged = await secure.describe(address());
    expect([challenged.status, challenged.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(
        /^Digest .*algorithm=MD5, Basic realm="Millrace: the password is a playback token"$/,
      ) as string,
    ]);
    await secure.play(address(), [['Authorization', basic]]);
    await until(secure, 1);
    const client = await player().play(address('?token=secret'));
    playback.refusal = 'viewer_session_revoked';
    await Promise.all([client.closed, secure.closed]);
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="taken_down"}')).toBe(2);
    expect(await edge.metric('playout_refused_total', '{protocol="rtsp",reason="not_allowed"}')).toBe(3);
    expect(edge.logs.join('')).not.toContain('secret');
  });

  it('is watched with a digest of a short token, by SHA-256 or MD5, and never asked for it in the clear', async () => {
    await start({}, {}, 'secret');
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const digestOf = (algorithm: 'SHA-256' | 'MD5', nonce: string, password: string, uri = address()): string => {
      const hash = (...parts: string[]) =>
        createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
          .update(parts.join(':'))
          .digest('hex');
      const response = hash(hash('name', 'Millrace', password), nonce, hash('DESCRIBE', uri));
      return `Digest username="name", realm="Millrace", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, response="${response}"`;
    };
    const challenge = async (client: TestPlayer): Promise<string> => {
      const answer = await client.describe(address());
      const offered = answer.headers.get('www-authenticate') ?? '';
      expect([answer.status, offered.replaceAll(/nonce="[^"]+"/g, 'nonce')]).toEqual([
        401,
        'Digest realm="Millrace", nonce, algorithm=SHA-256, qop="auth", Digest realm="Millrace", nonce, algorithm=MD5',
      ]);
      return /nonce="([^"]+)"/.exec(offered)![1]!;
    };
    for (const algorithm of ['SHA-256', 'MD5'] as const) {
      const client = player();
      await client.play(address(), [['Authorization', digestOf(algorithm, await challenge(client), 'secret')]]);
      await until(client, 1);
    }
    const wrong = player();
    const tried = async (password: string, uri?: string) =>
      (await wrong.describe(address(), [['Authorization', digestOf('MD5', await challenge(wrong), password, uri)]]))
        .status;
    expect(await tried('guess')).toBe(401);
    expect(await tried('secret', `${base()}/play/other`)).toBe(401);
    expect(edge.logs.join('')).not.toContain('secret');
  });

  it('takes no place from publishers, no more than its share, and leaves when the edge does', async () => {
    await start({ settings: { rtspMaxPlayersPerAddress: 1 } });
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const client = await player().play(address());
    const { status, reason } = await player().describe(address());
    expect([status, reason]).toEqual([453, expect.stringMatching(/limit of players/)]);
    client.destroy();
    // The encoder alone is left.
    await expect.poll(() => edge.edge.clients).toBe(1);
    const next = await player().play(address());
    void edge.drain();
    await next.closed;
    expect(next.reports(1).at(-1)?.type).toBe(203);
  });

  it('misses no frame beside many that read nothing, who cost no more than their share', async () => {
    const rtspPlayQueuesBytes = 16 * MIB;
    const patient = { rtspSetupMs: LONG_MS, playoutStartMs: LONG_MS, playoutUnreadMs: LONG_MS };
    const places = { rtspMaxPlayersPerAddress: IDLE, rtspMaxConnectionsPerAddress: 2 * IDLE };
    await start({ settings: { ...patient, ...places, rtspPlayQueuesBytes } });
    const publisher = await new Publisher().begin();
    publisher.key(1);
    // Limits are shared by address: those that read nothing have their own.
    const idle = Array.from({ length: IDLE }, () => player('127.0.0.2'));
    for (const client of idle) {
      await client.play(address());
      client.pause();
    }
    const good = Array.from({ length: 20 }, () => player());
    for (const client of good) await client.play(address());
    const ends = (client: TestPlayer): (number | undefined)[] =>
      client.packets(0).flatMap(({ marker, payload }) => (marker && payload.at(-1)! >= 100 ? [payload.at(-1)] : []));
    const tags = Array.from({ length: 80 }, (_, i) => 100 + i);
    for (const [i, tag] of tags.entries()) {
      publisher.large(tag, i % 20 === 19);
      const one = good[i % good.length]!;
      await expect.poll(() => ends(one).at(-1), { timeout: LONG_MS }).toBe(tag);
    }
    for (const client of good) await expect.poll(() => ends(client), { timeout: LONG_MS }).toEqual(tags);
    // A quarter for one address.
    expect(await edge.metric('playout_queued_bytes')).toBeLessThanOrEqual(rtspPlayQueuesBytes / 4);
    expect(await edge.metric('playout_skips_total', '{protocol="rtsp"}')).toBeGreaterThan(0);
    expect(good.filter(({ isClosed }) => isClosed)).toEqual([]);
  });

  it.each([
    ['UDP', 'RTP/AVP;unicast;client_port=5000-5001'],
    ['UDP to another address', 'RTP/AVP;unicast;destination=192.0.2.1;client_port=53-54'],
    ['multicast', 'RTP/AVP;multicast'],
    ["an encoder's transport", 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record'],
    ['garbage', ';;;===,,,'],
  ])('is set up no transport that is not offered: %s', async (_, transport) => {
    await start();
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const client = player();
    expect((await client.describe(address())).status).toBe(200);
    expect((await client.setUp(`${address()}/trackID=0`, transport)).status).toBe(461);
    expect((await client.setUp(`${address()}/trackID=0`, `${transport},RTP/AVP/TCP;unicast`)).status).toBe(200);
  });

  it('is answered requests that do not belong here, in any order, and costs others nothing', async () => {
    await start();
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const [client, thief] = [player(), player()];
    for (const method of ['PLAY', 'PAUSE', 'RECORD']) expect((await client.ask(method, address())).status).toBe(455);
    await client.describe(address());
    for (const method of ['PLAY', 'PAUSE', 'RECORD']) expect((await client.ask(method, address())).status).toBe(455);
    expect((await client.ask('ANNOUNCE', `${base()}/live/${stream.key}`)).status).toBe(455);
    expect((await client.setUp(`${address()}/trackID=7`, 'RTP/AVP/TCP')).status).toBe(404);
    await client.setUp(`${address()}/trackID=0`, 'RTP/AVP/TCP;interleaved=0-1');
    expect((await client.setUp(`${address()}/trackID=0`, 'RTP/AVP/TCP')).status).toBe(455);
    expect((await client.setUp(`${address()}/trackID=1`, 'RTP/AVP/TCP;interleaved=1-2')).status).toBe(461);
    thief.session = client.session;
    for (const method of ['PLAY', 'PAUSE', 'SETUP', 'TEARDOWN'])
      expect((await thief.ask(method, address())).status).toBe(454);
    client.frame(9, Buffer.alloc(65_535));
    client.frame(0, Buffer.alloc(0));
    expect((await client.ask('PLAY', address())).status).toBe(200);
    expect((await client.setUp(`${address()}/trackID=1`, 'RTP/AVP/TCP')).status).toBe(455);
    await until(client, 1);
  });
});

/** The time on the clock of the track with this RTCP channel, when the video's clock shows `videoTime`: by the first reports. */
function timeAt(client: TestPlayer, channel: number, videoTime: number): number {
  const [video, audio] = [client.reports(1)[0], client.reports(channel)[0]];
  if (video?.type !== 200 || audio?.type !== 200) throw new Error('no report');
  const wallClockMs = video.wallClockMs + ((videoTime - video.rtpTimestamp) | 0) / 90;
  return Math.round(audio.rtpTimestamp + (wallClockMs - audio.wallClockMs) * 48) % 2 ** 32;
}
