// Plays the stream over HTTP-FLV with mpegts.js: frames come as the encoder sends them, so the picture is a second or two behind.
import type MpegtsModule from 'mpegts.js';
import { seek } from './stream-player.ts';
import type { PlayerEvents, StreamPlayer } from './stream-player.ts';

/** What the script puts on the page: the module's default export. */
type Mpegts = typeof MpegtsModule.default;

/** As `console-file.ts` serves it. */
const LIBRARY_PATH = '/assets/console/mpegts.js';
/** What nearly every stream needs: H.264 in a media source. */
const NEEDED_TYPE = 'video/mp4; codecs="avc1.42E01E"';
/** Where "Go to live" goes: this far before the newest picture, in seconds. */
const LIVE_DISTANCE_S = 0.5;
const SETTINGS: MpegtsModule.default.Config = {
  // Frames are passed on as they arrive, not in blocks.
  enableStashBuffer: false,
  // A picture that is late by much, as after a pause, jumps; one that is late by little catches up by playing faster.
  liveBufferLatencyChasing: true,
  liveBufferLatencyMaxLatency: 2.5,
  liveBufferLatencyMinRemain: 0.8,
  liveSync: true,
  liveSyncMaxLatency: 1.2,
  liveSyncTargetLatency: 0.8,
  liveSyncPlaybackRate: 1.1,
  autoCleanupSourceBuffer: true,
  autoCleanupMaxBackwardDuration: 60,
  autoCleanupMinBackwardDuration: 30,
};

const library = (): Mpegts | undefined => (globalThis as { mpegts?: Mpegts }).mpegts;

/** Whether the browser could play it, as far as can be said before the library is loaded. */
export const mayPlayFlv = (): boolean => typeof MediaSource === 'function' && MediaSource.isTypeSupported(NEEDED_TYPE);

/** Loads the library, which only those need who choose low delay. @returns whether it is there and supports the browser */
export async function loadFlvLibrary(): Promise<boolean> {
  if (library() === undefined) {
    const script = document.createElement('script');
    script.src = LIBRARY_PATH;
    await new Promise((resolve) => {
      script.addEventListener('load', resolve);
      script.addEventListener('error', resolve);
      document.head.append(script);
    });
  }
  const mpegts = library();
  if (mpegts === undefined) return false;
  // What matters of what it says is reported as an error.
  mpegts.LoggingControl.enableAll = false;
  return mpegts.getFeatureList().mseLivePlayback;
}

/** @returns undefined before the library is loaded */
export function openFlvPlayer(video: HTMLVideoElement, url: string, events: PlayerEvents): StreamPlayer | undefined {
  const mpegts = library();
  if (mpegts === undefined) return undefined;
  const player = mpegts.createPlayer({ type: 'flv', isLive: true, url }, SETTINGS);
  const onEnded = (): void => events.onEnded();
  video.addEventListener('ended', onEnded);
  let isOver = false;
  player.on(mpegts.Events.ERROR, (type: string, detail: string) => {
    if (isOver) return;
    isOver = true;
    // The library goes on in the player that reports: it is closed a moment later.
    queueMicrotask(() => events.onLost(`${type}: ${detail}`));
  });
  player.attachMediaElement(video);
  player.load();
  const edge = (): number | undefined =>
    video.buffered.length > 0 ? video.buffered.end(video.buffered.length - 1) : undefined;
  const behind = (distance: number) => (): number | undefined => {
    const end = edge();
    return end === undefined ? undefined : end - distance - video.currentTime;
  };
  return {
    playingAtMs: () => undefined,
    behindEdgeS: behind(0),
    behindLiveS: behind(LIVE_DISTANCE_S),
    goLive: () => {
      const end = edge();
      if (end !== undefined) video.currentTime = end - LIVE_DISTANCE_S;
    },
    seekBy: (seconds) => seek(video, seconds, edge()),
    close: () => {
      isOver = true;
      video.removeEventListener('ended', onEnded);
      player.destroy();
    },
  };
}
