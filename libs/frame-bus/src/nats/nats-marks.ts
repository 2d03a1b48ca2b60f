// Commit marks over NATS: in a stream on the server's disk, and in one in its memory for as long as the disk takes none.
import type { CommitMark } from '@millrace/domain';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import {
  ALL_MARKS_SUBJECT,
  ALL_SPARE_MARKS_SUBJECT,
  MARKS_PROBE_SUBJECT,
  MARKS_STREAM,
  marksSubject,
  SPARE_MARKS_STREAM,
  spareMarksSubject,
} from './frame-subject.ts';
import { MarkStore } from './mark-store.ts';
import { repairMarksStream } from './marks-repair.ts';
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

const FAULT = 'NATS cannot write commit marks to its disk; keeping them in its memory';

/**
 * A full disk is seen by marks that are not confirmed. Then marks go to the spare stream, and every few seconds it is looked
 * whether the disk takes messages again. A stream that has met a full disk takes none any more, also when there is room: it is
 * made anew. At last the marks in the spare stream go to the disk.
 */
export class NatsMarks {
  readonly #link: NatsLink;
  readonly #limits: NatsFrameBusLimits;
  readonly #observer: FrameBusObserver;
  readonly #durable: MarkStore;
  readonly #spare: MarkStore;
  #fault: string | undefined;
  #hasLookedAtSpare = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(link: NatsLink, limits: NatsFrameBusLimits, observer: FrameBusObserver) {
    this.#link = link;
    this.#limits = limits;
    this.#observer = observer;
    const shared = { link, limits, observer };
    this.#durable = new MarkStore({
      ...shared,
      name: MARKS_STREAM,
      subjectOf: marksSubject,
      allSubjects: ALL_MARKS_SUBJECT,
    });
    this.#spare = new MarkStore({
      ...shared,
      name: SPARE_MARKS_STREAM,
      subjectOf: spareMarksSubject,
      allSubjects: ALL_SPARE_MARKS_SUBJECT,
    });
  }

  /** Why marks are in the memory of NATS alone; undefined when they are on its disk. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Records a mark unless a later one is recorded. @throws FrameBusError when NATS takes it nowhere */
  async record(mark: CommitMark): Promise<void> {
    if (this.#fault === undefined) {
      try {
        await this.#durable.record(mark);
        this.#lookAtSpare();
        return;
      } catch (error) {
        // Without a connection there is nothing to say of the disk.
        if (!this.#link.isReady) throw error;
        await this.#spare.record(mark);
        this.#failed(error);
        return;
      }
    }
    await this.#spare.record(mark);
  }

  /** @throws FrameBusError when NATS does not answer in time */
  async last(streamId: string): Promise<CommitMark | undefined> {
    const [durable, spare] = await Promise.all([this.#durable.last(streamId), this.#spare.last(streamId)]);
    if (durable === undefined || spare === undefined) return durable ?? spare;
    return spare.head.mediaSequence > durable.head.mediaSequence ? spare : durable;
  }

  /** Calls back with every mark of the stream that anyone records from now on. @returns ends it */
  follow(streamId: string, onMark: (mark: CommitMark) => void): () => void {
    const ends = [this.#durable.follow(streamId, onMark), this.#spare.follow(streamId, onMark)];
    return () => ends.forEach((end) => end());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #failed(cause: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = FAULT;
    this.#observer.problem(new FrameBusError('unavailable', FAULT, { cause }));
    this.#healLater();
  }

  #healLater(): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#heal(), this.#limits.marksRetryMs);
  }

  /** Another process may have left marks there: they go to the disk with the first mark that does. */
  #lookAtSpare(): void {
    if (this.#hasLookedAtSpare) return;
    this.#hasLookedAtSpare = true;
    this.#bringBack().catch((error: unknown) => this.#observer.problem(error as Error));
  }

  async #heal(): Promise<void> {
    try {
      if (this.#link.isReady && (await this.#isRepaired())) {
        await this.#bringBack();
        this.#fault = undefined;
        return;
      }
    } catch (error) {
      // The connection broke, or the disk is full again: the next try shows.
      if (!this.#isClosed && this.#link.isReady) this.#observer.problem(error as Error);
    }
    this.#healLater();
  }

  /** Whether the stream on the disk takes messages, made anew where that helps. */
  async #isRepaired(): Promise<boolean> {
    if (await this.#takesMessages()) return true;
    const keep = async (): Promise<void> => {
      for await (const { mark } of this.#durable.all()) await this.#spare.record(mark);
    };
    const repair = { limits: this.#limits, keep, isWell: () => this.#takesMessages() };
    return this.#link.ask((manager) => repairMarksStream(manager, this.#link.jetstream, repair));
  }

  async #takesMessages(): Promise<boolean> {
    try {
      const options = { timeout: this.#limits.markTimeoutMs };
      await this.#link.ask(() => this.#link.jetstream.publish(MARKS_PROBE_SUBJECT, '', options));
      return true;
    } catch {
      return false;
    }
  }

  /** From memory to the disk. Those that come meanwhile stay until the next time, and count: the newest of both does. */
  async #bringBack(): Promise<void> {
    for await (const { sequence, mark } of this.#spare.all()) {
      await this.#durable.record(mark);
      await this.#spare.forget(mark.streamId, sequence);
    }
  }
}
