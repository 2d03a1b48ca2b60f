// An encoder publishes in real time, and everything that it sent can be played.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { compareTimes, framesOf } from './support/frame-ledger.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE, sourceFrames } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { TenantApi } from './support/tenant-api.ts';
import { watchPage, WatchPage } from './support/watch-page.ts';

let server: Standalone;
beforeAll(async () => {
  server = await startStandalone();
});
afterAll(() => server?.stop());

interface MeasuredSession {
  readonly id: string;
  readonly ingest: {
    readonly keyframe_interval_seconds: number;
    readonly video_frames: number;
    readonly audio_frames: number;
    readonly video_bits_per_second: number;
    readonly audio_bits_per_second: number;
  };
}

/** The live session of a stream, as the list of sessions has it once its keyframe interval is known. */
const measuredWhileLive = (api: TenantApi, streamId: string): Promise<MeasuredSession> =>
  eventually('the live session is measured', async () => {
    const { data } = await api.ok('GET', `/v1/sessions?status=live&live_stream_id=${streamId}`);
    const [session] = data as (Pick<MeasuredSession, 'id'> & {
      readonly ingest: Record<string, number | null> | null;
    })[];
    return (session?.ingest?.['keyframe_interval_seconds'] ?? null) === null ? undefined : (session as MeasuredSession);
  });

describe('ffmpeg publishes 30 s of H.264 and AAC in real time', () => {
  it('every coded frame arrives once, in order, at its time, in segments that ffprobe finds nothing wrong with', async () => {
    const api = TenantApi.of(server.quickstart);
    const stream = await api.createStream('whole', {
      reconnect_window_seconds: 1,
      playlist_window_seconds: 60,
    });
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    const ffmpeg = await publishWithFfmpeg(`rtmp://127.0.0.1:${server.ports.rtmp}/live/${stream.key}`, SOURCE_FILE, {
      loops: 0,
    });
    const live = await measuredWhileLive(api, stream.id);
    await ffmpeg.ended();
    expect(ffmpeg.exitCode, ffmpeg.logs.tail()).toBe(0);
    await recorder.until('the list is closed', ({ last }) => last?.ended === true);
    await recorder.stop();
    await recorder.verifyUnchanged();
    expect(recorder.faults).toEqual([]);

    const sent = sourceFrames();
    // Keyframes of the source are 2 s apart.
    expect(live.ingest.keyframe_interval_seconds).toBeGreaterThan(1.8);
    expect(live.ingest.keyframe_interval_seconds).toBeLessThan(2.2);
    expect(live.ingest.video_frames).toBeGreaterThan(0);
    expect(live.ingest.video_frames).toBeLessThanOrEqual(sent.video.length);
    expect(live.ingest.audio_frames).toBeLessThanOrEqual(sent.audio.length);
    expect(live.ingest.video_bits_per_second).toBeGreaterThan(live.ingest.audio_bits_per_second);
    const [connection] = await eventually('the connection has its final counts', async () => {
      const { connections } = await api.ok('GET', `/v1/sessions/${live.id}`);
      const known = connections as { readonly end_reason: string | null; readonly video_frames: number }[];
      return known[0]?.end_reason === null ? undefined : known;
    });
    expect(connection).toMatchObject({ video_frames: sent.video.length, audio_frames: sent.audio.length });

    const arrived = framesOf(recorder.ordered);
    expect(arrived.faults).toEqual([]);
    expect(arrived.video.map((frame) => frame.hash)).toEqual(sent.video.map((frame) => frame.hash));
    expect(arrived.audio.map((frame) => frame.hash)).toEqual(sent.audio.map((frame) => frame.hash));
    expect(compareTimes(sent.video, arrived.video)).toEqual([]);
    expect(compareTimes(sent.audio, arrived.audio)).toEqual([]);
    // Sound and picture keep their distance.
    const apart = (frames: typeof sent): number => frames.audio[0]!.pts90k - frames.video[0]!.pts90k;
    expect(Math.abs(apart(arrived) - apart(sent))).toBeLessThanOrEqual(90);

    expect(recorder.versions.every((version) => version.targetDuration === recorder.last!.targetDuration)).toBe(true);
    expect(recorder.ordered.filter((segment) => segment.discontinuity)).toEqual([]);
    const folder = temporaryFolder('segments');
    for (const segment of recorder.ordered) {
      const file = join(folder.path, `${segment.mediaSequence}.ts`);
      writeFileSync(file, segment.bytes);
      const probe = spawnSync('ffprobe', ['-v', 'warning', '-show_entries', 'packet=pts', '-of', 'csv=p=0', file], {
        encoding: 'utf8',
      });
      expect(`${probe.status} ${probe.stderr}`, `segment ${segment.mediaSequence}`).toBe('0 ');
    }
    folder.remove();
  });

  it('headless Chromium plays the watch page without a stall, and the picture is there', async () => {
    const { quickstart } = server;
    const ffmpeg = await publishWithFfmpeg(
      `rtmp://127.0.0.1:${server.ports.rtmp}/live/${quickstart.stream_key}`,
      SOURCE_FILE,
    );
    const page = await watchPage(quickstart.watch_url.replace('localhost', '127.0.0.1'));
    try {
      await page.until('60 frames are decoded', (state) => state.framesDecoded > 60);
      const before = await page.state();
      await page.until('10 s more are played', (state) => state.currentTime > before.currentTime + 10);
      const after = await page.state();
      expect(after.framesDecoded - before.framesDecoded).toBeGreaterThan(250);
      expect(after.stalls - before.stalls).toBe(0);
      expect(page.errors).toEqual([]);
      const results = join(import.meta.dirname, '../test-results');
      mkdirSync(results, { recursive: true });
      const { brightness, colors } = await page.picture(join(results, 'watch-page.png'));
      expect(brightness).toBeGreaterThan(20);
      expect(colors).toBeGreaterThan(500);
    } finally {
      await page.close();
      await ffmpeg.stop();
    }
  });

  it('the watch page is paused and resumed by keys, by its button and from outside, and all of it is within reach', async () => {
    const stream = await TenantApi.of(server.quickstart).createStream('Concert <in> the park');
    const ffmpeg = await publishWithFfmpeg(`rtmp://127.0.0.1:${server.ports.rtmp}/live/${stream.key}`, SOURCE_FILE);
    const page = await WatchPage.open(stream.watchUrl, { width: 640, height: 360 });
    const paused = (): Promise<boolean> => page.page.evaluate(() => document.querySelector('video')!.paused);
    const untilShown = async (name: string): Promise<void> => {
      await eventually(`the page offers ${name}`, async () => (await page.buttons()).names.includes(name));
    };
    try {
      await page.untilItMoves();
      for (const key of [' ', 'k']) {
        await page.press(key);
        await untilShown('Play');
        expect(await paused()).toBe(true);
        await page.press(key);
        await page.untilItMoves();
        await untilShown('Pause');
      }
      await page.pauseFromOutside();
      await untilShown('Play');
      await page.page.getByRole('button', { name: 'Play' }).first().click();
      await page.untilItMoves();
      for (const [was, willBe] of [
        ['Unmute', 'Mute'],
        ['Mute', 'Unmute'],
      ] as const) {
        await untilShown(was);
        await page.press('m');
        await untilShown(willBe);
      }
      await page.press('ArrowDown');
      expect(await page.page.evaluate(() => document.querySelector('video')!.volume)).toBeCloseTo(0);

      for (const [width, height] of [
        [640, 360],
        [320, 568],
        [320, 180],
      ] as const) {
        await page.page.setViewportSize({ width, height });
        for (const offered of ['Pause', 'Play']) {
          if (offered === 'Play') await page.pauseFromOutside();
          await untilShown(offered);
          // A move of the mouse brings back the bars that went.
          await page.page.mouse.move(width / 2, height / 3);
          await page.page.mouse.move(width / 3, height / 3);
          const { names, unreachable } = await page.buttons();
          expect(names).toEqual(expect.arrayContaining(['Share', 'Full screen', 'Picture in picture']));
          expect(unreachable, `${width}×${height}, ${offered}`).toEqual([]);
        }
        await page.press('k');
        await page.untilItMoves();
      }
      expect(await page.page.title()).toBe('Concert <in> the park · Millrace');
      await page.until('it says how many watch', ({ text }) => text.includes('1 watching'));
      await page.page.mouse.move(100, 60);
      await page.page.getByRole('button', { name: 'Share' }).click();
      const code = await page.page.getByLabel('Embed code').inputValue();
      expect(code).toContain(`<iframe src="${stream.watchUrl}" title="Concert &lt;in&gt; the park"`);
      expect(page.errors).toEqual([]);
    } finally {
      await page.close();
      await ffmpeg.stop();
    }
  });

  it('what it says on the way is timed ID3, for ffprobe and for the page that plays it', async () => {
    const { quickstart } = server;
    const folder = temporaryFolder('cues');
    const cues = join(folder.path, 'cues.srt');
    // Subtitles of the kind "text" become onTextData in FLV.
    const cue = (s: number): string => `${s}\n00:00:${two(s)},000 --> 00:00:${two(s)},900\nsecond ${s}\n`;
    writeFileSync(cues, Array.from({ length: 20 }, (_, i) => cue(i + 1)).join('\n'));
    const url = `rtmp://127.0.0.1:${server.ports.rtmp}/live/${quickstart.stream_key}`;
    const maps = ['-map', '1:v', '-map', '1:a', '-map', '0:s'];
    const ffmpeg = await publishWithFfmpeg(url, SOURCE_FILE, {
      loops: 0,
      inputArgs: ['-i', cues, '-re'],
      outputArgs: [...maps, '-c', 'copy', '-c:s', 'text'],
    });
    const page = await watchPage(quickstart.watch_url.replace('localhost', '127.0.0.1'));
    try {
      const heard = await eventually('the page has cues of the encoder', async () => {
        const found = await cuesOf(page);
        return found.length >= 3 && found;
      });
      for (const { info, text } of heard)
        expect([info, text]).toEqual(['onTextData', expect.stringMatching(/second \d+/)]);
      const times = heard.map(({ startTime, text }) => startTime - Number(/second (\d+)/.exec(text)![1]));
      // A second of the encoder is one of the page, wherever its clock began.
      expect(Math.max(...times) - Math.min(...times)).toBeLessThan(0.1);
      const playlist = quickstart.playback_url.replace('localhost', '127.0.0.1');
      const args = ['-v', 'error', '-select_streams', 'd', '-show_entries', 'stream=codec_name:packet=pts_time'];
      const probed = spawnSync('ffprobe', [...args, '-read_intervals', '%+6', '-of', 'json', playlist], {
        encoding: 'utf8',
      });
      const { streams, packets } = JSON.parse(probed.stdout) as { streams: object[]; packets: object[] };
      expect(streams).toContainEqual({ codec_name: 'timed_id3' });
      expect(packets.length).toBeGreaterThan(1);
      expect(page.errors).toEqual([]);
    } finally {
      await page.close();
      await ffmpeg.stop();
      folder.remove();
    }
  });
});

const two = (number: number): string => String(number).padStart(2, '0');

/** What hls.js has put on the page's track of metadata. */
const cuesOf = (page: WatchPage): Promise<{ startTime: number; info: string; text: string }[]> =>
  page.page.evaluate(() => {
    const tracks = [...(document.querySelector('video')?.textTracks ?? [])].filter(({ kind }) => kind === 'metadata');
    return tracks.flatMap((track) => {
      track.mode = 'hidden';
      return [...(track.cues ?? [])].map((cue) => {
        const { value } = cue as unknown as { value: { info: string; data: string } };
        return { startTime: cue.startTime, info: value.info, text: value.data };
      });
    });
  });
