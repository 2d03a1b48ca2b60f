// The edge as a whole, and how it leaves.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Ingest, SourcePuller } from '@millrace/ingest';
import type { EdgeService } from '@millrace/ingest';
import { RtspPlayback } from './play/rtsp-playback.ts';
import { RtspListeners } from './session/rtsp-listeners.ts';
import type { RtspEdgePorts } from './session/rtsp-listeners.ts';

/** Depends on the ports and the ingest: Nest calls this one first when the application ends. */
@Injectable()
export class RtspEdgeService implements EdgeService<RtspEdgePorts>, BeforeApplicationShutdown {
  constructor(
    private readonly listeners: RtspListeners,
    private readonly ingest: Ingest,
    private readonly playback: RtspPlayback,
    private readonly puller: SourcePuller,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtspEdgePorts | undefined {
    return this.listeners.ports;
  }

  /** Number of publishers and players on this edge. */
  get clients(): number {
    return this.ingest.publishers + this.playback.players;
  }

  /** Closes the ports and ends the players. Publishers, and sources that are pulled, may continue: RTSP has no request to connect elsewhere. Idempotent. */
  leave(): void {
    this.listeners.close();
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
