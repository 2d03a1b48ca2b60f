// What an elementary stream of a program map holds: by its stream_type, and where that says nothing, by its descriptors.
import { StreamType } from '../pmt.ts';
import type { ElementaryStream } from '../pmt.ts';

export type TsVideoCodec = 'h264' | 'h265';
export type TsAudioCodec = 'aac' | 'mp3' | 'ac3' | 'eac3' | 'opus';

export type StreamFormat =
  | { readonly kind: 'video'; readonly codec: TsVideoCodec }
  | {
      readonly kind: 'audio';
      readonly codec: TsAudioCodec;
      /** Where the program map says it: Opus. */
      readonly channels?: number | undefined;
    }
  /** `name` says what it is. */
  | { readonly kind: 'video' | 'audio'; readonly codec: undefined; readonly name: string };

/** ISO/IEC 13818-1 table 2-45, ETSI EN 300 468 table 12. */
const DescriptorTag = {
  registration: 0x05,
  ac3: 0x6a,
  enhancedAc3: 0x7a,
  dts: 0x7b,
  aac: 0x7c,
  extension: 0x7f,
} as const;
/** Of an extension descriptor: what ETSI TS 103 491's draft for Opus has. */
const OPUS_EXTENSION = 0x80;

const BY_TYPE: Readonly<Record<number, StreamFormat>> = {
  0x01: { kind: 'video', codec: undefined, name: 'MPEG-1 video' },
  0x02: { kind: 'video', codec: undefined, name: 'MPEG-2 video' },
  [StreamType.mpeg1Audio]: { kind: 'audio', codec: 'mp3' },
  [StreamType.mpeg2Audio]: { kind: 'audio', codec: 'mp3' },
  [StreamType.aacAdts]: { kind: 'audio', codec: 'aac' },
  0x10: { kind: 'video', codec: undefined, name: 'MPEG-4 part 2 video' },
  0x11: { kind: 'audio', codec: undefined, name: 'AAC in LATM' },
  [StreamType.h264]: { kind: 'video', codec: 'h264' },
  0x21: { kind: 'video', codec: undefined, name: 'JPEG 2000 video' },
  [StreamType.h265]: { kind: 'video', codec: 'h265' },
  0x33: { kind: 'video', codec: undefined, name: 'H.266' },
  [StreamType.ac3]: { kind: 'audio', codec: 'ac3' },
  0x82: { kind: 'audio', codec: undefined, name: 'DTS' },
  0x83: { kind: 'audio', codec: undefined, name: 'Dolby TrueHD' },
  [StreamType.eac3]: { kind: 'audio', codec: 'eac3' },
  0xea: { kind: 'video', codec: undefined, name: 'VC-1' },
};

/** format_identifier of registration descriptors. */
const BY_IDENTIFIER: Readonly<Record<string, StreamFormat>> = {
  'AC-3': { kind: 'audio', codec: 'ac3' },
  EAC3: { kind: 'audio', codec: 'eac3' },
  HEVC: { kind: 'video', codec: 'h265' },
  AV01: { kind: 'video', codec: undefined, name: 'AV1 in MPEG-TS' },
  VP09: { kind: 'video', codec: undefined, name: 'VP9 in MPEG-TS' },
  BSSD: { kind: 'audio', codec: undefined, name: 'SMPTE 302M audio' },
  DTS1: { kind: 'audio', codec: undefined, name: 'DTS' },
  DTS2: { kind: 'audio', codec: undefined, name: 'DTS' },
  DTS3: { kind: 'audio', codec: undefined, name: 'DTS' },
};

/** @returns undefined for what is neither video nor audio, as far as it says */
export function streamFormatOf({ streamType, descriptors }: ElementaryStream): StreamFormat | undefined {
  if (streamType !== StreamType.privateData) return BY_TYPE[streamType];
  let format: StreamFormat | undefined;
  for (const [tag, content] of descriptorsOf(descriptors)) {
    if (tag === DescriptorTag.registration) {
      const identifier = content.toString('latin1', 0, 4);
      if (identifier === 'Opus') return { kind: 'audio', codec: 'opus', channels: opusChannelsOf(descriptors) };
      format ??= BY_IDENTIFIER[identifier];
    } else if (tag === DescriptorTag.ac3) format ??= { kind: 'audio', codec: 'ac3' };
    else if (tag === DescriptorTag.enhancedAc3) format ??= { kind: 'audio', codec: 'eac3' };
    else if (tag === DescriptorTag.dts) format ??= { kind: 'audio', codec: undefined, name: 'DTS' };
    else if (tag === DescriptorTag.aac) format ??= { kind: 'audio', codec: undefined, name: 'AAC in LATM' };
  }
  return format;
}

/** channel_config_code; 1 to 8 are channels in the order of Vorbis. Others are taken for stereo. */
function opusChannelsOf(descriptors: Buffer): number | undefined {
  for (const [tag, content] of descriptorsOf(descriptors)) {
    const code = tag === DescriptorTag.extension && content[0] === OPUS_EXTENSION ? content[1] : undefined;
    if (code !== undefined && code >= 1 && code <= 8) return code;
  }
  return undefined;
}

function* descriptorsOf(bytes: Buffer): Generator<readonly [tag: number, content: Buffer]> {
  for (let at = 0; at + 2 <= bytes.length; at += 2 + bytes[at + 1]!)
    yield [bytes[at]!, bytes.subarray(at + 2, at + 2 + bytes[at + 1]!)];
}
