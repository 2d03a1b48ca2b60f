// The elements of the watch page, and how a state shows on them.
import { bufferSeconds, formatSeconds } from './figures.ts';
import { WORDS, type WatchState } from './watch-state.ts';

const element = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element #${id}`);
  return found as T;
};

export class PageView {
  readonly video = element<HTMLVideoElement>('video');
  readonly play = element<HTMLButtonElement>('play');
  readonly #live = element<HTMLButtonElement>('live');
  readonly #mute = element<HTMLButtonElement>('mute');
  readonly #unmute = element<HTMLButtonElement>('unmute');

  constructor(onGoLive: () => void) {
    this.#live.addEventListener('click', onGoLive);
    const toggle = (): void => {
      this.video.muted = !this.video.muted;
    };
    this.#mute.addEventListener('click', toggle);
    this.#unmute.addEventListener('click', toggle);
    this.video.addEventListener('volumechange', () => this.#showSound());
    element<HTMLButtonElement>('fullscreen').addEventListener('click', () => void this.#toggleFullscreen());
    this.#showSound();
  }

  show(state: WatchState): void {
    document.body.dataset['state'] = state;
    const { pill, headline, explanation } = WORDS[state];
    element('pill-text').textContent = pill;
    element('headline').textContent = headline;
    element('explanation').textContent = explanation;
    this.play.hidden = state !== 'tap-to-play';
    this.#unmute.hidden = !this.video.muted || state !== 'live';
    if (state !== 'live' && state !== 'stalled')
      for (const id of ['latency', 'buffer', 'size']) element(id).textContent = '–';
  }

  showFigures(latency: number | undefined, canGoLive: boolean): void {
    const ranges = Array.from(
      { length: this.video.buffered.length },
      (_, i) => [this.video.buffered.start(i), this.video.buffered.end(i)] as const,
    );
    element('latency').textContent = formatSeconds(latency);
    element('buffer').textContent = formatSeconds(bufferSeconds(this.video.currentTime, ranges));
    element('size').textContent =
      this.video.videoWidth > 0 ? `${this.video.videoWidth} × ${this.video.videoHeight}` : 'sound only';
    this.#live.hidden = !canGoLive;
  }

  #showSound(): void {
    const { muted } = this.video;
    this.#mute.textContent = muted ? 'Sound off' : 'Sound on';
    this.#mute.setAttribute('aria-pressed', String(muted));
    this.#unmute.hidden = !muted || document.body.dataset['state'] !== 'live';
  }

  async #toggleFullscreen(): Promise<void> {
    const phone = this.video as HTMLVideoElement & { webkitEnterFullscreen?: () => void };
    const stage = document.querySelector('.stage');
    if (document.fullscreenElement !== null) await document.exitFullscreen();
    else if (stage?.requestFullscreen !== undefined) await stage.requestFullscreen();
    else phone.webkitEnterFullscreen?.();
  }
}
