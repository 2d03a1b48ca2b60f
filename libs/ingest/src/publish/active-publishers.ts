// The publishers that an edge has now.
import type { CutPublisher } from '@millrace/control';
import type { PublishRefusal, SessionWarning } from '@millrace/domain';
import type { LivePublisher } from './live-publisher.ts';

/** A publisher with the means to end its connection. */
export interface ActivePublisher {
  readonly publisher: LivePublisher;
  /** What it was warned of so far. */
  readonly warnings: readonly SessionWarning[];
  /** Tells the encoder why, and closes its connection. */
  cut(reason: PublishRefusal): void;
  /** Likewise, because this edge goes away: before the next keyframe, at the latest after this time. */
  end(patienceMs: number): void;
  /** Asks the encoder to connect again, elsewhere. @returns false when its protocol has no such request */
  askToReconnect(): boolean;
}

export class ActivePublishers {
  /** By stream: two of one stream are here at once while one takes over from the other. */
  readonly #byStream = new Map<string, Set<ActivePublisher>>();
  #size = 0;
  /** Called each time one leaves. */
  onRemoved: (() => void) | undefined;

  get size(): number {
    return this.#size;
  }

  add(active: ActivePublisher): void {
    const { streamId } = active.publisher.claim;
    const publishers = this.#byStream.get(streamId);
    if (publishers) publishers.add(active);
    else this.#byStream.set(streamId, new Set([active]));
    this.#size++;
  }

  /** @returns false when it was not here any more */
  remove(active: ActivePublisher): boolean {
    const { streamId } = active.publisher.claim;
    const publishers = this.#byStream.get(streamId);
    if (publishers?.delete(active) !== true) return false;
    if (publishers.size === 0) this.#byStream.delete(streamId);
    this.#size--;
    this.onRemoved?.();
    return true;
  }

  /** All of them, as they are now. */
  list(): ActivePublisher[] {
    return [...this.#byStream.values()].flatMap((publishers) => [...publishers]);
  }

  /** Cuts those that the message means. @returns how many */
  cut({ streamId, streamKeyId, beforeEpoch, reason }: CutPublisher): number {
    const meant = [...(this.#byStream.get(streamId) ?? [])].filter(
      ({ publisher: { claim } }) =>
        (streamKeyId === undefined || claim.streamKeyId === streamKeyId) &&
        (beforeEpoch === undefined || claim.epoch < beforeEpoch),
    );
    for (const active of meant) active.cut(reason);
    return meant.length;
  }
}
