// HTTPS without a proxy: a browser plays over HTTP/2 alone.
import { newCertificate } from '@millrace/service-kit/testing';
import { freePorts } from '@millrace/tools/processes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { trustCertificateFlag } from './support/trusted-certificate.ts';
import { WatchPage } from './support/watch-page.ts';

/** More pictures than a new player of FLV is sent at once: a group of them. */
const BURST = 75;

let server: Standalone;
let page: WatchPage | undefined;
let url: string;
let certFile: string;

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
  url = `https://127.0.0.1:${port}/watch/${playbackId}`;
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
