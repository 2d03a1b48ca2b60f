// The parameter sets of a stream, from its configuration record and from the stream itself.
import { decodeOrUndefined } from '../bytes/index.ts';
import type { NalLengthSize } from './access-unit.ts';

/** One kind of parameter set of a codec. */
export interface ParameterSetKind {
  /** How many sets of the kind a configuration record has room for. */
  readonly max: number;
  /** @throws ProtocolError when it cannot be read */
  readId(nalUnit: Uint8Array): number;
}

/** What a codec says of its parameter sets. */
export interface ParameterSetSyntax {
  /** In the order of the record. */
  readonly kinds: readonly ParameterSetKind[];
  /** Which of the kinds a NAL unit is of; -1 for none, and for one that no parameter set could be. */
  kindOf(nalUnit: Uint8Array): number;
  /** A configuration record. @param sets by kind, at least one of each */
  encodeRecord(sets: readonly (readonly Buffer[])[], nalLengthSize: NalLengthSize): Buffer;
}

/** Sets by their ids; a set replaces the one of its id. They are copied. */
export class ParameterSetStore {
  /** Grows with every change of what is known. */
  version = 0;
  readonly #syntax: ParameterSetSyntax;
  readonly #sets: readonly Map<number, Buffer>[];

  constructor(syntax: ParameterSetSyntax) {
    this.#syntax = syntax;
    this.#sets = syntax.kinds.map(() => new Map<number, Buffer>());
  }

  /** Whether there is what a decoder needs. */
  get isComplete(): boolean {
    return this.#sets.every(({ size }) => size > 0);
  }

  /** Forgets what was known of each kind that there is in `sets`. */
  replace(sets: readonly Uint8Array[]): void {
    for (const kind of new Set(sets.map((set) => this.#syntax.kindOf(set)))) this.#sets[kind]?.clear();
    for (const set of sets) this.add(set);
  }

  /** Takes a parameter set out of the stream; other NAL units are passed over. */
  add(nalUnit: Uint8Array): void {
    const index = this.#syntax.kindOf(nalUnit);
    const kind = this.#syntax.kinds[index];
    const known = this.#sets[index];
    if (kind === undefined || known === undefined) return;
    const id = decodeOrUndefined((set) => kind.readId(set), nalUnit);
    if (id === undefined || (!known.has(id) && known.size >= kind.max)) return;
    const set = withoutTrailingZeros(nalUnit);
    if (known.get(id)?.equals(set) === true) return;
    known.set(id, Buffer.from(set));
    this.version++;
  }

  /** A configuration record of all of them, which are complete. */
  toRecord(nalLengthSize: NalLengthSize): Buffer {
    return this.#syntax.encodeRecord(this.#sets.map(inOrder), nalLengthSize);
  }
}

const inOrder = (sets: ReadonlyMap<number, Buffer>): Buffer[] =>
  [...sets].sort(([a], [b]) => a - b).map(([, set]) => set);

/** A set ends with a 1 bit (ITU-T H.264 section 7.3.2.11); zeros behind it belong to the byte stream that it came from. */
function withoutTrailingZeros(set: Uint8Array): Uint8Array {
  let end = set.length;
  while (set[end - 1] === 0) end--;
  return set.subarray(0, end);
}
