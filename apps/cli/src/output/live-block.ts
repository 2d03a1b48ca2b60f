// Lines that are rewritten in place on a terminal.
import { displayWidth, fitTo } from './display-width.ts';
import type { TextSink } from '../command-line/command.ts';

const CLEAR_TO_END = '\u001b[J';

export class LiveBlock {
  readonly #sink: TextSink;
  #rows = 0;

  constructor(sink: TextSink) {
    this.#sink = sink;
  }

  /** Replaces the lines that were shown before. A line that is too long is cut: a second row would be left behind. */
  show(lines: readonly string[]): void {
    const columns = this.#sink.columns ?? 80;
    const fitted = lines.map((line) => (displayWidth(line) > columns ? fitTo(line, columns) : line));
    const up = this.#rows > 0 ? `\u001b[${this.#rows}A\r` : '';
    this.#sink.write(`${up}${CLEAR_TO_END}${fitted.join('\n')}\n`);
    this.#rows = fitted.length;
  }
}
