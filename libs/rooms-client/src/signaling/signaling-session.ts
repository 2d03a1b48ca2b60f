// One participant's conversation with the signaling service, over as many sockets as it takes: joins, and after a dropped
// socket resumes with the last sequence it saw; where that is refused, joins again.
import { Backoff } from '../backoff.ts';
import type { ClientClock, Random } from '../clock.ts';
import { SIGNALING_VERSION } from '../messages.ts';
import type { ClientMessage, DirectMessage, LeaveReason, Metadata, MuteState, RoomEvent } from '../messages.ts';
import { TypedEvents } from '../typed-events.ts';
import { KeepAlive } from './keep-alive.ts';
import { Outbox } from './outbox.ts';
import type { RelayedMessage } from './outbox.ts';
import { PendingRequests } from './pending-requests.ts';
import { isRoomEvent, parseServerMessage } from './server-message.ts';
import type { OpenSocket, Socket } from './socket.ts';

export type Joined = Extract<DirectMessage, { type: 'joined' }>;
export type Resumed = Extract<DirectMessage, { type: 'resumed' }>;

/** Why it is over. */
export type Ending =
  | { readonly kind: 'left'; readonly reason: LeaveReason }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string };

export interface SignalingSessionEvents {
  /** In the room, for the first time or anew: nothing from before holds. */
  joined: Joined;
  /** Back: what was missed follows as events. */
  resumed: Resumed;
  event: RoomEvent;
  /** Not in the room now; `why` is for people who look for the cause. */
  away: { readonly attempt: number; readonly retryInMs: number; readonly why: string };
  ended: Ending;
  /** A fresh join token has come. */
  token: { readonly token: string; readonly expiresAt: string };
  /** The server refused something that no request waits for. */
  refused: { readonly code: string; readonly detail: string };
}

export interface SessionOptions {
  readonly url: string;
  readonly token: string;
  /** A place that a socket, or a page, left behind is taken again with it. */
  readonly rejoinSecret: string;
  /** What to say of oneself when joining; asked at each join. */
  readonly self: () => { readonly name?: string; readonly metadata?: Metadata; readonly muted: MuteState };
  readonly clock: ClientClock;
  readonly random: Random;
  readonly openSocket: OpenSocket;
}

export const RECONNECT_TIMES = { firstMs: 400, longestMs: 10_000 };
/** From opening a socket to being in the room. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** All clients of a server that goes away are told at the same time. */
const GO_AWAY_SPREAD_MS = 1_000;

type Phase = 'idle' | 'handshake' | 'online' | 'waiting' | 'ended';

/** Refusals that pass by themselves: the client asks again. */
const PASSING = ['draining', 'unavailable', 'rate_limited', 'timeout'] as const;

const isPassing = (code: string): boolean => (PASSING as readonly string[]).includes(code);

export class SignalingSession {
  readonly events = new TypedEvents<SignalingSessionEvents>();
  readonly #options: SessionOptions;
  readonly #backoff: Backoff;
  readonly #requests: PendingRequests;
  readonly #outbox = new Outbox();
  #phase: Phase = 'idle';
  #socket: Socket | undefined;
  #keepAlive: KeepAlive | undefined;
  #cancelWait: (() => void) | undefined;
  #resume: { readonly token: string; readonly pingIntervalMs: number } | undefined;
  #lastSequence = 0;
  #token: string;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#backoff = new Backoff(RECONNECT_TIMES, options.random);
    this.#requests = new PendingRequests(options.clock);
  }

  get online(): boolean {
    return this.#phase === 'online';
  }

  start(): void {
    if (this.#phase === 'idle') this.#connect();
  }

  /** Sends to others now, or once the room is reached again. */
  send(message: RelayedMessage): void {
    if (this.#phase === 'ended') return;
    const numbered = this.#outbox.add(message);
    if (this.#phase === 'online') this.#transmit(numbered);
  }

  /** Tells what has changed of oneself: now or not at all, for a join or a resume tells it too. */
  update(changes: Omit<Extract<ClientMessage, { type: 'update' }>, 'type' | 'id'>): void {
    if (this.#phase === 'online') this.#transmit({ type: 'update', ...changes });
  }

  /** Sends something that is answered. @throws RequestError */
  async request(message: ClientMessage): Promise<DirectMessage> {
    const { id, answer } = this.#requests.open();
    if (this.#phase === 'online') this.#transmit({ ...message, id });
    else this.#requests.failAll('unavailable', 'there is currently no connection to the room');
    return answer;
  }

  /** The network may have changed: asks whether the socket lives, or tries again at once. */
  wake(): void {
    if (this.#phase === 'online') this.#keepAlive?.check();
    else if (this.#phase === 'waiting') this.#connect();
  }

  /** Leaves the room for good. */
  leave(): void {
    if (this.#phase === 'online') this.#transmit({ type: 'leave' });
    this.#end({ kind: 'left', reason: 'left' });
  }

  #connect(): void {
    this.#cancelWait?.();
    this.#phase = 'handshake';
    const { url, clock, openSocket } = this.#options;
    // What an earlier socket still has to say is no longer ours.
    const current = (act: () => void) => (): void => {
      if (this.#socket === socket) act();
    };
    const socket = openSocket(url, {
      opened: current(() => this.#greet()),
      received: (text) => current(() => this.#receive(text))(),
      closed: (code, reason) => current(() => this.#lost(reason || `the socket was closed (${code})`))(),
    });
    this.#socket = socket;
    this.#cancelWait = clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#lost('the server did not answer'));
  }

  #greet(): void {
    if (this.#resume !== undefined) {
      const { token } = this.#resume;
      this.#transmit({
        type: 'resume',
        version: SIGNALING_VERSION,
        resume_token: token,
        last_sequence: this.#lastSequence,
      });
    } else {
      const { rejoinSecret, self } = this.#options;
      const who = { token: this.#token, rejoin_secret: rejoinSecret };
      this.#transmit({ type: 'join', version: SIGNALING_VERSION, ...who, ...self() });
    }
  }

  #receive(text: string): void {
    this.#keepAlive?.received();
    const message = parseServerMessage(text);
    if (message === undefined) return;
    if (isRoomEvent(message)) return this.#receiveEvent(message);
    if (this.#requests.settle(message)) return;
    switch (message.type) {
      case 'joined':
        this.#resume = { token: message.resume_token, pingIntervalMs: message.ping_interval_ms };
        this.#lastSequence = 0;
        this.#enter(message.ping_interval_ms);
        this.#outbox.keepForWholeRoom();
        this.#repeatWaiting();
        return this.events.emit('joined', message);
      case 'resumed':
        if (this.#resume === undefined) return;
        this.#enter(this.#resume.pingIntervalMs);
        this.#repeatWaiting();
        return this.events.emit('resumed', message);
      case 'left':
        return this.#end({ kind: 'left', reason: message.reason });
      case 'go_away':
        return this.#leaveServer();
      case 'error':
        // What came too fast is said again after the resume; what is wrong stays wrong.
        if (message.code !== 'rate_limited') this.#outbox.settle(message.reply_to);
        return this.#refused(message.code, message.detail);
      case 'token':
        this.#token = message.token;
        return this.events.emit('token', { token: message.token, expiresAt: message.expires_at });
      case 'accepted':
        return this.#outbox.settle(message.reply_to);
      case 'ice_servers':
      case 'probed':
      case 'pong':
        return;
    }
  }

  #receiveEvent(event: RoomEvent): void {
    // Replayed after a resume, though it had arrived.
    if (event.sequence <= this.#lastSequence) return;
    this.#lastSequence = event.sequence;
    this.events.emit('event', event);
  }

  #enter(pingIntervalMs: number): void {
    this.#cancelWait?.();
    this.#phase = 'online';
    this.#backoff.reset();
    this.#keepAlive = new KeepAlive(this.#options.clock, pingIntervalMs, {
      ping: () => this.#transmit({ type: 'ping', last_sequence: this.#lastSequence }),
      dead: () => this.#lost('the server stopped responding'),
    });
  }

  #repeatWaiting(): void {
    for (const message of this.#outbox.waiting) this.#transmit(message);
  }

  #refused(code: string, detail: string): void {
    if (this.#phase === 'online') return this.events.emit('refused', { code, detail });
    if (isPassing(code)) return this.#lost(detail);
    if (this.#resume === undefined) return this.#end({ kind: 'refused', code, detail });
    // The window to resume has passed: joins again by the token, as a new participant.
    this.#resume = undefined;
    this.#dropSocket();
    this.#connect();
  }

  #leaveServer(): void {
    this.#lost('this server is shutting down', Math.round(this.#options.random() * GO_AWAY_SPREAD_MS));
  }

  #lost(why: string, retryInMs = this.#backoff.nextMs()): void {
    this.#dropSocket();
    this.#requests.failAll('unavailable', why);
    this.#phase = 'waiting';
    this.#cancelWait = this.#options.clock.after(retryInMs, () => this.#connect());
    this.events.emit('away', { attempt: this.#backoff.attempts, retryInMs, why });
  }

  #end(ending: Ending): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#dropSocket();
    this.#requests.failAll('left', 'the client has left the room');
    this.events.emit('ended', ending);
  }

  #dropSocket(): void {
    this.#cancelWait?.();
    this.#keepAlive?.stop();
    this.#keepAlive = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #transmit(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }
}
