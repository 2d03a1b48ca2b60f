// ETSI TS 102 366 annex E: Enhanced AC-3, as far as a decoder has to know it before the first frame. Annex F.6: EC3SpecificBox.
import { BitReader, BitWriter, ProtocolError } from '../bytes/index.ts';
import { AC3_BLOCK_SAMPLES, AC3_CHANNELS, AC3_SAMPLING_FREQUENCIES } from './ac3.ts';

const PLACE = 'eac3/syncframe';
const SYNCWORD = 0x0b77;
/** Bits up to `chanmap`, at most. */
const HEADER_BYTES = 12;
/** Section E.1.3.1.1: strmtyp. */
const StreamType = { independent: 0, dependent: 1, ac3: 2 } as const;
/** Table E.1.2: blocks by numblkscod. */
const BLOCKS = [1, 2, 3, 6] as const;
const BLOCKS_IN_A_SAMPLE = 6;
const [MIN_BSID, MAX_BSID] = [11, 16];
/** substreamid has three bits. */
const MAX_SUBSTREAMS = 8;
/** data_rate has 13 bits. */
const MAX_DATA_RATE = 0x1fff;

/** An independent substream with those that depend on it, as an EC3SpecificBox has them. */
export interface Eac3Substream {
  readonly fscod: number;
  readonly bsid: number;
  /** What is heard: 0 for a complete main service. Frames do not tell it where one needs it, and it is written as 0. */
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  readonly dependents: number;
  /** Table F.6.1: locations of the channels of dependent substreams. */
  readonly channelLocations: number;
}

export interface Eac3Configuration {
  /** kbit/s. */
  readonly dataRate: number;
  readonly substreams: readonly Eac3Substream[];
  /** Hz. */
  readonly samplingFrequency: number;
  /** Of the first program; the low frequency channel counts. */
  readonly channels: number;
}

/** What is decoded at once: the frames of all substreams, with six blocks each where there are as many. */
export interface Eac3AccessUnit extends Eac3Configuration {
  readonly bytes: number;
  /** Samples per channel: 1,536, or less. */
  readonly samples: number;
}

interface Syncframe {
  readonly streamType: number;
  readonly substreamId: number;
  readonly frameBytes: number;
  readonly fscod: number;
  readonly samplingFrequency: number;
  readonly blocks: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  readonly bsid: number;
  readonly channelMap: number;
}

function decodeSyncframe(bytes: Uint8Array): Syncframe {
  const reader = new BitReader(bytes.subarray(0, HEADER_BYTES), PLACE);
  if (reader.bits(16) !== SYNCWORD) throw new ProtocolError('eac3.syncword', PLACE, 'no syncword');
  const streamType = reader.bits(2);
  if (streamType > StreamType.ac3) throw new ProtocolError('eac3.stream-type', PLACE, 'a reserved type of substream');
  const substreamId = reader.bits(3);
  const frameBytes = (reader.bits(11) + 1) * 2;
  const fscod = reader.bits(2);
  let samplingFrequency = 0;
  let blocks: number = BLOCKS_IN_A_SAMPLE;
  if (fscod === 3) {
    // fscod2: half of the usual frequencies, always with six blocks.
    samplingFrequency = (AC3_SAMPLING_FREQUENCIES[reader.bits(2)] ?? 0) / 2;
  } else {
    samplingFrequency = AC3_SAMPLING_FREQUENCIES[fscod]!;
    blocks = BLOCKS[reader.bits(2)]!;
  }
  if (samplingFrequency === 0) throw new ProtocolError('eac3.fscod', PLACE, 'a reserved sampling frequency');
  const acmod = reader.bits(3);
  const lfeon = reader.flag();
  const bsid = reader.bits(5);
  if (bsid < MIN_BSID || bsid > MAX_BSID) throw new ProtocolError('eac3.bsid', PLACE, `bsid ${bsid}`);
  // dialnorm and compr, twice for two programs of one channel.
  for (let programs = acmod === 0 ? 2 : 1; programs > 0; programs--) {
    reader.bits(5);
    if (reader.flag()) reader.bits(8);
  }
  const channelMap = streamType === StreamType.dependent && reader.flag() ? reader.bits(16) : 0;
  if (frameBytes < HEADER_BYTES) throw new ProtocolError('eac3.frame-size', PLACE, `${frameBytes} bytes`);
  return { streamType, substreamId, frameBytes, fscod, samplingFrequency, blocks, acmod, lfeon, bsid, channelMap };
}

/**
 * Reads the access unit that begins with the first byte. Frames with fewer than six blocks are put together as far as they are there:
 * a sample of a file has six (annex F.3).
 * @throws ProtocolError when there is none, or its frames do not belong together
 */
export function decodeEac3AccessUnit(bytes: Uint8Array): Eac3AccessUnit {
  const first = decodeSyncframe(bytes);
  if (first.streamType === StreamType.dependent || first.substreamId !== 0) {
    throw new ProtocolError('eac3.substream', PLACE, 'begins with another substream than the first');
  }
  const substreams: Eac3Substream[] = [];
  let at = 0;
  let blocks = 0;
  let isFirstRound = true;
  while (at < bytes.length) {
    const frame = at === 0 ? first : decodeSyncframe(bytes.subarray(at));
    if (at + frame.frameBytes > bytes.length) {
      throw new ProtocolError('ended-early', PLACE, `${bytes.length - at} of ${frame.frameBytes} bytes`);
    }
    if (frame.streamType !== StreamType.dependent && frame.substreamId === 0) {
      if (blocks + frame.blocks > BLOCKS_IN_A_SAMPLE) break;
      isFirstRound = blocks === 0;
      blocks += frame.blocks;
    }
    if (frame.fscod !== first.fscod || frame.blocks !== first.blocks) {
      throw new ProtocolError('eac3.substream', PLACE, 'substreams with different sampling frequencies or blocks');
    }
    if (isFirstRound) addSubstream(substreams, frame);
    at += frame.frameBytes;
  }
  const samples = blocks * AC3_BLOCK_SAMPLES;
  const dataRate = Math.min(Math.round((at * 8 * first.samplingFrequency) / samples / 1_000), MAX_DATA_RATE);
  return { ...eac3Configuration(dataRate, substreams), bytes: at, samples };
}

function addSubstream(substreams: Eac3Substream[], frame: Syncframe): void {
  const { fscod, bsid, acmod, lfeon, channelMap } = frame;
  const parent = substreams.at(-1);
  if (frame.streamType === StreamType.dependent && parent !== undefined) {
    const dependents = parent.dependents + 1;
    if (dependents > MAX_SUBSTREAMS) throw new ProtocolError('eac3.substream', PLACE, 'too many dependent substreams');
    const channelLocations = parent.channelLocations | locationsOf(channelMap);
    substreams[substreams.length - 1] = { ...parent, dependents, channelLocations };
    return;
  }
  if (substreams.length === MAX_SUBSTREAMS) throw new ProtocolError('eac3.substream', PLACE, 'too many substreams');
  substreams.push({ fscod, bsid, bsmod: 0, acmod, lfeon, dependents: 0, channelLocations: 0 });
}

/** Bits 5 to 12 and 14 of chanmap, whose bit 0 is the highest one (table E.1.5), as chan_loc has them (table F.6.1). */
function locationsOf(channelMap: number): number {
  let locations = 0;
  for (let bit = 0; bit < 8; bit++) locations |= ((channelMap >> (15 - 5 - bit)) & 1) << bit;
  return locations | (((channelMap >> 1) & 1) << 8);
}

/** How many channels each bit of chan_loc stands for. */
const LOCATION_CHANNELS = [2, 2, 1, 1, 2, 2, 2, 1, 1] as const;

function eac3Configuration(dataRate: number, substreams: readonly Eac3Substream[]): Eac3Configuration {
  const [first] = substreams;
  if (first === undefined) throw new ProtocolError('eac3.substream', PLACE, 'no substream');
  const samplingFrequency = AC3_SAMPLING_FREQUENCIES[first.fscod] ?? AC3_SAMPLING_FREQUENCIES[0] / 2;
  let channels = AC3_CHANNELS[first.acmod]! + (first.lfeon ? 1 : 0);
  for (const [bit, count] of LOCATION_CHANNELS.entries()) channels += ((first.channelLocations >> bit) & 1) * count;
  return { dataRate, substreams, samplingFrequency, channels };
}

/** Reads the content of an EC3SpecificBox (annex F.6). */
export function decodeDec3(record: Uint8Array): Eac3Configuration {
  const reader = new BitReader(record, 'eac3/dec3');
  const dataRate = reader.bits(13);
  const substreams: Eac3Substream[] = [];
  for (let left = reader.bits(3) + 1; left > 0; left--) {
    const [fscod, bsid] = [reader.bits(2), reader.bits(5)];
    reader.bits(2);
    const [bsmod, acmod, lfeon] = [reader.bits(3), reader.bits(3), reader.flag()];
    reader.bits(3);
    const dependents = reader.bits(4);
    const channelLocations = dependents > 0 ? reader.bits(9) : reader.bits(1) * 0;
    substreams.push({ fscod, bsid, bsmod, acmod, lfeon, dependents, channelLocations });
  }
  return eac3Configuration(dataRate, substreams);
}

/** Writes the content of an EC3SpecificBox. */
export function encodeDec3({ dataRate, substreams }: Pick<Eac3Configuration, 'dataRate' | 'substreams'>): Buffer {
  const writer = new BitWriter();
  writer.bits(dataRate, 13).bits(substreams.length - 1, 3);
  for (const { fscod, bsid, bsmod, acmod, lfeon, dependents, channelLocations } of substreams) {
    writer.bits(fscod, 2).bits(bsid, 5).bits(0, 2).bits(bsmod, 3).bits(acmod, 3).flag(lfeon);
    writer.bits(0, 3).bits(dependents, 4);
    if (dependents > 0) writer.bits(channelLocations, 9);
    else writer.bits(0, 1);
  }
  return writer.toBuffer();
}

/** Annex F.2: the sample entry's name. */
export const EAC3_CODEC_STRING = 'ec-3';
