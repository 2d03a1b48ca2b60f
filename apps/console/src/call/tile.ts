// One picture on the stage: a person, or the screen of one.
import { create } from '../page/element.ts';

export class Tile {
  readonly figure = create('figure', 'tile');
  readonly video = create('video');
  readonly #name = create('span', 'tile-name');
  readonly #badge = create('span', 'tile-badge', 'muted');
  readonly #initials = create('span', 'tile-initials');
  readonly #note = create('p', 'tile-note');
  readonly #stream = new MediaStream();

  constructor(id: string, kind: 'person' | 'screen', options: { readonly own: boolean }) {
    this.figure.dataset['participant'] = id;
    this.figure.dataset['kind'] = kind;
    this.figure.toggleAttribute('data-own', options.own);
    this.video.autoplay = true;
    this.video.playsInline = true;
    // One does not want to hear oneself, and screens carry no sound.
    this.video.muted = options.own || kind === 'screen';
    this.#note.setAttribute('role', 'status');
    this.#note.hidden = true;
    this.#badge.hidden = true;
    this.#initials.ariaHidden = 'true';
    const caption = create('figcaption');
    caption.append(this.#name, this.#badge);
    this.figure.append(this.video, this.#initials, this.#note, caption);
  }

  /** @param label the text under the picture, where that is more than the name */
  setName(name: string, label = name): void {
    this.#name.textContent = label;
    this.#initials.textContent = initialsOf(name);
    this.video.setAttribute('aria-label', label);
  }

  /** In place of an earlier track of the same kind. */
  setTrack(kind: 'audio' | 'video', track: MediaStreamTrack | undefined): void {
    for (const old of this.#stream.getTracks()) {
      if (old.kind === kind && old !== track) this.#stream.removeTrack(old);
    }
    if (track !== undefined) this.#stream.addTrack(track);
    // An empty stream would hold back the page's load event, and for ever what waits for it.
    this.video.srcObject ??= track === undefined ? null : this.#stream;
  }

  /** @param note what is wrong with it, or nothing */
  show(state: { readonly picture: boolean; readonly soundMuted: boolean; readonly note: string }): void {
    this.figure.toggleAttribute('data-picture', state.picture);
    this.#badge.hidden = !state.soundMuted;
    this.#note.hidden = state.note === '';
    if (this.#note.textContent !== state.note) this.#note.textContent = state.note;
  }

  /** @returns false where the browser wants a tap first */
  async play(): Promise<boolean> {
    try {
      await this.video.play();
      return true;
    } catch (error) {
      return !(error instanceof DOMException && error.name === 'NotAllowedError');
    }
  }

  remove(): void {
    this.video.srcObject = null;
    this.figure.remove();
  }
}

/** Two letters at most, of the first and the last word. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toUpperCase();
}
