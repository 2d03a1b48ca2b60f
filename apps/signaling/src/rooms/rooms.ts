// Everything that one signaling pod does about rooms: its sockets, its seats, and what other services tell it.
import type { Socket } from 'node:net';
import { RoomControlClient } from '@millrace/control';
import type { ParticipantRemove } from '@millrace/control';
import type { RoomFacts } from '@millrace/domain';
import type { RoomRef } from '@millrace/live-store';
import { ConfigError, NO_TRACER } from '@millrace/service-kit';
import type { WebSocket } from 'ws';
import type { Admitted } from '../admission/admission-control.ts';
import { CloseCode } from '../messages/signaling-errors.ts';
import { signalingMetrics } from '../metrics/signaling-metrics.ts';
import type { RoomsSettings, SignalingOptions } from '../signaling-options.ts';
import { NoteRouter } from './note-router.ts';
import { attempt, publishChange } from './rooms-context.ts';
import type { RoomsContext } from './rooms-context.ts';
import { SeatKeeper } from './seat-keeper.ts';
import { SeatRegistry } from './seat-registry.ts';
import { SocketSession } from './socket-session.ts';
import { StraySeats } from './stray-seats.ts';

const LONGEST_TICK_MS = 500;

/** A lease must live through two renewals that fail. */
function assertLeaseTimes({ roomLeaseMs, roomRenewMs }: RoomsSettings): void {
  if (roomRenewMs * 3 <= roomLeaseMs) return;
  const fault = `must be at most a third of MILLRACE_ROOM_LEASE_MS, which is ${roomLeaseMs}`;
  throw new ConfigError([{ variable: 'MILLRACE_ROOM_RENEW_MS', fault }]);
}

/** A larger message than the mailbox holds could never be read from it. */
function assertSizes({ signalingMaxMessageBytes, signalingMaxUnjoinedBytes }: RoomsSettings): void {
  if (signalingMaxUnjoinedBytes <= signalingMaxMessageBytes) return;
  const fault = `must be at most MILLRACE_SIGNALING_MAX_MESSAGE_BYTES, which is ${signalingMaxMessageBytes}`;
  throw new ConfigError([{ variable: 'MILLRACE_SIGNALING_MAX_UNJOINED_BYTES', fault }]);
}

export class Rooms {
  readonly #options: SignalingOptions;
  readonly #context: RoomsContext;
  readonly #keeper: SeatKeeper;
  readonly #sessions = new Set<SocketSession>();
  #ticker: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => undefined;
  #stopCollecting: () => void = () => undefined;
  #drained: (() => void) | undefined;
  #leaving = false;

  /** @throws ConfigError when settings do not go together */
  constructor(options: SignalingOptions) {
    const { settings, presence, roomBus, logger, tracer = NO_TRACER } = options;
    assertLeaseTimes(settings);
    assertSizes(settings);
    this.#options = options;
    const metrics = signalingMetrics(options.metrics);
    const control = new RoomControlClient(options.control, {
      traceparent: () => tracer.current?.traceparent,
      onError: (subject, error) => {
        metrics.controlFailures.inc({ subject });
        logger.warn({ err: error, subject }, 'control message not delivered');
      },
    });
    const seats = new SeatRegistry();
    const router = new NoteRouter(settings.instanceId, roomBus, seats);
    const strays = new StraySeats();
    this.#context = { settings, presence, control, metrics, logger, tracer, seats, router, strays };
    this.#keeper = new SeatKeeper(this.#context);
  }

  /** Sockets that are open, with a participant or without. */
  get sockets(): number {
    return this.#sessions.size;
  }

  /** Participants whose socket is on this server. */
  get participants(): number {
    return this.#context.seats.size;
  }

  async start(): Promise<void> {
    const { settings, roomBus, metrics } = this.#options;
    this.#stopListening = await roomBus.listen(settings.instanceId, (note) => this.#context.router.receive(note));
    this.#stopCollecting = metrics.beforeCollect(() => this.#collect());
    this.#keeper.start();
    const tickMs = Math.min(LONGEST_TICK_MS, settings.signalingPingMs / 4, settings.signalingJoinMs / 4);
    this.#ticker = setInterval(() => this.#tick(), tickMs);
  }

  /** A socket was opened. */
  accept(ws: WebSocket, connection: Socket, admitted: Admitted): void {
    const session = new SocketSession(this.#context, ws, connection, admitted, (ended, reason) => {
      this.#sessions.delete(ended);
      this.#context.metrics.closedSockets.inc({ reason });
      if (this.#sessions.size === 0) this.#drained?.();
    });
    this.#sessions.add(session);
    // It was admitted before the drain began.
    if (this.#leaving) session.goAway();
  }

  /** Asks all participants to reconnect to another server. Idempotent. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#context.metrics.draining.set(1);
    for (const session of this.#sessions) session.goAway();
  }

  /** Likewise, and waits for them for a while. Those who are left keep their places for the resume window. */
  async drain(): Promise<void> {
    const { settings } = this.#context;
    this.leave();
    if (this.#sessions.size === 0) return;
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    const patience = AbortSignal.timeout(settings.signalingDrainMs);
    const late = new Promise((resolve) => patience.addEventListener('abort', resolve, { once: true }));
    await Promise.race([drained, late]);
    for (const { socket } of this.#sessions) socket.close(CloseCode.goingAway, 'drained');
  }

  /** Ends what is left at once, and releases the places so that they can be resumed elsewhere. */
  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.#keeper.stop();
    await Promise.all([...this.#context.seats.all()].map((holder) => holder.detach()));
    for (const { socket } of this.#sessions) socket.cut('drained');
    this.#stopListening();
    this.#stopCollecting();
  }

  async roomChanged(room: RoomFacts): Promise<void> {
    await attempt(this.#context, 'changeRoom', () => this.#context.presence.changeRoom(room), this.#context.router);
  }

  /** Every pod hears of it; the first one does it. */
  async roomEnd(room: RoomRef): Promise<void> {
    const { presence, control } = this.#context;
    await attempt(this.#context, 'endRoom', async () => {
      const ended = await presence.endRoom(room);
      publishChange(this.#context, ended);
      for (const closed of ended.closed) control.roomFinished({ ...closed, atMs: Date.now(), reason: 'ended' });
    });
  }

  async participantRemove({ roomId, participantId, ban }: ParticipantRemove): Promise<void> {
    await attempt(this.#context, 'remove', async () => {
      publishChange(this.#context, await this.#context.presence.remove(roomId, participantId, ban));
    });
  }

  #tick(): void {
    for (const session of this.#sessions) session.tick();
  }

  #collect(): void {
    const { metrics, seats } = this.#context;
    const joined = seats.size;
    metrics.sockets.set({ state: 'joined' }, joined);
    metrics.sockets.set({ state: 'waiting' }, this.#sessions.size - joined);
    metrics.peers.set(joined);
    metrics.rooms.set(seats.countRooms());
    metrics.drainRemaining.set(this.#leaving ? this.#sessions.size : 0);
  }
}
