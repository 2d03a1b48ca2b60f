// The edge as a whole: what others ask of it, and how it leaves.
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { CutPublisher, PutTimedMetadata } from '@millrace/control';
import { Ingest } from '@millrace/ingest';
import { RtmpListeners } from './ingest/rtmp-listeners.ts';
import type { RtmpEdgePorts } from './ingest/rtmp-listeners.ts';
import { Playback } from './play/playback.ts';

/** Depends on the ports and the ingest: Nest calls this one first when the application ends. */
@Injectable()
export class RtmpEdgeService implements BeforeApplicationShutdown {
  constructor(
    private readonly listeners: RtmpListeners,
    private readonly ingest: Ingest,
    private readonly playback: Playback,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): RtmpEdgePorts | undefined {
    return this.listeners.ports;
  }

  /** Number of publishers on this edge. */
  get publishers(): number {
    return this.ingest.publishers;
  }

  /** Number of players on this edge. */
  get players(): number {
    return this.playback.players;
  }

  /** Disconnects the publishers that a control message refers to. */
  cutPublisher(event: CutPublisher): void {
    this.ingest.cutPublisher(event);
  }

  /** Puts timed metadata into what a publisher of this edge sends, if it is connected here. */
  putTimedMetadata(event: PutTimedMetadata): Promise<void> {
    return this.ingest.putTimedMetadata(event);
  }

  /** Closes the ports and asks encoders whose protocol allows it to reconnect elsewhere. Publishers may continue. Idempotent. */
  leave(): void {
    this.listeners.close();
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
