// Reads pictures of a codec that is made of NAL units.
import { decodeOrUndefined, ProtocolError } from '@millrace/protocol/bytes';
import {
  AccessUnitFlag,
  AccessUnitReader,
  classifyAccessUnit,
  ParameterSetStore,
  splitAccessUnit,
} from '@millrace/protocol/nal';
import type { NalLengthSize, NalSyntax, ParameterSetSyntax } from '@millrace/protocol/nal';
import { Inspected, PictureFlag } from './codec-rules.ts';
import type { Inspection, PictureReader } from './codec-rules.ts';

export interface NalCodec {
  readonly syntax: NalSyntax;
  readonly parameterSets: ParameterSetSyntax;
  /** What of a record can be read; never throws. */
  readRecord(record: Buffer): { readonly nalLengthSize: NalLengthSize; readonly sets: readonly Buffer[] };
  /** The record as the standard has it, written from what was read of it. @throws ProtocolError when it cannot be read */
  rewriteRecord(record: Buffer): Buffer;
}

/** What is in the payload of a frame. */
export function inspectNalPicture(payload: Uint8Array, nalLengthSize: NalLengthSize, syntax: NalSyntax): Inspection {
  try {
    const contents = pictureFlagsOf(classifyAccessUnit(payload, nalLengthSize, syntax));
    if ((contents & PictureFlag.picture) === 0) return Inspected.unusable;
    return (contents & PictureFlag.keyframe) === 0 ? Inspected.decodable : Inspected.keyframe;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return Inspected.unusable;
  }
}

/** Before anything says otherwise: what nearly all encoders send. */
const USUAL_LENGTH_SIZE: NalLengthSize = 4;
const PARAMETER_SETS = AccessUnitFlag.vps | AccessUnitFlag.sps | AccessUnitFlag.pps;

export class NalPictureReader implements PictureReader {
  contents = 0;
  record: Buffer | undefined;
  readonly #codec: NalCodec;
  readonly #reader: AccessUnitReader;
  readonly #sets: ParameterSetStore;
  /** The record that the sender gave last. */
  #given: Buffer | undefined;
  /** The length fields that `record` tells of. */
  #recordedSize: NalLengthSize | undefined;
  #restarts = false;

  constructor(codec: NalCodec) {
    this.#codec = codec;
    this.#reader = new AccessUnitReader(codec.syntax, USUAL_LENGTH_SIZE);
    this.#sets = new ParameterSetStore(codec.parameterSets);
  }

  get beginsPicture(): boolean {
    return this.#reader.beginsPicture;
  }

  /** Some encoders repeat the same record each second. An empty one says that the sets are in the stream. */
  judge(record: Buffer): 'new' | 'repeated' | 'unusable' {
    if (record.length === 0 || this.#given?.equals(record) === true) return 'repeated';
    return this.#codec.readRecord(record).sets.length === 0 ? 'unusable' : 'new';
  }

  configure(record: Buffer): void {
    // A copy, so that a small record does not keep alive the large buffer that it came in.
    const given = (this.#given = Buffer.from(record));
    const { sets, nalLengthSize } = this.#codec.readRecord(given);
    this.#sets.replace(sets);
    this.#reader.lengthSize = nalLengthSize;
    if (this.#sets.isComplete) this.#settleOn(this.#isInOrder(given) ? given : undefined);
  }

  read(payload: Buffer): Buffer | undefined {
    const accessUnit = this.#reader.read(payload);
    this.contents = pictureFlagsOf(this.#reader.flags);
    return accessUnit;
  }

  settle(picture: Buffer, contents: number): void {
    if ((contents & PictureFlag.parameters) !== 0) this.#takeSets(picture);
    if (this.record !== undefined && this.#recordedSize !== this.#reader.lengthSize) this.#settleOn(undefined);
  }

  takeRestart(): boolean {
    const restarts = this.#restarts;
    this.#restarts = false;
    return restarts;
  }

  /** Parameter sets in the stream count like those of a record: most encoders repeat there what the record said. */
  #takeSets(picture: Buffer): void {
    const { version } = this.#sets;
    for (const nalUnit of splitAccessUnit(picture, this.#reader.lengthSize)) this.#sets.add(nalUnit);
    if (this.#sets.version !== version && this.#sets.isComplete) this.#settleOn(undefined);
  }

  /** @param record of the sets that are known, where there is one already */
  #settleOn(record: Buffer | undefined): void {
    const { lengthSize } = this.#reader;
    if (this.#recordedSize !== undefined && this.#recordedSize !== lengthSize) this.#restarts = true;
    this.#recordedSize = lengthSize;
    this.record = record ?? this.#sets.toRecord(lengthSize);
  }

  /** Whether a record is as the standard has it and agrees with its parameter sets: then it is passed on as it came. */
  #isInOrder(record: Buffer): boolean {
    return decodeOrUndefined((given) => this.#codec.rewriteRecord(given), record)?.equals(record) ?? false;
  }
}

/** From bits of `AccessUnitFlag` to bits of `PictureFlag`. */
function pictureFlagsOf(flags: number): number {
  return (
    ((flags & AccessUnitFlag.slice) === 0 ? 0 : PictureFlag.picture) |
    ((flags & AccessUnitFlag.idr) === 0 ? 0 : PictureFlag.keyframe) |
    ((flags & AccessUnitFlag.recoveryPoint) === 0 ? 0 : PictureFlag.recoveryPoint) |
    ((flags & AccessUnitFlag.predicted) === 0 ? 0 : PictureFlag.predicted) |
    ((flags & PARAMETER_SETS) === 0 ? 0 : PictureFlag.parameters)
  );
}
