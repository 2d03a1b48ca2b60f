// The frame bus over NATS: published once, captured by JetStream, read live from a core subscription.
import { setTimeout as delay } from 'node:timers/promises';
import type { CommitMark } from '@millrace/domain';
import type {
  FrameBus,
  FramePublisher,
  FrameSubscriber,
  FrameSubscription,
  LogUsage,
  StartPosition,
} from './frame-bus.ts';
import { assertEpoch, assertStreamId, FrameBusError } from './frame-bus.errors.ts';
import { completeObserver } from './frame-bus-observer.ts';
import type { FrameBusObserver } from './frame-bus-observer.ts';
import { AckInbox } from './nats/ack-inbox.ts';
import { BatchClock } from './nats/batch-clock.ts';
import { frameSubject, probeSubject, shardOf } from './nats/frame-subject.ts';
import { readLogUsage } from './nats/jetstream-streams.ts';
import { LogHealth } from './nats/log-health.ts';
import { NatsLink } from './nats/nats-link.ts';
import { completeLimits } from './nats/nats-limits.ts';
import type { NatsFrameBusLimits } from './nats/nats-limits.ts';
import { NatsMarks } from './nats/nats-marks.ts';
import { NatsPublisher } from './nats/nats-publisher.ts';
import type { PublisherContext } from './nats/nats-publisher.ts';
import { NatsSubscription } from './nats/nats-subscription.ts';
import { PublisherRegistry } from './nats/publisher-registry.ts';
import { memoryFull, RetentionBudget } from './retention/retention-budget.ts';

export interface NatsFrameBusOptions extends Partial<NatsFrameBusLimits> {
  /** `nats://[user:password@ | token@]host:port`, or `tls://…`; several servers are separated by commas. */
  readonly url: string;
  /** What the server lists this connection as. */
  readonly name?: string;
  /** What subjects of answers begin with, where the server's permissions want it. */
  readonly inboxPrefix?: string;
  /** Whether JetStream streams that are missing are made (the default); else another service must make them. */
  readonly makesStreams?: boolean;
  /** Whether frames are published by it: true when not given. Packagers only read, and may do no more. */
  readonly publishes?: boolean;
  /** Whether commit marks are read or recorded by it: true when not given. Players need none, and may see none. */
  readonly marks?: boolean;
  readonly observer?: Partial<FrameBusObserver>;
}

class NatsFrameBus implements FrameBus {
  readonly #link: NatsLink;
  readonly #limits: NatsFrameBusLimits;
  readonly #observer: FrameBusObserver;
  readonly #marks: NatsMarks;
  readonly #clock: BatchClock;
  readonly #publishers: PublisherRegistry;
  readonly #context: PublisherContext;
  readonly #health: readonly LogHealth[];
  readonly #subscriptions = new Set<NatsSubscription>();
  #closing: Promise<void> | undefined;

  static async open(options: NatsFrameBusOptions): Promise<NatsFrameBus> {
    const limits = completeLimits(options);
    const observer = completeObserver(options.observer);
    const {
      url,
      name = 'millrace-frame-bus',
      inboxPrefix,
      makesStreams = true,
      publishes = true,
      marks = true,
    } = options;
    const link = await NatsLink.open({ url, name, inboxPrefix, makesStreams, marks }, limits, observer);
    return new NatsFrameBus(link, limits, observer, { publishes, marks });
  }

  private constructor(
    link: NatsLink,
    limits: NatsFrameBusLimits,
    observer: FrameBusObserver,
    { publishes, marks }: { readonly publishes: boolean; readonly marks: boolean },
  ) {
    this.#link = link;
    this.#limits = limits;
    this.#observer = observer;
    this.#marks = new NatsMarks(link, limits, observer);
    this.#clock = new BatchClock(limits.batchWaitMs);
    const budget = new RetentionBudget(limits.retainedBytes, () => observer.problem(memoryFull(limits.retainedBytes)));
    const report = (): void => {
      observer.inflightBytes(budget.inflightBytes);
      observer.retainedBytes(budget.retainedBytes, budget.limitBytes);
    };
    this.#publishers = new PublisherRegistry(link, limits, report, (streamId, onCommit) =>
      marks ? this.#marks.follow(streamId, ({ head }) => onCommit(head.position)) : () => undefined,
    );
    this.#health = Array.from(
      { length: limits.shards },
      (_, shard) => new LogHealth(link, limits, probeSubject(shard)),
    );
    const onDown = (): void => this.#health.forEach((each) => each.failed());
    // Whether the log takes frames is asked by those who may publish them.
    if (publishes) link.listen({ onDown, onReady: () => undefined });
    this.#context = {
      health: this.#health,
      limits,
      observer,
      link,
      clock: this.#clock,
      acks: new AckInbox(link),
      budget,
      streams: () => this.#publishers.streams,
      waitForLink: (publisher) => this.#publishers.waitForLink(publisher),
      closed: (publisher) => this.#publishers.closed(publisher),
    };
  }

  openPublisher(streamId: string, epoch: number, tenantId = ''): FramePublisher {
    this.#assertOpen();
    assertEpoch(epoch);
    const shard = shardOf(streamId, this.#limits.shards);
    const place = { tenantId, streamId, subject: frameSubject(streamId, shard), shard };
    const publisher = new NatsPublisher(epoch, place, this.#context);
    this.#publishers.add(publisher);
    return publisher;
  }

  async subscribe(streamId: string, start: StartPosition, subscriber: FrameSubscriber): Promise<FrameSubscription> {
    this.#assertOpen();
    assertStreamId(streamId);
    const deadline = Date.now() + this.#limits.requestTimeoutMs;
    const subscription = new NatsSubscription(streamId, start, subscriber, {
      link: this.#link,
      limits: this.#limits,
      observer: this.#observer,
      closed: (closed) => this.#subscriptions.delete(closed),
    });
    this.#subscriptions.add(subscription);
    try {
      await this.#whenSubscribed(subscription, deadline);
    } catch (error) {
      subscription.close();
      throw error;
    }
    // Not before the caller has what this returns: it may want to close from inside the first callback.
    setImmediate(() => subscription.begin());
    return subscription;
  }

  async recordCommit(mark: CommitMark): Promise<void> {
    this.#assertOpen();
    assertStreamId(mark.streamId);
    await this.#marks.record(mark);
  }

  async lastCommit(streamId: string): Promise<CommitMark | undefined> {
    this.#assertOpen();
    assertStreamId(streamId);
    return this.#marks.last(streamId);
  }

  async readLogs(): Promise<readonly LogUsage[]> {
    this.#assertOpen();
    try {
      return await this.#link.ask((manager) => readLogUsage(manager, this.#limits.shards));
    } catch (error) {
      if (error instanceof FrameBusError) throw error;
      throw new FrameBusError('unavailable', 'NATS did not report how full its streams are', { cause: error });
    }
  }

  logFault(): string | undefined {
    return this.#health.some((each) => each.isStuck) ? 'NATS accepts no frames' : undefined;
  }

  marksFault(): string | undefined {
    return this.#marks.fault;
  }

  isReady(): boolean {
    return this.#link.isReady;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions.clear();
    this.#marks.close();
    for (const each of this.#health) each.close();
    await this.#publishers.close();
    this.#clock.stop();
    await this.#link.close();
  }

  /** The server has read the subscription, on a connection that is open. */
  async #whenSubscribed(subscription: NatsSubscription, deadline: number): Promise<void> {
    for (;;) {
      await this.#link.whenReady(Math.max(1, deadline - Date.now()));
      try {
        await this.#link.ask(() => this.#link.connection.flush());
        return await subscription.prepare();
      } catch (error) {
        // The connection broke: the client subscribes again by itself on the next one.
        if (Date.now() + this.#limits.gapPollMs >= deadline) throw error;
        await delay(this.#limits.gapPollMs);
      }
    }
  }

  #assertOpen(): void {
    if (this.#closing) throw new FrameBusError('closed', 'the frame bus is closed');
  }
}

/**
 * Connects to NATS and makes the streams that are missing.
 * @throws FrameBusError when that does not succeed within `connectTimeoutMs`
 */
export async function createNatsFrameBus(options: NatsFrameBusOptions): Promise<FrameBus> {
  return NatsFrameBus.open(options);
}
