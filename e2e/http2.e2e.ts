// HTTPS without a proxy: a browser plays over HTTP/2 alone, with the players that there are.
import { newCertificate } from '@millrace/service-kit/testing';
import { freePorts } from '@millrace/tools/processes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { openPlayerPage } from './support/player-page.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import { trustCertificateFlag } from './support/trusted-certificate.ts';
import { WatchPage } from './support/watch-page.ts';

/** More pictures than a new player of FLV is sent at once: a group of them. */
const BURST = 75;

let server: Standalone;
let page: WatchPage | undefined;
let url: string;
let certFile: string;
let origin: string;

/** By each player: as much as shows that it goes on from segment to segment. */
const PLAYED_S = 3;
/** Five players, one after another. */
const TIMEOUT_MS = 300_000;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  const files = await newCertificate();
  certFile = files.certFile;
  server = await startStandalone({
    args: ['--demo'],
    env: {
      MILLRACE_HTTPS_PORT: String(port),
      MILLRACE_HTTPS_CERT_FILE: files.certFile,
      MILLRACE_HTTPS_KEY_FILE: files.keyFile,
    },
  });
  const [, playbackId] = /\/hls\/([^/]+)\//.exec(server.quickstart.demo_playback_url ?? '') ?? [];
  origin = `https://127.0.0.1:${port}`;
  url = `${origin}/watch/${playbackId}`;
});
afterAll(async () => {
  await page?.browser.close();
  await server?.stop();
});

it('plays HLS over HTTP/2, and FLV beside it', async () => {
  page = await WatchPage.open(url, { flags: [trustCertificateFlag(certFile)] });
  await page.until('pictures are played', ({ framesDecoded }) => framesDecoded > BURST);
  const protocols = (): Promise<(readonly [string | undefined, string])[]> =>
    page!.page.evaluate(() =>
      (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map(
        ({ name, nextHopProtocol }) => [new URL(name).pathname.split('.').at(-1), nextHopProtocol] as const,
      ),
    );
  for (const kind of ['m3u8', 'ts'])
    await expect
      .poll(async () => (await protocols()).filter(([each]) => each === kind).length, { timeout: 20_000 })
      .toBeGreaterThan(1);
  const media = (await protocols()).filter(([kind]) => kind === 'm3u8' || kind === 'ts');
  expect(new Set(media.map(([, protocol]) => protocol))).toEqual(new Set(['h2']));
  const lowDelay = page.page.getByRole('button', { name: 'Low delay' });
  await lowDelay.click();
  await page.until('a player of FLV has begun', ({ framesDecoded }) => framesDecoded < BURST);
  await page.until('it plays', ({ framesDecoded }) => framesDecoded > BURST);
  expect(await lowDelay.getAttribute('aria-pressed')).toBe('true');
  expect(page.errors).toEqual([]);
});

it(
  'plays low latency over HTTP/2: hls.js, Shaka Player and video.js its parts, dash.js and Shaka Player MPEG-DASH',
  async () => {
    const stream = await TenantApi.of(server.quickstart).createStream('low', {
      latency_mode: 'low',
      reconnect_window_seconds: 2,
    });
    const ffmpeg = await publishWithFfmpeg(`rtmp://127.0.0.1:${server.ports.rtmp}/live/${stream.key}`, SOURCE_FILE);
    const playlist = `${origin}/hls/${stream.playbackId}/master.m3u8`;
    const manifest = `${origin}/dash/${stream.playbackId}/manifest.mpd`;
    await eventually('it is live', async () => (await fetch(stream.playlistUrl)).status === 200);
    const flags = [trustCertificateFlag(certFile)];
    for (const [player, from, kinds] of [
      ['hls.js', playlist, ['m3u8', 'm4s', 'mp4']],
      ['shaka', playlist, ['m3u8', 'm4s', 'mp4']],
      ['video.js', playlist, ['m3u8', 'm4s', 'mp4']],
      ['shaka', manifest, ['m4s', 'mp4', 'mpd']],
      ['dash.js', manifest, ['m4s', 'mp4', 'mpd']],
    ] as const) {
      const opened = await openPlayerPage(player, from, flags);
      await opened.page.until(`${player} shows pictures`, ({ framesDecoded }) => framesDecoded > 20);
      const { currentTime } = await opened.page.state();
      await opened.page.until(`${player} goes on`, (state) => state.currentTime > currentTime + PLAYED_S);
      const loaded = await opened.loaded();
      // MPEG-TS is in the multivariant playlist too, and none of it was asked for.
      expect([...new Set(loaded.map(({ kind }) => kind))].sort(), player).toEqual(kinds);
      expect([...new Set(loaded.map(({ protocol }) => protocol))], player).toEqual(['h2']);
      expect(await opened.failures(), player).toEqual([]);
      await opened.close();
    }
    await ffmpeg.stop();
  },
  TIMEOUT_MS,
);
