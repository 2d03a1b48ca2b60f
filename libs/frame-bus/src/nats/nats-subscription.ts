// A reader of a stream over NATS: live from a core subscription, what it missed from the captured stream.
import { setTimeout as delay } from 'node:timers/promises';
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { FrameSubscriber, FrameSubscription, StartPosition } from '../frame-bus.ts';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { CatchUp } from './catch-up.ts';
import { FrameFeed } from './frame-feed.ts';
import { frameSubject, shardOf, shardStream } from './frame-subject.ts';
import { HeldMessages } from './held-messages.ts';
import { JetStreamLog } from './jetstream-log.ts';
import type { LinkListener, NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

/** What the subscriptions of a bus share. */
export interface SubscriptionContext {
  readonly link: NatsLink;
  readonly limits: NatsFrameBusLimits;
  readonly observer: FrameBusObserver;
  /** The subscription was closed, by its owner or because of its subscriber. */
  closed(subscription: NatsSubscription): void;
}

/**
 * Starting → (catching up ↔ live) → closed.
 *
 * Live, messages go straight through. Whenever something may have been missed (at the start, after the connection was
 * away, when a number is missing) messages are held, the log is read, and the two are joined.
 */
export class NatsSubscription implements FrameSubscription, LinkListener {
  readonly #start: StartPosition;
  readonly #context: SubscriptionContext;
  readonly #feed: FrameFeed;
  readonly #held: HeldMessages;
  readonly #log: JetStreamLog;
  readonly #subscription: Subscription;
  readonly #unlisten: () => void;
  #state: 'starting' | 'catching-up' | 'live' | 'closed' = 'starting';

  constructor(streamId: string, start: StartPosition, subscriber: FrameSubscriber, context: SubscriptionContext) {
    const { link, limits, observer } = context;
    const shard = shardOf(streamId, limits.shards);
    const subject = frameSubject(streamId, shard);
    this.#start = start;
    this.#context = context;
    this.#feed = new FrameFeed(start, subscriber, observer, limits.maxFrameBytes);
    this.#held = new HeldMessages(limits.maxHeldBytes);
    this.#log = new JetStreamLog(link, shardStream(shard), subject, limits);
    this.#subscription = link.connection.subscribe(subject, {
      callback: (error, message) => this.#receive(error, message),
    });
    this.#unlisten = link.listen(this);
  }

  /**
   * Settles where to start, so that everything that is published from now on arrives. When the log holds no keyframe, the
   * feed waits for the first one after what the log holds now.
   * @throws when the connection breaks, or the server does not answer
   */
  async prepare(): Promise<void> {
    if (this.#start.from !== 'keyframe') return;
    const position = await this.#log.findNewestKeyframe();
    if (position) this.#feed.startAt(position);
  }

  /** Begins to give frames. */
  begin(): void {
    if (this.#state !== 'starting') return;
    if (this.#start.from === 'live') this.#goLive();
    else this.#catchUp();
  }

  onReady(): void {
    if (this.#state === 'live') this.#catchUp();
  }

  onDown(): void {
    this.#feed.interrupted();
  }

  /** What it was given came over the network: no publisher's memory is in it. */
  release(): void {}

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#feed.close();
    this.#held.clear();
    this.#unlisten();
    this.#subscription.unsubscribe();
    this.#context.closed(this);
  }

  #receive(error: Error | null, message: Msg): void {
    if (error)
      this.#context.observer.problem(new FrameBusError('refused', 'NATS refuses the frames', { cause: error }));
    else if (this.#state === 'live') this.#give(message.data);
    else if (this.#state !== 'closed') this.#held.push(message.data);
  }

  #give(message: Uint8Array): void {
    const isComplete = this.#feed.take(message);
    if (this.#feed.isClosed) return this.close();
    if (isComplete) return;
    this.#held.push(message);
    this.#catchUp();
  }

  /** Live from now on: what is held goes first. */
  #goLive(): void {
    for (let message = this.#held.peek(); message; message = this.#held.peek()) {
      const isComplete = this.#feed.take(message);
      if (this.#feed.isClosed) return this.close();
      if (!isComplete) return this.#catchUp();
      this.#held.shift();
    }
    this.#state = 'live';
  }

  #catchUp(): void {
    // Nothing was given and nothing in particular is wanted: there is nothing to catch up with.
    if (this.#start.from === 'live' && !this.#feed.expected) return;
    this.#state = 'catching-up';
    this.#runCatchUp().catch((error: unknown) => {
      this.#context.observer.problem(new FrameBusError('unavailable', 'gave up a subscription', { cause: error }));
      this.close();
    });
  }

  async #runCatchUp(): Promise<void> {
    const { link, limits, observer } = this.#context;
    while (!this.#feed.isClosed) {
      await link.whenReady();
      try {
        await new CatchUp(this.#feed, this.#log, this.#held, link, limits).run();
        if (this.#feed.isClosed) return this.close();
        if (link.isReady) return this.#goLive();
      } catch (error) {
        if (this.#feed.isClosed) return this.close();
        observer.problem(new FrameBusError('unavailable', 'the log cannot be read', { cause: error }));
        await delay(limits.gapPollMs);
      }
    }
  }
}
