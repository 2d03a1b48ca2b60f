// MP3 (ISO/IEC 11172-3, 13818-3 and the usual 2.5): a frame is one whole frame with its header, which says everything.
import { Codec, FrameKind } from '@millrace/domain';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { decodeMp3FrameHeader, MP3_CODEC_STRING, mp3FrameDuration90k } from '@millrace/protocol/mp3';
import type { Mp3FrameHeader } from '@millrace/protocol/mp3';
import { Inspected } from './codec-rules.ts';
import type { AudioRules, Inspection, SoundFault, SoundReader } from './codec-rules.ts';

export const mp3 = {
  codec: Codec.mp3,
  kind: FrameKind.audio,
  hasRecord: false,
  readConfiguration: () => undefined,
  inspect,
  duration90k,
  codecString: () => MP3_CODEC_STRING,
  describe: () => ({}),
  /** A frame of silence depends on the rate and channels of the frames around it, which no record tells. */
  silence: () => undefined,
  openReader: (): SoundReader => new Mp3Reader(),
} as const satisfies AudioRules<undefined>;

/** Any frame may be the first one; one that refers to bytes before it is silent until they would have come. */
function inspect(payload: Uint8Array): Inspection {
  return headerOf(payload)?.frameBytes === payload.length ? Inspected.keyframe : Inspected.unusable;
}

function duration90k(payload: Uint8Array): number | undefined {
  const header = headerOf(payload);
  return header && mp3FrameDuration90k(header);
}

const headerOf = (bytes: Uint8Array): Mp3FrameHeader | undefined => decodeOrUndefined(decodeMp3FrameHeader, bytes);

const NOTHING = Buffer.alloc(0);

/** A message may hold several frames. */
class Mp3Reader implements SoundReader {
  readonly record = undefined;
  readonly notCarried = undefined;
  payload: Buffer = NOTHING;
  duration90k = 0;
  fault: SoundFault | undefined;
  #rest: Buffer = NOTHING;

  configure(): boolean {
    return true;
  }

  forget(): void {
    this.#rest = NOTHING;
  }

  open(body: Buffer): void {
    this.#rest = body;
    this.fault = body.length === 0 ? 'empty_frame' : undefined;
  }

  next(): boolean {
    if (this.fault !== undefined || this.#rest.length === 0) return false;
    const header = headerOf(this.#rest);
    if (header === undefined || header.frameBytes > this.#rest.length) {
      this.fault = 'malformed_frame';
      return false;
    }
    this.payload = this.#rest.subarray(0, header.frameBytes);
    this.#rest = this.#rest.subarray(header.frameBytes);
    this.duration90k = mp3FrameDuration90k(header);
    return true;
  }
}
