// The publisher of one epoch over NATS: batches, acknowledgements, and what is kept until a mark covers it.
import { FrameKind, isConfiguration, isRandomAccess } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';
import type { FramePublisher, PayloadMemory } from '../frame-bus.ts';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { PublishOrder } from '../order/publish-order.ts';
import { writeFrame, writeFrameParts } from '../wire/frame-writer.ts';
import type { AckInbox, Acknowledgement } from './ack-inbox.ts';
import type { BatchClock } from './batch-clock.ts';
import type { LogHealth } from './log-health.ts';
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';
import type { WritePayload } from './outgoing-messages.ts';
import type { BudgetMember, RetentionBudget, TenantPart } from '../retention/retention-budget.ts';
import { RetainedFrames } from './retained-frames.ts';

/** What the publishers of a bus share. */
export interface PublisherContext {
  readonly limits: NatsFrameBusLimits;
  readonly observer: FrameBusObserver;
  readonly link: NatsLink;
  readonly acks: AckInbox;
  readonly clock: BatchClock;
  /** Of each shard. */
  readonly health: readonly LogHealth[];
  /** The memory that all publishers share. */
  readonly budget: RetentionBudget;
  /** How many streams are published. */
  readonly streams: () => number;
  /** Calls `send` of this publisher when the link takes messages again. */
  waitForLink(publisher: NatsPublisher): void;
  /** The publisher was closed and is to be kept for a while. */
  closed(publisher: NatsPublisher): void;
}

/** Whose frames a publisher sends, and where to. */
export interface PublisherPlace {
  readonly tenantId: string;
  readonly streamId: string;
  readonly subject: string;
  readonly shard: number;
}

/** A wait until frames are confirmed. */
interface Awaited {
  /** Index after the last frame that is waited for. */
  readonly end: number;
  readonly settle: (isConfirmed: boolean) => void;
}

/** A message that was sent with the wish to be acknowledged. */
interface Asked {
  /** Index after the last frame that its acknowledgement confirms. */
  readonly end: number;
  readonly atMs: number;
}

const NOW = (): number => performance.now();
const NOTHING: WritePayload = () => undefined;

/** Open → closing → (kept for a while) → gone. What it keeps leaves with commit marks or at the limits. */
export class NatsPublisher implements FramePublisher, BudgetMember {
  onDrain: (() => void) | undefined;
  memory: PayloadMemory | undefined;
  readonly streamId: string;
  readonly tenantId: string;
  readonly #part: TenantPart;
  readonly #subject: string;
  readonly #shard: number;
  readonly #context: PublisherContext;
  readonly #order: PublishOrder;
  readonly #number: number;
  readonly #frames: RetainedFrames;
  #isOnClock = false;
  /** `publish` has returned false and `onDrain` was not called since. */
  #mustDrain = false;
  #asked: Asked[] = [];
  #awaited: Awaited[] = [];
  #askedAtMs = NOW();
  #sentAtMs = -Infinity;
  #bytesSinceAsked = 0;
  /** Counts how often sending began again, so that late answers to what was sent before are not taken for new ones. */
  #attempt = 0;
  /** When to send again after the server has refused frames; until then nothing is sent. */
  #sendAgainAtMs: number | undefined;
  #closing: PromiseWithResolvers<void> | undefined;
  #isGone = false;

  constructor(epoch: number, place: PublisherPlace, context: PublisherContext) {
    this.streamId = place.streamId;
    this.tenantId = place.tenantId;
    this.#subject = place.subject;
    this.#shard = place.shard;
    this.#context = context;
    this.#order = new PublishOrder(epoch, context.limits.maxFrameBytes);
    const { budget } = context;
    const part = (this.#part = budget.join(this));
    this.#frames = new RetainedFrames(
      (bytes) => budget.addInflight(part, bytes),
      (bytes) => budget.addRetained(bytes),
      // What was sent is a copy, and readers have what the server sent to them.
      (frame) => {
        if (this.memory !== undefined && !isConfiguration(frame)) this.memory.free(frame.payload);
      },
    );
    this.#number = context.acks.add(this);
  }

  get inflightBytes(): number {
    return this.#isGone ? 0 : this.#frames.inflightBytes;
  }

  /** What the frames that are kept cost together, in bytes. */
  get retainedBytes(): number {
    return this.#isGone ? 0 : this.#frames.bytes;
  }

  publish(frame: Frame): boolean {
    const { limits, observer, clock, budget } = this.#context;
    if (this.#closing || this.#isGone) {
      observer.framesDropped(1, 'publisher-closed');
      return false;
    }
    this.#order.check(frame);
    if (this.memory !== undefined && !isConfiguration(frame)) this.memory.keep(frame.payload);
    this.#frames.push(frame);
    this.#bound();
    if (isRandomAccess(frame) || frame.kind === FrameKind.end || this.#frames.unsentBytes >= limits.batchBytes)
      this.send();
    else if (frame.kind === FrameKind.video && this.#mayLeaveAtOnce()) this.send();
    else if (!this.#isOnClock) {
      this.#isOnClock = true;
      clock.add(this);
    }
    const { inflightBytes } = this;
    if (inflightBytes <= limits.maxInflightBytes && !budget.mustWait(this.#part, inflightBytes)) return true;
    this.#mustDrain = true;
    return false;
  }

  flush(): void {
    this.send();
  }

  async confirmed(timeoutMs: number): Promise<boolean> {
    if (this.#isGone) return false;
    this.send();
    this.#askForRest();
    if (this.#frames.isAllConfirmed) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const awaited: Awaited = { end: this.#frames.end, settle: resolve };
    this.#awaited.push(awaited);
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const isConfirmed = await promise;
    clearTimeout(timer);
    this.#awaited = this.#awaited.filter((other) => other !== awaited);
    return isConfirmed;
  }

  /** Sends what waits, as far as the link takes it; the link calls again for the rest. */
  send(): void {
    const { link, clock } = this.#context;
    if (this.#isOnClock) clock.remove(this);
    this.#isOnClock = false;
    while (!this.#frames.isAllSent && !this.#isGone) {
      if (this.#sendAgainAtMs !== undefined) return;
      if (!link.isReady || !link.window.isOpen) return this.#context.waitForLink(this);
      this.#sendBatch();
    }
  }

  /** Begins again: with everything that is kept when the server has lost it, else with what it has not confirmed. */
  resume(isLost: boolean): void {
    this.#attempt++;
    this.#asked = [];
    this.#sendAgainAtMs = undefined;
    this.#frames.rewind(isLost);
    this.send();
  }

  acknowledged(attempt: number, token: number, ack: Acknowledgement): void {
    const { link, observer, limits } = this.#context;
    if (attempt !== this.#attempt || this.#isGone) return;
    if ('refused' in ack) {
      this.#context.health[this.#shard]?.failed();
      observer.publishFailed('refused');
      observer.problem(new FrameBusError('refused', `NATS refused frames: ${ack.refused}`));
      // What comes behind must not be taken for a confirmation of what was refused, nor be stored before it.
      this.#attempt++;
      this.#asked = [];
      this.#sendAgainAtMs = NOW() + limits.reconnectWaitMs;
      return;
    }
    link.acknowledged(this.#shard, ack.stored);
    this.#context.health[this.#shard]?.stored();
    while (this.#asked[0] && this.#asked[0].end <= token) {
      observer.publishConfirmed((NOW() - this.#asked[0].atMs) / 1_000);
      this.#asked.shift();
    }
    this.#frames.confirm(token);
    this.#settle();
  }

  /** Forgets the frames before this position: they are committed. */
  forgetBefore(position: FramePosition): void {
    this.#frames.forgetBefore(position);
    this.#settle();
  }

  /** The memory that all share is full: confirmed frames go, which only a NATS that loses its memory would ask for. */
  shrinkTo(bytes: number): number {
    const evicted = this.#frames.evict(bytes);
    if (evicted > 0) this.#context.observer.framesEvicted(evicted);
    return evicted;
  }

  /** Called a few times a second while the link is ready. @returns whether the streams should be looked at again */
  check(nowMs: number): boolean {
    const { limits, observer } = this.#context;
    if (this.#sendAgainAtMs !== undefined && nowMs >= this.#sendAgainAtMs) this.resume(false);
    const oldest = this.#asked[0];
    if (oldest && nowMs - oldest.atMs > limits.ackTimeoutMs) {
      observer.publishFailed('timeout');
      this.#context.health[this.#shard]?.failed();
      return true;
    }
    if (!oldest && nowMs - this.#askedAtMs >= limits.ackIntervalMs) this.#askForAll();
    return false;
  }

  async close(timeoutMs: number): Promise<void> {
    if (this.#closing) return this.#closing.promise;
    const closing = (this.#closing = Promise.withResolvers<void>());
    if (this.#isGone) closing.resolve();
    this.send();
    this.#askForRest();
    const timer = setTimeout(() => closing.resolve(), timeoutMs);
    this.#settle();
    await closing.promise;
    clearTimeout(timer);
    if (!this.#isGone) this.#context.closed(this);
  }

  /** Lets go of everything. What is not confirmed is counted as dropped. */
  dispose(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const { unconfirmed, inflightBytes } = this.#frames;
    if (unconfirmed > 0) this.#context.observer.framesDropped(unconfirmed, 'publisher-closed');
    const { budget } = this.#context;
    budget.addInflight(this.#part, -inflightBytes);
    budget.addRetained(-this.#frames.bytes);
    budget.leave(this);
    this.#context.acks.remove(this.#number);
    this.#closing?.resolve();
    for (const { settle } of this.#awaited) settle(false);
  }

  #mayLeaveAtOnce(): boolean {
    const { limits, streams } = this.#context;
    return streams() < limits.batchTogetherFrom && NOW() - this.#sentAtMs >= limits.batchWaitMs;
  }

  #sendBatch(): void {
    const { limits, link } = this.#context;
    this.#sentAtMs = NOW();
    const { frames, bytes, hasKeyframe } = this.#frames.takeBatch(Math.min(limits.batchBytes, link.maxPayload));
    if (bytes > link.maxPayload) {
      for (const frame of frames) this.#sendParts(frame);
      return;
    }
    const write: WritePayload = (out, start) => {
      let at = start;
      for (const frame of frames) at = writeFrame(out, at, frame);
    };
    this.#put(bytes, write, hasKeyframe);
  }

  /** Only the last part may be acknowledged: before it the frame is not stored. */
  #sendParts(frame: Frame): void {
    const { link } = this.#context;
    const parts = [...writeFrameParts(frame, link.maxPayload)];
    const last = parts.pop();
    for (const part of parts) link.publish(this.#subject, undefined, part.byteLength, (out, at) => out.set(part, at));
    if (last) this.#put(last.byteLength, (out, at) => out.set(last, at), true);
  }

  /** Publishes a message. An acknowledgement is asked for when it is wished, or due by bytes or time. */
  #put(bytes: number, write: WritePayload, wishAck: boolean): void {
    const { limits, link, acks } = this.#context;
    this.#bytesSinceAsked += bytes;
    const nowMs = NOW();
    const isLast = this.#closing !== undefined && this.#frames.isAllSent;
    const isOverdue = this.#bytesSinceAsked >= limits.ackBytes || nowMs - this.#askedAtMs >= limits.ackIntervalMs;
    if (!wishAck && !isLast && !isOverdue) return link.publish(this.#subject, undefined, bytes, write);
    this.#bytesSinceAsked = 0;
    this.#askedAtMs = nowMs;
    const end = this.#frames.sentEnd;
    this.#asked.push({ end, atMs: nowMs });
    link.publish(this.#subject, acks.replySubject(this.#number, this.#attempt, end), bytes, write);
  }

  /** Asks for the newest of what was sent, unless it was asked for. */
  #askForRest(): void {
    if (this.#frames.isAllSent && this.#asked.at(-1)?.end !== this.#frames.sentEnd) this.#askForAll();
  }

  /** Asks for what was sent without the question: an empty message behind it, which readers pass over. */
  #askForAll(): void {
    const maySend = this.#context.link.isReady && this.#sendAgainAtMs === undefined;
    if (maySend && this.#frames.isWaiting) this.#put(0, NOTHING, true);
  }

  /** Unconfirmed frames only go when the publisher goes on after it was told to stop: one that stops loses nothing. */
  #bound(): void {
    const { limits, observer } = this.#context;
    const most = Math.max(limits.retainBytes, limits.maxInflightBytes) + limits.maxFrameBytes;
    this.shrinkTo(limits.retainBytes);
    const dropped = this.#frames.drop(most);
    if (dropped === 0) return;
    observer.framesDropped(dropped, 'over-limit');
    for (const { settle } of this.#awaited) settle(false);
  }

  #settle(): void {
    if (this.#frames.isAllConfirmed) this.#closing?.resolve();
    for (const { end, settle } of this.#awaited) if (end <= this.#frames.confirmedEnd) settle(true);
    const { limits, budget } = this.#context;
    if (!this.#mustDrain || this.inflightBytes > limits.maxInflightBytes / 2) return;
    if (budget.mustWait(this.#part, this.inflightBytes)) return;
    this.#mustDrain = false;
    this.onDrain?.();
  }
}
