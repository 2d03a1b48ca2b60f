// FLAC (RFC 9639). A frame is one frame; its configuration is a STREAMINFO block without its header (section 8.2).
import { Codec, FrameKind } from '@millrace/domain';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import {
  decodeStreaminfo,
  FLAC_CODEC_STRING,
  flacFrameSamples,
  streaminfoOf,
  withoutStatistics,
} from '@millrace/protocol/flac';
import type { FlacConfiguration } from '@millrace/protocol/flac';
import { Inspected } from './codec-rules.ts';
import type { AudioRules, SoundFault, SoundReader } from './codec-rules.ts';

export const flac = {
  codec: Codec.flac,
  kind: FrameKind.audio,
  hasRecord: true,
  readConfiguration: decodeStreaminfo,
  /** Any frame may be the first one. */
  inspect: (payload) => (flacFrameSamples(payload) === undefined ? Inspected.unusable : Inspected.keyframe),
  duration90k,
  codecString: () => FLAC_CODEC_STRING,
  describe: ({ channels }) => ({ channels }),
  silence: () => undefined,
  openReader: (): SoundReader => new FlacReader(),
} as const satisfies AudioRules<FlacConfiguration>;

function duration90k(payload: Uint8Array, { sampleRate }: FlacConfiguration): number | undefined {
  const samples = flacFrameSamples(payload);
  return samples === undefined ? undefined : (samples * 90_000) / sampleRate;
}

const NOTHING = Buffer.alloc(0);

/** A message has one frame: where the next one begins, only a decoder finds. */
class FlacReader implements SoundReader {
  record: Buffer | undefined;
  readonly notCarried = undefined;
  payload: Buffer = NOTHING;
  duration90k = 0;
  fault: SoundFault | undefined;
  #configuration: FlacConfiguration | undefined;
  #body: Buffer = NOTHING;

  configure(record: Buffer): boolean {
    const streaminfo = decodeOrUndefined((bytes) => withoutStatistics(streaminfoOf(bytes)), record);
    const configuration = streaminfo && decodeOrUndefined(decodeStreaminfo, streaminfo);
    if (streaminfo === undefined || configuration === undefined) return false;
    if (this.record?.equals(streaminfo) === true) return true;
    this.#configuration = configuration;
    this.record = streaminfo;
    return true;
  }

  forget(): void {
    this.record = undefined;
  }

  open(body: Buffer): void {
    this.#body = body;
    this.fault = this.record === undefined ? 'no_configuration' : body.length === 0 ? 'empty_frame' : undefined;
  }

  next(): boolean {
    if (this.fault !== undefined || this.#body.length === 0) return false;
    const duration = this.#configuration && duration90k(this.#body, this.#configuration);
    if (duration === undefined) {
      this.fault = 'malformed_frame';
      return false;
    }
    this.payload = this.#body;
    this.duration90k = duration;
    this.#body = NOTHING;
    return true;
  }
}
