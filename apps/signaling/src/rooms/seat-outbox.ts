// What one participant is sent, in the order of its mailbox and without a gap: whatever the bus loses or turns around.
import type { MailboxEntry } from '@millrace/live-store';

export interface OutboxPort {
  /** Asks the mailbox. */
  read(afterSequence: number): Promise<readonly MailboxEntry[] | undefined>;
  emit(entry: MailboxEntry): void;
  /** The mailbox does not reach back to what was sent last. */
  gap(): void;
  /** How many had to be read because no pod had passed them on. */
  caughtUp(messages: number): void;
  failed(error: unknown): void;
}

export class SeatOutbox {
  readonly #port: OutboxPort;
  #state: 'held' | 'open' | 'closed' = 'held';
  /** The last one that was sent. */
  #sent = 0;
  /** The last one that is known to exist. */
  #newest = 0;
  #reading = false;

  constructor(port: OutboxPort) {
    this.#port = port;
  }

  /** Begins after this number, with what the store already gave. */
  open(after: number, missed: readonly MailboxEntry[]): void {
    if (this.#state !== 'held') return;
    this.#state = 'open';
    this.#sent = after;
    for (const entry of missed) this.#emit(entry);
    this.known(this.#sent);
  }

  /** A pod passes something on. */
  push(entry: MailboxEntry): void {
    if (this.#state === 'open' && !this.#reading && entry.sequence === this.#sent + 1) this.#emit(entry);
    this.known(entry.sequence);
  }

  /** So many exist. */
  known(sequence: number): void {
    this.#newest = Math.max(this.#newest, sequence);
    if (this.#state === 'open' && !this.#reading && this.#newest > this.#sent) void this.#catchUp();
  }

  close(): void {
    this.#state = 'closed';
  }

  get #isOpen(): boolean {
    return this.#state === 'open';
  }

  #emit(entry: MailboxEntry): void {
    this.#sent = entry.sequence;
    this.#port.emit(entry);
  }

  async #catchUp(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#isOpen && this.#newest > this.#sent) {
        const entries = await this.#port.read(this.#sent);
        if (!this.#isOpen) return;
        if (entries === undefined) return this.#port.gap();
        // Nothing there: the participant is out, which another note says.
        if (entries.length === 0) return void (this.#newest = this.#sent);
        for (const entry of entries) this.#emit(entry);
        this.#port.caughtUp(entries.length);
      }
    } catch (error) {
      // The next sign of life of this pod says again what exists.
      this.#port.failed(error);
    } finally {
      this.#reading = false;
    }
  }
}
