// The edge as a whole, and how it leaves.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { Ingest } from '@millrace/ingest';
import type { EdgeService } from '@millrace/ingest';
import { SrtPort } from './session/srt-port.ts';
import type { SrtEdgePorts } from './session/srt-port.ts';

/** Depends on the port and the ingest: Nest calls this one first when the application ends. */
@Injectable()
export class SrtEdgeService implements EdgeService<SrtEdgePorts>, BeforeApplicationShutdown {
  constructor(
    private readonly port: SrtPort,
    private readonly ingest: Ingest,
  ) {}

  /** The port that was opened; undefined before the application has started. */
  get ports(): SrtEdgePorts | undefined {
    return this.port.ports;
  }

  /** Number of publishers on this edge. */
  get clients(): number {
    return this.ingest.publishers;
  }

  /** Refuses new connections. Publishers may continue: SRT has no request to connect elsewhere. Idempotent. */
  leave(): void {
    this.port.leave();
    this.ingest.leave();
  }

  /** Leaves, and empties the edge of publishers. Connections and ingest end after this. */
  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    await this.ingest.drainPublishers();
  }
}
