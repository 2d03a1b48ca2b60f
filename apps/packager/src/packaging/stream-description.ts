// What the multivariant playlist says of a stream (RFC 8216 section 4.3.4.2).
import type { SegmentEntry, StreamDescription } from '@millrace/live-store';
import { aacCodecString } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import { decodeSps, h264CodecString, spsFrameRate } from '@millrace/protocol/h264';
import type { FinishedSegment } from './finished-segment.ts';
import type { Program, VideoProgram } from './program.ts';

/** RFC 6381 has no better name for MPEG-1 layer III in a transport stream: object type 0x34 of MPEG-4. */
const MP3_CODEC = 'mp4a.40.34';

/** Describes the stream as of its newest segment; rates are those of all listed ones. */
export function describeStream(newest: FinishedSegment, listed: readonly SegmentEntry[]): StreamDescription {
  const { program } = newest;
  const picture = program.video === undefined ? undefined : pictureOf(program.video);
  const measuredRate = (newest.videoFrames * 1_000) / newest.durationMs;
  return {
    codecs: codecsOf(program),
    width: picture?.width,
    height: picture?.height,
    frameRate: picture === undefined ? undefined : roundRate(picture.frameRate ?? measuredRate),
    captions: newest.captions,
    ...bitratesOf(listed, newest.after.targetDurationSeconds),
  };
}

function codecsOf(program: Program): string[] {
  const codecs: string[] = [];
  if (program.video !== undefined) codecs.push(h264CodecString(program.video.config));
  if (program.aac !== undefined) codecs.push(aacCodecString(program.aac.config));
  else if (program.mp3) codecs.push(MP3_CODEC);
  return codecs;
}

interface Picture {
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
}

/** Parsed once per configuration: it is asked at every segment. */
const pictures = new WeakMap<VideoProgram, Picture>();

function pictureOf(video: VideoProgram): Picture {
  const known = pictures.get(video);
  if (known !== undefined) return known;
  const picture = readPicture(video.config.sps[0]!);
  pictures.set(video, picture);
  return picture;
}

/** What cannot be read here a decoder may read all the same: then it goes untold. */
function readPicture(parameterSet: Uint8Array): Picture {
  try {
    const sps = decodeSps(parameterSet);
    return { width: sps.width, height: sps.height, frameRate: spsFrameRate(sps) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { width: undefined, height: undefined, frameRate: undefined };
  }
}

const roundRate = (framesPerSecond: number): number => Math.round(framesPerSecond * 1_000) / 1_000;

/**
 * "The largest bit rate of any contiguous set of segments whose total duration is between 0.5 and 1.5 times the target
 * duration" (RFC 8216 section 4.1): of single ones here, which is never less. Stubs shorter than that do not count.
 */
function bitratesOf(
  listed: readonly SegmentEntry[],
  targetDurationSeconds: number,
): { peakBitsPerSecond: number; averageBitsPerSecond: number } {
  let peak = 0;
  let bytes = 0;
  let durationMs = 0;
  for (const entry of listed) {
    if (entry.durationMs >= targetDurationSeconds * 500)
      peak = Math.max(peak, (entry.bytes * 8_000) / entry.durationMs);
    bytes += entry.bytes;
    durationMs += entry.durationMs;
  }
  const average = durationMs === 0 ? 0 : (bytes * 8_000) / durationMs;
  return { peakBitsPerSecond: Math.ceil(Math.max(peak, average)), averageBitsPerSecond: Math.ceil(average) };
}
