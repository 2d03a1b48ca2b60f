// The stay in a room: what happens there shows on the page, what is pressed on the page happens there.
import { relaysOver, RoomClient, systemClock, systemRandom } from '@millrace/rooms-client';
import type { Ending, MediaSource } from '@millrace/rooms-client';
import { loadConsoleConfig } from '../page/console-config.ts';
import { element } from '../page/element.ts';
import type { JoinAddress } from '../page/join-address.ts';
import type { SeatStore } from '../page/seat-store.ts';
import { ServerSearch } from '../page/server-search.ts';
import type { Capture, Device } from './capture.ts';
import type { CallView } from './call-view.ts';
import { ChatPanel } from './chat-panel.ts';
import { FiguresPanel } from './figures-panel.ts';
import { showPeople } from './people-panel.ts';
import { SidePanel } from './side-panel.ts';
import { Stage } from './stage.ts';
import { Toolbar } from './toolbar.ts';

export interface CallOptions {
  readonly address: JoinAddress;
  readonly capture: Capture;
  readonly view: CallView;
  readonly seat: SeatStore;
  readonly ended: (ending: Ending) => void;
}

const FIGURES_INTERVAL_MS = 1_000;
const NO_ANSWER = 'The server does not answer. Trying again…';

export class Call {
  readonly #options: CallOptions;
  readonly #stage: Stage;
  readonly #panel = new SidePanel();
  readonly #figures = new FiguresPanel(element('figures'));
  readonly #toolbar: Toolbar;
  readonly #chat: ChatPanel;
  #search: ServerSearch | undefined;
  #room: RoomClient | undefined;
  #name = '';
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: CallOptions) {
    this.#options = options;
    const sound = element<HTMLButtonElement>('sound');
    this.#stage = new Stage(element('stage'), options.address.relay, () => (sound.hidden = false));
    sound.addEventListener('click', () => {
      sound.hidden = true;
      this.#stage.playAll();
    });
    this.#toolbar = new Toolbar({ toggle: (source) => void this.#toggle(source), leave: () => this.leave() });
    this.#chat = new ChatPanel(
      {
        list: element('chat-list'),
        form: element<HTMLFormElement>('chat-form'),
        input: element<HTMLInputElement>('chat-input'),
      },
      (text) => this.#room?.sendChat(text),
    );
  }

  /** @throws NoSignalingService when the server runs no rooms */
  async start(name: string): Promise<void> {
    const { view } = this.#options;
    this.#search = new ServerSearch({
      load: loadConsoleConfig,
      clock: systemClock,
      random: systemRandom,
      missed: (error) => {
        console.info('the server cannot be reached:', error);
        view.setBanner(NO_ANSWER);
      },
    });
    const config = await this.#search.find();
    this.#search = undefined;
    if (config !== undefined) this.#enter(config.signalingUrl, name);
  }

  #enter(signalingUrl: string, name: string): void {
    const { address, capture, seat } = this.#options;
    const { relay } = address;
    this.#name = name;
    const room = new RoomClient({
      url: signalingUrl,
      token: seat.token,
      rejoinSecret: seat.secret,
      ...(name === '' ? {} : { name }),
      ...(relay === undefined
        ? {}
        : { iceTransportPolicy: 'relay', chooseIceServers: (servers) => relaysOver(servers, relay) }),
    });
    this.#room = room;
    for (const source of ['microphone', 'camera'] as const) {
      const track = capture.track(source);
      if (track !== undefined) void room.publish(source, track);
    }
    this.#listen(room);
    // The same end arrives as an event, with an explanation.
    room.join().catch(() => undefined);
  }

  /** A device or the screen came or went. */
  trackChanged(source: MediaSource, track: MediaStreamTrack | undefined): void {
    if (this.#room === undefined) return;
    void (track === undefined ? this.#room.unpublish(source) : this.#room.publish(source, track));
    this.#showSelf();
  }

  wake(): void {
    this.#search?.hurry();
    this.#room?.wake();
  }

  leave(): void {
    this.#room?.leave();
    if (this.#search === undefined) return;
    this.#search.stop();
    this.#options.ended({ kind: 'left', reason: 'left' });
  }

  #listen(room: RoomClient): void {
    const { view } = this.#options;
    room.on('joined', ({ participant, permissions }) => {
      // The name of the token counts where it may not be changed.
      this.#name = participant.name;
      this.#stage.clear();
      view.enter('call');
      view.setBanner('');
      view.setRoomName(room.room?.name ?? '');
      this.#panel.setChatAllowed(permissions.chat);
      clearInterval(this.#timer);
      this.#timer = setInterval(() => void this.#showFigures(), FIGURES_INTERVAL_MS);
      this.#showSelf();
    });
    room.on('resumed', () => view.setBanner(''));
    room.on('token', ({ token }) => this.#options.seat.renew(token));
    room.on('away', ({ why }) => {
      console.info(`signaling: ${why}`);
      view.setBanner(room.self === undefined ? NO_ANSWER : 'Reconnecting…');
    });
    room.on('participant_joined', (participant) => {
      this.#stage.add(participant);
      view.notify(`${participant.name || 'A guest'} is here`);
      this.#showPeople();
    });
    room.on('participant_updated', (participant) => {
      this.#stage.update(participant);
      this.#showPeople();
    });
    room.on('participant_left', ({ participant, reason }) => {
      this.#stage.remove(participant.id);
      view.notify(`${participant.name || 'The guest'} ${reason === 'lost' ? 'lost the connection' : 'has left'}`);
      this.#showPeople();
    });
    room.on('room_updated', ({ name }) => view.setRoomName(name));
    room.on('media', ({ participantId, source, track }) => this.#stage.setTrack(participantId, source, track));
    room.on('path', ({ participantId, state }) => this.#stage.setPath(participantId, state));
    room.on('chat', (message) => {
      const own = message.from === room.self?.id;
      this.#chat.add(own ? 'You' : this.#nameOf(message.from), own, message);
      this.#panel.noteMessage();
    });
    room.on('trouble', ({ code, detail }) => console.warn(`${code}: ${detail}`));
    room.on('ended', (ending) => {
      clearInterval(this.#timer);
      this.#room = undefined;
      this.#stage.clear();
      this.#panel.show(undefined);
      this.#options.ended(ending);
    });
  }

  async #toggle(source: MediaSource): Promise<void> {
    const { capture } = this.#options;
    const room = this.#room;
    if (room === undefined) return;
    const isOpen = capture.track(source) !== undefined;
    if (source === 'screen') {
      if (isOpen) capture.stop('screen');
      else await capture.shareScreen();
    } else if (source === 'microphone' && isOpen) {
      // The device stays open: the first words of a speaker are not cut off.
      room.setMuted('microphone', !room.isMuted('microphone'));
    } else await this.#switch(source, isOpen);
    this.#showSelf();
  }

  async #switch(device: Device, isOpen: boolean): Promise<void> {
    // A camera that is off shows by its light that it is.
    if (isOpen) return this.#options.capture.stop(device);
    this.#room?.setMuted(device, false);
    await this.#options.capture.start(device);
  }

  #showSelf(): void {
    const room = this.#room;
    const { capture } = this.#options;
    if (room === undefined) return;
    const [microphone, camera, screen] = [
      capture.track('microphone'),
      capture.track('camera'),
      capture.track('screen'),
    ];
    const muted = room.isMuted('microphone');
    this.#stage.showSelf(this.#name, { microphone, camera, screen }, muted);
    this.#toolbar.show((source) => !room.isMuted(source), room.permissions.publish);
    this.#showPeople();
  }

  #showPeople(): void {
    const room = this.#room;
    if (room === undefined) return;
    const muted = {
      audio: room.isMuted('microphone'),
      video: room.isMuted('camera'),
      screen: room.isMuted('screen'),
    };
    const self = room.self === undefined ? undefined : { ...room.self, muted };
    showPeople(element('people-list'), self, room.participants);
    element('people-count').textContent = String(room.participants.length + 1);
  }

  async #showFigures(): Promise<void> {
    const stats = await this.#room?.stats();
    if (stats !== undefined) this.#figures.show(stats, (id) => this.#nameOf(id));
  }

  #nameOf(participantId: string): string {
    return this.#room?.participants.find(({ id }) => id === participantId)?.name || 'Guest';
  }
}
