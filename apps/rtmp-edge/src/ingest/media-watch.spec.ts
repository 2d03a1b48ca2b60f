// Media of which a part cannot be carried: the rest goes on, and everyone who should know is told.
import { Codec, FrameKind } from '@millrace/domain';
import type { StreamSettings } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { LiveStoreError } from '@millrace/live-store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newRecord } from '@millrace/protocol/amf3';
import { CapsEx, FourCcInfo } from '@millrace/protocol/rtmp';
import {
  aacMessage,
  audioConfig,
  interframe,
  keyframe,
  mp3Frame,
  mp3Message,
  videoConfig,
} from '../testing/sample-media.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestEdge } from '../testing/test-edge.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const G711 = hex('82 d5d5d5d5');
const VP8 = hex('91 76703038 0a0b');
const SPEEX = hex('b2 0102');
const FRAME_MS = 40;

const clients: TestClient[] = [];
let edge: TestEdge;
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await edge.stop();
});

async function publish(capabilities = {}, settings: Partial<StreamSettings> = {}) {
  const stream = edge.control.newStream(settings);
  const client = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key, capabilities }).untilReady();
  clients.push(client);
  const recorder = await edge.record(stream.streamId);
  const kinds = () => recorder.frames.map(({ kind }) => kind);
  return { client, stream, kinds, recorder };
}

const warnings = () => edge.control.warned.map(({ warning: { code, track, message } }) => ({ code, track, message }));

describe('a track that is not carried', () => {
  it('costs the other nothing, and is told once: to the encoder, the control plane, the log and the metrics', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 1 } });
    const { client, stream, kinds } = await publish();
    client.session.sendVideo(0, videoConfig());
    for (let i = 0; i < 20; i++) {
      client.session.sendVideo(i * FRAME_MS, i === 0 ? keyframe(i) : interframe(i));
      client.session.sendAudio(i * FRAME_MS, G711);
    }
    await client.until(() => client.status?.level === 'warning');
    const message = 'unsupported audio: viewers get no sound; send AAC or Opus (g711-mu)';
    expect(client.status).toEqual({ level: 'warning', code: 'NetStream.Publish.Warning', description: message });
    await vi.waitFor(() => expect(kinds()).toHaveLength(21), { timeout: 15_000 });
    expect(new Set(kinds())).toEqual(new Set([FrameKind.video]));
    expect(client.closed).toBe(false);
    expect(warnings()).toEqual([{ code: 'unsupported_audio', track: 'audio', message }]);
    expect(edge.control.warned[0]).toMatchObject({ tenantId: stream.tenantId, streamId: stream.streamId });
    expect(edge.logs.filter((line) => line.includes('unsupported_audio'))).toHaveLength(1);
    expect(await edge.metric('ingest_warnings_total', '{code="unsupported_audio"}')).toBe(1);
    expect(await edge.metric('ingest_dropped_total', '{kind="audio",reason="not_carried"}')).toBe(20);
    expect(edge.control.warned[0]).toMatchObject({ change: { number: 1, state: 'degraded' } });
  });

  it('is told by its number when it is one of several', async () => {
    edge = await TestEdge.start();
    const { client, kinds } = await publish({ capsEx: CapsEx.multitrack });
    const { capsEx = 0, videoFourCcInfoMap } = client.session.serverCapabilities ?? {};
    expect(capsEx).toBe(CapsEx.reconnect | CapsEx.multitrack | CapsEx.modEx | CapsEx.timestampNanoOffset);
    expect([...(videoFourCcInfoMap ?? [])]).toContainEqual(['hvc1', FourCcInfo.canForward]);
    const other = (packetType: string, body: Buffer) => Buffer.concat([hex(`96 0${packetType} 61766331 01`), body]);
    client.session.sendVideo(0, videoConfig());
    for (let i = 0; i < 4; i++) {
      client.session.sendVideo(i * FRAME_MS, i === 0 ? keyframe(i) : interframe(i));
      client.session.sendVideo(i * FRAME_MS, other('1', hex('000000 00000002 6588')));
    }
    await client.until(() => client.status?.level === 'warning');
    const message =
      'tracks left out: viewers get the others; send fewer tracks, or other codecs (video track 1: the packagers of this server ' +
      'cannot all read it yet: it is being updated; try again in a few minutes)';
    expect(client.status?.description).toBe(message);
    await vi.waitFor(() => expect(kinds()).toHaveLength(5), { timeout: 15_000 });
    expect(warnings()).toEqual([{ code: 'tracks_left_out', track: 'video', message }]);
    expect(edge.logs.filter((line) => line.includes('tracks_left_out'))).toHaveLength(1);
    expect(await edge.metric('ingest_dropped_total', '{kind="video",reason="not_carried"}')).toBe(4);
  });

  it('costs the sound nothing when it is the picture', async () => {
    edge = await TestEdge.start();
    const { client, kinds } = await publish();
    client.session.sendAudio(0, audioConfig());
    for (let i = 0; i < 80; i++) {
      client.session.sendVideo(i * FRAME_MS, VP8);
      client.session.sendAudio(i * FRAME_MS, aacMessage(i));
    }
    await vi.waitFor(() => expect(kinds()).toContain(FrameKind.audio), { timeout: 15_000 });
    expect(warnings()).toMatchObject([{ code: 'unsupported_video', track: 'video' }]);
    expect(client.closed).toBe(false);
  });

  it('is refused by its name when nothing else comes', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 100 } });
    const { client } = await publish();
    client.session.sendVideo(0, VP8);
    await client.untilClosed();
    expect(client.status).toMatchObject({ level: 'error', code: 'NetStream.Publish.Rejected' });
    expect(client.status?.description).toMatch(/^unsupported codec: .*\(the video is vp8\)$/);
    expect(edge.control.ended).toMatchObject([{ reason: 'unsupported_codec' }]);
  });

  it('is refused at once when the other track is not carried either', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 600_000 } });
    const { client } = await publish();
    client.session.sendVideo(0, VP8);
    client.session.sendAudio(0, SPEEX);
    await client.untilClosed();
    expect(client.status?.description).toMatch(/\(the video is vp8, the audio is speex\)$/);
  });
});

describe('an encoder that sends its clock (onFI)', () => {
  const date = (ms: number) => {
    const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:.]+)Z$/.exec(new Date(ms).toISOString())!;
    return Object.assign(newRecord(), { sd: `${day}-${month}-${year}`, st: time! });
  };
  const send = async (offsetMs: number, features: readonly string[]) => {
    edge = await TestEdge.start();
    await edge.liveStore.announcePackagers([{ instanceId: 'a', features }], 60_000);
    const { client, recorder } = await publish();
    const wallMs = Date.now() + offsetMs;
    client.session.sendVideo(0, videoConfig());
    client.session.sendData(1_000, { name: 'onFI', values: [date(wallMs)] });
    for (const at of [1_000, 1_040, 2_000])
      client.session.sendVideo(at, at === 1_040 ? interframe(1) : keyframe(at % 7));
    const { frames } = recorder;
    await vi.waitFor(() => expect(frames.filter(({ kind }) => kind === FrameKind.video)).toHaveLength(5));
    const times = frames
      .filter(({ kind }) => kind === FrameKind.video)
      .map(({ encoderTimeMs }) => encoderTimeMs && encoderTimeMs - wallMs);
    return { times, warned: warnings().map(({ code, message }) => [code, message.replace(/^.* \(/, '(')]) };
  };

  it('has its time in the log where decoding can start', async () => {
    expect(await send(-4_000, ['encoder-clock'])).toEqual({ times: [0, 0, undefined, 1_000, 1_000], warned: [] });
  });

  it('has none there until all packagers can read it', async () => {
    expect((await send(-4_000, ['tracks'])).times).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('is warned of a clock that is more than 10 s off', async () => {
    const { times, warned } = await send(61_500, ['encoder-clock']);
    expect(new Set(times)).toEqual(new Set([undefined]));
    expect(warned).toEqual([['encoder_clock', expect.stringMatching(/^\(61\.[45] s fast\)$/)]]);
  });
});

describe('a codec that packagers of older releases do not read', () => {
  /** AV1: the record, and the pictures that the footage begins with. */
  const tags = tagsOf(new URL('../../../../media/bbb-av1-opus-enhanced.flv', import.meta.url).pathname);
  const pictures = tags.filter(({ type, body }) => type === 9 && (body[0]! & 15) <= 1).slice(1, 4);
  const TTL_MS = 60_000;
  const announce = (...features: readonly (readonly string[])[]): Promise<void> =>
    edge.liveStore.announcePackagers(
      features.map((list, index) => ({ instanceId: `packager-${index}`, features: list })),
      TTL_MS,
    );
  const sendAv1 = ({ session }: TestClient) => {
    for (const { timestamp, body } of pictures) session.sendVideo(timestamp, body);
  };

  it('is refused while one of the packagers says nothing of it, and taken once all of them do', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 100 } });
    await announce(['av1', 'vp9', 'flac'], []);
    const { client, stream } = await publish();
    sendAv1(client);
    await client.untilClosed();
    expect(client.status).toMatchObject({ level: 'error', code: 'NetStream.Publish.Rejected' });
    expect(client.status?.description).toMatch(
      /\(the video is av1, which the packagers of this server cannot all read yet: it is being updated; try again in a few minutes\)$/,
    );
    expect(edge.control.warned[0]?.warning).toMatchObject({ code: 'unsupported_video' });
    await announce(['av1'], ['something-newer', 'av1']);
    const again = await new TestClient({ port: edge.ports.rtmp, streamName: stream.key }).untilReady();
    clients.push(again);
    sendAv1(again);
    const recorder = await edge.record(stream.streamId);
    const codecs = () =>
      new Set(recorder.frames.filter(({ kind }) => kind === FrameKind.video).map(({ codec }) => codec));
    await vi.waitFor(() => expect(codecs()).toEqual(new Set([Codec.av1])), { timeout: 15_000 });
    expect(again.closed).toBe(false);
  });

  it('costs the sound nothing', async () => {
    edge = await TestEdge.start();
    await announce(['vp9', 'flac']);
    const { client, kinds } = await publish();
    client.session.sendAudio(0, audioConfig());
    for (let i = 0; i < 80; i++) {
      client.session.sendVideo(i * FRAME_MS, pictures[1]!.body);
      client.session.sendAudio(i * FRAME_MS, aacMessage(i));
    }
    await vi.waitFor(() => expect(kinds()).toContain(FrameKind.audio), { timeout: 15_000 });
    expect(kinds()).not.toContain(FrameKind.video);
    expect(client.closed).toBe(false);
  });

  it('is not taken where no packager says anything, nor where nothing can be asked', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 100 } });
    const { client } = await publish();
    sendAv1(client);
    await client.untilClosed();
    expect(client.status?.description).toContain('the video is av1, which');
    await announce(['av1']);
    vi.spyOn(edge.liveStore, 'readPackagers').mockRejectedValueOnce(
      new LiveStoreError('disconnected', 'readPackagers'),
    );
    const { client: other } = await publish();
    sendAv1(other);
    await other.untilClosed();
    expect(other.status?.description).toContain('the video is av1, which');
  });

  it('is refused where segments are encrypted', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 100 } });
    await announce(['av1']);
    const { client } = await publish({}, { keyRotationSegments: 3 });
    sendAv1(client);
    await client.untilClosed();
    expect(client.status?.description).toContain(
      'the video is av1, which MPEG-TS cannot carry, and only MPEG-TS segments are encrypted: set encryption to none',
    );
  });
});

describe('a stray message of a codec that is not carried', () => {
  it('does not end a stream of pictures alone that goes on', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 100 } });
    const { client, kinds } = await publish();
    client.session.sendVideo(0, videoConfig());
    client.session.sendVideo(0, keyframe(0));
    client.session.sendVideo(FRAME_MS, VP8);
    await client.until(() => client.status?.level === 'warning');
    const warnedAtMs = Date.now();
    let sent = 1;
    const sending = setInterval(() => client.session.sendVideo(++sent * FRAME_MS, interframe(sent)), 10);
    await vi.waitFor(() => expect(Date.now() - warnedAtMs).toBeGreaterThan(300), { timeout: 15_000 });
    clearInterval(sending);
    await vi.waitFor(() => expect(kinds()).toHaveLength(sent + 1), { timeout: 15_000 });
    expect(client.closed).toBe(false);
  });

  it('does not end a stream whose other track goes on, after one of each', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 100 } });
    const { client, kinds } = await publish();
    client.session.sendVideo(0, videoConfig());
    client.session.sendVideo(0, keyframe(0));
    client.session.sendVideo(FRAME_MS, interframe(1));
    client.session.sendVideo(FRAME_MS, VP8);
    client.session.sendAudio(FRAME_MS, G711);
    for (let i = 2; i < 20; i++) client.session.sendVideo(i * FRAME_MS, interframe(i));
    await vi.waitFor(() => expect(kinds()).toHaveLength(21), { timeout: 15_000 });
    expect(client.closed).toBe(false);
  });

  it('ends a stream of which nothing is carried any more', async () => {
    edge = await TestEdge.start({ settings: { onlyUnsupportedMs: 100 } });
    const { client } = await publish();
    client.session.sendVideo(0, videoConfig());
    client.session.sendVideo(0, keyframe(0));
    client.session.sendVideo(FRAME_MS, VP8);
    await client.untilClosed();
    expect(client.status?.description).toMatch(/\(the video is vp8\)$/);
  });
});

describe('a track that cannot be read', () => {
  const broken = hex('27 01 000000 00000009 41');

  it('is told of after a second, with the reason', async () => {
    edge = await TestEdge.start();
    const { client } = await publish();
    client.session.sendVideo(0, videoConfig());
    const sending = setInterval(() => client.session.sendVideo(0, broken), 20);
    await client.until(() => client.status?.level === 'warning');
    clearInterval(sending);
    expect(warnings()).toMatchObject([{ code: 'unreadable_video', track: 'video' }]);
    expect(client.status?.description).toContain('malformed frames');
    expect(client.closed).toBe(false);
  });

  it('is told of when none of its messages has media', async () => {
    edge = await TestEdge.start();
    const { client } = await publish();
    const other = hex('94 61766331 020005 6f74686572 05');
    const sending = setInterval(() => client.session.sendVideo(0, other), 20);
    await client.until(() => client.status?.level === 'warning');
    clearInterval(sending);
    expect(warnings()).toMatchObject([{ code: 'unreadable_video', track: 'video' }]);
    expect(client.status?.description).toContain('only messages that are not supported');
    expect(client.closed).toBe(false);
  });

  it.each([
    ['H.264', hex('17 00 000000 01'), keyframe(0)],
    ['AV1', hex('90 61763031 81'), hex('91 61763031 3202 1000')],
  ])('is told of when its configuration cannot be read: %s', async (_, record, picture) => {
    edge = await TestEdge.start();
    await edge.liveStore.announcePackagers([{ instanceId: 'a', features: ['av1'] }], 60_000);
    const { client } = await publish();
    client.session.sendVideo(0, record);
    const sending = setInterval(() => client.session.sendVideo(0, picture), 20);
    await client.until(() => client.status?.level === 'warning');
    clearInterval(sending);
    expect(client.status?.description).toMatch(/^unreadable video: .*\(a codec configuration that cannot be read\)$/);
    expect(client.closed).toBe(false);
  });

  it('is told of when the configuration of its sound cannot be read', async () => {
    edge = await TestEdge.start();
    await edge.liveStore.announcePackagers([{ instanceId: 'a', features: ['flac'] }], 60_000);
    const { client } = await publish();
    client.session.sendAudio(0, hex('90 664c6143 01'));
    const sending = setInterval(() => client.session.sendAudio(0, hex('91 664c6143 fff8590800')), 20);
    await client.until(() => client.status?.level === 'warning');
    clearInterval(sending);
    expect(client.status?.description).toMatch(/^unreadable audio: .*\(a codec configuration that cannot be read\)$/);
  });

  it('is not told of while most of it can be read', async () => {
    edge = await TestEdge.start();
    const { client } = await publish();
    client.session.sendVideo(0, videoConfig());
    let sent = 0;
    const sending = setInterval(() => {
      client.session.sendVideo(sent * FRAME_MS, keyframe(sent++));
      client.session.sendVideo(sent * FRAME_MS, broken);
    }, 20);
    await vi.waitFor(() => expect(sent).toBeGreaterThan(80), { timeout: 15_000 });
    clearInterval(sending);
    expect(warnings()).toEqual([]);
  });
});

describe('a stream whose codecs give viewers less than its settings ask for', () => {
  it('has a warning for as long as they come, which its encoder and the log are told of once', async () => {
    edge = await TestEdge.start();
    const { client } = await publish({}, { partDurationMs: 500 });
    client.session.sendVideo(0, videoConfig());
    let sent = 0;
    const sending = setInterval(() => {
      client.session.sendVideo(sent * FRAME_MS, keyframe(sent));
      client.session.sendAudio(sent * FRAME_MS, mp3Message(mp3Frame(sent++)));
    }, FRAME_MS);
    await client.until(() => client.status?.level === 'warning');
    clearInterval(sending);
    const message =
      'no low latency: browsers do not take the sound from CMAF, so that master.m3u8 offers MPEG-TS; send another codec (MP3: send AAC or Opus)';
    expect(client.status?.description).toBe(message);
    expect(warnings()).toEqual([{ code: 'no_low_latency', track: 'audio', message }]);
    expect(edge.logs.filter((line) => line.includes('no_low_latency'))).toHaveLength(1);
  });
});
