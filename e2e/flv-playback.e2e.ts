// Playback by HTTP-FLV, WebSocket-FLV and RTMP: frame-exact for ffmpeg, moving pictures for mpegts.js in a browser.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { requireProgram } from '@millrace/tools/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { readFlvFrames } from './support/flv-frames.ts';
import { CLOCK_INPUT, clockLatencyMs, clockOutput, openFlvPage } from './support/flv-page.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE, sourceFrames } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { WatchPage } from './support/watch-page.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

let server: Standalone;
beforeAll(async () => {
  server = await startStandalone();
});
afterAll(() => server?.stop());

const flvUrl = ({ playbackId }: TestStream): string => `http://127.0.0.1:${server.ports.http}/live/${playbackId}.flv`;
const publishUrl = ({ key }: TestStream): string => `rtmp://127.0.0.1:${server.ports.rtmp}/live/${key}`;
const playUrl = ({ playbackId }: TestStream): string => `rtmp://127.0.0.1:${server.ports.rtmp}/play/${playbackId}`;
const createStream = (name: string): Promise<TestStream> =>
  TenantApi.of(server.quickstart).createStream(name, { reconnect_window_seconds: 5 });
const isLive = async (stream: TestStream): Promise<boolean> =>
  (await fetch(flvUrl(stream), { method: 'HEAD' })).status === 200;

it('ffmpeg records every frame once and in order, over an encoder that connects again, until the stream ends', async () => {
  const stream = await createStream('exact');
  const folder = temporaryFolder('flv');
  const file = join(folder.path, 'recorded.flv');
  const seconds = (from: number) => ({
    loops: 0,
    inputArgs: ['-ss', String(from), '-re'],
    outputArgs: ['-t', '4', '-c', 'copy'],
  });
  const first = await publishWithFfmpeg(publishUrl(stream), SOURCE_FILE, seconds(0));
  await eventually('the stream is live', () => isLive(stream));
  const overRtmp = join(folder.path, 'rtmp.flv');
  const recorders = [record(flvUrl(stream), file, '-f', 'flv'), record(playUrl(stream), overRtmp)];
  await first.ended();
  await (await publishWithFfmpeg(publishUrl(stream), SOURCE_FILE, seconds(10))).ended();
  for (const recorder of recorders) {
    const { code, words } = await recorder;
    expect(code, words).toBe(0);
  }
  for (const recorded of [file, overRtmp]) expectTwoRuns(recorded);
  folder.remove();
});

/** ffmpeg records what it is sent, unchanged, until the stream ends. */
async function record(url: string, file: string, ...input: string[]): Promise<{ code: unknown; words: string }> {
  const args = ['-v', 'warning', ...input, '-i', url, '-c', 'copy', '-f', 'flv', file];
  const recorder = spawn(requireProgram('ffmpeg', 'ffmpeg'), ['-nostdin', '-hide_banner', ...args]);
  let words = '';
  recorder.stderr.on('data', (text) => (words += String(text)));
  const [code] = (await once(recorder, 'close')) as unknown[];
  return { code, words };
}

function expectTwoRuns(file: string): void {
  const sent = sourceFrames().video;
  const recorded = readFlvFrames(file).video;
  const places = recorded.map(({ hash }) => sent.findIndex((frame) => frame.hash === hash));
  const second = places.findIndex((place, i) => i > 0 && place !== places[i - 1]! + 1);
  // Two runs of the source without a hole or a repeat: from a keyframe of the first encoder to its end, and all of the second.
  expect(places.slice(0, second)).toEqual(Array.from({ length: second }, (_, i) => places[0]! + i));
  expect(places.slice(second)).toEqual(Array.from({ length: places.length - second }, (_, i) => places[second]! + i));
  expect(places[0]! % 60).toBe(0);
  expect(places[second - 1]).toBeGreaterThanOrEqual(115);
  expect(places.length - second).toBeGreaterThanOrEqual(115);
  const times = recorded.map(({ dts90k }) => dts90k);
  expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
  // To the millisecond, as the encoder sent them.
  const steps = (list: readonly number[]): number[] => list.slice(1).map((time, i) => time - list[i]!);
  const source = sent.map(({ dts90k }) => Math.round(dts90k / 90));
  const ms = times.map((time) => Math.round(time / 90));
  const firstRun = steps(ms.slice(0, second));
  const asSent = steps(source.slice(places[0], places[0]! + second));
  expect(firstRun.every((step, i) => Math.abs(step - asSent[i]!) <= 1)).toBe(true);
}

describe('mpegts.js in headless Chromium, on another site', () => {
  it('plays over HTTP and over WebSocket, a little behind the encoder', async () => {
    const stream = await createStream('clock');
    const encoder = await publishWithFfmpeg(publishUrl(stream), 'anullsrc=r=44100', {
      loops: 0,
      inputArgs: [...CLOCK_INPUT, '-re', '-f', 'lavfi'],
      outputArgs: clockOutput(15),
    });
    try {
      await eventually('the stream is live', () => isLive(stream));
      for (const url of [flvUrl(stream), flvUrl(stream).replace('http', 'ws')]) {
        const { page, close } = await openFlvPage(url);
        try {
          await page.until('pictures are decoded', ({ framesDecoded }) => framesDecoded > 15);
          const before = await page.state();
          await page.until('more are', ({ framesDecoded }) => framesDecoded > before.framesDecoded + 30);
          console.log(`${new URL(url).protocol} FLV: the picture is ${await clockLatencyMs(page)} ms old`);
          const { text } = await page.state();
          expect([page.errors, text]).toEqual([[], '']);
        } finally {
          await close();
        }
      }
      await watchWithLowDelay(stream);
    } finally {
      await encoder.kill();
    }
  });
});

/** The watch page of the stream: it plays the playlist where FLV does not begin, and FLV where it does. */
async function watchWithLowDelay({ watchUrl, playbackId }: TestStream): Promise<void> {
  const watch = await WatchPage.open('about:blank');
  const { page } = watch;
  const [asked, problems]: [string[], string[]] = [[], []];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('ERR_FAILED')) problems.push(message.text());
  });
  const lowDelay = page.getByRole('button', { name: 'Low delay' });
  const isChosen = () => lowDelay.getAttribute('aria-pressed');
  try {
    await page.route('**/*.flv', (route) => route.abort());
    await page.goto(watchUrl);
    await lowDelay.click();
    await expect.poll(() => watch.losses.length, { timeout: 20_000 }).toBe(1);
    await expect.poll(isChosen, { timeout: 20_000 }).toBe('false');
    await watch.until('the playlist is played instead', ({ framesDecoded }) => framesDecoded > 15);
    await page.unroute('**/*.flv');
    await lowDelay.click();
    await expect.poll(() => clockLatencyMs(watch), { timeout: 20_000 }).toBeLessThan(3_000);
    console.log(`watch page with low delay: the picture is ${await clockLatencyMs(watch)} ms old`);
    expect(await isChosen()).toBe('true');
    expect(asked).toEqual(expect.arrayContaining(['/assets/console/mpegts.js', `/live/${playbackId}.flv`]));
    expect([watch.errors, problems, watch.losses.length]).toEqual([[], [], 1]);
    await page.screenshot({ path: join(import.meta.dirname, '../test-results/watch-page-low-delay.png') });
  } finally {
    await watch.close();
  }
}
