// A page of another site that plays a stream with hls.js in its low-latency mode, in headless Chromium.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { WatchPage } from './watch-page.ts';

const PLAYER = createRequire(import.meta.url).resolve('hls.js/dist/hls.js');
const PAGE = `<!doctype html><title>LL-HLS</title><body><video muted autoplay></video><script src="/hls.js"></script>
<script>
  const url = new URLSearchParams(location.search).get('url');
  const hls = new Hls({ lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.3 });
  globalThis.hls = hls;
  globalThis.failures = [];
  globalThis.loadedKinds = new Set();
  hls.on(Hls.Events.ERROR, (_, { fatal, type, details }) => {
    globalThis.failures.push([fatal ? 'fatal' : 'passing', type, details].join(' '));
  });
  hls.on(Hls.Events.FRAG_LOADED, (_, { frag, part }) =>
    globalThis.loadedKinds.add(new URL(part?.url ?? frag.url).pathname.split('.').pop()));
  hls.loadSource(url);
  hls.attachMedia(document.querySelector('video'));
</script></body>`;

export interface LowLatencyPage {
  readonly page: WatchPage;
  /** What hls.js reported. */
  failures(): Promise<readonly string[]>;
  /** The kinds of files that it played, by their extensions. */
  kinds(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** @param url of the multivariant playlist */
export async function openLowLatencyPage(url: string): Promise<LowLatencyPage> {
  const server = createServer((request, response) => {
    if (request.url === '/hls.js') response.setHeader('content-type', 'text/javascript').end(readFileSync(PLAYER));
    else response.setHeader('content-type', 'text/html').end(PAGE);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await WatchPage.open(`http://127.0.0.1:${port}/?url=${encodeURIComponent(url)}`);
  return {
    page,
    failures: () => page.page.evaluate(() => (globalThis as unknown as { failures: string[] }).failures),
    kinds: () => page.page.evaluate(() => [...(globalThis as unknown as { loadedKinds: Set<string> }).loadedKinds]),
    close: async () => {
      await page.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
