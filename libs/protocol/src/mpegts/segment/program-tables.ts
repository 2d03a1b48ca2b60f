// ISO/IEC 13818-1 section 2.4.4: PAT and PMT of a segment's program.
import { encodePat } from '../pat.ts';
import { encodePmt, StreamType } from '../pmt.ts';
import type { ElementaryStream } from '../pmt.ts';
import type { AudioTrack, SegmentOptions, VideoTrack } from './segment-options.ts';
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

/** ETSI EN 300 468 sections D.3 and D.5: AC-3 and enhanced_AC-3 descriptor, which say nothing that frames do not say. */
const AC3_DESCRIPTOR = Buffer.of(0x6a, 1, 0);
const EAC3_DESCRIPTOR = Buffer.of(0x7a, 1, 0);

const registration = (format: string): Buffer => Buffer.concat([Buffer.of(0x05, 4), Buffer.from(format)]);

/** Stream type and descriptors of each kind of sound. */
function audioStream(track: AudioTrack): Pick<ElementaryStream, 'streamType' | 'descriptors'> {
  switch (track.codec) {
    case 'aac':
      return { streamType: StreamType.aacAdts, descriptors: NONE };
    case 'mp3':
      return { streamType: StreamType.mpeg1Audio, descriptors: NONE };
    case 'ac3':
      return { streamType: StreamType.ac3, descriptors: Buffer.concat([registration('AC-3'), AC3_DESCRIPTOR]) };
    case 'eac3':
      return { streamType: StreamType.eac3, descriptors: Buffer.concat([registration('EAC3'), EAC3_DESCRIPTOR]) };
    case 'opus': {
      // An extension descriptor that Opus has in MPEG-TS: tag 0x80, then the order of channels.
      const channels = Buffer.of(0x7f, 2, 0x80, track.channelConfigCode);
      return { streamType: StreamType.privateData, descriptors: Buffer.concat([registration('Opus'), channels]) };
    }
  }
}

/** The tables of a program. */
export function programTables(options: Pick<SegmentOptions, 'video' | 'audio'>, hasMetadata = false): ProgramTables {
  const streams = [];
  if (options.video !== undefined) {
    const { codec } = options.video;
    // Some readers know H.265 by its format identifier only.
    const descriptors = codec === 'h265' ? registration('HEVC') : NONE;
    streams.push({ streamType: StreamType[codec], pid: VIDEO_PID, descriptors });
  }
  if (options.audio !== undefined) {
    streams.push({ pid: AUDIO_PID, ...audioStream(options.audio) });
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
 * knowing what went before, so each program that can be has a version of its own: but for Opus alone, which has that of H.265 with
 * MP3, as there is a discontinuity between the two, and for Opus with other channels, likewise.
 */
const VERSIONS: Readonly<Record<VideoTrack['codec'] | 'none', Readonly<Record<AudioTrack['codec'] | 'none', number>>>> =
  {
    h264: { aac: 0, mp3: 1, none: 2, ac3: 5, eac3: 9, opus: 10 },
    none: { aac: 3, mp3: 4, none: 5, ac3: 11, eac3: 12, opus: 7 },
    h265: { aac: 6, mp3: 7, none: 8, ac3: 13, eac3: 14, opus: 15 },
  };

function pmtVersion({ video, audio }: Pick<SegmentOptions, 'video' | 'audio'>): number {
  return VERSIONS[video?.codec ?? 'none'][audio?.codec ?? 'none'];
}
