// The players of an edge: who may watch what.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import type { EncoderPeer } from '@millrace/ingest';
import { EdgePlayback, FormRegistry, TsForm } from '@millrace/playout';
import type { SrtRequest } from '@millrace/protocol/srt';
import { SrtEdgeContext } from '../srt-edge-context.ts';
import { SrtPlayer } from './srt-player.ts';

@Injectable()
export class SrtPlayback implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly forms = new FormRegistry((seen) => new TsForm(seen));
  readonly #context: SrtEdgeContext;
  readonly #players = new Set<SrtPlayer>();

  constructor(
    context: SrtEdgeContext,
    readonly admission: EdgePlayback,
  ) {
    this.#context = context;
  }

  /** The number of players, those that have not begun included. */
  get players(): number {
    return this.#players.size;
  }

  /** A player that wants to watch; its `open` decides whether it may. */
  playerOf(request: SrtRequest, peer: EncoderPeer): SrtPlayer {
    const player = new SrtPlayer(request, peer, this.#context, this);
    this.#players.add(player);
    return player;
  }

  /** Called by a player that is over. */
  forget(player: SrtPlayer): void {
    this.#players.delete(player);
  }

  /** To be called every 10 ms. */
  tick(): void {
    for (const player of this.#players) player.tick();
  }

  /** Ends the players: SRT has no request that sends them elsewhere. Idempotent. */
  leave(): void {
    this.admission.end('draining');
    for (const player of [...this.#players]) player.end('draining');
  }

  beforeApplicationShutdown(): void {
    this.leave();
    this.admission.close();
  }

  onApplicationShutdown(): Promise<void> {
    return this.admission.closeReports();
  }
}
