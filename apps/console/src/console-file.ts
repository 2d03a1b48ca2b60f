// Which files the gateway serves for the pages, under which paths.
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONSOLE_MODULES, ROOMS_CLIENT_MODULES } from './browser-modules.ts';

export interface ConsoleFile {
  /** The path of its URL. */
  readonly path: string;
  /** Where it lies on disk. */
  readonly file: string;
  readonly contentType: string;
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const here = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const asset = (name: string, file: string, contentType: string): ConsoleFile => ({
  path: `/assets/console/${name}`,
  file,
  contentType,
});
/** The browser's modules are always compiled ones, also when this file runs from its source. */
const scripts = (folder: string, names: readonly string[]): readonly ConsoleFile[] =>
  names.map((name) => asset(`${folder}/${name}.js`, here(`../dist/${folder}/${name}.js`), JAVASCRIPT));
const style = (name: string): ConsoleFile => asset(name, here(`../public/${name}`), CSS);

const require = createRequire(import.meta.url);
const roomsClient = dirname(require.resolve('@millrace/rooms-client/package.json'));

export const CONSOLE_FILES: readonly ConsoleFile[] = [
  ...['page.css', 'watch.css', 'call.css', 'check.css'].map(style),
  asset('icon.svg', here('../public/icon.svg'), 'image/svg+xml'),
  // The light build: no subtitles, no alternative audio, no DRM; half the size.
  asset('hls.js', require.resolve('hls.js/dist/hls.light.min.js'), JAVASCRIPT),
  // A file of its own, so that the page needs no right to run what is in its memory.
  asset('hls.worker.js', require.resolve('hls.js/dist/hls.worker.js'), JAVASCRIPT),
  // Loaded by those who choose low delay.
  asset('mpegts.js', require.resolve('mpegts.js/dist/mpegts.js'), JAVASCRIPT),
  ...CONSOLE_MODULES.flatMap(({ folder, names }) => scripts(folder, names)),
  ...ROOMS_CLIENT_MODULES.map((name) =>
    asset(`rooms-client/${name}.js`, join(roomsClient, 'dist', `${name}.js`), JAVASCRIPT),
  ),
];

/** The page at /watch/{playback_id}; it reads the id from its own address. */
export const WATCH_PAGE: ConsoleFile = {
  path: '/watch/:playback_id',
  file: here('../public/watch.html'),
  contentType: HTML,
};

/** The page at /call/{room}#token=…; servers never see the fragment. */
export const CALL_PAGE: ConsoleFile = { path: '/call/:room', file: here('../public/call.html'), contentType: HTML };

/** The page at /check#token=… */
export const CHECK_PAGE: ConsoleFile = { path: '/check', file: here('../public/check.html'), contentType: HTML };

/** The console, at every path below /console: it reads from its own address which page it shows. */
export const CONSOLE_PAGE: ConsoleFile = {
  path: '/console',
  file: here('../dist/app/index.html'),
  contentType: HTML,
};

const ASSET_TYPES: Readonly<Record<string, string>> = { '.js': JAVASCRIPT, '.css': CSS };

/** What the console loads, as Vite built it: each file has a digest of its content in its name. */
export function readConsoleAssets(): readonly ConsoleFile[] {
  const folder = here('../dist/app/assets');
  return readdirSync(folder).map((name) => ({
    path: `/console/assets/${name}`,
    file: join(folder, name),
    contentType: ASSET_TYPES[extname(name)] ?? 'application/octet-stream',
  }));
}
