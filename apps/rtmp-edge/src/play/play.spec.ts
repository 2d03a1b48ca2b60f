// Players of an edge, over real connections: what they are sent, told and refused.
import { spawn } from 'node:child_process';
import { tagsOf } from '@millrace/ingest/testing';
import type { TestPlayback, TestStream } from '@millrace/ingest/testing';
import { CapsEx } from '@millrace/protocol/rtmp';
import { afterEach, describe, expect, it } from 'vitest';
import {
  aacMessage,
  audioConfig,
  CLIP,
  H264_CONFIG,
  interframe,
  keyframe,
  slice,
  videoConfig,
  videoMessage,
} from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const MIB = 1024 * 1024;
/** Spread over one group of pictures. */
const JOINS = 30;
const IDLE = 200;
/** Connecting so many takes its time on a busy machine. */
const LONG_MS = 60_000;
const PICTURE_BYTES = 64 * 1024;

/** A picture that is large enough to fill what the system keeps of a connection. */
function large(tag: number, isKey: boolean): Buffer {
  const unit = Buffer.alloc(4 + PICTURE_BYTES, tag);
  unit.writeUInt32BE(PICTURE_BYTES);
  slice(isKey, tag).copy(unit, 4, 4);
  return videoMessage(unit, isKey ? 1 : 2);
}

let edge: TestEdge;
let stream: TestStream;
let playback: TestPlayback;
const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await edge.stop();
});

async function start(settings: Parameters<typeof TestEdge.start>[0] = {}, of = {}, token?: string): Promise<void> {
  edge = await TestEdge.start({ ...settings, settings: { playMergeMs: 0, ...settings.settings } });
  stream = edge.control.newStream(of);
  playback = edge.control.newPlayback(stream, token);
}

function connect(options: Partial<ConstructorParameters<typeof TestClient>[0]>): TestClient {
  const client = new TestClient({ port: edge.ports.rtmp, streamName: stream.key, ...options });
  clients.push(client);
  return client;
}
const play = (options: Partial<ConstructorParameters<typeof TestClient>[0]> = {}): TestClient =>
  connect({ mode: 'play', app: 'play', streamName: playback.playbackId, ...options });

/** A publisher with one group of pictures after the other. */
class Publisher {
  readonly client = connect({});
  #timestamp = 0;

  async begin(): Promise<this> {
    await this.client.untilReady();
    this.client.session.sendVideo(0, videoConfig());
    this.client.session.sendAudio(0, audioConfig());
    // Both tracks are there, and pictures are known to come one in a message: what follows is passed on at once.
    this.key(900);
    this.sound(901);
    this.picture(902);
    this.sound(903);
    return this;
  }

  /** @returns the message that it sent */
  key(tag: number): Buffer {
    return this.send(keyframe(tag));
  }

  picture(tag: number): Buffer {
    return this.send(interframe(tag));
  }

  sound(tag: number): Buffer {
    const body = aacMessage(tag);
    this.client.session.sendAudio(this.#timestamp, body);
    return body;
  }

  send(body: Buffer): Buffer {
    this.client.session.sendVideo(this.#timestamp, body);
    this.#timestamp += 40;
    return body;
  }
}

const hex = (bodies: readonly Buffer[]): string[] => bodies.map((body) => body.toString('hex'));
const sent = (client: TestClient): string[] => hex(client.media.map(({ body }) => body));
const has =
  (client: TestClient, body: Buffer): (() => boolean) =>
  () =>
    client.media.some((m) => m.body.equals(body));
const codes = (client: TestClient): string[] => client.statuses.map(({ code }) => code);

describe('a player', () => {
  it('begins with the newest keyframe and what decoders need before it, and is sent all that follows', async () => {
    await start();
    const publisher = await new Publisher().begin();
    publisher.key(1);
    publisher.sound(1);
    const first = play();
    const begin = publisher.key(2);
    await first.until(has(first, begin));
    const second = play();
    await second.until(has(second, begin));
    const next = publisher.picture(3);
    for (const client of [first, second]) await client.until(has(client, next));
    expect(codes(second)).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start']);
    expect(second.data.map(({ name }) => name)).toEqual(['|RtmpSampleAccess', 'onStatus', 'onMetaData']);
    expect(second.data[2]!.values).toMatchObject([
      { videocodecid: 7, audiocodecid: 10, width: 960, height: 540, stereo: true },
    ]);
    expect(sent(second)).toEqual(hex([videoConfig(), audioConfig(), begin, next]));
    const times = second.media.map(({ timestamp }) => timestamp);
    expect(times[3]! - times[2]!).toBe(40);
    expect(await edge.metric('playback_viewers', '{protocol="rtmp"}')).toBe(2);
    expect(await edge.metric('ingest_connections', '{protocol="rtmp",state="playing"}')).toBe(2);
    expect(await edge.metric('playout_streams')).toBe(1);
    second.socket.end();
    await expect.poll(() => edge.metric('playback_viewers', '{protocol="rtmp"}')).toBe(1);
    const egress = edge.usage.collect().find(({ kind }) => kind === 'egress_bytes');
    expect(egress).toMatchObject({ streamId: stream.streamId, protocol: 'rtmp' });
    expect(await edge.metric('playout_bytes_total', '{protocol="rtmp"}')).toBeGreaterThan(H264_CONFIG.length);
  });

  it('is sent the same, in fewer writes, where writes are merged', async () => {
    await start({ settings: { playMergeMs: 20 } });
    const publisher = await new Publisher().begin();
    const begin = publisher.key(1);
    const player = play();
    await player.until(has(player, begin));
    const late = play();
    const rest = [publisher.picture(2), publisher.sound(3), publisher.key(4), publisher.picture(5)];
    for (const client of [player, late]) await client.until(has(client, rest[3]!));
    const withConfiguration = [...rest.slice(0, 2), videoConfig(), audioConfig(), ...rest.slice(2)];
    expect(sent(player).slice(3)).toEqual(hex(withConfiguration));
    expect(sent(late).slice(-4)).toEqual(hex(withConfiguration).slice(-4));
    expect(new Set(sent(late).filter((body) => body !== sent(late)[0] && body !== sent(late)[1])).size).toBe(
      sent(late).filter((body) => body !== sent(late)[0] && body !== sent(late)[1]).length,
    );
  });

  it('is told when the encoder drops, goes on without a step back when it returns, and is told of the end', async () => {
    await start({}, { reconnectWindowMs: 60_000 });
    const first = await new Publisher().begin();
    const begin = first.key(1);
    first.picture(2);
    const player = play();
    await player.until(has(player, begin));
    first.client.socket.destroy();
    await expect
      .poll(async () => (await edge.liveStore.readLiveStream(stream.streamId))?.disconnectedAtMs)
      .toBeDefined();
    const second = await new Publisher().begin();
    const back = second.key(3);
    await player.until(has(player, back));
    const times = player.media.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(codes(player)).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start']);
    second.client.session.unpublish();
    second.client.socket.end();
    const { sessionId } = (await edge.liveStore.readLiveStream(stream.streamId))!.claim;
    await expect.poll(() => edge.liveStore.endSession(stream.streamId, sessionId)).toBe(true);
    await player.untilClosed();
    expect(codes(player).slice(2)).toEqual(['NetStream.Play.UnpublishNotify', 'NetStream.Play.Stop']);
  });

  it('is told nothing when another encoder takes the key over: it goes on without a step back', async () => {
    await start({}, { secondPublisher: 'takeover', reconnectWindowMs: 60_000 });
    const first = await new Publisher().begin();
    const begin = first.key(1);
    first.picture(2);
    const player = play();
    await player.until(has(player, begin));
    const second = await new Publisher().begin();
    await first.client.untilClosed();
    const next = second.key(3);
    await player.until(has(player, next));
    const times = player.media.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(codes(player)).toEqual(['NetStream.Play.Reset', 'NetStream.Play.Start']);
    expect(player.closed).toBe(false);
  });

  it('pauses, leaves sound or pictures out, and comes back where a decoder can begin', async () => {
    await start();
    const publisher = await new Publisher().begin();
    const player = play();
    const begin = publisher.key(1);
    await player.until(has(player, begin));
    const ask = (name: string, ...args: (boolean | number)[]) =>
      player.session.sendCommand(name, null, args, player.session.messageStreamId);
    const told = (code: string) => player.until(() => codes(player).at(-1) === code);
    ask('pause', true, 0);
    await told('NetStream.Pause.Notify');
    const missed = publisher.picture(2);
    const other = play();
    await other.until(has(other, missed));
    expect(has(player, missed)()).toBe(false);
    ask('pause', false, 0);
    await player.until(has(player, missed));
    ask('receiveVideo', false);
    ask('receiveVideo', true);
    await told('NetStream.Play.Start');
    const [skipped, sound, next] = [publisher.picture(3), publisher.sound(4), publisher.key(5)];
    await player.until(has(player, next));
    expect(has(player, skipped)()).toBe(false);
    expect(has(player, sound)()).toBe(true);
    ask('closeStream');
    await expect.poll(() => edge.metric('playback_viewers', '{protocol="rtmp"}')).toBe(1);
    expect(player.closed).toBe(false);
  });

  it('waits for a stream that has not begun, and is told when it does not begin', async () => {
    await start({ settings: { playWaitMs: 300 } });
    const early = await play().untilClosed();
    expect(early.status).toMatchObject({ code: 'NetStream.Play.StreamNotFound', level: 'error' });
    await edge.stop();
    await start();
    const waiting = play();
    const publisher = await new Publisher().begin();
    const begin = publisher.key(1);
    await waiting.until(has(waiting, begin));
    expect(await edge.metric('playout_refused_total', '{protocol="rtmp",reason="stream_offline"}')).toBe(0);
  });

  it('is refused with the reason, and ended within seconds when it may not watch any more', async () => {
    await start({}, {}, 'secret');
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const refused = async (streamName: string): Promise<string[]> => {
      const { status } = await play({ streamName }).untilClosed();
      return [status!.code, status!.description];
    };
    expect(await refused('camera')).toEqual([
      'NetStream.Play.StreamNotFound',
      'The stream name is not a playback id (pbk_...): rtmp://HOST/play/PLAYBACK_ID',
    ]);
    expect((await refused(''))[1]).toBe('The address has no playback id: rtmp://HOST/play/PLAYBACK_ID');
    expect(await refused(playback.playbackId)).toEqual(['NetStream.Play.Failed', 'This playback id is signed.']);
    const player = play({ streamName: `${playback.playbackId}?token=secret` });
    await player.untilReady();
    playback.refusal = 'viewer_session_revoked';
    await player.untilClosed();
    expect(player.status).toMatchObject({ code: 'NetStream.Play.Failed', level: 'error' });
    expect(await edge.metric('playout_refused_total', '{protocol="rtmp",reason="not_allowed"}')).toBe(1);
    expect(edge.logs.join('')).not.toContain('secret');
  });

  it('takes no place from publishers, and no more than its share', async () => {
    await start({ settings: { maxPlayersPerAddress: 1, maxPlayers: 1 } });
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const player = play();
    await player.untilReady();
    const second = await play().untilClosed();
    expect(second.status?.description).toMatch(/limit of players/);
    const other = edge.control.newStream();
    await connect({ streamName: other.key }).untilReady();
    player.socket.end();
    await expect.poll(() => edge.edge.clients).toBe(2);
    await play().untilReady();
  });

  it('that joins anywhere in a group of pictures is sent its keyframe at once, and all of it', async () => {
    await start();
    const publisher = await new Publisher().begin();
    const group = [publisher.key(1)];
    for (let join = 0; join < JOINS; join++) {
      group.push(publisher.picture(join + 2));
      const player = play();
      // Nothing more is published meanwhile: what it has comes from the group that is kept.
      await player.until(has(player, group.at(-1)!));
      expect(sent(player).slice(2)).toEqual(hex(group));
      player.socket.destroy();
    }
  });

  it('misses no frame beside many that read nothing, who cost no more than their share', async () => {
    const playQueuesBytes = 16 * MIB;
    const patient = { handshakeMs: LONG_MS, setupMs: LONG_MS, playoutStartMs: LONG_MS, playoutUnreadMs: LONG_MS };
    const places = { maxPlayersPerAddress: IDLE, maxConnectionsPerAddress: 2 * IDLE };
    await start({ settings: { ...patient, ...places, playQueuesBytes } });
    const publisher = await new Publisher().begin();
    const begin = publisher.key(1);
    // Limits are shared by address: those that read nothing have their own.
    const idle = Array.from({ length: IDLE }, () => play({ localAddress: '127.0.0.2' }));
    for (const client of idle) {
      await client.until(has(client, begin));
      client.socket.pause();
    }
    const good = Array.from({ length: 20 }, () => play());
    for (const client of good) await client.until(has(client, begin));
    const pictures: Buffer[] = [];
    for (let i = 0; i < 80; i++) {
      const body = large(i + 2, i % 20 === 19);
      pictures.push(publisher.send(body));
      await good[i % good.length]!.until(has(good[i % good.length]!, body));
    }
    for (const client of good) {
      await client.until(has(client, pictures.at(-1)!));
      const got = client.media
        .filter(({ type, body }) => type === 9 && body.length > PICTURE_BYTES)
        .map(({ body }) => body);
      expect(got.length).toBe(pictures.length);
      expect(got.every((body, i) => body.equals(pictures[i]!))).toBe(true);
    }
    // A quarter for one address.
    expect(await edge.metric('playout_queued_bytes')).toBeLessThanOrEqual(playQueuesBytes / 4);
    expect(await edge.metric('playout_skips_total', '{protocol="rtmp"}')).toBeGreaterThan(0);
    expect(good.filter(({ closed }) => closed)).toEqual([]);
  });

  it('leaves when the edge does: asked to connect elsewhere where it can be, told so otherwise', async () => {
    await start({ settings: { drainMs: 60_000 } });
    const publisher = await new Publisher().begin();
    publisher.key(1);
    const [old, able] = [play(), play({ capabilities: { capsEx: CapsEx.reconnect } })];
    await Promise.all([old.untilReady(), able.untilReady()]);
    const drained = edge.drain();
    await old.untilClosed();
    expect(codes(old).at(-1)).toBe('NetStream.Play.Stop');
    await able.until(() => able.reconnectRequests.length > 0);
    expect(able.closed).toBe(false);
    publisher.client.session.unpublish();
    publisher.client.socket.end();
    await drained;
    await able.untilClosed();
  });

  it('of Flash is not sent what only Enhanced RTMP has, and is told why', async () => {
    await start({ settings: { onlyUnsupportedMs: 200, trackWaitMs: 0 } });
    const [config, ...frames] = tagsOf(new URL('../../../../media/bbb-h265-aac-enhanced.flv', import.meta.url).pathname)
      .filter(({ type }) => type === 9)
      .slice(0, 20)
      .map(({ body }) => body);
    const client = await connect({}).untilReady();
    client.session.sendVideo(0, config!);
    frames.forEach((body, i) => client.session.sendVideo(i * 40, body));
    const able = play({ capabilities: { fourCcList: ['hvc1'] } });
    await able.until(() => able.media.length > 2);
    expect(able.data.at(-1)!.values).toMatchObject([{ videocodecid: 0x68766331 }]);
    const old = await play().untilClosed();
    expect(old.status).toEqual({
      level: 'error',
      code: 'NetStream.Play.Failed',
      description: 'This stream is hvc1 only, which this player does not list in fourCcList (Enhanced RTMP).',
    });
    client.session.sendAudio(800, audioConfig());
    const deaf = play();
    frames.forEach((body, i) => {
      client.session.sendVideo(800 + i * 40, body);
      client.session.sendAudio(800 + i * 40, aacMessage(i));
    });
    await deaf.until(() => deaf.media.length > 2);
    expect(deaf.media.every(({ type }) => type === 8)).toBe(true);
    expect(deaf.statuses.map(({ level, code }) => [level, code])).toContainEqual(['warning', 'NetStream.Play.Warning']);
  });
});

describe('ffmpeg', () => {
  async function ffmpeg(...args: string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
    const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stderr };
  }

  it('plays what ffmpeg publishes: every coded frame from a keyframe on, at its time', async () => {
    await start({}, { reconnectWindowMs: 0 });
    const file = `${process.env['TMPDIR'] ?? '/tmp'}/millrace-play-${process.pid}.flv`;
    const address = `rtmp://127.0.0.1:${edge.ports.rtmp}`;
    const player = ffmpeg('-i', `${address}/play/${playback.playbackId}`, '-c', 'copy', '-y', '-f', 'flv', file);
    const published = await ffmpeg(
      '-readrate',
      '4',
      '-i',
      CLIP,
      '-c',
      'copy',
      '-f',
      'flv',
      `${address}/live/${stream.key}`,
    );
    expect(published).toEqual({ code: 0, stderr: '' });
    expect((await player).code).toBe(0);
    const media = (path: string, type: number) =>
      tagsOf(path)
        .filter((tag) => tag.type === type && tag.body[1] === 1)
        .map(({ timestamp, body }) => ({ timestamp, body: body.toString('base64') }));
    const [sent, played] = [media(CLIP, 9), media(file, 9)];
    const from = sent.findIndex(({ body }) => body === played[0]!.body);
    expect(played.map(({ body }) => body)).toEqual(sent.slice(from).map(({ body }) => body));
    const shift = played[0]!.timestamp - sent[from]!.timestamp;
    expect(played.map(({ timestamp }) => timestamp - shift)).toEqual(
      sent.slice(from).map(({ timestamp }) => timestamp),
    );
    const sound = media(file, 8);
    const soundFrom = media(CLIP, 8).findIndex(({ body }) => body === sound[0]!.body);
    expect(sound).toEqual(
      media(CLIP, 8)
        .slice(soundFrom)
        .map(({ timestamp, body }) => ({ timestamp: timestamp + shift, body })),
    );
  });
});
