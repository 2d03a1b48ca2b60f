// A room as an application uses it: join, publish, listen to events, leave. One instance is one stay.
import { systemClock, systemRandom } from './clock.ts';
import type { ClientClock, Random } from './clock.ts';
import { toRtcIceServers } from './ice-servers.ts';
import type { MediaSource } from './media/media-source.ts';
import { PublishedMedia } from './media/published-media.ts';
import type { IceServer, Metadata, MuteState, Participant, Peer, Permissions, Room, RoomEvent } from './messages.ts';
import { PeerLinks } from './peer/peer-links.ts';
import type { RoomEvents } from './room-events.ts';
import { IceLifetime } from './signaling/ice-lifetime.ts';
import { newRejoinSecret } from './signaling/rejoin-secret.ts';
import { RequestError } from './signaling/request-error.ts';
import { SignalingSession } from './signaling/signaling-session.ts';
import type { Joined, Resumed } from './signaling/signaling-session.ts';
import { openWebSocket } from './signaling/socket.ts';
import type { OpenSocket } from './signaling/socket.ts';
import type { LinkStats } from './stats/stats-reader.ts';
import { TypedEvents } from './typed-events.ts';

export interface RoomClientOptions {
  /** Where the signaling service answers: `wss://…`. */
  readonly url: string;
  /** A join token, as the application's own backend got it by REST. */
  readonly token: string;
  /**
   * A random secret of 22 to 128 characters that the application keeps over a reload: a guest who joins with it again takes its own
   * place, also in a full room. Made for this instance when not given.
   */
  readonly rejoinSecret?: string;
  /** As others see it, where the token does not say one. */
  readonly name?: string;
  readonly metadata?: Metadata;
  /** `relay` sends everything through TURN. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** Takes some of the servers that the room offers. */
  readonly chooseIceServers?: (servers: readonly IceServer[]) => readonly IceServer[];
  /** For tests. */
  readonly clock?: ClientClock;
  readonly random?: Random;
  readonly openSocket?: OpenSocket;
}

export class RoomClient {
  readonly #options: RoomClientOptions;
  readonly #clock: ClientClock;
  readonly #events = new TypedEvents<RoomEvents>();
  readonly #published = new PublishedMedia();
  readonly #session: SignalingSession;
  readonly #iceLifetime: IceLifetime;
  readonly #links: PeerLinks;
  readonly #participants = new Map<string, Peer>();
  #joined: Joined | undefined;
  #room: Room | undefined;
  #self: { readonly name?: string; readonly metadata?: Metadata };
  /** The name or the metadata changed while there was no socket to say it on. */
  #untold = false;
  /** What the others last heard of this participant. */
  #told: MuteState = { audio: true, video: true, screen: true };

  constructor(options: RoomClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const clock = this.#clock;
    const { name, metadata, random = systemRandom, openSocket = openWebSocket } = options;
    this.#self = { ...(name === undefined ? {} : { name }), ...(metadata === undefined ? {} : { metadata }) };
    this.#session = new SignalingSession({
      url: options.url,
      token: options.token,
      rejoinSecret: options.rejoinSecret ?? newRejoinSecret(),
      self: () => ({ ...this.#self, muted: this.#published.muteState() }),
      clock,
      random,
      openSocket,
    });
    this.#links = new PeerLinks({
      published: this.#published,
      clock,
      random,
      send: (message) => this.#session.send(message),
      events: this.#events,
    });
    this.#iceLifetime = new IceLifetime(
      clock,
      random,
      () => this.#fetchIce(),
      (servers) => this.#links.setIceServers(this.#iceServers(servers)),
    );
    const { events } = this.#session;
    events.on('joined', (message) => this.#enter(message));
    events.on('resumed', (message) => this.#resume(message));
    events.on('event', (event) => this.#take(event));
    events.on('away', (why) => this.#events.emit('away', why));
    events.on('token', (fresh) => this.#events.emit('token', fresh));
    events.on('refused', (refusal) => this.#events.emit('trouble', refusal));
    events.on('ended', (ending) => {
      this.#iceLifetime.stop();
      this.#links.closeAll();
      this.#events.emit('ended', ending);
    });
  }

  /** @returns what takes the listener away again */
  on<Name extends keyof RoomEvents>(name: Name, listener: (value: RoomEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** This participant; undefined before the first join. */
  get self(): Participant | undefined {
    return this.#joined?.participant;
  }

  get room(): Room | undefined {
    return this.#room;
  }

  get permissions(): Permissions {
    return this.#joined?.permissions ?? { publish: false, chat: false, rename: false };
  }

  /** The other participants. */
  get participants(): readonly Peer[] {
    return [...this.#participants.values()];
  }

  /** Whether the socket is there; media does not depend on it. */
  get online(): boolean {
    return this.#session.online;
  }

  /** Goes on trying where the server cannot be reached. @throws RequestError when the room does not let this token in */
  join(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#session.events.on('joined', () => resolve());
      this.#session.events.on('ended', (ending) =>
        reject(
          ending.kind === 'refused'
            ? new RequestError(ending.code, ending.detail)
            : new RequestError(ending.reason, 'the client has left the room'),
        ),
      );
      this.#session.start();
    });
  }

  /** Sends a track, in place of the one that this source sent before. The application stops tracks that it no longer needs. */
  async publish(source: MediaSource, track: MediaStreamTrack): Promise<void> {
    await this.#replace(source, track);
  }

  async unpublish(source: MediaSource): Promise<void> {
    await this.#replace(source, undefined);
  }

  /** Sends silence or black instead, and lets the others know. */
  setMuted(source: MediaSource, muted: boolean): void {
    this.#published.setMuted(source, muted);
    this.#tellMuted();
  }

  isMuted(source: MediaSource): boolean {
    return this.#published.isMuted(source);
  }

  update(self: { readonly name?: string; readonly metadata?: Metadata }): void {
    this.#self = { ...this.#self, ...self };
    if (this.#session.online) this.#session.update(self);
    else this.#untold = true;
  }

  /** To all participants, or to one. It comes back as an event at once. */
  sendChat(text: string, to?: string): void {
    this.#session.send({ type: 'chat', text, ...(to === undefined ? {} : { to }) });
    const sentAt = new Date(this.#clock.now()).toISOString();
    this.#events.emit('chat', { from: this.self?.id ?? '', text, private: to !== undefined, sentAt });
  }

  /** The figures of each connection, by participant; rates count since the last call. */
  stats(): Promise<ReadonlyMap<string, LinkStats>> {
    return this.#links.stats();
  }

  /** The network may have changed, or the machine was asleep: looks after everything at once. */
  wake(): void {
    this.#session.wake();
    this.#links.hurry();
  }

  leave(): void {
    this.#session.leave();
  }

  async #replace(source: MediaSource, track: MediaStreamTrack | undefined): Promise<void> {
    this.#published.set(source, track);
    this.#tellMuted();
    await this.#links.publish(source);
  }

  #tellMuted(): void {
    // While the socket is away the state is what counts: it is told once after the resume, or with the next join.
    const muted = this.#published.muteState();
    if (!this.#session.online || sameState(muted, this.#told)) return;
    this.#told = muted;
    this.#session.update({ muted });
  }

  #enter(message: Joined): void {
    this.#links.closeAll();
    this.#participants.clear();
    this.#joined = message;
    this.#untold = false;
    this.#room = message.room;
    this.#links.configure(
      {
        iceTransportPolicy: this.#options.iceTransportPolicy ?? 'all',
        iceServers: this.#iceServers(message.ice_servers),
      },
      message.permissions.publish,
    );
    this.#iceLifetime.begin(message.ice_expires_at, message.participant.joined_at);
    this.#events.emit('joined', message);
    for (const peer of message.participants) this.#add(peer);
    // What was published or muted between the join's departure and its answer.
    this.#told = message.participant.muted;
    this.#tellMuted();
  }

  #resume(message: Resumed): void {
    this.#room = message.room;
    for (const peer of message.participants) {
      if (this.#participants.has(peer.id)) this.#update(peer);
    }
    if (this.#untold) this.#session.update(this.#self);
    this.#untold = false;
    this.#told = message.participant.muted;
    this.#tellMuted();
    this.#links.hurry();
    this.#events.emit('resumed', undefined);
  }

  #take(event: RoomEvent): void {
    switch (event.type) {
      case 'participant_joined':
        return this.#add(event.participant);
      case 'participant_updated':
        return this.#update(event.participant);
      case 'participant_left': {
        const participant = this.#participants.get(event.participant_id);
        this.#links.close(event.participant_id);
        if (participant === undefined || !this.#participants.delete(participant.id)) return;
        return this.#events.emit('participant_left', { participant, reason: event.reason });
      }
      case 'room_updated':
        this.#room = event.room;
        return this.#events.emit('room_updated', event.room);
      case 'chat': {
        const { from, text, private: isPrivate, sent_at: sentAt } = event;
        return this.#events.emit('chat', { from, text, private: isPrivate, sentAt });
      }
      case 'offer':
      case 'answer':
      case 'candidate':
      case 'end_of_candidates':
        return this.#links.receive(event.from, event);
    }
  }

  #add(peer: Peer): void {
    if (this.#participants.has(peer.id)) return this.#update(peer);
    this.#participants.set(peer.id, peer);
    this.#events.emit('participant_joined', peer);
    this.#links.open(peer.id, peer.polite);
  }

  #update(peer: Peer): void {
    if (!this.#participants.has(peer.id)) return;
    this.#participants.set(peer.id, peer);
    this.#events.emit('participant_updated', peer);
  }

  async #fetchIce() {
    const answer = await this.#session.request({ type: 'ice_servers' });
    if (answer.type !== 'ice_servers') throw new RequestError('bad_answer', `unexpected answer: ${answer.type}`);
    return { servers: answer.ice_servers, expiresAt: answer.ice_expires_at };
  }

  #iceServers(servers: readonly IceServer[]): RTCIceServer[] {
    return toRtcIceServers(this.#options.chooseIceServers?.(servers) ?? servers);
  }
}

const sameState = (a: MuteState, b: MuteState): boolean =>
  a.audio === b.audio && a.video === b.video && a.screen === b.screen;
