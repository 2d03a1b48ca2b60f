// The parameter sets of a stream, from its configuration record and from the stream itself (ITU-T H.264 section 7.4.1.2.1).
import { BitReader, decodeOrUndefined } from '../bytes/index.ts';
import type { NalLengthSize } from './access-unit.ts';
import { encodeH264Configuration, isParameterSet } from './h264-configuration.ts';
import type { H264ParameterSets } from './h264-configuration.ts';
import { NalUnitType, nalUnitType } from './nal-unit.ts';
import { readPpsIds } from './pps.ts';

/** The count of SPS in a record has 5 bits, that of PPS 8. */
const MAX_SPS = 31;
const MAX_PPS = 255;
/** Header, profile, constraint flags and level come before the id, which has at most 11 bits. */
const SPS_ID_AT = 4;

/** Sets by their ids; a set replaces the one of its id. They are copied. */
export class ParameterSetStore {
  /** Grows with every change of what is known. */
  version = 0;
  readonly #sps = new Map<number, Buffer>();
  readonly #pps = new Map<number, Buffer>();

  /** Whether there is what a decoder needs. */
  get isComplete(): boolean {
    return this.#sps.size > 0 && this.#pps.size > 0;
  }

  /** Forgets what was known, unless the record holds nothing. */
  replace(sets: Pick<H264ParameterSets, 'sps' | 'pps'>): void {
    if (sets.sps.length > 0) this.#sps.clear();
    if (sets.pps.length > 0) this.#pps.clear();
    for (const set of [...sets.sps, ...sets.pps]) this.add(set);
  }

  /** Takes a parameter set out of the stream; other NAL units are passed over. */
  add(nalUnit: Uint8Array): void {
    if (!isParameterSet(nalUnit)) return;
    const isSps = nalUnitType(nalUnit[0]!) === NalUnitType.sps;
    const id = idOf(nalUnit, isSps);
    const sets = isSps ? this.#sps : this.#pps;
    if (id === undefined || (!sets.has(id) && sets.size >= (isSps ? MAX_SPS : MAX_PPS))) return;
    const set = withoutTrailingZeros(nalUnit);
    if (sets.get(id)?.equals(set) === true) return;
    sets.set(id, Buffer.from(set));
    this.version++;
  }

  /** A configuration record of all of them. */
  toRecord(nalLengthSize: NalLengthSize): Buffer {
    const [sps, pps] = [inOrder(this.#sps), inOrder(this.#pps)];
    const [, profileIndication = 0, profileCompatibility = 0] = sps[0] ?? [];
    const levelIndication = Math.max(0, ...sps.map((set) => set[3]!));
    const head = { profileIndication, profileCompatibility, levelIndication, nalLengthSize };
    return encodeH264Configuration({ ...head, sps, pps, extension: undefined });
  }
}

const inOrder = (sets: ReadonlyMap<number, Buffer>): Buffer[] =>
  [...sets].sort(([a], [b]) => a - b).map(([, set]) => set);

/** Undefined where it cannot be read. */
const idOf = (set: Uint8Array, isSps: boolean): number | undefined =>
  decodeOrUndefined(isSps ? readSpsId : readPpsId, set);

const readSpsId = (sps: Uint8Array): number => new BitReader(sps.subarray(SPS_ID_AT), 'h264/sps').ue(31);
const readPpsId = (pps: Uint8Array): number => readPpsIds(pps).ppsId;

/** A set ends with a 1 bit (section 7.3.2.11); zeros behind it belong to the byte stream that it came from. */
function withoutTrailingZeros(set: Uint8Array): Uint8Array {
  let end = set.length;
  while (set[end - 1] === 0) end--;
  return set.subarray(0, end);
}
