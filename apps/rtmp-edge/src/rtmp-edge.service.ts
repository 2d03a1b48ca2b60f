// The edge as a whole, and how it leaves.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Ingest, SourcePuller } from '@millrace/ingest';
import type { EdgeService } from '@millrace/ingest';
import { RtmpListeners } from './ingest/rtmp-listeners.ts';
import type { RtmpEdgePorts } from './ingest/rtmp-listeners.ts';
import { Playback } from './play/playback.ts';

/** Depends on the ports and the ingest: Nest calls this one first when the application ends. */
@Injectable()
export class RtmpEdgeService implements EdgeService<RtmpEdgePorts>, BeforeApplicationShutdown {
  constructor(
    private readonly listeners: RtmpListeners,
    private readonly ingest: Ingest,
    private readonly playback: Playback,
    private readonly puller: SourcePuller,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtmpEdgePorts | undefined {
    return this.listeners.ports;
  }

  /** Publishers and players. */
  get clients(): number {
    return this.ingest.publishers + this.playback.players;
  }

  /** Closes the ports and asks encoders whose protocol allows it to reconnect elsewhere. Publishers, and sources that are pulled, may continue. Idempotent. */
  leave(): void {
    this.listeners.close();
    this.puller.leave();
    this.ingest.leave();
    this.playback.leave();
  }

  /** Leaves, and empties the edge of publishers within `drainMs` and `drainSpreadMs`. Connections and ingest end after this. */
  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    await this.ingest.drainPublishers();
    this.playback.end();
  }
}
