// Cuts publishers: edges hear of it at once by an event, and again when they next renew their claim.
import { Inject, Injectable } from '@nestjs/common';
import { CONTROL_PLANE } from '@millrace/control';
import type { ControlPlane } from '@millrace/control';
import type { PublishRefusal } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore, LiveStream } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';

@Injectable()
export class PublisherCuts {
  constructor(
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Cuts the publisher that uses this key. The key must be refused already, or the encoder just comes back. Does not fail. */
  async cutKey(streamId: string, streamKeyId: string, reason: PublishRefusal): Promise<void> {
    this.control.cutPublisher({ streamId, streamKeyId, reason, beforeEpoch: undefined });
    await this.#quietly(streamId, () => this.store.revokeClaims(streamId, streamKeyId));
  }

  /** Cuts the publisher of this stream, whichever key it uses. Does not fail. */
  async cutStream(streamId: string, reason: PublishRefusal): Promise<void> {
    this.control.cutPublisher({ streamId, streamKeyId: undefined, reason, beforeEpoch: undefined });
    await this.#quietly(streamId, async () => {
      const live = await this.store.readLiveStream(streamId);
      if (live !== undefined) await this.#revoke(live);
    });
  }

  /** Cuts the publisher of this stream; the session ends now, rather than after the reconnect window. Does not fail. */
  async endStream(streamId: string): Promise<void> {
    this.control.cutPublisher({ streamId, streamKeyId: undefined, reason: 'ended', beforeEpoch: undefined });
    await this.#quietly(streamId, async () => {
      const live = await this.store.readLiveStream(streamId);
      if (live === undefined) return;
      await this.#revoke(live);
      await this.store.endSession(streamId, live.claim.sessionId);
    });
  }

  /** Everything that this tenant has live. Does not fail. */
  async cutTenant(tenantId: string, reason: PublishRefusal): Promise<void> {
    await this.#quietly(undefined, async () => {
      const live = await this.store.listLiveStreams();
      const own = live.filter(({ claim }) => claim.tenantId === tenantId);
      await Promise.all(own.map(({ claim }) => this.cutStream(claim.streamId, reason)));
    });
  }

  /** That of an encoder that waits first: it would go on. */
  async #revoke({ claim: { streamId, streamKeyId }, standby }: LiveStream): Promise<void> {
    if (standby !== undefined) await this.store.revokeClaims(streamId, standby.streamKeyId);
    if (standby?.streamKeyId !== streamKeyId) await this.store.revokeClaims(streamId, streamKeyId);
  }

  /** The event has gone out; where the live store is away, the reconciler cuts again as soon as it is back. */
  async #quietly(streamId: string | undefined, cut: () => Promise<void>): Promise<void> {
    try {
      await cut();
    } catch (error) {
      this.logger.warn({ err: error, stream_id: streamId }, 'could not revoke a claim; the reconciler will');
    }
  }
}
