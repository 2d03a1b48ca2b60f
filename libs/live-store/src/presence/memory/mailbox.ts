// What waits for one participant: numbered, bounded, the oldest goes first.
import type { MailboxEntry } from '../presence-store.ts';
import type { PresenceLimits } from '../presence-limits.ts';

export class Mailbox {
  readonly #limits: PresenceLimits;
  #entries: string[] = [];
  #bytes = 0;
  #last = 0;

  constructor(limits: PresenceLimits) {
    this.#limits = limits;
  }

  /** The number of the newest entry; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** @returns its number */
  push(news: string): number {
    this.#entries.push(news);
    this.#bytes += Buffer.byteLength(news);
    const { maxMailboxMessages, maxMailboxBytes } = this.#limits;
    while (this.#entries.length > maxMailboxMessages || this.#bytes > maxMailboxBytes) this.#drop();
    return ++this.#last;
  }

  /** @returns undefined when it does not reach back that far, or never came as far */
  after(sequence: number): MailboxEntry[] | undefined {
    const first = this.#last - this.#entries.length + 1;
    if (sequence < first - 1 || sequence > this.#last) return undefined;
    return this.#entries.slice(sequence - first + 1).map((news, i) => ({ sequence: sequence + 1 + i, news }));
  }

  /** What has arrived need not be kept. */
  acknowledge(sequence: number): void {
    while (this.#entries.length > 0 && this.#last - this.#entries.length + 1 <= sequence) this.#drop();
  }

  #drop(): void {
    this.#bytes -= Buffer.byteLength(this.#entries.shift() ?? '');
  }
}
