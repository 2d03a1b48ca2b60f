// AC-3 and Enhanced AC-3 (ETSI TS 102 366). A frame is one access unit: a syncframe, and with Enhanced AC-3 those of all substreams. Encoders send
// no configuration: it is made of the first frame, in the form of the boxes `dac3` and `dec3` (annex F).
import { Codec, FrameKind } from '@millrace/domain';
import {
  AC3_CODEC_STRING,
  AC3_SAMPLES,
  decodeAc3Syncframe,
  decodeDac3,
  decodeDec3,
  decodeEac3AccessUnit,
  EAC3_CODEC_STRING,
  encodeDac3,
  encodeDec3,
} from '@millrace/protocol/ac3';
import type { Ac3Configuration, Eac3Configuration } from '@millrace/protocol/ac3';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { Inspected } from './codec-rules.ts';
import type { AudioRules, Inspection, SoundFault, SoundReader } from './codec-rules.ts';

/** An access unit at the beginning of some bytes. */
interface Unit {
  readonly bytes: number;
  readonly duration90k: number;
  /** Equal for access units that the same configuration is for. */
  readonly key: string;
  readonly toRecord: () => Buffer;
}
type ReadUnit = (bytes: Uint8Array) => Unit | undefined;

const durationOf = (samples: number, samplingFrequency: number): number => (samples * 90_000) / samplingFrequency;

const readAc3: ReadUnit = (bytes) => {
  const frame = decodeOrUndefined(decodeAc3Syncframe, bytes);
  if (frame === undefined || frame.frameBytes > bytes.length) return undefined;
  const { frameBytes, samplingFrequency, fscod, bsid, bsmod, acmod, lfeon } = frame;
  return {
    bytes: frameBytes,
    duration90k: durationOf(AC3_SAMPLES, samplingFrequency),
    key: `${fscod} ${bsid} ${bsmod} ${acmod} ${lfeon}`,
    toRecord: () => encodeDac3(frame),
  };
};

const readEac3: ReadUnit = (bytes) => {
  const unit = decodeOrUndefined(decodeEac3AccessUnit, bytes);
  if (unit === undefined) return undefined;
  return {
    bytes: unit.bytes,
    duration90k: durationOf(unit.samples, unit.samplingFrequency),
    // The rate may differ from frame to frame.
    key: encodeDec3({ ...unit, dataRate: 0 }).toString('latin1'),
    toRecord: () => encodeDec3(unit),
  };
};

/** Any whole access unit may be the first one. */
const inspectWith =
  (read: ReadUnit) =>
  (payload: Uint8Array): Inspection =>
    read(payload)?.bytes === payload.length ? Inspected.keyframe : Inspected.unusable;

const rules = { kind: FrameKind.audio, hasRecord: true, describe: () => ({}), silence: () => undefined } as const;

export const ac3 = {
  ...rules,
  codec: Codec.ac3,
  readConfiguration: decodeDac3,
  inspect: inspectWith(readAc3),
  duration90k: (_payload, { samplingFrequency }) => durationOf(AC3_SAMPLES, samplingFrequency),
  codecString: () => AC3_CODEC_STRING,
  openReader: (): SoundReader => new SyncframeReader(readAc3),
} as const satisfies AudioRules<Ac3Configuration>;

export const eac3 = {
  ...rules,
  codec: Codec.eac3,
  readConfiguration: decodeDec3,
  inspect: inspectWith(readEac3),
  duration90k: (payload) => readEac3(payload)?.duration90k,
  codecString: () => EAC3_CODEC_STRING,
  openReader: (): SoundReader => new SyncframeReader(readEac3),
} as const satisfies AudioRules<Eac3Configuration>;

const NOTHING = Buffer.alloc(0);

/** A message may hold several access units, all with the same configuration. */
class SyncframeReader implements SoundReader {
  record: Buffer | undefined;
  readonly notCarried = undefined;
  payload: Buffer = NOTHING;
  duration90k = 0;
  fault: SoundFault | undefined;
  readonly #read: ReadUnit;
  #key: string | undefined;
  #rest: Buffer = NOTHING;
  /** What `#rest` begins with. */
  #next: Unit | undefined;

  constructor(read: ReadUnit) {
    this.#read = read;
  }

  /** FFmpeg sends an empty one. */
  configure(): boolean {
    return true;
  }

  forget(): void {
    this.record = undefined;
    this.#key = undefined;
  }

  open(body: Buffer): void {
    this.#rest = body;
    this.#next = body.length === 0 ? undefined : this.#read(body);
    this.fault = body.length === 0 ? 'empty_frame' : this.#next === undefined ? 'malformed_frame' : undefined;
    if (this.#next === undefined || this.#next.key === this.#key) return;
    this.#key = this.#next.key;
    this.record = this.#next.toRecord();
  }

  next(): boolean {
    if (this.fault !== undefined || this.#rest.length === 0) return false;
    const unit = this.#next ?? this.#read(this.#rest);
    this.#next = undefined;
    if (unit === undefined || unit.key !== this.#key) {
      this.fault = 'malformed_frame';
      return false;
    }
    this.payload = this.#rest.subarray(0, unit.bytes);
    this.#rest = this.#rest.subarray(unit.bytes);
    this.duration90k = unit.duration90k;
    return true;
  }
}
