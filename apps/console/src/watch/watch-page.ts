// The watch page's own program: asks for the stream, plays it, says what is wrong, and never gives up.
import { latencySeconds } from './figures.ts';
import { loadFlvLibrary, mayPlayFlv, openFlvPlayer } from './flv-player.ts';
import { PageView } from './page-view.ts';
import { probePlaylist } from './playlist-probe.ts';
import { actionOf } from './player-keys.ts';
import { SharePanel } from './share-panel.ts';
import { openPlayer } from './stream-player.ts';
import type { StreamPlayer } from './stream-player.ts';
import { loadStreamInfo } from './stream-info.ts';
import { canPause, canPlay } from './watch-state.ts';
import type { WatchState } from './watch-state.ts';

const FIGURES_INTERVAL_MS = 500;
/** A server that has the stream answers sooner. */
const CONNECTING_MS = 1_500;
/** So far behind what the player aims at, as after a pause, a viewer is offered to jump. */
const FAR_BEHIND_S = 6;
/** A picture that has not moved for so long is made anew, whatever the player thinks. */
const FROZEN_MS = 15_000;
/** A stream that cannot be decoded is tried again after this. */
const UNDECODABLE_RETRY_MS = 10_000;
const INFO_INTERVAL_MS = 15_000;

const playbackId = location.pathname.split('/').filter(Boolean).at(-1) ?? '';
const token = new URLSearchParams(location.search).get('token');
/** A signed stream is asked for with the token that the link of this page brought along, */
const linkQuery = token === null ? '' : `?${new URLSearchParams({ token }).toString()}`;
/** and from then on with what that was exchanged for: it may last longer, and a token may work once only. */
let viewer: string | undefined;

const path = encodeURIComponent(playbackId);
/** Of all there is: with low latency, the renditions with parts come first. */
const playlistUrl = (): string => `/hls/${path}/master.m3u8${viewer ?? linkQuery}`;
const flvUrl = (): string => `/live/${path}.flv${viewer ?? linkQuery}`;
const infoUrl = (): string => `/watch/${path}/info${viewer ?? linkQuery}`;

let player: StreamPlayer | undefined;
let state: WatchState = 'connecting';
let lastTime = 0;
let lastMovedAt = 0;
let streamName: string | undefined;
/** Whether the viewer has chosen low delay. */
let lowDelay = false;
/** Whether the current player has shown anything. */
let hasPlayed = false;

const view = new PageView({
  onToggle: () => toggle(),
  onGoLive: () => player?.goLive(),
  onLowDelay: () => void chooseLowDelay(!lowDelay),
});
const { video } = view;
const share = new SharePanel(location.origin + location.pathname, () => streamName ?? 'Live stream');

function enter(next: WatchState): void {
  state = next;
  view.show(next);
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    addEventListener('online', () => resolve(), { once: true });
  });
}

/** Asks until there is something to play, then plays it. */
async function search(): Promise<void> {
  for (;;) {
    // The server holds the request while the stream has not begun: that it takes a while is the answer.
    const slow = setTimeout(() => {
      if (state === 'connecting') enter('waiting');
    }, CONNECTING_MS);
    const answer = await probePlaylist(playlistUrl());
    clearTimeout(slow);
    viewer = answer.viewer ?? viewer;
    if (answer.playable) return start();
    // The link may still be good when what it was exchanged for is not.
    if (answer.state === 'link-invalid' || answer.state === 'link-expired') viewer = undefined;
    // An ended stream keeps its last word until a new one comes: "waiting" would say less.
    enter(state === 'ended' && answer.state === 'waiting' ? 'ended' : answer.state);
    await wait(answer.retryAfterMs);
  }
}

function start(): void {
  lastMovedAt = performance.now();
  hasPlayed = false;
  const events = {
    onEnded: () => leave('ended'),
    onLost: (why: string) => {
      console.warn(`playback was lost: ${why}`);
      // What does not even begin is no choice: playlists are what every server has.
      if (lowDelay && !hasPlayed) setLowDelay(false);
      leave('connecting');
    },
    onUndecodable: (why: string) => {
      console.warn(`this browser cannot decode ${why}`);
      void tryLater();
    },
  };
  player = lowDelay ? openFlvPlayer(video, flvUrl(), events) : openPlayer(video, playlistUrl(), events);
  if (player === undefined) return enter('unsupported');
  play();
}

/** The player is of no use any more: look for the stream again, unless the viewer has paused it. */
function leave(next: WatchState): void {
  player?.close();
  player = undefined;
  if (state === 'paused') return;
  enter(next);
  void search();
}

/** The encoder may come back with another codec. */
async function tryLater(): Promise<void> {
  player?.close();
  player = undefined;
  enter('undecodable');
  await wait(UNDECODABLE_RETRY_MS);
  void search();
}

function setLowDelay(on: boolean): void {
  lowDelay = on;
  view.showLowDelay(on);
}

/** Plays the other way from now on. */
async function chooseLowDelay(on: boolean): Promise<void> {
  if (on && !(await loadFlvLibrary())) return console.warn('this browser cannot play with low delay');
  setLowDelay(on);
  // Without a player the choice holds for the next one.
  if (player !== undefined) leave('connecting');
}

function toggle(): void {
  if (canPause(state)) video.pause();
  else if (canPlay(state)) resume();
}

function resume(): void {
  // Lost while it was paused.
  if (player !== undefined) return play();
  enter('connecting');
  void search();
}

function play(): void {
  video.play().catch((error: DOMException) => {
    // Anything else than a missing tap shows as an error of the player itself.
    if (error.name === 'NotAllowedError') enter('tap-to-play');
  });
}

video.addEventListener('playing', () => {
  hasPlayed = true;
  enter('live');
});
// Also by a media key, a headset or an incoming call.
video.addEventListener('pause', () => {
  // A source that ends or is taken away stops as well, and needs no one to resume it.
  if (player !== undefined && video.paused && !video.ended && video.networkState !== HTMLMediaElement.NETWORK_EMPTY)
    enter('paused');
});
video.addEventListener('play', () => {
  lastMovedAt = performance.now();
  if (state === 'paused') enter('stalled');
});
video.addEventListener('waiting', () => {
  if (state === 'live') enter('stalled');
});

setInterval(() => {
  if (player === undefined || (state !== 'live' && state !== 'stalled')) return;
  const now = performance.now();
  if (video.currentTime !== lastTime || video.paused) lastMovedAt = now;
  lastTime = video.currentTime;
  if (now - lastMovedAt > FROZEN_MS) return leave('connecting');
  const latency = latencySeconds(Date.now(), player.playingAtMs(), player.behindEdgeS());
  view.showFigures(latency, (player.behindLiveS() ?? 0) > FAR_BEHIND_S);
}, FIGURES_INTERVAL_MS);

document.addEventListener('keydown', (event) => {
  if (share.isOpen) return;
  const action = actionOf(event, focusOf(event.target));
  if (action === undefined) return;
  event.preventDefault();
  if (action.what === 'toggle') toggle();
  else if (action.what === 'mute') view.toggleMute();
  else if (action.what === 'fullscreen') view.toggleFullscreen();
  else if (action.what === 'pip') view.togglePictureInPicture();
  else if (action.what === 'volume') view.changeVolume(action.change);
  else if (action.what === 'seek') player?.seekBy(action.seconds);
});

const focusOf = (target: EventTarget | null): 'page' | 'button' | 'slider' =>
  target instanceof HTMLButtonElement ? 'button' : target instanceof HTMLInputElement ? 'slider' : 'page';

if ('mediaSession' in navigator) {
  navigator.mediaSession.setActionHandler('play', () => {
    if (canPlay(state)) resume();
  });
  navigator.mediaSession.setActionHandler('pause', () => video.pause());
}

async function showInfo(): Promise<void> {
  const info = document.hidden ? undefined : await loadStreamInfo(infoUrl());
  if (info === undefined) return;
  streamName = info.name ?? streamName;
  view.showInfo(info);
  if ('mediaSession' in navigator && streamName !== undefined)
    navigator.mediaSession.metadata = new MediaMetadata({ title: streamName });
}

setInterval(() => void showInfo(), INFO_INTERVAL_MS);
document.addEventListener('visibilitychange', () => void showInfo());
void showInfo();
if (mayPlayFlv()) view.offerLowDelay();
enter('connecting');
void search();
