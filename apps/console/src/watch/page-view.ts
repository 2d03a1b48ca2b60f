// The elements of the watch page, and how a state shows on them.
import { element } from '../page/element.ts';
import { bufferSeconds, formatSeconds } from './figures.ts';
import { viewersText } from './stream-info.ts';
import type { StreamInfo } from './stream-info.ts';
import { canPause, canPlay, WORDS } from './watch-state.ts';
import type { WatchState } from './watch-state.ts';

/** The bars go when nothing was done for this long while the stream plays. */
const IDLE_MS = 3_000;

export interface ViewEvents {
  /** Play, or pause: whichever the state allows. */
  onToggle(): void;
  onGoLive(): void;
  onLowDelay(): void;
}

export class PageView {
  readonly video = element<HTMLVideoElement>('video');
  readonly #stage = element('stage');
  readonly #play = element<HTMLButtonElement>('play');
  readonly #toggle = element<HTMLButtonElement>('toggle');
  readonly #live = element<HTMLButtonElement>('live');
  readonly #lowDelay = element<HTMLButtonElement>('low-delay');
  readonly #mute = element<HTMLButtonElement>('mute');
  readonly #unmute = element<HTMLButtonElement>('unmute');
  readonly #volume = element<HTMLInputElement>('volume');
  readonly #pip = element<HTMLButtonElement>('pip');
  readonly #fullscreen = element<HTMLButtonElement>('fullscreen');
  #state: WatchState = 'connecting';
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: ViewEvents) {
    this.#live.addEventListener('click', () => events.onGoLive());
    this.#lowDelay.addEventListener('click', () => events.onLowDelay());
    for (const button of [this.#play, this.#toggle]) button.addEventListener('click', () => events.onToggle());
    for (const button of [this.#mute, this.#unmute]) button.addEventListener('click', () => this.toggleMute());
    this.#volume.addEventListener('input', () => this.#setVolume(this.#volume.valueAsNumber / 100));
    this.video.addEventListener('volumechange', () => this.#showSound());
    this.#fullscreen.addEventListener('click', () => this.toggleFullscreen());
    document.addEventListener('fullscreenchange', () => this.#showFullscreen());
    this.#pip.addEventListener('click', () => this.togglePictureInPicture());
    for (const name of ['enterpictureinpicture', 'leavepictureinpicture'])
      this.video.addEventListener(name, () => this.#showPictureInPicture());
    for (const name of ['pointermove', 'pointerdown', 'keydown', 'focusin'])
      document.addEventListener(name, () => this.#wake(), { capture: true });
    this.#listenToPicture(events);
    this.#showSound();
    this.#showFullscreen();
    this.#showPictureInPicture();
  }

  show(state: WatchState): void {
    this.#state = state;
    document.body.dataset['state'] = state;
    const { pill, headline, explanation } = WORDS[state];
    element('pill-text').textContent = pill;
    element('headline').textContent = headline;
    element('explanation').textContent = explanation;
    this.#play.hidden = !canPlay(state);
    this.#toggle.disabled = !canPlay(state) && !canPause(state);
    label(this.#toggle, canPause(state) ? 'Pause' : 'Play', canPause(state), 'k');
    this.#showSound();
    this.#showPictureInPicture();
    this.#wake();
    if (state === 'live' || state === 'stalled') return;
    this.#live.hidden = true;
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

  showInfo(info: StreamInfo): void {
    if (info.name !== undefined) {
      element('name').textContent = info.name;
      element('name').title = info.name;
      document.title = `${info.name} · Millrace`;
    }
    const viewers = element('viewers');
    viewers.textContent = viewersText(info.viewers);
    viewers.hidden = info.viewers === 0;
  }

  offerLowDelay(): void {
    this.#lowDelay.hidden = false;
  }

  showLowDelay(on: boolean): void {
    this.#lowDelay.setAttribute('aria-pressed', String(on));
  }

  toggleMute(): void {
    this.video.muted = !this.video.muted;
    // Else "unmute" would change nothing that can be heard.
    if (!this.video.muted && this.video.volume === 0) this.video.volume = 1;
  }

  changeVolume(change: number): void {
    this.#setVolume((this.video.muted ? 0 : this.video.volume) + change);
  }

  toggleFullscreen(): void {
    const phone = this.video as HTMLVideoElement & { webkitEnterFullscreen?: () => void };
    if (document.fullscreenElement !== null) attempt(document.exitFullscreen());
    // Of the page, so that the share dialog shows as well. The lib says that it is always there; on iPhones it is not.
    else if (typeof document.documentElement.requestFullscreen === 'function')
      attempt(document.documentElement.requestFullscreen());
    else phone.webkitEnterFullscreen?.();
  }

  togglePictureInPicture(): void {
    if (this.#pip.hidden || this.#pip.disabled) return;
    if (document.pictureInPictureElement !== null) attempt(document.exitPictureInPicture());
    else attempt(this.video.requestPictureInPicture());
  }

  /** A mouse plays and pauses with a click on the picture; a finger brings the bars back first, and hides them again. */
  #listenToPicture(events: ViewEvents): void {
    let wasIdle = false;
    // On the window, so before the document hears of it and wakes the bars.
    addEventListener('pointerdown', () => (wasIdle = 'idle' in document.body.dataset), { capture: true });
    this.video.addEventListener('click', (event) => {
      const byTouch = event.pointerType === 'touch';
      if (!byTouch) events.onToggle();
      else if (!wasIdle) this.#rest();
    });
    this.video.addEventListener('dblclick', () => this.toggleFullscreen());
  }

  #setVolume(volume: number): void {
    this.video.volume = Math.min(Math.max(volume, 0), 1);
    this.video.muted = this.video.volume === 0;
  }

  #showSound(): void {
    const muted = this.video.muted || this.video.volume === 0;
    label(this.#mute, muted ? 'Unmute' : 'Mute', muted, 'm');
    this.#unmute.hidden = !muted || this.#state !== 'live';
    this.#volume.value = String(muted ? 0 : Math.round(this.video.volume * 100));
  }

  #showFullscreen(): void {
    const on = document.fullscreenElement !== null;
    label(this.#fullscreen, on ? 'Exit full screen' : 'Full screen', on, 'f');
  }

  #showPictureInPicture(): void {
    const on = document.pictureInPictureElement === this.video;
    // Firefox has a button of its own and not this API; frames of other sites may forbid it.
    this.#pip.hidden = !('pictureInPictureEnabled' in document && document.pictureInPictureEnabled);
    this.#pip.disabled = !on && !canPlay(this.#state) && !canPause(this.#state);
    label(this.#pip, on ? 'Exit picture in picture' : 'Picture in picture', on, 'p');
  }

  #wake(): void {
    delete document.body.dataset['idle'];
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#rest(), IDLE_MS);
  }

  #rest(): void {
    if (this.#state === 'live' && this.#stage.querySelector(':focus-visible:not(video)') === null)
      document.body.dataset['idle'] = '';
  }
}

/** A button is called what it does. */
function label(button: HTMLButtonElement, action: string, on: boolean, key: string): void {
  button.setAttribute('aria-label', action);
  button.title = `${action} (${key})`;
  button.toggleAttribute('data-on', on);
}

/** What a browser refuses stays as it was; the console says why. */
function attempt(change: Promise<unknown>): void {
  change.catch((error: DOMException) => console.warn(error.message));
}
