// The edge as a whole, and how it leaves.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Ingest, SourcePuller } from '@millrace/ingest';
import type { EdgeService } from '@millrace/ingest';
import { SrtPlayback } from './play/srt-playback.ts';
import { SrtPort } from './session/srt-port.ts';
import type { SrtEdgePorts } from './session/srt-port.ts';

/** Depends on the port and the ingest: Nest calls this one first when the application ends. */
@Injectable()
export class SrtEdgeService implements EdgeService<SrtEdgePorts>, BeforeApplicationShutdown {
  constructor(
    private readonly port: SrtPort,
    private readonly ingest: Ingest,
    private readonly playback: SrtPlayback,
    private readonly puller: SourcePuller,
  ) {}

  /** The port that was opened; undefined before the application has started. */
  get ports(): SrtEdgePorts | undefined {
    return this.port.ports;
  }

  /** Number of publishers and players on this edge. */
  get clients(): number {
    return this.ingest.publishers + this.playback.players;
  }

  /** Refuses new connections and ends the players. Publishers, and sources that are pulled, may continue: SRT has no request to connect elsewhere. Idempotent. */
  leave(): void {
    this.port.leave();
    this.puller.leave();
    this.ingest.leave();
    this.playback.leave();
  }

  /** Leaves, and empties the edge of publishers. Connections and ingest end after this. */
  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    await this.ingest.drainPublishers();
  }
}
