// All pictures: the participant's own, those of the others, and the shared screens.
import type { MediaSource, PathState, Peer, RelayTransport } from '@millrace/rooms-client';
import { pathWords } from './call-words.ts';
import { Tile } from './tile.ts';

interface Person {
  participant: Peer;
  path: PathState;
  readonly tile: Tile;
  readonly screen: Tile;
}

export class Stage {
  readonly #container: HTMLElement;
  readonly #relay: RelayTransport | undefined;
  /** Some sound waits for a tap. */
  readonly #blocked: () => void;
  readonly #people = new Map<string, Person>();
  readonly #own = new Tile('self', 'person', { own: true });
  readonly #ownScreen = new Tile('self', 'screen', { own: true });

  constructor(container: HTMLElement, relay: RelayTransport | undefined, blocked: () => void) {
    this.#container = container;
    this.#relay = relay;
    this.#blocked = blocked;
    this.#ownScreen.setName('Your screen');
    container.append(this.#own.figure);
    this.#count();
  }

  showSelf(name: string, tracks: Readonly<Record<MediaSource, MediaStreamTrack | undefined>>, muted: boolean): void {
    this.#own.setName(name || 'You', name === '' ? 'You' : `${name} (you)`);
    this.#own.setTrack('video', tracks.camera);
    this.#own.show({ picture: tracks.camera !== undefined, soundMuted: muted, note: '' });
    this.#ownScreen.setTrack('video', tracks.screen);
    this.#ownScreen.show({ picture: true, soundMuted: false, note: '' });
    this.#place(this.#ownScreen, tracks.screen !== undefined);
    void this.#own.play();
    void this.#ownScreen.play();
  }

  add(participant: Peer): void {
    const tile = new Tile(participant.id, 'person', { own: false });
    const screen = new Tile(participant.id, 'screen', { own: false });
    this.#people.set(participant.id, { participant, path: 'connecting', tile, screen });
    this.#container.append(tile.figure);
    this.update(participant);
    this.#count();
  }

  update(participant: Peer): void {
    const person = this.#people.get(participant.id);
    if (person === undefined) return;
    person.participant = participant;
    this.#show(person);
  }

  setPath(participantId: string, path: PathState): void {
    const person = this.#people.get(participantId);
    if (person === undefined) return;
    person.path = path;
    this.#show(person);
  }

  setTrack(participantId: string, source: MediaSource, track: MediaStreamTrack): void {
    const person = this.#people.get(participantId);
    if (person === undefined) return;
    const tile = source === 'screen' ? person.screen : person.tile;
    tile.setTrack(source === 'microphone' ? 'audio' : 'video', track);
    void tile.play().then((plays) => {
      if (!plays) this.#blocked();
    });
  }

  remove(participantId: string): void {
    const person = this.#people.get(participantId);
    person?.tile.remove();
    person?.screen.remove();
    this.#people.delete(participantId);
    this.#count();
  }

  clear(): void {
    for (const id of [...this.#people.keys()]) this.remove(id);
  }

  /** After a tap: everything that waited for it. */
  playAll(): void {
    for (const { tile, screen } of this.#people.values()) {
      void tile.play();
      void screen.play();
    }
  }

  #show({ participant, path, tile, screen }: Person): void {
    const away = participant.state === 'reconnecting';
    tile.setName(participant.name || 'Guest');
    screen.setName(`The screen of ${participant.name || 'a guest'}`);
    const note = pathWords(path, this.#relay) || (away ? 'Reconnecting…' : '');
    tile.show({ picture: !participant.muted.video, soundMuted: participant.muted.audio, note });
    screen.show({ picture: true, soundMuted: false, note: '' });
    this.#place(screen, !participant.muted.screen);
  }

  #place(screen: Tile, shown: boolean): void {
    if (shown === screen.figure.isConnected) return;
    if (shown) this.#container.prepend(screen.figure);
    else screen.figure.remove();
    this.#count();
  }

  #count(): void {
    this.#container.dataset['tiles'] = String(this.#container.childElementCount);
    this.#container.dataset['screens'] = String(this.#container.querySelectorAll('[data-kind=screen]').length);
  }
}
