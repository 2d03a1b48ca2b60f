// AMF0 section 2.9 and AMF3 section 2.2: a value that was sent before, by its number.
import { ProtocolError } from '../bytes/index.ts';
import type { ByteReader } from '../bytes/index.ts';
import type { AmfBudget } from './budget.ts';
import type { AmfValue } from './value.ts';

/** A value that may be referred to, and what it costs to have it again. */
interface Entry {
  readonly value: AmfValue;
  readonly bytes: number;
  readonly levels: number;
}

/**
 * The values of one message that later ones may refer to, in the order in which they began. A reference gives the same value
 * again. One to a value that has not ended would make a circle, which nothing here could print or send: it is refused.
 */
export class ReferenceTable {
  readonly #budget: AmfBudget;
  /** Undefined while the value is being read. */
  readonly #entries: (Entry | undefined)[] = [];

  constructor(budget: AmfBudget) {
    this.#budget = budget;
  }

  /**
   * Reads a value and gives it the next number.
   * @param depth how many containers enclose it.
   */
  define<Value extends AmfValue>(reader: ByteReader, depth: number, read: () => Value): Value {
    const budget = this.#budget;
    const entries = this.#entries;
    const index = entries.push(undefined) - 1;
    const costBefore = reader.offset + budget.repeatedBytes;
    const deepestBefore = budget.deepest;
    budget.deepest = depth;
    const value = read();
    const bytes = reader.offset + budget.repeatedBytes - costBefore;
    entries[index] = { value, bytes, levels: budget.deepest - depth };
    budget.deepest = Math.max(budget.deepest, deepestBefore);
    return value;
  }

  /** @param depth how many containers enclose the reference. */
  resolve(index: number, depth: number, place: string): AmfValue {
    if (index >= this.#entries.length) {
      throw new ProtocolError('amf.unknown-reference', place, `reference ${index} to nothing`);
    }
    const entry = this.#entries[index];
    if (entry === undefined) {
      throw new ProtocolError('amf.circular-reference', place, `reference ${index} to what it is part of`);
    }
    this.#budget.enter(depth, entry.levels);
    this.#budget.repeat(entry.bytes, place);
    return entry.value;
  }
}
