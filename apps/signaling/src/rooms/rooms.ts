// The sockets of one signaling pod: from when they are opened until they are closed, and how all of them leave.
import type { Socket } from 'node:net';
import { onSharedBeatWhile } from '@millrace/domain';
import type { WorkBeat } from '@millrace/domain';
import { ROOM_BUS } from '@millrace/control';
import type { RoomBus } from '@millrace/control';
import { METRICS } from '@millrace/service-kit';
import type { Metrics } from '@millrace/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { Admitted } from '../admission/admission-control.ts';
import { CloseCode } from '../messages/signaling-errors.ts';
import { RoomsContext } from './rooms-context.ts';
import { SeatKeeper } from './seat-keeper.ts';
import { SocketSession } from './socket-session.ts';

const LONGEST_TICK_MS = 500;

@Injectable()
export class Rooms implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #sessions = new Set<SocketSession>();
  #ticker: WorkBeat | undefined;
  #stopListening: () => void = () => undefined;
  #stopCollecting: () => void = () => undefined;
  #drained: (() => void) | undefined;
  #leaving = false;

  constructor(
    private readonly context: RoomsContext,
    private readonly keeper: SeatKeeper,
    @Inject(ROOM_BUS) private readonly roomBus: RoomBus,
    @Inject(METRICS) private readonly registry: Metrics,
  ) {}

  /** Sockets that are open, with a participant or without. */
  get sockets(): number {
    return this.#sessions.size;
  }

  /** Participants whose socket is on this server. */
  get participants(): number {
    return this.context.seats.size;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { settings, router } = this.context;
    this.#stopListening = await this.roomBus.listen(settings.instanceId, (note) => router.receive(note));
    this.#stopCollecting = this.registry.beforeCollect(() => this.#collect());
    this.keeper.start();
    const tickMs = Math.min(LONGEST_TICK_MS, settings.signalingPingMs / 4, settings.signalingJoinMs / 4);
    this.#ticker = onSharedBeatWhile(
      tickMs,
      () => this.#sessions.size > 0,
      () => this.#tick(),
    );
  }

  /** Waits for participants to leave for a while, then ends what is left. Those who are left keep their places for the resume window. */
  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    await this.#drain();
    await this.#stop();
  }

  /** A socket was opened. */
  accept(ws: WebSocket, connection: Socket, admitted: Admitted): void {
    const session = new SocketSession(this.context, ws, connection, admitted, (ended, reason) => {
      this.#sessions.delete(ended);
      this.context.metrics.closedSockets.inc({ reason });
      if (this.#sessions.size === 0) this.#drained?.();
    });
    this.#sessions.add(session);
    this.#ticker?.wake();
    // It was admitted before the drain began.
    if (this.#leaving) session.goAway();
  }

  /** Asks all participants to reconnect to another server. Idempotent. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.context.metrics.draining.set(1);
    for (const session of this.#sessions) session.goAway();
  }

  async #drain(): Promise<void> {
    const { settings } = this.context;
    if (this.#sessions.size === 0) return;
    const drained = new Promise<void>((resolve) => (this.#drained = resolve));
    const patience = AbortSignal.timeout(settings.signalingDrainMs);
    const late = new Promise((resolve) => patience.addEventListener('abort', resolve, { once: true }));
    await Promise.race([drained, late]);
    for (const { socket } of this.#sessions) socket.close(CloseCode.goingAway, 'drained');
  }

  /** Ends what is left at once, and releases the places so that they can be resumed elsewhere. */
  async #stop(): Promise<void> {
    this.#ticker?.stop();
    this.keeper.stop();
    await Promise.all([...this.context.seats.all()].map((holder) => holder.detach()));
    for (const { socket } of this.#sessions) socket.cut('drained');
    this.#stopListening();
    this.#stopCollecting();
  }

  #tick(): void {
    for (const session of this.#sessions) session.tick();
  }

  #collect(): void {
    const { metrics, seats } = this.context;
    const joined = seats.size;
    metrics.sockets.set({ state: 'joined' }, joined);
    metrics.sockets.set({ state: 'waiting' }, this.#sessions.size - joined);
    metrics.peers.set(joined);
    metrics.rooms.set(seats.countRooms());
    metrics.drainRemaining.set(this.#leaving ? this.#sessions.size : 0);
  }
}
