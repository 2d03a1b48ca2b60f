// Keeps the seats of this pod alive, and ends seats that have expired, those of all pods, so that a pod that died is noticed.
import { onSharedBeatWhile } from '@millrace/domain';
import type { WorkBeat } from '@millrace/domain';
import type { BeatAnswer, SeatBeat } from '@millrace/live-store';
import { Injectable } from '@nestjs/common';
import { attempt, publishChange, RoomsContext } from './rooms-context.ts';
import type { SeatHolder } from './seat-registry.ts';

/** Most seats in one call of the store. */
const BEATS_PER_CALL = 250;

@Injectable()
export class SeatKeeper {
  #beats: WorkBeat[] = [];
  #running = new Set<'renew' | 'sweep'>();

  constructor(private readonly context: RoomsContext) {}

  start(): void {
    const { roomRenewMs, roomSweepMs } = this.context.settings;
    const { seats, strays, presence } = this.context;
    this.#beats = [
      onSharedBeatWhile(
        roomRenewMs,
        () => seats.size + strays.size > 0,
        () => this.#once('renew', () => this.renew()),
      ),
      // Seats of other pods are swept too.
      onSharedBeatWhile(
        roomSweepMs,
        () => !presence.isKnownEmpty,
        () => this.#once('sweep', () => this.sweep()),
      ),
    ];
    const wake = (): void => {
      for (const beat of this.#beats) beat.wake();
    };
    seats.onAdded = wake;
    strays.onAdded = wake;
  }

  stop(): void {
    for (const beat of this.#beats) beat.stop();
    this.#beats = [];
  }

  /** Gives a sign of life for every seat, and hears what the bus has not brought. */
  async renew(): Promise<void> {
    const { presence, strays } = this.context;
    if (strays.size > 0)
      await attempt(this.context, 'leave', () =>
        strays.release(presence, (change) => publishChange(this.context, change)),
      );
    const holders = this.context.seats.all();
    for (let i = 0; i < holders.length; i += BEATS_PER_CALL) await this.#renew(holders.slice(i, i + BEATS_PER_CALL));
  }

  async sweep(): Promise<void> {
    const { presence, control } = this.context;
    await attempt(this.context, 'sweep', async () => {
      const swept = await presence.sweep();
      publishChange(this.context, swept);
      for (const room of swept.closed) control.roomFinished({ ...room, atMs: Date.now(), reason: 'empty' });
    });
  }

  async #renew(holders: readonly SeatHolder[]): Promise<void> {
    const { presence, settings, router, time } = this.context;
    const askedMs = performance.now();
    const beats: SeatBeat[] = holders.map(({ beat }) => beat);
    await attempt(this.context, 'renew', async () => {
      const { answers, deliveries } = await presence.renew(settings.instanceId, beats).catch((error: unknown) => {
        // While the store does not answer, no seat moves.
        for (const holder of holders) time.confirmed(holder, askedMs);
        throw error;
      });
      router.pass(deliveries);
      for (const [i, answer] of answers.entries()) this.#settle(holders[i]!, answer, askedMs);
    });
  }

  #settle(holder: SeatHolder, answer: BeatAnswer, askedMs: number): void {
    if (!answer.held) return holder.lose(answer.reason);
    this.context.time.confirmed(holder, askedMs);
    holder.known(answer.lastSequence);
  }

  /** A round that takes longer than its interval is not begun twice. */
  #once(round: 'renew' | 'sweep', act: () => Promise<void>): void {
    if (this.#running.has(round)) return;
    this.#running.add(round);
    void act().finally(() => this.#running.delete(round));
  }
}
