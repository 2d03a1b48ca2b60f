// Which files the gateway serves for the pages, under which paths.
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

export interface ConsoleFile {
  /** The path of its URL. */
  readonly path: string;
  /** Where it lies on disk. */
  readonly file: string;
  readonly contentType: string;
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const here = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
/** The browser's modules are always compiled ones, also when this file runs from its source. */
const script = (name: string): ConsoleFile => ({
  path: `/assets/console/watch/${name}.js`,
  file: here(`../dist/watch/${name}.js`),
  contentType: JAVASCRIPT,
});

export const CONSOLE_FILES: readonly ConsoleFile[] = [
  { path: '/assets/console/watch.css', file: here('../public/watch.css'), contentType: 'text/css; charset=utf-8' },
  { path: '/assets/console/page.css', file: here('../public/page.css'), contentType: 'text/css; charset=utf-8' },
  { path: '/assets/console/icon.svg', file: here('../public/icon.svg'), contentType: 'image/svg+xml' },
  {
    path: '/assets/console/hls.js',
    // The light build: no subtitles, no alternative audio, no DRM; half the size.
    file: createRequire(import.meta.url).resolve('hls.js/dist/hls.light.min.js'),
    contentType: JAVASCRIPT,
  },
  {
    // A file of its own, so that the page needs no right to run what is in its memory.
    path: '/assets/console/hls.worker.js',
    file: createRequire(import.meta.url).resolve('hls.js/dist/hls.worker.js'),
    contentType: JAVASCRIPT,
  },
  ...['watch-page', 'watch-state', 'page-view', 'playlist-probe', 'stream-player', 'figures'].map(script),
];

/** The page at /watch/{playback_id}; it reads the id from its own address. */
export const WATCH_PAGE: ConsoleFile = {
  path: '/watch/:playback_id',
  file: here('../public/watch.html'),
  contentType: 'text/html; charset=utf-8',
};

/** What the pages may do, as a Content-Security-Policy: nothing from elsewhere. other sites may show the page in a frame. */
export const CONSOLE_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; " +
  "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";
