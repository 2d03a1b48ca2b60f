// All publishers of a bus: which wait for the link, which were closed and are kept for a while, which a mark concerns.
import { onSharedBeat } from '@millrace/domain';
import type { Beat, FramePosition } from '@millrace/domain';
import type { LinkListener, NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';
import type { NatsPublisher } from './nats-publisher.ts';
import { shardOf } from './frame-subject.ts';

/** How often publishers are checked in each interval of acknowledgements. */
const CHECKS_PER_ACK_INTERVAL = 4;

/** Calls back with the position of every commit of a stream. @returns ends it */
export type FollowMarks = (streamId: string, onCommit: (position: FramePosition) => void) => () => void;

interface StreamPublishers {
  readonly publishers: Set<NatsPublisher>;
  readonly unfollow: () => void;
}

export class PublisherRegistry implements LinkListener {
  readonly #link: NatsLink;
  readonly #limits: NatsFrameBusLimits;
  readonly #report: () => void;
  readonly #follow: FollowMarks;
  readonly #byStream = new Map<string, StreamPublishers>();
  readonly #waiting = new Set<NatsPublisher>();
  /** Closed publishers, the oldest first, with the time at which they were closed. */
  readonly #closed = new Map<NatsPublisher, number>();
  /** While there are publishers. */
  #checks: Beat | undefined;

  /**
   * @param report called a few times a second while there are publishers, at the beginning and at the end
   * @param follow asked for the commits of each stream while there are publishers of it, and of no other: what other services publish is not heard of
   */
  constructor(link: NatsLink, limits: NatsFrameBusLimits, report: () => void, follow: FollowMarks) {
    this.#link = link;
    this.#limits = limits;
    this.#report = report;
    this.#follow = follow;
    link.listen(this);
    report();
  }

  /** How many streams are published, or were a moment ago. */
  get streams(): number {
    return this.#byStream.size;
  }

  add(publisher: NatsPublisher): void {
    const { streamId } = publisher;
    const known = this.#byStream.get(streamId);
    if (known) known.publishers.add(publisher);
    else {
      const unfollow = this.#follow(streamId, (position) => this.#committed(streamId, position));
      this.#byStream.set(streamId, { publishers: new Set([publisher]), unfollow });
    }
    const { ackIntervalMs } = this.#limits;
    this.#checks ??= onSharedBeat(ackIntervalMs / CHECKS_PER_ACK_INTERVAL, () => this.#check());
  }

  /** Calls `send` of this publisher when the link takes messages again. */
  waitForLink(publisher: NatsPublisher): void {
    this.#waiting.add(publisher);
  }

  onWindow(): void {
    for (const publisher of [...this.#waiting]) {
      if (!this.#link.isReady || !this.#link.window.isOpen) return;
      this.#waiting.delete(publisher);
      publisher.send();
    }
  }

  onReady(lost: ReadonlySet<number>): void {
    this.#waiting.clear();
    for (const publisher of this.#all()) publisher.resume(lost.has(shardOf(publisher.streamId, this.#limits.shards)));
  }

  onDown(): void {
    // Publishers notice that the link is not ready when they want to send.
  }

  /** Keeps a closed publisher until a mark covers its frames, but not for ever. */
  closed(publisher: NatsPublisher): void {
    this.#closed.set(publisher, Date.now());
    this.#releaseIfDone(publisher);
    let bytes = 0;
    for (const kept of this.#closed.keys()) bytes += kept.retainedBytes;
    for (const kept of this.#closed.keys()) {
      if (bytes <= this.#limits.lingerBytes) return;
      bytes -= kept.retainedBytes;
      this.#release(kept);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all()].map((publisher) => publisher.close(this.#limits.closeTimeoutMs)));
    this.#stopChecking();
    for (const publisher of this.#all()) publisher.dispose();
    for (const { unfollow } of this.#byStream.values()) unfollow();
    this.#byStream.clear();
    this.#waiting.clear();
    this.#closed.clear();
    this.#report();
  }

  *#all(): Generator<NatsPublisher> {
    for (const { publishers } of this.#byStream.values()) yield* publishers;
  }

  /** A stream is committed up to here: its publishers forget what lies before. */
  #committed(streamId: string, position: FramePosition): void {
    for (const publisher of this.#byStream.get(streamId)?.publishers ?? []) {
      publisher.forgetBefore(position);
      if (this.#closed.has(publisher)) this.#releaseIfDone(publisher);
    }
  }

  #check(): void {
    const keptSince = Date.now() - this.#limits.lingerMs;
    for (const [publisher, closedAt] of this.#closed) if (closedAt < keptSince) this.#release(publisher);
    this.#report();
    if (this.#byStream.size === 0) return this.#stopChecking();
    if (!this.#link.isReady) return;
    const now = performance.now();
    let mustResync = false;
    for (const publisher of this.#all()) mustResync = publisher.check(now) || mustResync;
    if (mustResync) this.#link.resync();
  }

  #stopChecking(): void {
    this.#checks?.stop();
    this.#checks = undefined;
  }

  #releaseIfDone(publisher: NatsPublisher): void {
    if (publisher.retainedBytes === 0) this.#release(publisher);
  }

  #release(publisher: NatsPublisher): void {
    publisher.dispose();
    this.#closed.delete(publisher);
    this.#waiting.delete(publisher);
    const stream = this.#byStream.get(publisher.streamId);
    stream?.publishers.delete(publisher);
    if (stream?.publishers.size !== 0) return;
    stream.unfollow();
    this.#byStream.delete(publisher.streamId);
  }
}
