// H.264 (ITU-T H.264). A frame is one access unit as length-prefixed NAL units (ISO/IEC 14496-15 section 5.3); its configuration
// is an AVCDecoderConfigurationRecord (section 5.3.3.1).
import { Codec, FrameKind } from '@millrace/domain';
import { decodeOrUndefined, ProtocolError } from '@millrace/protocol/bytes';
import {
  AccessUnitFlag,
  AccessUnitReader,
  classifyAccessUnit,
  decodeH264Configuration,
  decodeSps,
  encodeH264Configuration,
  h264CodecString,
  ParameterSetStore,
  readH264ParameterSets,
  splitAccessUnit,
  spsFrameRate,
} from '@millrace/protocol/h264';
import type { H264Configuration, NalLengthSize } from '@millrace/protocol/h264';
import { Inspected, PictureFlag } from './codec-rules.ts';
import type { Inspection, PictureReader, TrackDescription, VideoRules } from './codec-rules.ts';

export const h264 = {
  codec: Codec.h264,
  kind: FrameKind.video,
  hasRecord: true,
  readConfiguration: decodeH264Configuration,
  inspect,
  /** The next picture tells. */
  duration90k: () => undefined,
  codecString: h264CodecString,
  describe,
  openReader: (): PictureReader => new H264Reader(),
} as const satisfies VideoRules<H264Configuration>;

function inspect(payload: Uint8Array, { nalLengthSize }: H264Configuration): Inspection {
  try {
    const contents = contentsOf(classifyAccessUnit(payload, nalLengthSize));
    if ((contents & PictureFlag.picture) === 0) return Inspected.unusable;
    return (contents & PictureFlag.keyframe) === 0 ? Inspected.decodable : Inspected.keyframe;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return Inspected.unusable;
  }
}

/** What cannot be read here a decoder may read all the same: then it goes untold. */
function describe({ sps }: H264Configuration): TrackDescription {
  const set = decodeOrUndefined(decodeSps, sps[0]!);
  return set === undefined ? {} : { width: set.width, height: set.height, frameRate: spsFrameRate(set) };
}

/** Before anything says otherwise: what nearly all encoders send. */
const USUAL_LENGTH_SIZE: NalLengthSize = 4;
const PARAMETER_SETS = AccessUnitFlag.sps | AccessUnitFlag.pps;

class H264Reader implements PictureReader {
  contents = 0;
  record: Buffer | undefined;
  readonly #reader = new AccessUnitReader(USUAL_LENGTH_SIZE);
  readonly #sets = new ParameterSetStore();
  /** The record that the sender gave last. */
  #given: Buffer | undefined;
  /** The length fields that `record` tells of. */
  #recordedSize: NalLengthSize | undefined;
  #restarts = false;

  get beginsPicture(): boolean {
    return this.#reader.beginsPicture;
  }

  /** Some encoders repeat the same record each second. An empty one says that the sets are in the stream. */
  judge(record: Buffer): 'new' | 'repeated' | 'unusable' {
    if (record.length === 0 || this.#given?.equals(record) === true) return 'repeated';
    const { sps, pps } = readH264ParameterSets(record);
    return sps.length === 0 && pps.length === 0 ? 'unusable' : 'new';
  }

  configure(record: Buffer): void {
    // A copy, so that a small record does not keep alive the large buffer that it came in.
    const given = (this.#given = Buffer.from(record));
    const sets = readH264ParameterSets(given);
    this.#sets.replace(sets);
    this.#reader.lengthSize = sets.nalLengthSize;
    if (this.#sets.isComplete) this.#settleOn(isInOrder(given) ? given : undefined);
  }

  read(payload: Buffer): Buffer | undefined {
    const accessUnit = this.#reader.read(payload);
    this.contents = contentsOf(this.#reader.flags);
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
}

/** From bits of `AccessUnitFlag` to bits of `PictureFlag`. */
function contentsOf(flags: number): number {
  return (
    ((flags & AccessUnitFlag.slice) === 0 ? 0 : PictureFlag.picture) |
    ((flags & AccessUnitFlag.idr) === 0 ? 0 : PictureFlag.keyframe) |
    ((flags & AccessUnitFlag.recoveryPoint) === 0 ? 0 : PictureFlag.recoveryPoint) |
    ((flags & AccessUnitFlag.predicted) === 0 ? 0 : PictureFlag.predicted) |
    ((flags & PARAMETER_SETS) === 0 ? 0 : PictureFlag.parameters)
  );
}

/** Whether a record is as the standard has it and agrees with its parameter sets: then it is passed on as it came. */
const isInOrder = (record: Buffer): boolean => decodeOrUndefined(rewritten, record)?.equals(record) ?? false;

const rewritten = (record: Buffer): Buffer => encodeH264Configuration(decodeH264Configuration(record));
