// The last lines that a process wrote: kept for error messages and for tests that wait for one.
import { EventEmitter, once } from 'node:events';

const MAX_LINES = 20_000;

export class LineLog {
  readonly #lines: string[] = [];
  readonly #events = new EventEmitter<{ line: [string] }>().setMaxListeners(0);
  #rest = '';

  /** Takes a piece of output; it may hold parts of lines. */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (this.#lines.push(line) > MAX_LINES) this.#lines.shift();
      this.#events.emit('line', line);
    }
  }

  /** The lines so far, the oldest ones left out when there were too many. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  onLine(listener: (line: string) => void): void {
    this.#events.on('line', listener);
  }

  tail(count = 30): string {
    return [...this.#lines.slice(-count), this.#rest].join('\n').trim();
  }

  /**
   * Waits for a line, also one that is there already.
   *
   * @param from index of the first line to look at
   * @throws when none came within `timeoutMs`; the error holds the last lines
   */
  async waitFor(pattern: RegExp, timeoutMs = 30_000, from = 0): Promise<string> {
    const found = this.#lines.slice(from).find((line) => pattern.test(line));
    if (found !== undefined) return found;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      for (;;) {
        const [line] = (await once(this.#events, 'line', { signal })) as [string];
        if (pattern.test(line)) return line;
      }
    } catch (cause) {
      throw new Error(`no line like ${pattern} within ${timeoutMs} ms; the last ones:\n${this.tail()}`, { cause });
    }
  }
}
