// HTTPS without a proxy: a browser plays over HTTP/2 alone, with the players that there are.
import { newCertificate } from '@millrace/service-kit/testing';
import { freePorts } from '@millrace/tools/processes';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { captionedSource } from './support/captioned-source.ts';
import { eventually } from './support/eventually.ts';
import { openPlayerPage } from './support/player-page.ts';
import type { PlayerName, PlayerPage } from './support/player-page.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { trustCertificateFlag } from './support/trusted-certificate.ts';
import { WatchPage } from './support/watch-page.ts';

/** More pictures than a new player of FLV is sent at once: a group of them. */
const BURST = 75;

/** One after another, in the pictures of the encoder. */
const CAPTIONS: readonly string[] = ['FIRST CAPTION', 'SECOND CAPTION'];

/** Timed metadata that is put in until the page has heard of it. */
const SAID_EVERY_MS = 400;
const MOST_SAID = 75;

const folder = temporaryFolder('captions');
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
  folder.remove();
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
  'plays low latency over HTTP/2: hls.js, Shaka Player and video.js its parts, dash.js and Shaka Player MPEG-DASH to its end',
  async () => {
    const api = TenantApi.of(server.quickstart);
    const source = captionedSource(folder.path, CAPTIONS);
    const publish = async (name: string) => {
      const stream = await api.createStream(name, { latency_mode: 'low', reconnect_window_seconds: 2 });
      const ffmpeg = await publishWithFfmpeg(`rtmp://127.0.0.1:${server.ports.rtmp}/live/${stream.key}`, source);
      await eventually('it is live', async () => (await fetch(stream.playlistUrl)).status === 200);
      return { stream, ffmpeg };
    };
    const { stream: dash, ffmpeg: encoder } = await publish('dash');
    const toTheEnd: PlayerPage[] = [];
    for (const player of ['shaka', 'dash.js'] as const) {
      const opened = await open(player, `${origin}/dash/${dash.playbackId}/manifest.mpd`);
      await playsOn(player, opened, ['m4s', 'mp4', 'mpd']);
      toTheEnd.push(opened);
    }
    await encoder.stop();
    // Shaka Player needs 16 s for that: the players of HLS have their turn meanwhile.
    const ends = Promise.allSettled(toTheEnd.map((player) => player.ended()));
    const { stream, ffmpeg } = await publish('low');
    const multivariant = await (await fetch(stream.playlistUrl.replace('index', 'master'))).text();
    expect(multivariant).toContain('TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="CC1"');
    for (const player of ['hls.js', 'shaka', 'video.js'] as const) {
      const opened = await open(player, `${origin}/hls/${stream.playbackId}/master.m3u8`);
      if (player === 'hls.js') await seesWhatIsBesideThePictures(opened.page.page, api, stream.id);
      // MPEG-TS is in the multivariant playlist too, and none of it was asked for.
      await playsOn(player, opened, ['m3u8', 'm4s', 'mp4']);
      await opened.close();
    }
    await ffmpeg.stop();
    expect(await ends).toEqual(toTheEnd.map(() => ({ status: 'fulfilled', value: undefined })));
    for (const player of toTheEnd) {
      expect(await player.failures()).toEqual([]);
      await player.close();
    }
  },
  TIMEOUT_MS,
);

async function open(player: PlayerName, from: string): Promise<PlayerPage> {
  const opened = await openPlayerPage(player, from, [trustCertificateFlag(certFile)]);
  await opened.page.until(`${player} shows pictures`, ({ framesDecoded }) => framesDecoded > 20);
  return opened;
}

/** By files of these kinds alone, over HTTP/2, and without a failure. */
async function playsOn(player: PlayerName, opened: PlayerPage, kinds: readonly string[]): Promise<void> {
  const { currentTime } = await opened.page.state();
  await opened.page.until(`${player} goes on`, (state) => state.currentTime > currentTime + PLAYED_S);
  const loaded = await opened.loaded();
  expect([...new Set(loaded.map(({ kind }) => kind))].sort(), player).toEqual(kinds);
  expect([...new Set(loaded.map(({ protocol }) => protocol))], player).toEqual(['h2']);
  expect(
    (await opened.failures()).filter((failure) => !failure.startsWith('passing')),
    player,
  ).toEqual([]);
}

/** Captions of the encoder, and timed metadata that is put in meanwhile, are cues of text tracks. */
async function seesWhatIsBesideThePictures(player: Page, api: TenantApi, streamId: string): Promise<void> {
  const cuesOf = (kind: string): Promise<string[]> =>
    player.evaluate((wanted) => {
      const tracks = [...document.querySelector('video')!.textTracks].filter((track) => track.kind === wanted);
      return tracks.flatMap((track) => {
        if (track.mode === 'disabled') track.mode = 'hidden';
        return [...(track.cues ?? [])].map((cue) => {
          const { text, type, value } = cue as VTTCue & { type?: string; value?: { info: string; data: string } };
          return value === undefined ? text.trim() : `${type} ${value.info} ${value.data}`;
        });
      });
    }, kind);
  await expect.poll(() => cuesOf('captions'), { timeout: 30_000 }).toEqual(expect.arrayContaining([...CAPTIONS]));
  expect((await cuesOf('captions')).filter((text) => !CAPTIONS.includes(text))).toEqual([]);
  // Chromium loses the cue with which hls.js makes the track: it empties a track element that has just been made.
  for (let home = 1; (await cuesOf('metadata')).length === 0; home++) {
    await api.ok('POST', `/v1/live_streams/${streamId}/timed_metadata`, { name: 'score', data: { home } });
    await player.waitForTimeout(SAID_EVERY_MS);
    expect(home).toBeLessThan(MOST_SAID);
  }
  expect((await cuesOf('metadata'))[0]).toMatch(/^https:\/\/aomedia\.org\/emsg\/ID3 score {"home":\d+}$/);
}
