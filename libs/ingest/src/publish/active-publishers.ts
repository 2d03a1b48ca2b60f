// The current publishers of an edge.
import type { CutPublisher } from '@millrace/control';
import type { PublishRefusal } from '@millrace/domain';
import type { LivePublisher } from './live-publisher.ts';
import type { HealthWindow } from './publisher-health.ts';

/** A publisher, and how to end its connection. */
export interface ActivePublisher {
  readonly publisher: LivePublisher;
  /** Judges what it sends, with each report. */
  readonly health: {
    observe(window: HealthWindow): void;
    /** The encoder waited, and publishes now: what is wrong with it is told. */
    promoted(): void;
  };
  /** Tells the encoder the reason, and closes its connection. */
  cut(reason: PublishRefusal): void;
  /** The same, because this edge is stopping: before the next keyframe, or after this time. */
  end(patienceMs: number): void;
  /** Asks the encoder to reconnect elsewhere. @returns false if its protocol has no such request */
  askToReconnect(): boolean;
}

export class ActivePublishers {
  /** By stream. A stream has two while one takes over from the other. */
  readonly #byStream = new Map<string, Set<ActivePublisher>>();
  readonly #followers = new Set<() => void>();
  #size = 0;
  /** Called whenever a publisher has been removed. */
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
    for (const follow of this.#followers) follow();
  }

  /** Calls back whenever a publisher has been added: what is repeated for publishers rests while there are none. */
  whenAdded(follow: () => void): void {
    this.#followers.add(follow);
  }

  /** @returns false if it had been removed before */
  remove(active: ActivePublisher): boolean {
    const { streamId } = active.publisher.claim;
    const publishers = this.#byStream.get(streamId);
    if (publishers?.delete(active) !== true) return false;
    if (publishers.size === 0) this.#byStream.delete(streamId);
    this.#size--;
    this.onRemoved?.();
    return true;
  }

  /** A copy of the current publishers. */
  list(): ActivePublisher[] {
    return [...this.#byStream.values()].flatMap((publishers) => [...publishers]);
  }

  /** The publisher of this epoch of a stream, if it is connected here. */
  find(streamId: string, epoch: number): LivePublisher | undefined {
    for (const { publisher } of this.#byStream.get(streamId) ?? [])
      if (publisher.claim.epoch === epoch) return publisher;
    return undefined;
  }

  /** Disconnects the publishers that the message refers to. @returns how many */
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

/** The encoders that wait at this edge. */
export class WaitingPublishers extends ActivePublishers {}
