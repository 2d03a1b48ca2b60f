// Opus (RFC 6716). A frame is one packet, of several streams where there are more than two channels (RFC 7845 section 3); its configuration is
// an ID header (section 5.1).
import { Codec, FrameKind } from '@millrace/domain';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import {
  decodeOpusHead,
  encodeOpusHead,
  OPUS_CODEC_STRING,
  OPUS_SAMPLING_FREQUENCY,
  opusConfigurationOf,
  opusPacketSamples,
  silentOpusPacket,
} from '@millrace/protocol/opus';
import type { OpusConfiguration } from '@millrace/protocol/opus';
import { Inspected } from './codec-rules.ts';
import type { AudioRules, Inspection, SoundFault, SoundReader } from './codec-rules.ts';

export const opus = {
  codec: Codec.opus,
  kind: FrameKind.audio,
  hasRecord: true,
  readConfiguration: decodeOpusHead,
  inspect,
  duration90k,
  codecString: () => OPUS_CODEC_STRING,
  describe: ({ channels }) => ({ channels }),
  silence: silentOpusPacket,
  openReader: (): SoundReader => new OpusReader(),
} as const satisfies AudioRules<OpusConfiguration>;

/** Any packet may be the first one. */
function inspect(payload: Uint8Array): Inspection {
  return opusPacketSamples(payload) === undefined ? Inspected.unusable : Inspected.keyframe;
}

function duration90k(payload: Uint8Array): number | undefined {
  const samples = opusPacketSamples(payload);
  return samples === undefined ? undefined : (samples * 90_000) / OPUS_SAMPLING_FREQUENCY;
}

const NOTHING = Buffer.alloc(0);
const STEREO = 2;

/** A message has one packet. */
class OpusReader implements SoundReader {
  record: Buffer | undefined;
  readonly notCarried = undefined;
  payload: Buffer = NOTHING;
  duration90k = 0;
  fault: SoundFault | undefined;
  #isGuessed = false;
  /** As the channel layout says. */
  #channels = STEREO;
  #body: Buffer = NOTHING;

  configure(record: Buffer): boolean {
    if (record.length === 0) {
      this.#guess();
      return true;
    }
    if (this.record?.equals(record) === true) return true;
    if (decodeOrUndefined(decodeOpusHead, record) === undefined) return false;
    this.record = Buffer.from(record);
    this.#isGuessed = false;
    return true;
  }

  arrange(channels: number): void {
    this.#channels = channels;
    if (this.#isGuessed) this.#guess();
  }

  forget(): void {
    this.record = undefined;
  }

  open(body: Buffer): void {
    this.#body = body;
    if (this.record === undefined) this.#guess();
    this.fault = body.length === 0 ? 'empty_frame' : undefined;
  }

  next(): boolean {
    if (this.fault !== undefined || this.#body.length === 0) return false;
    const duration = duration90k(this.#body);
    if (duration === undefined) {
      this.fault = 'malformed_frame';
      return false;
    }
    this.payload = this.#body;
    this.duration90k = duration;
    this.#body = NOTHING;
    return true;
  }

  /** Enhanced RTMP v2: an ID header may be empty, and so says no more than the layout. */
  #guess(): void {
    const record = encodeOpusHead(opusConfigurationOf(this.#channels));
    if (this.record?.equals(record) !== true) this.record = record;
    this.#isGuessed = true;
  }
}
