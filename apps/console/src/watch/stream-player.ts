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
  /** The browser has no decoder for the stream. */
  onUndecodable(why: string): void;
}

export interface StreamPlayer {
  /** The wall-clock time of the picture, if the playlist says it; milliseconds since 1970. */
  playingAtMs(): number | undefined;
  /** Distance to the end of the playlist, in seconds, if known. */
  behindEdgeS(): number | undefined;
  /** How much later than where `goLive` would go, in seconds, if known. */
  behindLiveS(): number | undefined;
  goLive(): void;
  /** Not beyond what the playlist still lists, and not beyond its live end. */
  seekBy(seconds: number): void;
  close(): void;
}

/** As `console-file.ts` serves it. */
const WORKER_PATH = '/assets/console/hls.worker.js';
const NATIVE_TYPE = 'application/vnd.apple.mpegurl';
/** Into the segment that is meant, whatever its start is rounded to. */
const INTO_SEGMENT_S = 0.1;
/** Browsers keep some such distance from the end of the playlist by themselves (RFC 8216 §6.3.3: three target durations). */
const NATIVE_DISTANCE_S = 12;
/** How far to stay behind is left to the playlist: three target durations, or what PART-HOLD-BACK says where there are parts. */
const HLS_SETTINGS = {
  maxLiveSyncPlaybackRate: 1.1,
  backBufferLength: 30,
  workerPath: WORKER_PATH,
};
/** A player that is this many target durations late jumps to where it should be. */
const MAX_LATENCY_TARGETS = 10;
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

function newHls(Hls: typeof HlsClass, settings: { readonly startPosition?: number } = {}): HlsClass {
  const hls = new Hls({ ...HLS_SETTINGS, ...settings });
  // Its constructor takes this only together with the distance that is left to the playlist.
  hls.config.liveMaxLatencyDurationCount = MAX_LATENCY_TARGETS;
  return hls;
}

function openHls(Hls: typeof HlsClass, video: HTMLVideoElement, url: string, events: PlayerEvents): StreamPlayer {
  let hls = newHls(Hls);
  let recoveries = 0;
  const begin = (): void => {
    hls.on(Hls.Events.ERROR, onError);
    hls.loadSource(url);
    hls.attachMedia(video);
  };
  /**
   * A program that gains a track needs another media source, and hls.js keeps the one that it has. Where the segment that did not
   * fit is still to come, a new player begins with it: one that begins earlier would meet the old program once more.
   */
  const recover = (segmentStart: number | undefined): void => {
    if (segmentStart === undefined || segmentStart <= video.currentTime) return hls.recoverMediaError();
    const wasPlaying = !video.paused;
    hls.destroy();
    hls = newHls(Hls, { startPosition: segmentStart + INTO_SEGMENT_S });
    begin();
    // Another source stops what played.
    if (wasPlaying) video.play().catch((error: DOMException) => events.onLost(error.message));
  };
  const onError = (_: HlsEvents.ERROR, data: ErrorData): void => {
    if (!data.fatal) return;
    const { BUFFER_ADD_CODEC_ERROR, MANIFEST_INCOMPATIBLE_CODECS_ERROR } = Hls.ErrorDetails;
    // By the segments, or already by what the multivariant playlist says of them.
    if (data.details === BUFFER_ADD_CODEC_ERROR || data.details === MANIFEST_INCOMPATIBLE_CODECS_ERROR) {
      events.onUndecodable(data.mimeType ?? data.reason ?? data.details);
    } else if (data.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries < MEDIA_RECOVERIES) {
      recoveries++;
      recover(data.frag?.start);
    } else {
      events.onLost(data.details);
    }
  };
  const onEnded = (): void => events.onEnded();
  video.addEventListener('ended', onEnded);
  begin();
  return {
    playingAtMs: () => hls.playingDate?.getTime(),
    behindEdgeS: () => hls.latency,
    behindLiveS: () => (hls.liveSyncPosition === null ? undefined : hls.liveSyncPosition - video.currentTime),
    goLive: () => {
      if (hls.liveSyncPosition !== null) video.currentTime = hls.liveSyncPosition;
    },
    seekBy: (seconds) => seek(video, seconds, hls.liveSyncPosition ?? undefined),
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
    behindLiveS: () => {
      const end = edge();
      return end === undefined ? undefined : end - NATIVE_DISTANCE_S - video.currentTime;
    },
    goLive: () => {
      const end = edge();
      if (end !== undefined) video.currentTime = end;
    },
    seekBy: (seconds) => seek(video, seconds, edge()),
    close: () => {
      video.removeEventListener('error', onError);
      video.removeEventListener('ended', onEnded);
      video.removeAttribute('src');
      video.load();
    },
  };
}

export function seek(video: HTMLVideoElement, seconds: number, liveEnd: number | undefined): void {
  const { seekable, currentTime } = video;
  if (seekable.length === 0) return;
  const last = Math.max(liveEnd ?? seekable.end(seekable.length - 1), currentTime);
  video.currentTime = Math.min(Math.max(currentTime + seconds, seekable.start(0)), last);
}
