// The captured frames of one live stream: finding a place in them, and reading on from there.
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import type { ConsumerConfig, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { comparePositions } from '@millrace/domain';
import type { FramePosition } from '@millrace/domain';
import { KeyframeFinder, messageSpan } from './message-span.ts';
import type { MessageSpan } from './message-span.ts';
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';
import { pullMessages } from './pull-messages.ts';
import type { PulledMessage } from './pull-messages.ts';

/** A consumer that is not read for this long is deleted by the server. */
const CONSUMER_IDLE_MS = 10_000;
/** The search ends when so few messages of all live streams are left: reading a few too many costs less than asking. */
const SEARCH_ENOUGH = 64;

/** Where to read. */
export interface LogStart {
  /** Sequence in the JetStream stream. */
  readonly sequence: number;
  /** There is nothing of this live stream before it. */
  readonly isOldest: boolean;
}

interface Located {
  readonly sequence: number;
  readonly span: MessageSpan;
}

type ReadFrom = Pick<ConsumerConfig, 'deliver_policy' | 'opt_start_seq' | 'opt_start_time'>;

export class JetStreamLog {
  readonly #link: NatsLink;
  readonly #stream: string;
  readonly #subject: string;
  readonly #limits: NatsFrameBusLimits;

  constructor(link: NatsLink, stream: string, subject: string, limits: NatsFrameBusLimits) {
    this.#link = link;
    this.#stream = stream;
    this.#subject = subject;
    this.#limits = limits;
  }

  /**
   * Where to begin to read so as not to miss the first frame at or after a position. The search takes the log for sorted,
   * which it is but for what an older epoch sends after a newer one has begun, and for what was sent twice.
   * @returns undefined when the log has nothing at or after it
   */
  async find(position: FramePosition): Promise<LogStart | undefined> {
    const newest = await this.#last();
    if (!newest) return undefined;
    const last = messageSpan(newest.data)?.last;
    if (last?.epoch === position.epoch && last.sequence < position.sequence) return undefined;
    const oldest = await this.#next(1);
    if (!oldest) return undefined;
    const isUnsorted = last !== undefined && last.epoch < position.epoch;
    if (isUnsorted || comparePositions(oldest.span.first, position) >= 0)
      return { sequence: oldest.sequence, isOldest: true };
    return { sequence: await this.#search(oldest.sequence, newest.seq + 1, position), isOldest: false };
  }

  /** The oldest message: to read everything. */
  async findOldest(): Promise<LogStart | undefined> {
    const oldest = await this.#next(1);
    return oldest && { sequence: oldest.sequence, isOldest: true };
  }

  /** The configuration before the newest keyframe. */
  async findNewestKeyframe(): Promise<FramePosition | undefined> {
    const newest = await this.#last();
    if (!newest) return undefined;
    const since = new Date(newest.time.getTime() - this.#limits.keyframeSearchMs).toISOString();
    return (
      (await this.#findKeyframe({ deliver_policy: DeliverPolicy.StartTime, opt_start_time: since })) ??
      (await this.#findKeyframe({ deliver_policy: DeliverPolicy.All }))
    );
  }

  /** Reads up to what is the end when it gets there. @throws when the connection breaks or the server does not answer */
  read(sequence: number): AsyncGenerator<Uint8Array> {
    return this.#read({ deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: sequence });
  }

  /** The last message that begins at or before the position, among those from `low`, which does, to below `high`. */
  async #search(low: number, high: number, position: FramePosition): Promise<number> {
    while (high - low > SEARCH_ENOUGH) {
      const middle = low + Math.floor((high - low) / 2);
      const found = await this.#next(middle);
      if (!found || found.sequence >= high || comparePositions(found.span.first, position) > 0) high = middle;
      else low = found.sequence;
    }
    return low;
  }

  #last(): Promise<StoredMsg | null> {
    const query = { last_by_subj: this.#subject };
    return this.#link.ask((manager) => manager.direct.getMessage(this.#stream, query));
  }

  /** The first message with frames in it at or after a sequence. */
  async #next(sequence: number): Promise<Located | undefined> {
    for (let from = sequence; ;) {
      const query = { seq: from, next_by_subj: this.#subject };
      const message = await this.#link.ask((manager) => manager.direct.getMessage(this.#stream, query));
      if (!message) return undefined;
      const span = messageSpan(message.data);
      if (span) return { sequence: message.seq, span };
      from = message.seq + 1;
    }
  }

  async #findKeyframe(from: ReadFrom): Promise<FramePosition | undefined> {
    const finder = new KeyframeFinder();
    for await (const message of this.#read(from)) finder.push(message);
    return finder.newest;
  }

  async *#read(from: ReadFrom): AsyncGenerator<Uint8Array> {
    const consumer = await this.#link.ask((manager) => this.#addConsumer(manager, from));
    try {
      let pending = consumer.num_pending;
      while (pending > 0) {
        const wanted = Math.min(pending, this.#limits.readBatchMessages);
        const messages = await this.#pull(consumer.name, wanted);
        if (messages.length === 0) return;
        for (const { data, pending: left } of messages) {
          pending = left;
          yield data;
        }
      }
    } finally {
      // The server deletes it anyway when it has not been used for a while.
      this.#link.ask((manager) => manager.consumers.delete(this.#stream, consumer.name)).catch(() => undefined);
    }
  }

  #pull(consumer: string, count: number): Promise<PulledMessage[]> {
    return this.#link.ask((_, broken) =>
      pullMessages(this.#link, this.#stream, consumer, count, this.#limits.requestTimeoutMs, broken),
    );
  }

  async #addConsumer(manager: JetStreamManager, from: ReadFrom): Promise<{ name: string; num_pending: number }> {
    return manager.consumers.add(this.#stream, {
      ...from,
      filter_subject: this.#subject,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      inactive_threshold: nanos(CONSUMER_IDLE_MS),
    });
  }
}
