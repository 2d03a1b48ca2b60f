// How each codec is described to players, and cut into payloads: those that have a payload format of RTP.
import { Codec, isRandomAccess } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { decodeAudioSpecificConfig } from '@millrace/protocol/aac';
import { decodeDac3, decodeDec3 } from '@millrace/protocol/ac3';
import { readTemporalUnit, sequenceHeaderOf } from '@millrace/protocol/av1';
import { decodeH264Configuration } from '@millrace/protocol/h264';
import { decodeH265Configuration } from '@millrace/protocol/h265';
import { splitAccessUnit } from '@millrace/protocol/nal';
import type { NalLengthSize } from '@millrace/protocol/nal';
import { decodeOpusHead, OPUS_SAMPLING_FREQUENCY } from '@millrace/protocol/opus';
import {
  H264_PAYLOAD,
  H265_PAYLOAD,
  packAacAccessUnit,
  packAc3Frame,
  packAv1TemporalUnit,
  packEac3AccessUnit,
  packMpegAudioFrame,
  packNalUnit,
  packVp9Frame,
} from '@millrace/protocol/rtp';
import type { PutPayload } from '@millrace/protocol/rtp';
import { decodeVp9Configuration } from '@millrace/protocol/vp9';

const VIDEO_CLOCK = 90_000;
/** RFC 2250: whatever the rate of the sound. */
const MPEG_AUDIO_CLOCK = 90_000;
/** RFC 3551 section 6. */
const MPEG_AUDIO_TYPE = 14;
/** RFC 7587 section 4.2: always so in the description, whatever is in the packets. */
const OPUS_CHANNELS = 2;

/** What a player is told of a track before it is sent anything. */
export interface TrackFormat {
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels?: number;
  /** A static payload type; a dynamic one when not given. */
  readonly payloadType?: number;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** Cuts the frames of one track, in their order. */
export interface FramePacker {
  /** Takes note of a new record. @returns false when it has to be described anew: nothing in the packets says it */
  configure(record: Uint8Array): boolean;
  /** @throws ProtocolError for a frame that cannot be read */
  pack(frame: Frame, maxBytes: number, put: PutPayload): void;
}

export interface PlayedCodec {
  /** Whether the last packet of a frame has the marker. */
  readonly marksEnd: boolean;
  /** @returns undefined when RTP has no form for it. @throws ProtocolError when no decoder could do anything with the record */
  describe(record: Uint8Array): TrackFormat | undefined;
  openPacker(record: Uint8Array): FramePacker;
}

type ReadSets = (record: Uint8Array) => {
  readonly nalLengthSize: NalLengthSize;
  readonly sets: readonly Uint8Array[];
};

const h264Sets: ReadSets = (record) => {
  const { nalLengthSize, sps, pps } = decodeH264Configuration(record);
  return { nalLengthSize, sets: [...sps, ...pps] };
};
const h265Sets: ReadSets = (record) => {
  const { nalLengthSize, vps, sps, pps } = decodeH265Configuration(record);
  return { nalLengthSize, sets: [...vps, ...sps, ...pps] };
};

/** Parameter sets that are not those of the description go before each place to start. */
class NalPacker implements FramePacker {
  readonly #syntax: typeof H264_PAYLOAD;
  readonly #readSets: ReadSets;
  readonly #described: Uint8Array;
  #nalLengthSize: NalLengthSize;
  #sets: readonly Uint8Array[] = [];

  constructor(syntax: typeof H264_PAYLOAD, readSets: ReadSets, record: Uint8Array) {
    this.#syntax = syntax;
    this.#readSets = readSets;
    this.#described = record;
    this.#nalLengthSize = readSets(record).nalLengthSize;
  }

  configure(record: Uint8Array): boolean {
    const { nalLengthSize, sets } = this.#readSets(Buffer.from(record));
    this.#nalLengthSize = nalLengthSize;
    this.#sets = Buffer.compare(record, this.#described) === 0 ? [] : sets;
    return true;
  }

  pack(frame: Frame, maxBytes: number, put: PutPayload): void {
    if (isRandomAccess(frame)) for (const set of this.#sets) packNalUnit(this.#syntax, set, maxBytes, put);
    for (const nalUnit of splitAccessUnit(frame.payload, this.#nalLengthSize))
      packNalUnit(this.#syntax, nalUnit, maxBytes, put);
  }
}

class Av1Packer implements FramePacker {
  #sequenceHeader: Uint8Array | undefined;

  constructor(record: Uint8Array) {
    this.configure(record);
  }

  configure(record: Uint8Array): boolean {
    this.#sequenceHeader = sequenceHeaderOf(Buffer.from(record));
    return true;
  }

  pack(frame: Frame, maxBytes: number, put: PutPayload): void {
    const isStart = isRandomAccess(frame);
    const isMissing = isStart && readTemporalUnit(frame.payload).sequenceHeader === undefined;
    if (isMissing && this.#sequenceHeader !== undefined) packAv1TemporalUnit(this.#sequenceHeader, true, maxBytes, put);
    packAv1TemporalUnit(frame.payload, isStart && !isMissing, maxBytes, put);
  }
}

class Vp9Packer implements FramePacker {
  #pictureId = 0;

  configure(): boolean {
    return true;
  }

  pack(frame: Frame, maxBytes: number, put: PutPayload): void {
    packVp9Frame(frame.payload, this.#pictureId++, isRandomAccess(frame), maxBytes, put);
  }
}

/** Sound whose record is in the description only. */
const soundPacker =
  (pack: (payload: Uint8Array, maxBytes: number, put: PutPayload) => void) =>
  (described: Uint8Array): FramePacker => ({
    configure: (record) => Buffer.compare(record, described) === 0,
    pack: ({ payload }, maxBytes, put) => pack(payload, maxBytes, put),
  });

const base64 = (sets: readonly Uint8Array[]): string =>
  sets.map((set) => Buffer.from(set).toString('base64')).join(',');

const packOpus = (payload: Uint8Array, _maxBytes: number, put: PutPayload): void => put(NO_HEAD, payload);
const NO_HEAD = new Uint8Array(0);

export const PLAYED_CODECS: Readonly<Record<number, PlayedCodec | undefined>> = {
  // RFC 6184 section 8.2.1.
  [Codec.h264]: {
    marksEnd: true,
    describe(record) {
      const { sps, pps } = decodeH264Configuration(record);
      const parameters = [
        ['packetization-mode', '1'],
        ['sprop-parameter-sets', base64([...sps, ...pps])],
        ['profile-level-id', sps[0]!.subarray(1, 4).toString('hex').toUpperCase()],
      ] as const;
      return { encoding: 'H264', clockRate: VIDEO_CLOCK, parameters };
    },
    openPacker: (record) => new NalPacker(H264_PAYLOAD, h264Sets, record),
  },
  // RFC 7798 section 7.1.
  [Codec.h265]: {
    marksEnd: true,
    describe(record) {
      const { vps, sps, pps } = decodeH265Configuration(record);
      const parameters = [
        ['sprop-vps', base64(vps)],
        ['sprop-sps', base64(sps)],
        ['sprop-pps', base64(pps)],
      ] as const;
      return { encoding: 'H265', clockRate: VIDEO_CLOCK, parameters };
    },
    openPacker: (record) => new NalPacker(H265_PAYLOAD, h265Sets, record),
  },
  [Codec.av1]: {
    marksEnd: true,
    describe: () => ({ encoding: 'AV1', clockRate: VIDEO_CLOCK, parameters: [] }),
    openPacker: (record) => new Av1Packer(record),
  },
  // RFC 9628 section 6.1.
  [Codec.vp9]: {
    marksEnd: true,
    describe(record) {
      const { profile } = decodeVp9Configuration(record);
      return { encoding: 'VP9', clockRate: VIDEO_CLOCK, parameters: [['profile-id', String(profile)]] };
    },
    openPacker: () => new Vp9Packer(),
  },
  // RFC 3640 section 4.1.
  [Codec.aac]: {
    marksEnd: true,
    describe(record) {
      const { samplingFrequency, channels } = decodeAudioSpecificConfig(record);
      const parameters = [
        ['streamtype', '5'],
        ['profile-level-id', '1'],
        ['mode', 'AAC-hbr'],
        ['sizelength', '13'],
        ['indexlength', '3'],
        ['indexdeltalength', '3'],
        ['config', Buffer.from(record).toString('hex').toUpperCase()],
      ] as const;
      return { encoding: 'MPEG4-GENERIC', clockRate: samplingFrequency, channels, parameters };
    },
    openPacker: soundPacker(packAacAccessUnit),
  },
  // RFC 7587 section 7. It has no form for more than two channels.
  [Codec.opus]: {
    marksEnd: false,
    describe(record) {
      const { channels } = decodeOpusHead(record);
      if (channels > OPUS_CHANNELS) return undefined;
      const parameters = channels === OPUS_CHANNELS ? ([['sprop-stereo', '1']] as const) : [];
      return { encoding: 'opus', clockRate: OPUS_SAMPLING_FREQUENCY, channels: OPUS_CHANNELS, parameters };
    },
    openPacker: soundPacker(packOpus),
  },
  [Codec.mp3]: {
    marksEnd: false,
    describe: () => ({
      encoding: 'MPA',
      clockRate: MPEG_AUDIO_CLOCK,
      payloadType: MPEG_AUDIO_TYPE,
      parameters: [],
    }),
    openPacker: soundPacker(packMpegAudioFrame),
  },
  // RFC 4184 section 5.1.
  [Codec.ac3]: {
    marksEnd: true,
    describe(record) {
      const { samplingFrequency, channels } = decodeDac3(record);
      return { encoding: 'ac3', clockRate: samplingFrequency, channels, parameters: [] };
    },
    openPacker: soundPacker(packAc3Frame),
  },
  // RFC 4598 section 5.1.
  [Codec.eac3]: {
    marksEnd: true,
    describe(record) {
      const { samplingFrequency, channels } = decodeDec3(record);
      return { encoding: 'eac3', clockRate: samplingFrequency, channels, parameters: [] };
    },
    openPacker: soundPacker(packEac3AccessUnit),
  },
};
