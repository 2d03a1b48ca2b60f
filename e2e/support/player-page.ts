// A page of another site that plays a stream with a player that is not ours, in headless Chromium.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { guideBlock } from './guide-block.ts';
import { WatchPage } from './watch-page.ts';

const { resolve } = createRequire(import.meta.url);
const settingsOf = (player: string): string => guideBlock('low-latency.md', 'js', `// ${player}`);

/** Each with the file that it is published as, and what a site writes to play a URL with it, with the settings of the guide. */
const PLAYERS = {
  'hls.js': {
    file: resolve('hls.js/dist/hls.js'),
    body: `<video muted autoplay></video><script src="/player.js"></script><script>
      ${settingsOf('hls.js')}
      hls.on(Hls.Events.ERROR, (_, { fatal, details }) => fail((fatal ? 'fatal ' : 'passing ') + details));
      hls.loadSource(url);
      hls.attachMedia(document.querySelector('video'));
    </script>`,
  },
  shaka: {
    file: resolve('shaka-player/dist/shaka-player.compiled.js'),
    body: `<video muted autoplay></video><script src="/player.js"></script><script>
      shaka.polyfill.installAll();
      const player = new shaka.Player();
      player.addEventListener('error', ({ detail }) => fail(detail.code ?? detail));
      player
        .attach(document.querySelector('video'))
        .then(() => {
          ${settingsOf('Shaka Player')}
          return player.load(url);
        })
        .catch((error) => fail(error));
    </script>`,
  },
  'video.js': {
    file: resolve('video.js/dist/video.js'),
    body: `<video-js id="player" muted autoplay></video-js><script src="/player.js"></script><script>
      ${settingsOf('video.js')}
      player.on('error', () => fail(player.error().message));
      player.src({ src: url, type: 'application/x-mpegURL' });
    </script>`,
  },
  'dash.js': {
    file: resolve('dashjs'),
    body: `<video muted autoplay></video><script src="/player.js"></script><script>
      const player = dashjs.MediaPlayer().create();
      player.on('error', ({ error }) => fail(error.message));
      // It stops at the duration of the manifest, which may be a little before the end that the element knows of.
      player.on('playbackEnded', () => (globalThis.hasEnded = true));
      player.initialize(document.querySelector('video'), url, true);
    </script>`,
  },
} as const;
export type PlayerName = keyof typeof PLAYERS;

/** Shaka Player ends 16 s behind the encoder on a calm machine: the 30 s of Playwright are too few on a busy one. */
const ENDED_MS = 90_000;

const pageOf = (body: string): string => `<!doctype html><title>player</title><body><script>
  const url = new URLSearchParams(location.search).get('url');
  globalThis.failures = [];
  const fail = (what) => globalThis.failures.push(String(what));
  performance.setResourceTimingBufferSize(10_000);
</script>${body}</body>`;

export interface PlayerPage {
  readonly page: WatchPage;
  /** What the player reported. */
  failures(): Promise<readonly string[]>;
  /** Resolves when the player, or the element, has reported that it is at the end. */
  ended(): Promise<void>;
  /** What it has loaded from the server of the stream: the extension and the protocol of each file; the clock of MPEG-DASH has no extension. */
  loaded(): Promise<readonly { readonly kind: string; readonly protocol: string }[]>;
  close(): Promise<void>;
}

/**
 * @param url of a multivariant playlist or a manifest
 * @param flags of the browser
 */
export async function openPlayerPage(
  player: PlayerName,
  url: string,
  flags: readonly string[] = [],
): Promise<PlayerPage> {
  const { file, body } = PLAYERS[player];
  const server = createServer((request, response) => {
    if (request.url === '/player.js') response.setHeader('content-type', 'text/javascript').end(readFileSync(file));
    else response.setHeader('content-type', 'text/html').end(pageOf(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const page = await WatchPage.open(`http://127.0.0.1:${port}/?url=${encodeURIComponent(url)}`, { flags });
  const { origin } = new URL(url);
  return {
    page,
    failures: () => page.page.evaluate(() => (globalThis as unknown as { failures: string[] }).failures),
    ended: async () => {
      await page.page.waitForFunction(
        () =>
          (globalThis as unknown as { hasEnded?: boolean }).hasEnded === true ||
          document.querySelector('video')?.ended === true,
        undefined,
        { polling: 100, timeout: ENDED_MS },
      );
    },
    loaded: () =>
      page.page.evaluate((from) => {
        const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
        return entries.flatMap(({ name, nextHopProtocol: protocol }) => {
          const { origin: of, pathname } = new URL(name);
          const kind = pathname.split('.').slice(1).at(-1);
          // A request that the player has given up has no protocol.
          return of === from && kind !== undefined && protocol !== '' ? [{ kind, protocol }] : [];
        });
      }, origin),
    close: async () => {
      await page.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
