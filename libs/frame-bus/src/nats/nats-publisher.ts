// The way out for one epoch over NATS: batches, acknowledgements, and what is kept until a mark covers it.
import { FrameKind, isKeyframe, type Frame, type FramePosition } from '@millrace/domain';
import type { FramePublisher } from '../frame-bus.ts';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { frameCost, FrameLog } from '../log/frame-log.ts';
import { PublishOrder } from '../order/publish-order.ts';
import { wireBytes, writeFrame, writeFrameParts } from '../wire/frame-writer.ts';
import type { AckInbox, Acknowledgement } from './ack-inbox.ts';
import type { BatchClock } from './batch-clock.ts';
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

/** What the publishers of a bus share. */
export interface PublisherContext {
  readonly limits: NatsFrameBusLimits;
  readonly observer: FrameBusObserver;
  readonly link: NatsLink;
  readonly acks: AckInbox;
  readonly clock: BatchClock;
  /** Counts what is in flight over all publishers. */
  addInflight(bytes: number): void;
  /** Calls `send` of this publisher when the link takes messages again. */
  waitForLink(publisher: NatsPublisher): void;
  /** The publisher was closed and is to be kept for a while. */
  closed(publisher: NatsPublisher): void;
}

/** A message that was sent with the wish to be acknowledged. */
interface Asked {
  /** Index after the last frame that its acknowledgement confirms. */
  readonly end: number;
  readonly atMs: number;
}

const NOW = (): number => performance.now();
const NOTHING = new Uint8Array(0);

/**
 * Frames stand in one log: first those that are confirmed and only kept, then those that are sent, then those that wait.
 *
 *   first ─ confirmed ─ sent ─ end
 *
 * They leave in front: when a commit mark covers them, or when the log exceeds `retainBytes`.
 */
export class NatsPublisher implements FramePublisher {
  onDrain: (() => void) | undefined;
  readonly streamId: string;
  readonly epoch: number;
  readonly #subject: string;
  readonly #shard: number;
  readonly #context: PublisherContext;
  readonly #order: PublishOrder;
  readonly #number: number;
  readonly #log = new FrameLog();
  /** Index of the first frame that is not confirmed. */
  #confirmed = 0;
  /** Index of the first frame that is not sent. */
  #sent = 0;
  /** Bytes on the wire of the frames that are not sent. */
  #unsentBytes = 0;
  #inflightBytes = 0;
  #isOnClock = false;
  /** `publish` has returned false and `onDrain` was not called since. */
  #mustDrain = false;
  #asked: Asked[] = [];
  #askedAtMs = NOW();
  #bytesSinceAsked = 0;
  /** Counts how often sending began again, so that late answers to what was sent before are not taken for new ones. */
  #attempt = 0;
  #sendAgainAtMs = Infinity;
  #closing: PromiseWithResolvers<void> | undefined;
  #isGone = false;

  constructor(streamId: string, epoch: number, subject: string, shard: number, context: PublisherContext) {
    this.streamId = streamId;
    this.epoch = epoch;
    this.#subject = subject;
    this.#shard = shard;
    this.#context = context;
    this.#order = new PublishOrder(epoch, context.limits.maxFrameBytes);
    this.#number = context.acks.add(this);
  }

  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** What the frames that are kept cost together, in bytes. */
  get retainedBytes(): number {
    return this.#log.bytes;
  }

  get isConfirmed(): boolean {
    return this.#confirmed === this.#log.end;
  }

  publish(frame: Frame): boolean {
    const { limits, observer, clock } = this.#context;
    if (this.#closing || this.#isGone) {
      observer.framesDropped(1, 'publisher-closed');
      return false;
    }
    this.#order.check(frame);
    this.#log.push(frame);
    this.#count(frameCost(frame));
    this.#unsentBytes += wireBytes(frame);
    this.#bound();
    if (isKeyframe(frame) || frame.kind === FrameKind.end || this.#unsentBytes >= limits.batchBytes) this.send();
    else if (!this.#isOnClock) {
      this.#isOnClock = true;
      clock.add(this);
    }
    if (this.#inflightBytes <= limits.maxInflightBytes) return true;
    this.#mustDrain = true;
    return false;
  }

  flush(): void {
    this.send();
  }

  /** Sends what waits, as far as the link takes it; the link calls again for the rest. */
  send(): void {
    this.#isOnClock = false;
    const { link } = this.#context;
    while (this.#sent < this.#log.end && !this.#isGone) {
      if (this.#isHalted) return;
      if (!link.isReady || !link.window.isOpen) {
        this.#context.waitForLink(this);
        return;
      }
      const first = this.#log.at(this.#sent);
      if (wireBytes(first) > link.maxPayload) this.#sendParts(first);
      else this.#sendBatch();
    }
  }

  /** Begins again: with everything that is kept when the server has lost it, else with what it has not confirmed. */
  resume(isLost: boolean): void {
    this.#attempt++;
    this.#asked = [];
    this.#sendAgainAtMs = Infinity;
    if (isLost) {
      for (let index = this.#log.first; index < this.#confirmed; index++) this.#count(frameCost(this.#log.at(index)));
      this.#confirmed = this.#log.first;
    }
    this.#sent = this.#confirmed;
    this.#unsentBytes = 0;
    for (let index = this.#sent; index < this.#log.end; index++) this.#unsentBytes += wireBytes(this.#log.at(index));
    this.send();
  }

  acknowledged(attempt: number, token: number, ack: Acknowledgement): void {
    const { link, observer, limits } = this.#context;
    if (attempt !== this.#attempt || this.#isGone) return;
    if ('refused' in ack) {
      observer.publishFailed('refused');
      observer.problem(new FrameBusError('refused', `NATS has refused frames: ${ack.refused}`));
      // What comes behind must not be taken for a confirmation of what was refused, nor be stored before it.
      this.#attempt++;
      this.#asked = [];
      this.#sendAgainAtMs = NOW() + limits.reconnectWaitMs;
      return;
    }
    link.acknowledged(this.#shard, ack.stored);
    while (this.#asked[0] && this.#asked[0].end <= token) {
      observer.publishConfirmed((NOW() - this.#asked[0].atMs) / 1_000);
      this.#asked.shift();
    }
    this.#confirm(token);
  }

  /** Forgets the frames before this position: they are committed. */
  forgetBefore(position: FramePosition): void {
    for (let index = this.#log.indexOf(position); this.#log.first < index;) this.#remove();
    this.#settle();
  }

  /** Called a few times a second while the link is ready. @returns whether the streams should be looked at again */
  check(nowMs: number): boolean {
    const { limits, observer } = this.#context;
    if (nowMs >= this.#sendAgainAtMs) this.resume(false);
    const oldest = this.#asked[0];
    if (oldest && nowMs - oldest.atMs > limits.ackTimeoutMs) {
      observer.publishFailed('timeout');
      return true;
    }
    if (!oldest && this.#confirmed < this.#sent && nowMs - this.#askedAtMs >= limits.ackIntervalMs) this.#askForAll();
    return false;
  }

  async close(timeoutMs: number): Promise<void> {
    if (this.#closing) return this.#closing.promise;
    const closing = (this.#closing = Promise.withResolvers<void>());
    if (this.#isGone) closing.resolve();
    this.send();
    if (this.#sent === this.#log.end && this.#asked.at(-1)?.end !== this.#log.end) this.#askForAll();
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
    const unconfirmed = this.#log.end - this.#confirmed;
    if (unconfirmed > 0) this.#context.observer.framesDropped(unconfirmed, 'publisher-closed');
    this.#count(-this.#inflightBytes);
    this.#context.acks.remove(this.#number);
    this.#closing?.resolve();
  }

  #sendBatch(): void {
    const { limits, link } = this.#context;
    const most = Math.min(limits.batchBytes, link.maxPayload);
    const first = this.#log.at(this.#sent);
    let bytes = wireBytes(first);
    let hasKeyframe = isKeyframe(first);
    let end = this.#sent + 1;
    for (; end < this.#log.end; end++) {
      const frame = this.#log.at(end);
      if (bytes + wireBytes(frame) > most) break;
      bytes += wireBytes(frame);
      hasKeyframe ||= isKeyframe(frame);
    }
    const message = link.window.slab.take(bytes);
    for (let at = 0, index = this.#sent; index < end; index++) at = writeFrame(message, at, this.#log.at(index));
    this.#sent = end;
    this.#unsentBytes -= bytes;
    this.#put(message, hasKeyframe);
  }

  #sendParts(frame: Frame): void {
    const parts = [...writeFrameParts(frame, this.#context.link.maxPayload)];
    for (const part of parts.slice(0, -1)) this.#put(part, false);
    this.#sent++;
    this.#unsentBytes -= wireBytes(frame);
    for (const part of parts.slice(-1)) this.#put(part, true);
  }

  /** Publishes a message. An acknowledgement is asked for when it is wished, or due by bytes or time. */
  #put(message: Uint8Array, wishAck: boolean): void {
    const { limits, link, acks } = this.#context;
    this.#bytesSinceAsked += message.byteLength;
    const nowMs = NOW();
    const isLast = this.#closing !== undefined && this.#sent === this.#log.end;
    const isOverdue = this.#bytesSinceAsked >= limits.ackBytes || nowMs - this.#askedAtMs >= limits.ackIntervalMs;
    if (!wishAck && !isLast && !isOverdue) return link.publish(this.#subject, message, undefined);
    this.#bytesSinceAsked = 0;
    this.#askedAtMs = nowMs;
    this.#asked.push({ end: this.#sent, atMs: nowMs });
    link.publish(this.#subject, message, acks.replySubject(this.#number, this.#attempt, this.#sent));
  }

  /** Asks for what was sent without the question: an empty message behind it, which readers pass over. */
  #askForAll(): void {
    if (this.#context.link.isReady && !this.#isHalted && this.#confirmed < this.#sent) this.#put(NOTHING, true);
  }

  /** The server has refused frames: nothing is sent until they are sent again. */
  get #isHalted(): boolean {
    return this.#sendAgainAtMs !== Infinity;
  }

  #confirm(end: number): void {
    let bytes = 0;
    const until = Math.min(end, this.#sent);
    for (; this.#confirmed < until; this.#confirmed++) bytes += frameCost(this.#log.at(this.#confirmed));
    this.#count(-bytes);
    this.#settle();
  }

  /** Takes the oldest frame out of the log, whatever its state. */
  #remove(): void {
    const index = this.#log.first;
    const frame = this.#log.at(index);
    this.#log.dropFirst();
    if (index >= this.#confirmed) {
      this.#confirmed = index + 1;
      this.#count(-frameCost(frame));
    }
    if (index >= this.#sent) {
      this.#sent = index + 1;
      this.#unsentBytes -= wireBytes(frame);
    }
  }

  /**
   * Keeps the limits: of what is kept, confirmed frames go first. Unconfirmed ones only go when the publisher goes on after
   * it was told to stop: whoever stops loses nothing.
   */
  #bound(): void {
    const { limits, observer } = this.#context;
    while (this.#log.bytes > limits.retainBytes && this.#log.first < this.#confirmed) this.#remove();
    const most = Math.max(limits.retainBytes, limits.maxInflightBytes) + limits.maxFrameBytes;
    while (this.#log.bytes > most && this.#log.end - this.#log.first > 1) {
      observer.framesDropped(1, 'over-limit');
      this.#remove();
    }
  }

  #count(bytes: number): void {
    this.#inflightBytes += bytes;
    this.#context.addInflight(bytes);
  }

  #settle(): void {
    if (this.isConfirmed) this.#closing?.resolve();
    if (!this.#mustDrain || this.#inflightBytes > this.#context.limits.maxInflightBytes / 2) return;
    this.#mustDrain = false;
    this.onDrain?.();
  }
}
