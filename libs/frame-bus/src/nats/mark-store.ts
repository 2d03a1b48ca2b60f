// One JetStream stream of commit marks: a message for each live stream, the newest.
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import type { CommitMark } from '@millrace/domain';
import { FrameBusError } from '../frame-bus.errors.ts';
import type { FrameBusObserver } from '../frame-bus-observer.ts';
import { formatCommitMark, parseCommitMark } from '../marks/commit-mark-text.ts';
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

/** Two writers of one stream's marks are rare and soon one; more collisions than this are something else. */
const MAX_ATTEMPTS = 8;
/** How many streams' newest marks are remembered, to save a question before each record. */
const MAX_REMEMBERED = 10_000;

/** A mark as the server has it, or that it has none. */
interface Recorded {
  /** Its sequence in the stream of marks; 0 when there is none. */
  readonly sequence: number;
  readonly mark: CommitMark | undefined;
}

export interface MarkStoreOptions {
  readonly link: NatsLink;
  readonly limits: NatsFrameBusLimits;
  readonly observer: FrameBusObserver;
  /** The name of the JetStream stream. */
  readonly name: string;
  readonly subjectOf: (streamId: string) => string;
  readonly allSubjects: string;
}

export class MarkStore {
  readonly #options: MarkStoreOptions;
  readonly #remembered = new Map<string, Recorded>();

  constructor(options: MarkStoreOptions) {
    this.#options = options;
  }

  /**
   * Records a mark unless a later one is recorded. Written only if there was no other write since it was compared, so a mark
   * never goes back even when several packagers record.
   * @throws FrameBusError when NATS does not take it in time
   */
  async record(mark: CommitMark): Promise<void> {
    const { streamId } = mark;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const recorded = this.#remembered.get(streamId) ?? (await this.#read(streamId));
      if (recorded.mark && recorded.mark.head.mediaSequence > mark.head.mediaSequence) return;
      this.#remembered.delete(streamId);
      const sequence = await this.#write(mark, recorded.sequence);
      if (sequence !== undefined) return this.#remember(streamId, { sequence, mark });
    }
    throw new FrameBusError('unavailable', `the mark was overtaken ${MAX_ATTEMPTS} times`);
  }

  /** @throws FrameBusError when NATS does not answer in time */
  async last(streamId: string): Promise<CommitMark | undefined> {
    return (await this.#read(streamId)).mark;
  }

  /** All marks, with their sequences. @throws FrameBusError when NATS does not answer in time */
  async *all(): AsyncGenerator<{ readonly sequence: number; readonly mark: CommitMark }> {
    const { link, name, allSubjects } = this.#options;
    for (let seq = 1; ;) {
      const query = { seq, next_by_subj: allSubjects };
      const message = await this.#ask(() => link.ask((manager) => manager.direct.getMessage(name, query)));
      if (!message) return;
      const mark = parseCommitMark(message.string());
      if (mark) yield { sequence: message.seq, mark };
      seq = message.seq + 1;
    }
  }

  /** Deletes the marks of a stream up to this sequence. */
  async forget(streamId: string, sequence: number): Promise<void> {
    const { link, name, subjectOf } = this.#options;
    this.#remembered.delete(streamId);
    const what = { filter: subjectOf(streamId), seq: sequence + 1 };
    await this.#ask(() => link.ask((manager) => manager.streams.purge(name, what)));
  }

  /** Calls back with every mark of the stream that anyone records here from now on. @returns ends it */
  follow(streamId: string, onMark: (mark: CommitMark) => void): () => void {
    const { link, subjectOf } = this.#options;
    const receive = (error: Error | null, message: Msg): void => {
      const mark = error ? undefined : this.#parse(message.string());
      if (mark) onMark(mark);
    };
    const subscription = link.connection.subscribe(subjectOf(streamId), { callback: receive });
    return () => subscription.unsubscribe();
  }

  async #read(streamId: string): Promise<Recorded> {
    const { link, name, subjectOf } = this.#options;
    const query = { last_by_subj: subjectOf(streamId) };
    const message = await this.#ask(() => link.ask((manager) => manager.direct.getMessage(name, query)));
    return message ? { sequence: message.seq, mark: this.#parse(message.string()) } : { sequence: 0, mark: undefined };
  }

  /** @returns the sequence of the mark, undefined when the last one is not the expected one */
  async #write(mark: CommitMark, lastSubjectSequence: number): Promise<number | undefined> {
    const { link, limits, subjectOf } = this.#options;
    const options = { expect: { lastSubjectSequence }, timeout: limits.markTimeoutMs };
    const text = formatCommitMark(mark);
    try {
      const ack = await this.#ask(() =>
        link.ask(() => link.jetstream.publish(subjectOf(mark.streamId), text, options)),
      );
      return ack.seq;
    } catch (error) {
      if (isWrongSequence(error)) return undefined;
      throw error;
    }
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { link, limits } = this.#options;
    await link.whenReady(limits.requestTimeoutMs);
    try {
      return await question();
    } catch (error) {
      if (error instanceof FrameBusError || isWrongSequence(error)) throw error;
      throw new FrameBusError('unavailable', 'NATS did not answer a request about a commit mark', { cause: error });
    }
  }

  #parse(text: string): CommitMark | undefined {
    const mark = parseCommitMark(text);
    if (!mark)
      this.#options.observer.problem(new FrameBusError('bad-mark', 'a message on the subject of marks is not a mark'));
    return mark;
  }

  #remember(streamId: string, recorded: Recorded): void {
    this.#remembered.delete(streamId);
    this.#remembered.set(streamId, recorded);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }
}

const isWrongSequence = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
