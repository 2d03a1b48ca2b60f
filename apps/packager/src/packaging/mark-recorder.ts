// Records commit marks one after another, and of those that wait only the newest.
import type { CommitMark } from '@millrace/domain';
import type { FrameBus } from '@millrace/frame-bus';
import { retry } from './back-off.ts';

export class MarkRecorder {
  readonly #frameBus: Pick<FrameBus, 'recordCommit'>;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: unknown) => void;
  #next: CommitMark | undefined;
  #markedMediaSequence = 0;
  #recording: Promise<void> | undefined;

  /** @param signal ends the retries: the next packager sees from the live store that a mark is missing */
  constructor(frameBus: Pick<FrameBus, 'recordCommit'>, signal: AbortSignal, onFailure: (error: unknown) => void) {
    this.#frameBus = frameBus;
    this.#signal = signal;
    this.#onFailure = onFailure;
  }

  /** The number before which everything is marked. */
  get markedMediaSequence(): number {
    return this.#markedMediaSequence;
  }

  /** Takes note of a mark that another packager recorded. */
  found(mediaSequence: number): void {
    this.#markedMediaSequence = Math.max(this.#markedMediaSequence, mediaSequence);
  }

  record(mark: CommitMark): void {
    this.#next = mark;
    this.#recording ??= this.#recordAll().finally(() => (this.#recording = undefined));
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.#recording;
  }

  async #recordAll(): Promise<void> {
    while (this.#next !== undefined && !this.#signal.aborted) {
      await retry(() => this.#recordNewest(), { signal: this.#signal, onFailure: this.#onFailure });
    }
  }

  async #recordNewest(): Promise<void> {
    const mark = this.#next;
    if (mark === undefined) return;
    await this.#frameBus.recordCommit(mark);
    this.found(mark.head.mediaSequence);
    // A newer one that came meanwhile is recorded next; one that failed is tried again unless a newer one came.
    if (this.#next === mark) this.#next = undefined;
  }
}
