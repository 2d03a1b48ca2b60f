// The watch page's own program: asks for the stream, plays it, says in words what is wrong, and never gives up.
import { latencySeconds } from './figures.ts';
import { PageView } from './page-view.ts';
import { probePlaylist } from './playlist-probe.ts';
import { openPlayer, type StreamPlayer } from './stream-player.ts';
import type { WatchState } from './watch-state.ts';

const FIGURES_INTERVAL_MS = 500;
/** A server that has the stream answers sooner. */
const CONNECTING_MS = 1_500;
/** So far behind what the player aims at, a viewer is offered to jump. */
const FAR_BEHIND_S = 20;
/** A picture that has not moved for so long is made anew, whatever the player thinks. */
const FROZEN_MS = 15_000;

const playbackId = location.pathname.split('/').filter(Boolean).at(-1) ?? '';
const playlistUrl = `/hls/${encodeURIComponent(playbackId)}/index.m3u8`;

let player: StreamPlayer | undefined;
let state: WatchState = 'connecting';
let lastTime = 0;
let lastMovedAt = 0;

const view = new PageView(() => player?.goLive());
const { video } = view;

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
    const answer = await probePlaylist(playlistUrl);
    clearTimeout(slow);
    if (answer.playable) return start();
    // An ended stream keeps its last word until a new one comes: "waiting" would say less.
    enter(state === 'ended' && answer.state === 'waiting' ? 'ended' : answer.state);
    await wait(answer.retryAfterMs);
  }
}

function start(): void {
  lastMovedAt = performance.now();
  player = openPlayer(video, playlistUrl, {
    onEnded: () => leave('ended'),
    onLost: (why) => {
      console.warn(`playback was lost: ${why}`);
      leave('connecting');
    },
  });
  if (player === undefined) return enter('unsupported');
  video.play().catch((error: DOMException) => {
    // Anything else than a missing tap shows as an error of the player itself.
    if (error.name === 'NotAllowedError') enter('tap-to-play');
  });
}

function leave(next: WatchState): void {
  player?.close();
  player = undefined;
  enter(next);
  void search();
}

view.play.addEventListener('click', () => void video.play());
video.addEventListener('playing', () => enter('live'));
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
  view.showFigures(latency, (latency ?? 0) > FAR_BEHIND_S);
}, FIGURES_INTERVAL_MS);

enter('connecting');
void search();
