// Plays one playlist in a video element: by hls.js, or by the browser itself where that plays HLS (Safari on phones).
import type HlsClass from 'hls.js';
import type { ErrorData, Events as HlsEvents } from 'hls.js';

/** hls.js, loaded as a classic script before this module. */
const hlsLibrary = (): typeof HlsClass | undefined => (globalThis as { Hls?: typeof HlsClass }).Hls;

export interface PlayerEvents {
  /** The playlist is closed and all of it was played. */
  onEnded(): void;
  /** Nothing more can be had from this player: make a new one after asking the server. */
  onLost(why: string): void;
}

export interface StreamPlayer {
  /** The wall-clock time of the picture, if the playlist says it; milliseconds since 1970. */
  playingAtMs(): number | undefined;
  /** Distance to the end of the playlist, in seconds, if known. */
  behindEdgeS(): number | undefined;
  goLive(): void;
  close(): void;
}

/** As `console-file.ts` serves it. */
const WORKER_PATH = '/assets/console/hls.worker.js';
const NATIVE_TYPE = 'application/vnd.apple.mpegurl';
/** A decoder error is repaired in place so often before the player is made anew. */
const MEDIA_RECOVERIES = 2;

/** @returns undefined where the browser can play neither way */
export function openPlayer(video: HTMLVideoElement, url: string, events: PlayerEvents): StreamPlayer | undefined {
  const Hls = hlsLibrary();
  // canPlayType says "maybe" in browsers that cannot: what Hls knows goes first.
  if (Hls?.isSupported()) return openHls(Hls, video, url, events);
  if (video.canPlayType(NATIVE_TYPE) !== '') return openNative(video, url, events);
  return undefined;
}

function openHls(Hls: typeof HlsClass, video: HTMLVideoElement, url: string, events: PlayerEvents): StreamPlayer {
  const hls = new Hls({
    liveSyncDurationCount: 3,
    liveMaxLatencyDurationCount: 10,
    maxLiveSyncPlaybackRate: 1.1,
    backBufferLength: 30,
    workerPath: WORKER_PATH,
  });
  let recoveries = 0;
  const onError = (_: HlsEvents.ERROR, data: ErrorData): void => {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries < MEDIA_RECOVERIES) {
      recoveries++;
      hls.recoverMediaError();
    } else {
      events.onLost(data.details);
    }
  };
  hls.on(Hls.Events.ERROR, onError);
  const onEnded = (): void => events.onEnded();
  video.addEventListener('ended', onEnded);
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    playingAtMs: () => hls.playingDate?.getTime(),
    behindEdgeS: () => hls.latency,
    goLive: () => {
      if (hls.liveSyncPosition !== null) video.currentTime = hls.liveSyncPosition;
    },
    close: () => {
      video.removeEventListener('ended', onEnded);
      hls.destroy();
    },
  };
}

function openNative(video: HTMLVideoElement, url: string, events: PlayerEvents): StreamPlayer {
  const onError = (): void => events.onLost(video.error?.message ?? 'the browser gave up');
  const onEnded = (): void => events.onEnded();
  video.addEventListener('error', onError);
  video.addEventListener('ended', onEnded);
  video.src = url;
  const edge = (): number | undefined =>
    video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : undefined;
  const startDate = (): number | undefined => {
    const date = (video as { getStartDate?: () => Date }).getStartDate?.().getTime();
    return date !== undefined && Number.isFinite(date) ? date : undefined;
  };
  return {
    playingAtMs: () => {
      const start = startDate();
      return start === undefined ? undefined : start + video.currentTime * 1000;
    },
    behindEdgeS: () => {
      const end = edge();
      return end === undefined ? undefined : end - video.currentTime;
    },
    goLive: () => {
      const end = edge();
      if (end !== undefined) video.currentTime = end;
    },
    close: () => {
      video.removeEventListener('error', onError);
      video.removeEventListener('ended', onEnded);
      video.removeAttribute('src');
      video.load();
    },
  };
}
