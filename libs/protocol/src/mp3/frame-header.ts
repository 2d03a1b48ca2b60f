// ISO/IEC 11172-3 section 2.4.1.3 and 13818-3 section 2.4.2.3: the header of an MPEG audio frame, layer III.
import { ByteReader, ProtocolError } from '../bytes/index.ts';

const PLACE = 'mp3/frame-header';
export const MP3_HEADER_BYTES = 4;

/** kbit/s by bitrate_index, layer III; 0 is the free format, which tells no size. */
const BITRATES_MPEG1: readonly number[] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_MPEG2: readonly number[] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const FREQUENCIES_MPEG1: readonly number[] = [44_100, 48_000, 32_000];
/** Versions by the two bits after the syncword; 1 is reserved. 2.5 is the usual extension of MPEG-2 to lower rates. */
const VERSIONS: readonly ('2.5' | undefined | '2' | '1')[] = ['2.5', undefined, '2', '1'];
const LAYER_III = 1;
const MONO = 3;

export interface Mp3FrameHeader {
  readonly version: '1' | '2' | '2.5';
  readonly bitrateKbps: number;
  /** Hz. */
  readonly samplingFrequency: number;
  readonly channels: 1 | 2;
  readonly crc: boolean;
  /** Samples per channel: 1152, or 576 for MPEG-2 and 2.5. */
  readonly samples: number;
  /** The whole frame with its header. */
  readonly frameBytes: number;
}

/**
 * Reads the header of a layer III frame.
 * @throws ProtocolError when `bytes` does not begin with one, or it has reserved values or the free format
 */
export function decodeMp3FrameHeader(bytes: Uint8Array): Mp3FrameHeader {
  new ByteReader(bytes, PLACE).need(MP3_HEADER_BYTES);
  const [first, second, third, fourth] = [bytes[0]!, bytes[1]!, bytes[2]!, bytes[3]!];
  if (first !== 0xff || second < 0xe0) throw invalid('sync', 'no syncword');
  const version = VERSIONS[(second >> 3) & 3];
  if (version === undefined) throw invalid('version', 'reserved version');
  if (((second >> 1) & 3) !== LAYER_III) throw invalid('layer', `layer bits ${(second >> 1) & 3}`);
  const bitrateKbps = (version === '1' ? BITRATES_MPEG1 : BITRATES_MPEG2)[third >> 4];
  if (bitrateKbps === undefined || bitrateKbps === 0) throw invalid('bitrate', `index ${third >> 4}`);
  const base = FREQUENCIES_MPEG1[(third >> 2) & 3];
  if (base === undefined) throw invalid('sampling-frequency', 'index 3');
  const samplingFrequency = version === '1' ? base : version === '2' ? base / 2 : base / 4;
  const samples = version === '1' ? 1152 : 576;
  const padding = (third >> 1) & 1;
  return {
    version,
    bitrateKbps,
    samplingFrequency,
    channels: fourth >> 6 === MONO ? 1 : 2,
    crc: (second & 1) === 0,
    samples,
    frameBytes: Math.floor(((samples / 8) * bitrateKbps * 1000) / samplingFrequency) + padding,
  };
}

/** How long a frame lasts, in 90 kHz ticks (not rounded). */
export function mp3FrameDuration90k(header: Mp3FrameHeader): number {
  return (header.samples * 90_000) / header.samplingFrequency;
}

/** RFC 6381: MP3 has object type 34 of MPEG-4 audio; players know it by this name in CODECS. */
export const MP3_CODEC_STRING = 'mp4a.40.34';

const invalid = (code: string, detail: string): ProtocolError => new ProtocolError(`mp3.header.${code}`, PLACE, detail);
