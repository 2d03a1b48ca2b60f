// RFC 9639: FLAC. STREAMINFO (section 8.2), with which Enhanced RTMP begins a sequence, and how long a frame lasts (section 9.1).
import { BitReader, ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';

const PLACE = 'flac/streaminfo';
const SIGNATURE = 'fLaC';
export const STREAMINFO_BYTES = 34;
/** Where the smallest and largest frame, and behind them the format, begin. */
const FRAME_SIZES_AT = 4;
const FORMAT_AT = 10;
/** Section 8.1: the last metadata block, of type 0, with its size. */
const LAST_STREAMINFO = 0x8000_0000 + STREAMINFO_BYTES;
/** 15 bits of sync code, in which the last one is 0. */
const SYNC_CODE = 0x7ffc;
const MIN_FRAME_BYTES = 6;

export interface FlacConfiguration {
  readonly minBlockSize: number;
  readonly maxBlockSize: number;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly bitsPerSample: number;
}

/**
 * Takes the STREAMINFO out of the body of a sequence start: with the signature and a block header before it, as Enhanced RTMP has it, or
 * alone, as FFmpeg sends it.
 * @throws ProtocolError when there is none
 */
export function streaminfoOf(body: Uint8Array): Buffer {
  const reader = new ByteReader(body, PLACE);
  if (body.length !== STREAMINFO_BYTES) {
    if (reader.take(SIGNATURE.length).toString('latin1') !== SIGNATURE) {
      throw new ProtocolError('flac.signature', PLACE, 'no signature');
    }
    const header = reader.u32();
    if ((header & 0x7fff_ffff) !== STREAMINFO_BYTES) {
      throw new ProtocolError('flac.block', PLACE, 'another block than STREAMINFO comes first');
    }
  }
  return reader.take(STREAMINFO_BYTES);
}

/**
 * A STREAMINFO without what an encoder counts while it encodes: sizes of frames, number of samples, MD5. "0 signifies that the value is
 * not known" (section 8.2). Encoders send it once more with these at the end, which is no other format.
 */
export function withoutStatistics(streaminfo: Uint8Array): Buffer {
  const live = Buffer.from(streaminfo);
  live.fill(0, FRAME_SIZES_AT, FORMAT_AT);
  // The 36 bits of the number of samples follow the 28 of the format.
  live[FORMAT_AT + 3]! &= 0xf0;
  live.fill(0, FORMAT_AT + 4);
  return live;
}

/**
 * Reads a STREAMINFO.
 * @throws ProtocolError when it is none
 */
export function decodeStreaminfo(bytes: Uint8Array): FlacConfiguration {
  const reader = new BitReader(bytes, PLACE);
  const [minBlockSize, maxBlockSize] = [reader.bits(16), reader.bits(16)];
  reader.bits(24);
  reader.bits(24);
  const [sampleRate, channels, bitsPerSample] = [reader.bits(20), reader.bits(3) + 1, reader.bits(5) + 1];
  if (bytes.length !== STREAMINFO_BYTES || sampleRate === 0 || minBlockSize < 16 || maxBlockSize < minBlockSize) {
    throw new ProtocolError('flac.streaminfo', PLACE, `blocks of ${minBlockSize} to ${maxBlockSize}, ${sampleRate} Hz`);
  }
  return { minBlockSize, maxBlockSize, sampleRate, channels, bitsPerSample };
}

/** The body of a sequence start: signature and STREAMINFO. */
export function encodeFlacHeader(streaminfo: Uint8Array): Buffer {
  return new ByteWriter().utf8(SIGNATURE).u32(LAST_STREAMINFO).write(streaminfo).toBuffer();
}

/** "Encapsulation of FLAC in ISO Base Media File Format" section 3.3.2: the content of a FLACSpecificBox. */
export function encodeDfla(streaminfo: Uint8Array): Buffer {
  return new ByteWriter().u32(0).u32(LAST_STREAMINFO).write(streaminfo).toBuffer();
}

/**
 * Samples per channel of a frame (section 9.1.1).
 * @returns undefined when it is none
 */
export function flacFrameSamples(frame: Uint8Array): number | undefined {
  if (frame.length < MIN_FRAME_BYTES || ((frame[0]! << 8) | frame[1]!) >> 1 !== SYNC_CODE) return undefined;
  const code = frame[2]! >> 4;
  if (code === 0) return undefined;
  if (code === 1) return 192;
  if (code < 6) return 576 << (code - 2);
  if (code > 7) return 256 << (code - 8);
  // The number of the frame, coded like a character of UTF-8, goes before an uncommon block size.
  const lead = frame[4]!;
  const at = 4 + (lead < 0x80 ? 1 : Math.clz32(~(lead << 24)));
  const high = frame[at];
  if (high === undefined) return undefined;
  if (code === 6) return high + 1;
  const low = frame[at + 1];
  return low === undefined ? undefined : ((high << 8) | low) + 1;
}

/** The sample entry's name. */
export const FLAC_CODEC_STRING = 'fLaC';
