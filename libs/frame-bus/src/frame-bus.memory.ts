// The frame bus inside one process: a ring per stream, given to the readers as it is, without a copy.
import { onSharedBeat, onSharedBeatWhile } from '@millrace/domain';
import type { Beat, CommitMark, WorkBeat } from '@millrace/domain';
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
import { MarksJournal } from './memory/marks-journal.ts';
import { MemoryPublisher } from './memory/memory-publisher.ts';
import { MemoryStream } from './memory/memory-stream.ts';
import { MemorySubscription } from './memory/memory-subscription.ts';
import { PublishOrder } from './order/publish-order.ts';
import { memoryFull, RetentionBudget } from './retention/retention-budget.ts';

export interface MemoryFrameBusOptions {
  /** Keeps commit marks over restarts in this file; without it they live as long as the bus. */
  readonly marksFile?: string;
  /** The most that the log of one stream may hold, in bytes. Default 16 MiB. */
  readonly maxBytesPerStream?: number;
  /** The most that the logs of all streams may hold, in bytes; the oldest frames of those that hold most go. Default 384 MiB. */
  readonly maxBytes?: number;
  /** The largest payload that is taken, in bytes. Default 16 MiB, the most that RTMP can announce. */
  readonly maxFrameBytes?: number;
  /** A stream without publisher and subscriber is forgotten after this time, in milliseconds. Default 60 000. */
  readonly maxIdleMs?: number;
  readonly observer?: Partial<FrameBusObserver>;
}

export const MEMORY_FRAME_BUS_DEFAULTS = {
  maxBytesPerStream: 16 * 1024 * 1024,
  maxBytes: 384 * 1024 * 1024,
  maxFrameBytes: 16 * 1024 * 1024,
  maxIdleMs: 60_000,
} as const;

/** How often the memory in use is told, in milliseconds. */
const REPORT_MS = 1_000;

type Marks = Pick<MarksJournal, 'get' | 'record' | 'close' | 'fault'>;

/** Marks that are not kept over restarts. */
class MarksInMemory implements Marks {
  readonly #marks = new Map<string, CommitMark>();
  readonly fault = undefined;
  get = (streamId: string): CommitMark | undefined => this.#marks.get(streamId);
  record = async (mark: CommitMark): Promise<void> => void this.#marks.set(mark.streamId, mark);
  close = async (): Promise<void> => undefined;
}

class MemoryFrameBus implements FrameBus {
  readonly #limits: Required<Pick<MemoryFrameBusOptions, keyof typeof MEMORY_FRAME_BUS_DEFAULTS>>;
  readonly #budget: RetentionBudget;
  readonly #observer: FrameBusObserver;
  readonly #marks: Marks;
  readonly #streams = new Map<string, MemoryStream>();
  readonly #publishers = new Set<MemoryPublisher>();
  readonly #sweep: Beat;
  readonly #report: WorkBeat;
  #closed = false;

  constructor(options: MemoryFrameBusOptions) {
    this.#limits = {
      maxBytesPerStream: options.maxBytesPerStream ?? MEMORY_FRAME_BUS_DEFAULTS.maxBytesPerStream,
      maxBytes: options.maxBytes ?? MEMORY_FRAME_BUS_DEFAULTS.maxBytes,
      maxFrameBytes: options.maxFrameBytes ?? MEMORY_FRAME_BUS_DEFAULTS.maxFrameBytes,
      maxIdleMs: options.maxIdleMs ?? MEMORY_FRAME_BUS_DEFAULTS.maxIdleMs,
    };
    this.#observer = completeObserver(options.observer);
    const { marksFile } = options;
    this.#marks = marksFile === undefined ? new MarksInMemory() : new MarksJournal(marksFile, this.#observer);
    const { maxBytes, maxIdleMs } = this.#limits;
    this.#budget = new RetentionBudget(maxBytes, () => this.#observer.problem(memoryFull(maxBytes)));
    this.#sweep = onSharedBeat(maxIdleMs / 2, () => this.#forgetIdleStreams());
    const report = (): void => this.#observer.retainedBytes(this.#budget.retainedBytes, maxBytes);
    report();
    this.#report = onSharedBeatWhile(REPORT_MS, () => this.#streams.size > 0, report);
  }

  openPublisher(streamId: string, epoch: number, tenantId = ''): FramePublisher {
    this.#assertOpen();
    assertStreamId(streamId);
    assertEpoch(epoch);
    const order = new PublishOrder(epoch, this.#limits.maxFrameBytes);
    const publisher = new MemoryPublisher(this.#stream(streamId, tenantId), order, this.#observer, () => {
      this.#publishers.delete(publisher);
    });
    this.#publishers.add(publisher);
    return publisher;
  }

  async subscribe(streamId: string, start: StartPosition, subscriber: FrameSubscriber): Promise<FrameSubscription> {
    this.#assertOpen();
    assertStreamId(streamId);
    const subscription = new MemorySubscription(this.#stream(streamId), start, subscriber, this.#observer);
    // Not before the caller has what this returns: it may want to close from inside the first callback.
    setImmediate(() => subscription.begin());
    return subscription;
  }

  async recordCommit(mark: CommitMark): Promise<void> {
    this.#assertOpen();
    assertStreamId(mark.streamId);
    const recorded = this.#marks.get(mark.streamId);
    if (recorded && recorded.head.mediaSequence > mark.head.mediaSequence) return;
    await this.#marks.record(mark);
    this.#streams.get(mark.streamId)?.commit(mark.head.position);
  }

  async lastCommit(streamId: string): Promise<CommitMark | undefined> {
    this.#assertOpen();
    assertStreamId(streamId);
    return this.#marks.get(streamId);
  }

  async readLogs(): Promise<readonly LogUsage[]> {
    this.#assertOpen();
    const usage = { bytes: 0, messages: 0, readers: 0, ageMs: 0 };
    for (const { log, subscriptions, ageMs } of this.#streams.values()) {
      usage.bytes += log.bytes;
      usage.messages += log.end - log.first;
      usage.readers += subscriptions.size;
      usage.ageMs = Math.max(usage.ageMs, ageMs);
    }
    const { maxBytes, maxBytesPerStream } = this.#limits;
    return [{ shard: 0, limitBytes: Math.min(maxBytes, this.#streams.size * maxBytesPerStream), ...usage }];
  }

  marksFault(): string | undefined {
    return this.#marks.fault;
  }

  /** Nothing keeps a log in this process from taking frames. */
  logFault(): undefined {
    return undefined;
  }

  isReady(): boolean {
    return !this.#closed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sweep.stop();
    this.#report.stop();
    for (const stream of this.#streams.values()) for (const subscription of stream.subscriptions) subscription.close();
    for (const publisher of this.#publishers) await publisher.close();
    this.#streams.clear();
    await this.#marks.close();
  }

  #stream(streamId: string, tenantId?: string): MemoryStream {
    let stream = this.#streams.get(streamId);
    if (!stream) {
      stream = new MemoryStream(this.#limits.maxBytesPerStream, Date.now(), this.#budget, this.#observer);
      this.#streams.set(streamId, stream);
      this.#report.wake();
    }
    if (tenantId !== undefined) stream.join(tenantId);
    return stream;
  }

  #forgetIdleStreams(): void {
    const before = Date.now() - this.#limits.maxIdleMs;
    for (const [streamId, stream] of this.#streams)
      if (stream.publishers === 0 && stream.subscriptions.size === 0 && stream.lastUsedMs < before) {
        stream.leave();
        this.#streams.delete(streamId);
      }
  }

  #assertOpen(): void {
    if (this.#closed) throw new FrameBusError('closed', 'the frame bus is closed');
  }
}

/** Makes a bus inside this process. @throws when the file of marks cannot be read or written */
export function createMemoryFrameBus(options: MemoryFrameBusOptions = {}): FrameBus {
  return new MemoryFrameBus(options);
}
