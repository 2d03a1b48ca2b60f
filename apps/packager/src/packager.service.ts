// The packager as a whole: what others ask of it, and when it is ready.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { READINESS } from '@millrace/service-kit';
import type { Readiness } from '@millrace/service-kit';
import { WorkFinder } from './packaging/work-finder.ts';
import { StreamWorkers } from './stream-workers.ts';

@Injectable()
export class PackagerService implements OnApplicationBootstrap {
  constructor(
    private readonly finder: WorkFinder,
    private readonly workers: StreamWorkers,
    @Inject(LIVE_STORE) private readonly liveStore: LiveStore,
    @Inject(FRAME_BUS) private readonly frameBus: FrameBus,
    @Inject(READINESS) private readonly readiness: Readiness,
  ) {}

  onApplicationBootstrap(): void {
    const { readiness, liveStore, frameBus } = this;
    readiness.add('live_store', () => liveStore.isReady() || 'the live store cannot be reached');
    readiness.add('commit_marks', () => frameBus.marksFault() ?? true);
    readiness.add('frame_bus', () => frameBus.isReady() || 'the frame bus cannot be reached');
  }

  /** The streams that this process packages now. */
  get streamIds(): string[] {
    return this.workers.streamIds;
  }

  /** Looks for work now. */
  wake(): void {
    this.finder.wake();
  }

  /** Takes no stream any more and hands over those it has, in its own time. Idempotent. */
  leave(): void {
    this.finder.stop();
    this.workers.leave();
  }
}
