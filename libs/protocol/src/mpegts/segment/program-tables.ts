// ISO/IEC 13818-1 section 2.4.4: PAT and PMT of a segment's program.
import { encodePat } from '../pat.ts';
import { encodePmt, StreamType } from '../pmt.ts';
import type { SegmentOptions } from './segment-options.ts';
import { AUDIO_PID, PMT_PID, PROGRAM_NUMBER, TRANSPORT_STREAM_ID, VIDEO_PID } from './segment-options.ts';

export interface ProgramTables {
  /** Sections with their CRC. */
  readonly pat: Buffer;
  readonly pmt: Buffer;
}

const NONE = Buffer.alloc(0);

/** The tables of a program. */
export function programTables(options: Pick<SegmentOptions, 'video' | 'audio'>): ProgramTables {
  const streams = [];
  if (options.video !== undefined) streams.push({ streamType: StreamType.h264, pid: VIDEO_PID, descriptors: NONE });
  if (options.audio !== undefined) {
    const streamType = options.audio.codec === 'aac' ? StreamType.aacAdts : StreamType.mpeg1Audio;
    streams.push({ streamType, pid: AUDIO_PID, descriptors: NONE });
  }
  const pat = encodePat({
    transportStreamId: TRANSPORT_STREAM_ID,
    version: 0,
    current: true,
    programs: [{ programNumber: PROGRAM_NUMBER, pid: PMT_PID }],
  });
  const pmt = encodePmt({
    programNumber: PROGRAM_NUMBER,
    version: pmtVersion(options),
    current: true,
    pcrPid: options.video === undefined ? AUDIO_PID : VIDEO_PID,
    descriptors: NONE,
    streams,
  });
  return { pat, pmt };
}

/**
 * A PMT that says something else must have another version_number (ISO/IEC 13818-1 section 2.4.4.9). Segments are cut without
 * knowing what went before, so each program that can be has a version of its own.
 */
function pmtVersion(options: Pick<SegmentOptions, 'video' | 'audio'>): number {
  const audio = options.audio === undefined ? 2 : options.audio.codec === 'mp3' ? 1 : 0;
  return (options.video === undefined ? 3 : 0) + audio;
}
