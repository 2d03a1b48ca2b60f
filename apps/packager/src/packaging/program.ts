// The tracks in force: what configuration frames said last.
import { Codec, type Frame } from '@millrace/domain';
import { type AudioSpecificConfig, decodeAudioSpecificConfig, encodeAdtsPrefix } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import { type AvcConfiguration, decodeAvcConfiguration } from '@millrace/protocol/h264';

export interface VideoProgram {
  /** The configuration frame's payload: two tracks are the same when these are. */
  readonly record: Uint8Array;
  readonly config: AvcConfiguration;
}

export interface AacProgram {
  readonly record: Uint8Array;
  readonly config: AudioSpecificConfig;
}

/** What configuration frames said last. */
export interface Tracks {
  readonly video: VideoProgram | undefined;
  readonly aac: AacProgram | undefined;
}

export const NO_TRACKS: Tracks = { video: undefined, aac: undefined };

/**
 * The tracks of a finished segment. MP3 has no configuration frame, so `mp3` says what the segment itself holds and is never
 * carried over to the next one: whoever resumes there could not know.
 */
export interface Program extends Tracks {
  readonly mp3: boolean;
}

/** Whether two configuration payloads say the same. */
export function sameRecord(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/**
 * Reads a configuration frame. The payload is copied: it outlives the large buffer that it may be a view of.
 * @param last what was read before; given back when the frame repeats it
 * @returns undefined when no decoder, or no transport stream, could do anything with it
 */
export function readVideoConfiguration(frame: Frame, last: VideoProgram | undefined): VideoProgram | undefined {
  if (frame.codec !== Codec.h264) return undefined;
  if (last !== undefined && sameRecord(last.record, frame.payload)) return last;
  const record = Buffer.from(frame.payload);
  const config = orUndefined(() => decodeAvcConfiguration(record));
  return config === undefined ? undefined : { record, config };
}

/** The same for audio. */
export function readAacConfiguration(frame: Frame, last: AacProgram | undefined): AacProgram | undefined {
  if (frame.codec !== Codec.aac) return undefined;
  if (last !== undefined && sameRecord(last.record, frame.payload)) return last;
  const record = Buffer.from(frame.payload);
  const config = orUndefined(() => {
    const read = decodeAudioSpecificConfig(record);
    // AAC that has no ADTS form cannot be carried; better no track than no segment.
    encodeAdtsPrefix(read);
    return read;
  });
  return config === undefined ? undefined : { record, config };
}

function orUndefined<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
