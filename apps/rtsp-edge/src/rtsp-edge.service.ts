// The edge as a whole: what others ask of it, and how it leaves.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { CutPublisher, PutTimedMetadata } from '@millrace/control';
import { Ingest } from '@millrace/ingest';
import { RtspListeners } from './session/rtsp-listeners.ts';
import type { RtspEdgePorts } from './session/rtsp-listeners.ts';

/** Depends on the ports and the ingest: Nest calls this one first when the application ends. */
@Injectable()
export class RtspEdgeService implements BeforeApplicationShutdown {
  constructor(
    private readonly listeners: RtspListeners,
    private readonly ingest: Ingest,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtspEdgePorts | undefined {
    return this.listeners.ports;
  }

  /** Number of publishers on this edge. */
  get publishers(): number {
    return this.ingest.publishers;
  }

  /** Disconnects the publishers that a control message refers to. */
  cutPublisher(event: CutPublisher): void {
    this.ingest.cutPublisher(event);
  }

  /** Puts timed metadata into what a publisher of this edge sends, if it is connected here. */
  putTimedMetadata(event: PutTimedMetadata): Promise<void> {
    return this.ingest.putTimedMetadata(event);
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
