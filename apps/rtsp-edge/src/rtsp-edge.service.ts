// The edge as a whole, and how it leaves.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Ingest } from '@millrace/ingest';
import type { EdgeService } from '@millrace/ingest';
import { RtspListeners } from './session/rtsp-listeners.ts';
import type { RtspEdgePorts } from './session/rtsp-listeners.ts';

/** Depends on the ports and the ingest: Nest calls this one first when the application ends. */
@Injectable()
export class RtspEdgeService implements EdgeService<RtspEdgePorts>, BeforeApplicationShutdown {
  constructor(
    private readonly listeners: RtspListeners,
    private readonly ingest: Ingest,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtspEdgePorts | undefined {
    return this.listeners.ports;
  }

  /** Number of publishers on this edge. */
  get clients(): number {
    return this.ingest.publishers;
  }

  /** Closes the ports. Publishers may continue: RTSP has no request to connect elsewhere. Idempotent. */
  leave(): void {
    this.listeners.close();
    this.ingest.leave();
  }

  /** Leaves, and empties the edge of publishers. Connections and ingest end after this. */
  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    await this.ingest.drainPublishers();
  }
}
