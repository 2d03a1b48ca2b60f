// A page of another site that plays a stream with mpegts.js in headless Chromium.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { WatchPage } from './watch-page.ts';

const PLAYER = createRequire(import.meta.url).resolve('mpegts.js/dist/mpegts.js');
const PAGE = `<!doctype html><title>FLV</title><body><video muted autoplay></video><script src="/mpegts.js"></script>
<script>
  const url = new URLSearchParams(location.search).get('url');
  const config = { enableStashBuffer: false, liveBufferLatencyChasing: true };
  const player = mpegts.createPlayer({ type: 'flv', isLive: true, url }, config);
  player.on(mpegts.Events.ERROR, (type, detail) => document.body.append(type + ' ' + detail));
  player.on(mpegts.Events.LOADING_COMPLETE, () => document.body.append('complete'));
  player.attachMediaElement(document.querySelector('video'));
  player.load();
  player.play();
</script></body>`;

/** @param url of the stream: http or ws */
export async function openFlvPage(url: string): Promise<{ readonly page: WatchPage; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url === '/mpegts.js') response.setHeader('content-type', 'text/javascript').end(readFileSync(PLAYER));
    else response.setHeader('content-type', 'text/html').end(PAGE);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await WatchPage.open(`http://127.0.0.1:${port}/?url=${encodeURIComponent(url)}`);
  return {
    page,
    close: async () => {
      await page.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** How many bits of a wall clock a clock picture shows, each as a bar that is black or white. */
const BITS = 16;
/** What one step of it is worth, in milliseconds. */
const STEP_MS = 32;

/** ffmpeg's input of pictures at the pace of the clock. */
export const CLOCK_INPUT = ['-re', '-f', 'lavfi', '-i', `color=black:s=${BITS * 16}x64:r=15`];

/**
 * Its options for pictures that show the wall clock: not the time of the stream, but when each was made. A filter of the output, since
 * ffmpeg reads inputs half a second ahead of their pace. With a keyframe each `gop` pictures, and sound; for so many
 * seconds.
 */
export const clockOutput = (gop: number, seconds = 120): readonly string[] => [
  '-vf',
  `geq=lum='255*mod(floor(time(0)*1000/${STEP_MS}/pow(2,floor(X/16))),2)':cb=128:cr=128`,
  ...`-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g ${gop} -c:a aac -t ${seconds}`.split(' '),
];

/** How long ago the picture that shows now was made, in milliseconds: the median of some looks. */
export async function clockLatencyMs({ page }: WatchPage): Promise<number> {
  const looks: number[] = [];
  for (let n = 0; n < 15; n++) {
    looks.push(
      await page.evaluate(
        ({ bits, stepMs }) => {
          const canvas = document.createElement('canvas');
          canvas.width = bits * 16;
          canvas.height = 64;
          const context = canvas.getContext('2d')!;
          context.drawImage(document.querySelector('video')!, 0, 0);
          const { data } = context.getImageData(0, 32, bits * 16, 1);
          let shown = 0;
          for (let bit = 0; bit < bits; bit++) if (data[(bit * 16 + 8) * 4]! > 127) shown += 2 ** bit;
          const cycle = 2 ** bits;
          const now = Math.floor(Date.now() / stepMs) % cycle;
          return ((now - shown + cycle) % cycle) * stepMs;
        },
        { bits: BITS, stepMs: STEP_MS },
      ),
    );
    await page.waitForTimeout(100);
  }
  return looks.sort((a, b) => a - b)[7]!;
}
