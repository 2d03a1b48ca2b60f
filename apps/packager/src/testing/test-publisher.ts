// An edge with one publisher, as the live store and the frame bus see it.
import { DEFAULT_STREAM_SETTINGS, IdPrefix, newId } from '@millrace/domain';
import type { Frame, PublishClaim, StreamSettings } from '@millrace/domain';
import type { FrameBus, FramePublisher } from '@millrace/frame-bus';
import { PoisonedMemory } from '@millrace/frame-bus/testing';
import type { LiveStore } from '@millrace/live-store';

const RENEW_MS = 300;

export interface TestPublisherOptions {
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly streamId: string;
  readonly settings?: Partial<StreamSettings>;
  readonly edgeId?: string;
  readonly traceparent?: string;
}

export class TestPublisher {
  /** What may be written over is: a packager that reads it all the same makes segments with other bytes. */
  readonly memory = new PoisonedMemory();
  readonly claim: PublishClaim;
  readonly resumed: boolean;
  readonly #options: TestPublisherOptions;
  readonly #publisher: FramePublisher;
  #renewing: NodeJS.Timeout | undefined;
  #sequence = 0;

  /** Takes the claim and opens the publisher. */
  static async connect(options: TestPublisherOptions): Promise<TestPublisher> {
    const { liveStore, frameBus, streamId, settings, edgeId = 'edge-1', traceparent } = options;
    const outcome = await liveStore.claimPublish({
      tenantId: newId(IdPrefix.tenant),
      streamId,
      streamKeyId: newId(IdPrefix.streamKey),
      edgeId,
      newSessionId: newId(IdPrefix.session),
      settings: { ...DEFAULT_STREAM_SETTINGS, secondPublisher: 'takeover', ...settings },
      maxLiveStreams: 1_000,
      traceparent,
    });
    if (outcome.outcome !== 'claimed') throw new Error(`not claimed: ${outcome.outcome}`);
    const publisher = frameBus.openPublisher(streamId, outcome.claim.epoch);
    return new TestPublisher(options, outcome.claim, outcome.resumed, publisher);
  }

  private constructor(options: TestPublisherOptions, claim: PublishClaim, resumed: boolean, publisher: FramePublisher) {
    this.#options = options;
    this.claim = claim;
    this.resumed = resumed;
    this.#publisher = publisher;
    publisher.memory = this.memory;
  }

  /** Publishes frames under this claim's epoch, numbered on. @returns them as they went out */
  send(frames: readonly Frame[]): Frame[] {
    const sent = frames.map((frame) => ({ ...frame, epoch: this.claim.epoch, sequence: ++this.#sequence }));
    for (const frame of sent) this.#publisher.publish({ ...frame, payload: Buffer.from(frame.payload) });
    this.#publisher.flush();
    return sent;
  }

  /** Leaves numbers out, as when frames were lost before the bus. */
  lose(count: number): void {
    this.#sequence += count;
  }

  /** Renews the claim once. @throws when it is lost */
  async renew(): Promise<void> {
    const [loss] = await this.#options.liveStore.renewClaims([this.claim]);
    if (loss !== undefined) throw new Error(`the claim is lost: ${loss}`);
  }

  /** Renews the claim again and again, whether the store answers or not. */
  keepClaim(): this {
    this.#renewing ??= setInterval(() => {
      this.renew().catch((error: unknown) => this.failures.push(error));
    }, RENEW_MS);
    return this;
  }

  readonly failures: unknown[] = [];

  /** The connection is gone, and the edge says so. The last frame is up to the caller. */
  async leave(): Promise<void> {
    this.vanish();
    await this.#publisher.close(1_000);
    await this.#options.liveStore.releaseClaim(this.claim);
  }

  /** The edge is gone: the claim is not renewed, and no end is reported. */
  vanish(): void {
    clearInterval(this.#renewing);
    this.#renewing = undefined;
  }
}
