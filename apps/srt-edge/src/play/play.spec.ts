// Players of an edge, over real connections: what they are sent, and why they are refused or ended.
import { Socket } from 'node:dgram';
import type { TestPlayback, TestStream } from '@millrace/ingest/testing';
import { SrtRejection } from '@millrace/protocol/srt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CallerOptions } from '../testing/caller-socket.ts';
import { TestEdge } from '../testing/test-edge.ts';
import { TestEncoder } from '../testing/test-encoder.ts';
import { TestPlayer } from '../testing/test-player.ts';

const POLL = { timeout: 10_000, interval: 10 };

let edge: TestEdge;
let stream: TestStream;
let playback: TestPlayback;
const clients: (TestEncoder | TestPlayer)[] = [];
const publishing = new Set<NodeJS.Timeout>();
afterEach(async () => {
  for (const timer of publishing) clearInterval(timer);
  for (const client of clients.splice(0)) client.destroy();
  await edge.stop();
});

async function start(settings: Parameters<typeof TestEdge.start>[0] = {}, token?: string): Promise<void> {
  // On a busy machine it may take a while until half a second of the stream has been read.
  const ours = { srtLatencyMs: 20, srtTrackWaitMs: 0, srtPlayMergeMs: 0, srtPlayWaitMs: 20_000 };
  edge = await TestEdge.start({ ...settings, settings: { ...ours, ...settings.settings } });
  stream = edge.control.newStream({ reconnectWindowMs: 0 });
  playback = edge.control.newPlayback(stream, token);
}

async function publisher(): Promise<TestEncoder> {
  const encoder = await TestEncoder.connect(edge.ports.srt, `publish:${stream.key}`);
  clients.push(encoder);
  return encoder;
}

async function player(streamId = `play:${playback.playbackId}`, options?: CallerOptions): Promise<TestPlayer> {
  const client = await TestPlayer.connect(edge.ports.srt, streamId, options);
  clients.push(client);
  return client;
}

/** What the encoder marks a picture with. */
const tagOf = (index: number): number => index & 0xff || 1;
const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => tagOf(first + i));

/** Sends pictures until it is stopped. */
function publishOn(encoder: TestEncoder, first: number): () => number {
  let next = first;
  const timer = setInterval(() => encoder.picture(next++), 10);
  publishing.add(timer);
  return () => {
    clearInterval(timer);
    return next - 1;
  };
}

describe('a player', () => {
  it('begins with the newest keyframe, and is sent every picture', async () => {
    await start();
    const encoder = await publisher();
    const recorder = await edge.record(stream.streamId);
    for (let i = 0; i < 30; i++) encoder.picture(i);
    await recorder.until(() => recorder.frames.length > 30);
    const connecting = Promise.all([player(), player(`#!::r=live/${playback.playbackId},m=request`)]);
    const stop = publishOn(encoder, 30);
    const [first, byName] = await connecting;
    await expect.poll(() => Math.min(first.pictures.length, byName.pictures.length), POLL).toBeGreaterThan(30);
    const last = stop();
    await expect
      .poll(() => [first, byName].map(({ pictures }) => pictures.at(-1)), POLL)
      .toEqual([tagOf(last), tagOf(last)]);
    expect(first.pictures).toEqual(from(25, last));
    expect(byName.pictures).toEqual(from(25, last));
    expect(first.missing + byName.missing).toBe(0);
  });

  it('is counted with its bytes, and seen among the connections while it watches', async () => {
    await start();
    const encoder = await publisher();
    const watching = player();
    const stop = publishOn(encoder, 0);
    const client = await watching;
    await expect.poll(() => client.pictures.length, POLL).toBeGreaterThan(30);
    expect(await edge.metric('ingest_connections', '{protocol="srt",state="playing"}')).toBe(1);
    expect(await edge.metric('playout_bytes_total', '{protocol="srt"}')).toBeGreaterThan(30 * 188);
    expect(edge.edge.clients).toBe(2);
    client.leave();
    await expect.poll(() => edge.edge.clients, POLL).toBe(1);
    stop();
    expect(await edge.metric('srt_sent_packets_total', '{outcome="sent"}')).toBeGreaterThan(30);
    expect(client.missing).toBe(0);
  });

  it('of a signed playback id shows its token', async () => {
    await start({}, 'spt_secret');
    const encoder = await publisher();
    const stop = publishOn(encoder, 0);
    const { playbackId } = playback;
    const { unauthorized } = SrtRejection;
    for (const wrong of [`play:${playbackId}`, `play:${playbackId}?token=other`, `#!::r=${playbackId},token=x`])
      await expect(player(wrong), wrong).rejects.toThrow(String(unauthorized));
    const clients = [await player(`play:${playbackId}?token=spt_secret`)];
    clients.push(await player(`#!::r=${playbackId},m=request,token=spt_secret`));
    await expect.poll(() => Math.min(...clients.map(({ pictures }) => pictures.length)), POLL).toBeGreaterThan(10);
    stop();
    expect(edge.logs.join()).not.toContain('spt_secret');
  });

  it.each<[string, number, () => string]>([
    ['a playback id that does not exist', SrtRejection.notFound, () => 'play:pbk_01m8mjdkgjbtb1z5zcwnq56y2r'],
    ['a stream key', SrtRejection.notFound, () => `play:${stream.key}`],
    ['a stream that is not live', SrtRejection.notFound, () => `play:${playback.playbackId}`],
  ])('is refused %s', async (_, reason, streamId) => {
    await start({ settings: { srtPlayWaitMs: 100 } });
    await expect(player(streamId())).rejects.toThrow(String(reason));
  });

  it.each([
    ['stream_encrypted', SrtRejection.forbidden],
    ['playback_quota_exceeded', SrtRejection.overload],
    ['signed_playback_required', SrtRejection.unauthorized],
  ])('is refused for %s with a reason of its own', async (code, reason) => {
    await start();
    playback.refusal = code;
    await expect(player()).rejects.toThrow(String(reason));
  });

  it('is refused beyond the limit, and with a passphrase, since what it is sent is in clear', async () => {
    await start({ settings: { srtMaxPlayers: 1 } });
    const stop = publishOn(await publisher(), 0);
    await expect(player(undefined, { passphrase: 'correct-horse-battery' })).rejects.toThrow(
      String(SrtRejection.badSecret),
    );
    await player();
    await expect(player()).rejects.toThrow(String(SrtRejection.overload));
    stop();
  });

  it('is ended when what let it in is taken back', async () => {
    await start();
    const stop = publishOn(await publisher(), 0);
    const client = await player();
    await expect.poll(() => client.pictures.length, POLL).toBeGreaterThan(5);
    playback.refusal = 'playback_disabled';
    const takenAtMs = performance.now();
    await client.ended;
    expect(performance.now() - takenAtMs).toBeLessThan(5_000);
    stop();
    expect(edge.logs.join()).toContain('"reason":"taken_down"');
  });

  it('that reads nothing is cut, and costs others nothing', async () => {
    await start({ settings: { playoutUnreadMs: 500 } });
    const encoder = await publisher();
    const stop = publishOn(encoder, 0);
    const [good, bad] = [await player(), await player()];
    await expect.poll(() => bad.pictures.length, POLL).toBeGreaterThan(5);
    bad.sleep();
    await expect.poll(() => edge.logs.join().includes('"reason":"unread"'), POLL).toBe(true);
    const last = stop();
    await expect.poll(() => good.pictures.at(-1), POLL).toBe(tagOf(last));
    expect(good.missing).toBe(0);
    expect(good.pictures).toEqual(from(last + 1 - good.pictures.length, last));
    // What it was sent is kept for it a while, and may be sent once again.
    expect(await edge.metric('playout_cuts_total', '{protocol="srt",reason="unread"}')).toBe(1);
  });

  it('that acknowledges nothing is sent no more than its share of memory, whatever latency it asks for', async () => {
    const shareBytes = 100_000;
    await start({ settings: { playoutUnreadMs: 500, srtPlayQueuesBytes: 4 * shareBytes } });
    const encoder = await publisher();
    let next = 0;
    publishing.add(setInterval(() => encoder.picture(next++, 0, 8_000), 10));
    const client = await player(undefined, { delayMs: 8_000 });
    client.sleep();
    const ended = (): string | undefined => edge.logs.find((line) => line.includes('"msg":"play ended"'));
    await expect.poll(ended, POLL).toBeDefined();
    const { bytes } = JSON.parse(ended()!) as { bytes: number };
    expect(bytes).toBeGreaterThan(shareBytes / 2);
    // A little had been acknowledged before it slept.
    expect(bytes).toBeLessThan(2 * shareBytes);
    expect(await edge.metric('playout_queued_bytes', '')).toBe(0);
  });

  it('is sent nothing while the kernel takes no more, and goes on when it does; handshakes pass', async () => {
    await start();
    publishOn(await publisher(), 0);
    const client = await player();
    await expect.poll(() => client.pictures.length, POLL).toBeGreaterThan(5);
    // Loopback takes everything.
    const queue = vi.spyOn(Socket.prototype, 'getSendQueueSize').mockReturnValue(1024 ** 3);
    const unsent = (): Promise<number> => edge.metric('srt_sent_packets_total', '{outcome="unsent"}');
    await expect.poll(unsent, POLL).toBeGreaterThan(5);
    const other = await TestEncoder.connect(edge.ports.srt, `publish:${edge.control.newStream().key}`);
    clients.push(other);
    queue.mockRestore();
    const before = client.pictures.length;
    await expect.poll(() => client.pictures.length, POLL).toBeGreaterThan(before + 5);
  });

  it('is sent no faster than the edge allows, and all of it', async () => {
    await start({ settings: { srtPlayBitsPerSecond: 1_000_000 } });
    const encoder = await publisher();
    const recorder = await edge.record(stream.streamId);
    for (let i = 0; i < 50; i++) encoder.picture(i, 0, 4_000);
    await recorder.until(() => recorder.frames.length > 50);
    const beganAtMs = performance.now();
    const client = await player();
    await expect.poll(() => client.pictures.length, POLL).toBe(25);
    expect(client.pictures).toEqual(from(25, 49));
    // 100 kB, of which 21 kB at once and the rest at 125 kB each second.
    expect(performance.now() - beganAtMs).toBeGreaterThan(600);
  });
});
