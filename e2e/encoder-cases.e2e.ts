// Encoders as they are in the field: every coded frame that a decoder could use arrives once, in order, with the right time.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePictures } from './support/decode-pictures.ts';
import { readEncoderCases } from './support/encoder-cases.ts';
import type { EncoderCase } from './support/encoder-cases.ts';
import { readFlvTags } from './support/flv-tags.ts';
import { framesOf } from './support/frame-ledger.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { readLenientFlv } from './support/lenient-flv.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import { watchPage } from './support/watch-page.ts';

/** A timestamp this far from the one before it says nothing about when to send. */
const LONE_MS = 10_000;
const LONGEST_FILE_MS = 60_000;

/** What is watched in Chromium as well, up to which second, and how long the picture may stand still. */
const watched = new Map([
  ['audiopause6.flv', { untilSeconds: 16, freezeMs: 2_000 }],
  ['lateaudio.flv', { untilSeconds: 14, freezeMs: 4_000 }],
]);

interface Recording {
  readonly recorder: HlsRecorder;
  /** The multivariant playlist after the last frame. */
  readonly multivariant: string;
  /** How long the picture of a viewer stood still at most; undefined when none watched. */
  readonly freezeMs: number | undefined;
  /** Codes of the session's warnings, sorted. */
  readonly warnings: readonly string[];
}

const cases = readEncoderCases();
const recordings = new Map<string, Promise<Recording>>();
let server: Standalone;
beforeAll(async () => {
  server = await startStandalone();
  const [tenant] = (await TenantApi.operator(server.quickstart).ok('GET', '/v1/tenants'))['data'] as { id: string }[];
  await TenantApi.operator(server.quickstart).ok('PATCH', `/v1/tenants/${tenant!.id}`, { max_live_streams: 100 });
  for (const each of cases) {
    const recording = record(each);
    // Its own test says what went wrong; until that awaits it, it is not unhandled.
    recording.catch(() => undefined);
    recordings.set(each.file, recording);
  }
});
afterAll(() => server?.stop());

async function record({ file, path }: EncoderCase): Promise<Recording> {
  const api = TenantApi.of(server.quickstart);
  const stream = await api.createStream(file, { reconnect_window_seconds: 1, playlist_window_seconds: 120 });
  const recorder = new HlsRecorder(stream.playlistUrl).start();
  const viewer = watch(file, stream.watchUrl, recorder);
  let multivariant = '';
  try {
    await publishAtItsPace(stream.key, path);
    multivariant = await (await fetch(new URL('master.m3u8', stream.playlistUrl))).text();
    await recorder.until('the list is closed', ({ last }) => last?.ended === true);
  } finally {
    await recorder.stop();
  }
  const page = await api.ok('GET', `/v1/live_streams/${stream.id}/sessions`);
  const [session] = page['data'] as { warnings?: { code: string }[] }[];
  return {
    recorder,
    multivariant,
    freezeMs: await viewer,
    warnings: (session?.warnings ?? []).map(({ code }) => code).sort(),
  };
}

async function watch(file: string, url: string, recorder: HlsRecorder): Promise<number | undefined> {
  const wish = watched.get(file);
  if (wish === undefined) return undefined;
  await recorder.until('there is a segment', ({ last }) => last !== undefined);
  const page = await watchPage(url);
  try {
    const freezeMs = await page.longestFreezeMs(wish.untilSeconds);
    expect(page.losses).toEqual([]);
    return freezeMs;
  } finally {
    await page.close();
  }
}

async function publishAtItsPace(key: string, path: string): Promise<void> {
  const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', key);
  await client.setChunkSize(4096);
  const startedAt = performance.now();
  let lastMs = 0;
  for (const { type, timestampMs, body } of readFlvTags(path)) {
    if (Math.abs(timestampMs - lastMs) < LONE_MS) lastMs = timestampMs;
    const waitMs = startedAt + lastMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    await client.send(
      { type, streamId: 1, timestamp: timestampMs, body },
      { csid: type === 8 ? 4 : 6, headers: 'full' },
    );
  }
  expect(client.closed, client.statuses.at(-1)?.description).toBe(false);
  await client.command('deleteStream', 9, null, 1);
  await client.end();
}

describe('what an encoder sends is what a viewer sees', () => {
  it.each(cases)('$file', { timeout: LONGEST_FILE_MS + 60_000 }, async (each) => {
    const { recorder, multivariant, freezeMs, warnings } = await recordings.get(each.file)!;
    const sent = readLenientFlv(each.path);
    const ticks = each.toleranceMs * 90;
    expect(recorder.faults).toEqual([]);
    const arrived = framesOf(recorder.ordered);
    expect(arrived.faults).toEqual([]);

    const bytes = Buffer.concat(recorder.ordered.map((segment) => segment.bytes));
    const [wanted, seen] = [await decodePictures('h264', sent.video), await decodePictures('mpegts', bytes)];
    expect([wanted.hashes.length, sent.sound.length], 'what is in the file').toEqual([each.picturesIn, each.soundIn]);
    const isSent = new Set(sent.sound);
    const sound = arrived.audio.map((frame) => frame.hash).filter((hash) => isSent.has(hash));
    expect([seen.hashes.length, sound.length], 'what arrived').toEqual([each.picturesOut, each.soundOut]);
    expect(arrived.audio.length - sound.length, 'silence').toBe(each.silence);
    expect(seen.hashes).toEqual(wanted.hashes.slice(-each.picturesOut));
    expect(sound).toEqual(each.soundOut === 0 ? [] : sent.sound.slice(-each.soundOut));

    // Who joins late starts with one of the segments: what its decoder sees then is right, and not nothing.
    const late = recorder.ordered[Math.floor(recorder.ordered.length / 2)]!;
    const alone = await decodePictures('mpegts', late.bytes);
    expect(alone.hashes.filter((hash) => !wanted.hashes.includes(hash))).toEqual([]);
    expect(alone.hashes.length > 0, 'pictures of one segment').toBe(each.picturesOut > 0);

    const times = arrived.video.map((frame) => frame.pts90k).sort((a, b) => a - b);
    const due = sent.shownAtMs.slice(-arrived.video.length).map((ms) => ms * 90);
    const wrong = times.flatMap((time, at) => {
      const offBy = time - times[0]! - (due[at]! - due[0]!);
      return Math.abs(offBy) <= ticks ? [] : [{ at, ms: offBy / 90 }];
    });
    expect(wrong, 'pictures at a wrong time').toEqual([]);
    for (const track of [arrived.video, arrived.audio]) {
      const back = track.findIndex((frame, at) => at > 0 && frame.dts90k <= track[at - 1]!.dts90k);
      expect(back, 'the first frame whose decode time does not grow').toBe(-1);
    }
    expect(recorder.ordered.filter((segment) => segment.discontinuity)).toHaveLength(each.discontinuities);
    expect(warnings).toEqual(each.warnings);
    expect(multivariant.includes('TYPE=CLOSED-CAPTIONS')).toBe(each.file === 'captions.flv');
    if (freezeMs !== undefined) expect(freezeMs).toBeLessThan(watched.get(each.file)!.freezeMs);
  });
});
