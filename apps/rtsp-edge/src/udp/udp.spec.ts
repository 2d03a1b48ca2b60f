// RTP over UDP: of encoders and to players, through a network that loses, doubles and reorders; and what peers may not do with it.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { tagsOf } from '@millrace/ingest/testing';
import { decodeRtcp, decodeRtpPacket, RTP_HEADER_BYTES, writeRtpHeader } from '@millrace/protocol/rtp';
import { afterEach, describe, expect, it } from 'vitest';
import { LossyProxy } from '../testing/lossy-proxy.ts';
import type { DatagramFate } from '../testing/lossy-proxy.ts';
import { CLIP, probe, run } from '../testing/outside-judges.ts';
import { SDP, slice, TestEncoder } from '../testing/test-encoder.ts';
import { TestEdge } from '../testing/test-edge.ts';
import { TestPlayer } from '../testing/test-player.ts';

let edge: TestEdge;
const closing: (() => void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await edge.stop();
});

const start = async (settings: Parameters<typeof TestEdge.start>[0] = {}) => {
  edge = await TestEdge.start({ settings: { rtspUdp: true, ...settings.settings } });
};
const base = () => `rtsp://127.0.0.1:${edge.ports.rtsp}`;

const mediaOf = ({ frames }: FrameRecorder, kind: number) =>
  frames.filter((frame) => frame.kind === kind && (frame.flags & FrameFlag.configuration) === 0);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** Two ports of a client. */
async function ports(): Promise<{ readonly rtp: Socket; readonly rtcp: Socket; readonly range: string }> {
  const open = async (port: number): Promise<Socket> => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, '127.0.0.1', resolve);
    });
    closing.push(() => socket.close());
    return socket;
  };
  for (;;) {
    const rtp = await open(0);
    const rtcp = await open(rtp.address().port + 1).catch(() => undefined);
    if (rtcp !== undefined) return { rtp, rtcp, range: `${rtp.address().port}-${rtp.address().port + 1}` };
  }
}

const packet = (sequence: number, timestamp: number, payload: Buffer, ssrc = 7): Buffer => {
  const header = Buffer.alloc(RTP_HEADER_BYTES);
  writeRtpHeader(header, 0, { marker: true, payloadType: 96, sequence, timestamp, ssrc });
  return Buffer.concat([header, payload]);
};
const VIDEO_SDP = SDP.slice(0, SDP.indexOf('m=audio'));

describe('an encoder over UDP', () => {
  async function set(transport: string) {
    const { key, streamId } = edge.control.newStream();
    const recorder = await edge.record(streamId);
    const encoder = new TestEncoder(edge.ports.rtsp);
    closing.push(() => encoder.destroy());
    const url = `${base()}/live/${key}`;
    await encoder.announce(url, VIDEO_SDP);
    const answer = await encoder.setUp(`${url}/video`, transport);
    const serverPorts = /server_port=(\d+)-(\d+)/
      .exec(answer.headers.get('transport') ?? '')
      ?.slice(1)
      .map(Number);
    return { encoder, recorder, url, answer, serverPorts: serverPorts ?? [] };
  }
  const tagsIn = (recorder: FrameRecorder) => mediaOf(recorder, FrameKind.video).map(({ payload }) => payload.at(-1));

  it('is heard from the port that it has named, and from no other; is told what has come, and forgotten at the end', async () => {
    await start();
    const [mine, other] = [await ports(), await ports()];
    const { encoder, recorder, url, answer, serverPorts } = await set(
      `RTP/AVP;unicast;client_port=${mine.range};mode=record`,
    );
    const [port = 0, rtcpPort = 0] = serverPorts;
    expect(answer.headers.get('transport')).toBe(
      `RTP/AVP;unicast;client_port=${mine.range};server_port=${port}-${rtcpPort};mode=record`,
    );
    expect([port % 2, rtcpPort]).toEqual([0, port + 1]);
    await encoder.ask('RECORD', url);
    const send = (from: Socket, ...args: Parameters<typeof packet>) => from.send(packet(...args), port, '127.0.0.1');
    send(mine.rtp, 1, 0, slice(true, 1));
    await expect.poll(() => tagsIn(recorder)).toEqual([1]);
    send(other.rtp, 2, 3_000, slice(false, 66));
    send(mine.rtp, 3, 6_000, slice(false, 3));
    mine.rtp.send(Buffer.from('80e00001', 'hex'), port, '127.0.0.1');
    send(mine.rtp, 2, 3_000, slice(false, 2));
    send(mine.rtp, 4, 9_000, slice(false, 67), 8);
    send(mine.rtp, 4, 9_000, slice(false, 4));
    await expect.poll(() => tagsIn(recorder)).toEqual([1, 2, 3, 4]);
    expect((await encoder.ask('TEARDOWN', url)).status).toBe(200);
    await encoder.closed;
    await expect.poll(() => edge.control.ended).toMatchObject([{ reason: 'unpublished', videoFrames: 4 }]);
    expect(edge.control.ended[0]!.bytes).toBe(16);
  });

  it('behind a network that gives it another port is heard from that one, once', async () => {
    await start();
    const [named, real, other] = [await ports(), await ports(), await ports()];
    const { encoder, recorder, url, serverPorts } = await set(`RTP/AVP/UDP;unicast;client_port=${named.range}`);
    await encoder.ask('RECORD', url);
    const send = (from: Socket, sequence: number, tag: number) =>
      from.send(packet(sequence, sequence * 3_000, slice(true, tag)), serverPorts[0], '127.0.0.1');
    send(real.rtp, 1, 1);
    await expect.poll(() => tagsIn(recorder)).toEqual([1]);
    send(other.rtp, 2, 2);
    send(named.rtp, 2, 3);
    send(real.rtp, 2, 4);
    await expect.poll(() => tagsIn(recorder)).toEqual([1, 4]);
  });

  it('loses nothing that has come while the edge was busy: it is read before what it is missed by is given up', async () => {
    await start({ settings: { rtspUdpReorderMs: 100 } });
    const mine = await ports();
    const { encoder, recorder, url, serverPorts } = await set(`RTP/AVP;unicast;client_port=${mine.range};mode=record`);
    await encoder.ask('RECORD', url);
    const send = (sequence: number) =>
      mine.rtp.send(packet(sequence, sequence * 3_000, slice(sequence === 1, sequence)), serverPorts[0], '127.0.0.1');
    send(1);
    await expect.poll(() => tagsIn(recorder)).toEqual([1]);
    send(3);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    send(2);
    for (const end = performance.now() + 150; performance.now() < end;);
    await expect.poll(() => tagsIn(recorder)).toEqual([1, 2, 3]);
  });

  it.each([
    ['to another address', 'RTP/AVP;unicast;destination=192.0.2.1;client_port=5000-5001'],
    ['multicast', 'RTP/AVP;multicast;client_port=5000-5001'],
    ['without ports', 'RTP/AVP;unicast'],
    ['to port 0', 'RTP/AVP;unicast;client_port=0-1'],
    ['encrypted', 'RTP/SAVP;unicast;client_port=5000-5001'],
  ])('is refused a transport %s', async (_, transport) => {
    await start();
    expect((await set(transport)).answer.status).toBe(461);
    expect((await set(`${transport},RTP/AVP/TCP;unicast;interleaved=0-1`)).answer.status).toBe(200);
  });

  it('takes no more ports than its share, and gives them back', async () => {
    await start({ settings: { rtspUdpPortMin: 17_001, rtspUdpPortMax: 17_008 } });
    const sets = [];
    for (let i = 0; i < 3; i++) sets.push(await set('RTP/AVP;unicast;client_port=5000-5001'));
    expect(sets.map(({ answer }) => answer.status)).toEqual([200, 200, 461]);
    expect(sets[2]!.answer.reason).toBe('no port of UDP is left');
    sets[0]!.encoder.destroy();
    await expect.poll(async () => (await set('RTP/AVP;unicast;client_port=5000-5001')).answer.status).toBe(200);
  });

  it('is disconnected when it is silent', async () => {
    await start({ settings: { rtspIdleMs: 400 } });
    const { encoder, url } = await set('RTP/AVP;unicast;client_port=5000-5001');
    await encoder.ask('RECORD', url);
    await encoder.closed;
    await expect.poll(() => edge.control.ended).toMatchObject([{ reason: 'idle_timeout' }]);
  });
});

describe('ffmpeg publishing through a network', () => {
  async function publishThrough(up: () => DatagramFate, isRtcpLost = false) {
    await start();
    const proxy = await LossyProxy.start({ port: edge.ports.rtsp, up, isRtcpLost });
    closing.push(() => proxy.close());
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    const url = `rtsp://127.0.0.1:${proxy.port}/live/${stream.key}`;
    const source = ['-nostdin', '-readrate', '4', '-t', '6', '-i', CLIP, '-c', 'copy', '-f', 'rtsp'];
    await run('ffmpeg', ...source, '-rtsp_transport', 'udp', url);
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    const pictures = tagsOf(CLIP)
      .filter(({ type, body }) => type === 9 && body[1] === 1)
      .map(({ body }) => base64(body.subarray(5)));
    return { pictures, got: mediaOf(recorder, FrameKind.video).map(({ payload }) => base64(payload)) };
  }

  it('loses nothing of what comes out of order, twice, and with numbers and times that wrap', async () => {
    const { pictures, got } = await publishThrough(() => {
      let first: { readonly sequence: number; readonly timestamp: number } | undefined;
      let held: Buffer | undefined;
      let count = 0;
      return (datagram) => {
        if (datagram === undefined) return [];
        const { sequence, timestamp } = decodeRtpPacket(datagram);
        first ??= { sequence, timestamp };
        datagram.writeUInt16BE((sequence - first.sequence + 65_500) & 0xffff, 2);
        datagram.writeUInt32BE((timestamp - first.timestamp + 2 ** 32 - 90_000) >>> 0, 4);
        // Each third packet comes after the one behind it, each fifth one twice.
        if (++count % 3 === 0 && held === undefined) {
          held = datagram;
          return [];
        }
        const passed = [datagram, ...(held === undefined ? [] : [held]), ...(count % 5 === 0 ? [datagram] : [])];
        held = undefined;
        return passed;
      };
    });
    // The proxy may hold the last packet back.
    expect(got.length).toBeGreaterThan(170);
    expect(got).toEqual(pictures.slice(0, got.length));
    expect(await edge.metric('ingest_dropped_total', '{kind="video",reason="lost_packets"}')).toBeLessThan(2);
  });

  it('has no broken picture where packets and all reports are lost: it goes on at the next keyframe', async () => {
    let lost = 0;
    const withLosses = (): DatagramFate => {
      let count = 0;
      return (datagram) => {
        if (datagram === undefined || ++count % 150 !== 0) return datagram === undefined ? [] : [datagram];
        lost++;
        return [];
      };
    };
    const { pictures, got } = await publishThrough(withLosses, true);
    const places = got.map((picture) => pictures.indexOf(picture));
    expect(lost).toBeGreaterThan(1);
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    // Behind each gap there is a keyframe: every 60th picture of the clip.
    const behindGaps = places.filter((place, i) => i > 0 && place !== places[i - 1]! + 1);
    expect(behindGaps.map((place) => place % 60)).toEqual(behindGaps.map(() => 0));
    expect(await edge.metric('ingest_dropped_total', '{kind="video",reason="lost_packets"}')).toBeGreaterThan(0);
  });
});

describe('a player over UDP', () => {
  it('is sent packets from the ports that it is told, to those that it has named, and disconnected when it is silent', async () => {
    await start({ settings: { rtspUdpSilenceMs: 1_000, rtspPlayMergeMs: 0 } });
    const { stream, playbackId, publisher } = await live();
    const mine = await ports();
    const got = { rtp: [] as { tag: number | undefined; port: number }[], reports: 0 };
    mine.rtp.on(
      'message',
      (datagram, { port }) => void got.rtp.push({ tag: decodeRtpPacket(datagram).payload.at(-1), port }),
    );
    mine.rtcp.on('message', (datagram) => void (got.reports += decodeRtcp(datagram).length));
    const player = new TestPlayer(edge.ports.rtsp);
    closing.push(() => player.destroy());
    const url = `${base()}/play/${playbackId}`;
    await player.describe(url);
    const elsewhere = await player.setUp(
      `${url}/trackID=0`,
      `RTP/AVP;unicast;destination=192.0.2.1;client_port=${mine.range}`,
    );
    expect([elsewhere.status, elsewhere.reason]).toEqual([461, 'media is sent to the address of the connection only']);
    const answer = await player.setUp(`${url}/trackID=0`, `RTP/AVP;unicast;client_port=${mine.range}`);
    const [, port] = /server_port=(\d+)-/.exec(answer.headers.get('transport') ?? '') ?? [];
    expect(answer.headers.get('transport')).toMatch(
      /^RTP\/AVP;unicast;client_port=\d+-\d+;server_port=\d+-\d+;ssrc=[0-9A-F]{8}$/,
    );
    expect((await player.setUp(`${url}/trackID=1`, 'RTP/AVP/TCP;unicast')).status).toBe(461);
    expect((await player.ask('PLAY', url)).headers.get('rtp-info')).toContain('trackID=0;seq=');
    publisher(2);
    await expect
      .poll(() => got.rtp)
      .toEqual([
        { tag: 1, port: Number(port) },
        { tag: 2, port: Number(port) },
      ]);
    expect(got.reports).toBeGreaterThan(0);
    expect(await edge.metric('playback_viewers', '{protocol="rtsp"}')).toBe(1);
    await player.closed;
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="idle_timeout"}')).toBe(1);
    expect(edge.usage.collect().find(({ kind }) => kind === 'egress_bytes')).toMatchObject({
      streamId: stream.streamId,
    });
  });

  it('behind a network that gives it other ports is sent to those, and to no further one; requests show that it is there', async () => {
    await start({ settings: { rtspUdpSilenceMs: 1_000, rtspPlayMergeMs: 0 } });
    const { playbackId, publisher } = await live();
    const [named, real, thief] = [await ports(), await ports(), await ports()];
    const tags = { named: [] as unknown[], real: [] as unknown[], thief: [] as unknown[] };
    for (const [name, { rtp }] of Object.entries({ named, real, thief }))
      rtp.on('message', (datagram) => tags[name as keyof typeof tags].push(decodeRtpPacket(datagram).payload.at(-1)));
    const player = new TestPlayer(edge.ports.rtsp);
    closing.push(() => player.destroy());
    const url = `${base()}/play/${playbackId}`;
    await player.describe(url);
    const answer = await player.setUp(`${url}/trackID=0`, `RTP/AVP;unicast;client_port=${named.range}`);
    const port = Number(/server_port=(\d+)-/.exec(answer.headers.get('transport') ?? '')?.[1]);
    // What opens a way through a network before PLAY, as players send it.
    const sent = async (from: Socket) =>
      new Promise<void>((resolve) => from.send(Buffer.from('80000000', 'hex'), port, '127.0.0.1', () => resolve()));
    await sent(real.rtp);
    await sent(thief.rtp);
    await player.ask('PLAY', url);
    const atMs = performance.now();
    for (let tag = 2; performance.now() - atMs < 1_500; tag++) {
      publisher(tag);
      await expect.poll(() => tags.real.at(-1)).toBe(tag & 0xff);
      // Without RTCP: a request is a sign as well.
      expect((await player.ask('GET_PARAMETER', url)).status).toBe(200);
    }
    expect(tags.real.slice(0, 3)).toEqual([1, 2, 3]);
    expect([tags.named, tags.thief]).toEqual([[], []]);
    await player.closed;
    await expect.poll(() => edge.metric('ingest_disconnects_total', '{reason="idle_timeout"}')).toBe(1);
  });

  /** A stream with one keyframe, whose tag is 1, and what sends a picture. */
  async function live() {
    const stream = edge.control.newStream();
    const { playbackId } = edge.control.newPlayback(stream);
    const encoder = new TestEncoder(edge.ports.rtsp);
    closing.push(() => encoder.destroy());
    await encoder.record(`${base()}/live/${stream.key}`);
    const send = (tag: number, isKey: boolean) => encoder.rtp(0, tag, tag * 3_600, slice(isKey, tag));
    encoder.rtp(2, 1, 1_024, Buffer.from('0010002021100460', 'hex'));
    send(1, true);
    return { stream, playbackId, publisher: (tag: number) => send(tag, false) };
  }

  it('that is ffmpeg gets every picture, through a network that reorders; and uses TCP where UDP is not offered', async () => {
    await start();
    const proxy = await LossyProxy.start({
      port: edge.ports.rtsp,
      down: () => {
        let held: Buffer | undefined;
        let count = 0;
        // Each seventh packet comes after the one behind it.
        return (datagram) => {
          if (datagram === undefined) return [];
          if (++count % 7 === 0) {
            held = datagram;
            return [];
          }
          const passed = held === undefined ? [datagram] : [datagram, held];
          held = undefined;
          return passed;
        };
      },
    });
    closing.push(() => proxy.close());
    const stream = edge.control.newStream({ reconnectWindowMs: 0 });
    const { playbackId } = edge.control.newPlayback(stream);
    const played = probe(`rtsp://127.0.0.1:${proxy.port}/play/${playbackId}`, '-rtsp_transport', 'udp');
    const any = probe(`${base()}/play/${playbackId}`);
    const off = await TestEdge.start({ frameBus: edge.frameBus, liveStore: edge.liveStore });
    closing.push(() => void off.drain());
    const { playbackId: other } = off.control.newPlayback(stream);
    const byTcp = probe(`rtsp://127.0.0.1:${off.ports.rtsp}/play/${other}`);
    const publish = ['-nostdin', '-readrate', '5', '-t', '8', '-i', CLIP, '-c', 'copy', '-f', 'rtsp'];
    await run('ffmpeg', ...publish, '-rtsp_transport', 'tcp', `${base()}/live/${stream.key}`);
    const [through, direct, tcp] = await Promise.all([played, any, byTcp]);
    const all = tcp.video.map(({ hash }) => hash);
    expect(all.length).toBeGreaterThan(100);
    for (const { video } of [through, direct]) {
      const hashes = video.map(({ hash }) => hash);
      expect(hashes.length).toBeGreaterThan(100);
      // The proxy may hold the last packet back.
      const places = hashes.slice(0, -1).map((hash) => all.indexOf(hash));
      expect(places).toEqual(places.map((_, i) => places[0]! + i));
    }
  });
});
