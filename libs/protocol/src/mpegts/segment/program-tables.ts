// ISO/IEC 13818-1 section 2.4.4: PAT and PMT of a segment's program.
import { encodePat } from '../pat.ts';
import { encodePmt, StreamType } from '../pmt.ts';
import type { SegmentOptions } from './segment-options.ts';
import { AUDIO_PID, METADATA_PID, PMT_PID, PROGRAM_NUMBER, TRANSPORT_STREAM_ID, VIDEO_PID } from './segment-options.ts';

export interface ProgramTables {
  /** Sections with their CRC. */
  readonly pat: Buffer;
  readonly pmt: Buffer;
}

const NONE = Buffer.alloc(0);

/**
 * "Timed Metadata for HTTP Live Streaming": a metadata_pointer_descriptor of the program and a metadata_descriptor of the stream
 * (ISO/IEC 13818-1 sections 2.6.58 and 2.6.60), both with the application format and the format `ID3 `.
 */
const ID3 = Buffer.from('ffff49443320ff49443320', 'hex');
/** Service 0, no locator record, carried in this transport stream, five reserved bits, the program. */
const POINTER = Buffer.concat([Buffer.of(0x25, ID3.length + 4), ID3, Buffer.of(0, 0x1f, 0, PROGRAM_NUMBER)]);
/** Service 0, no decoder configuration, no DSM-CC, four reserved bits. */
const METADATA = Buffer.concat([Buffer.of(0x26, ID3.length + 2), ID3, Buffer.of(0, 0x0f)]);

/** Registration_descriptor (section 2.6.8): some readers know H.265 by its format identifier only. */
const HEVC = Buffer.concat([Buffer.of(0x05, 4), Buffer.from('HEVC')]);

/** The tables of a program. */
export function programTables(options: Pick<SegmentOptions, 'video' | 'audio'>, hasMetadata = false): ProgramTables {
  const streams = [];
  if (options.video !== undefined) {
    const { codec } = options.video;
    streams.push({ streamType: StreamType[codec], pid: VIDEO_PID, descriptors: codec === 'h265' ? HEVC : NONE });
  }
  if (options.audio !== undefined) {
    const streamType = options.audio.codec === 'aac' ? StreamType.aacAdts : StreamType.mpeg1Audio;
    streams.push({ streamType, pid: AUDIO_PID, descriptors: NONE });
  }
  if (hasMetadata) streams.push({ streamType: StreamType.metadata, pid: METADATA_PID, descriptors: METADATA });
  const pat = encodePat({
    transportStreamId: TRANSPORT_STREAM_ID,
    version: 0,
    current: true,
    programs: [{ programNumber: PROGRAM_NUMBER, pid: PMT_PID }],
  });
  const pmt = encodePmt({
    programNumber: PROGRAM_NUMBER,
    version: pmtVersion(options) + (hasMetadata ? WITH_METADATA : 0),
    current: true,
    pcrPid: options.video === undefined ? AUDIO_PID : VIDEO_PID,
    descriptors: hasMetadata ? POINTER : NONE,
    streams,
  });
  return { pat, pmt };
}

/** Above the versions of all programs without metadata. */
const WITH_METADATA = 16;

/**
 * A PMT that says something else must have another version_number (ISO/IEC 13818-1 section 2.4.4.9). Segments are cut without
 * knowing what went before, so each program that can be has a version of its own.
 */
function pmtVersion(options: Pick<SegmentOptions, 'video' | 'audio'>): number {
  const audio = options.audio === undefined ? 2 : options.audio.codec === 'mp3' ? 1 : 0;
  return (options.video === undefined ? 3 : options.video.codec === 'h265' ? 6 : 0) + audio;
}
