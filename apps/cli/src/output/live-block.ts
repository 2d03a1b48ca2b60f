// Lines that are rewritten in place on a terminal.
import { stripVTControlCharacters } from 'node:util';
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
    const fitted = lines.map((line) => fitStyled(line, columns));
    const up = this.#rows > 0 ? `\u001b[${this.#rows}A\r` : '';
    this.#sink.write(`${up}${CLEAR_TO_END}${fitted.join('\n')}\n`);
    this.#rows = fitted.length;
  }
}

/** A line that has to be cut loses its colours. */
function fitStyled(line: string, columns: number): string {
  const text = stripVTControlCharacters(line);
  return displayWidth(text) > columns ? fitTo(text, columns) : line;
}
