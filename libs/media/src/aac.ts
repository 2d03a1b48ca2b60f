// AAC (ISO/IEC 14496-3). A frame is one raw access unit, without ADTS; its configuration is an AudioSpecificConfig (section 1.6).
import { Codec, FrameKind } from '@millrace/domain';
import {
  aacCodecString,
  aacFrameDuration90k,
  adtsFrameBytes,
  adtsHeaderSize,
  configOfAdts,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  encodeAudioSpecificConfig,
  isAdts,
  MAX_AAC_ACCESS_UNIT_BYTES,
  silentAccessUnit,
} from '@millrace/protocol/aac';
import type { AudioSpecificConfig } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import { Inspected } from './codec-rules.ts';
import type { AudioRules, Inspection, SoundFault, SoundReader } from './codec-rules.ts';

export const aac = {
  codec: Codec.aac,
  kind: FrameKind.audio,
  hasRecord: true,
  readConfiguration: decodeAudioSpecificConfig,
  inspect,
  duration90k: (_payload: Uint8Array, configuration: AudioSpecificConfig) => aacFrameDuration90k(configuration),
  codecString: aacCodecString,
  describe: ({ channels }) => ({ channels }),
  silence: silentAccessUnit,
  openReader: (): SoundReader => new AacReader(),
} as const satisfies AudioRules<AudioSpecificConfig>;

/** Any access unit may be the first one. */
function inspect(payload: Uint8Array): Inspection {
  return payload.length > 0 && payload.length <= MAX_AAC_ACCESS_UNIT_BYTES ? Inspected.keyframe : Inspected.unusable;
}

const NOTHING = Buffer.alloc(0);

/** A message has one access unit. Some encoders send ADTS, one frame or several in a message, with a record or without. */
class AacReader implements SoundReader {
  record: Buffer | undefined;
  notCarried: string | undefined;
  payload: Buffer = NOTHING;
  duration90k = 0;
  fault: SoundFault | undefined;
  #body: Buffer = NOTHING;
  #at = 0;
  #isAdts = false;

  /** The same record again changes nothing, but for one that says that what is not carried is over. */
  configure(record: Buffer): boolean {
    if (this.notCarried === undefined && this.record?.equals(record) === true) return true;
    const config = this.#read(record);
    if (config === undefined) return false;
    this.notCarried = config.frameLength === 1024 ? undefined : `AAC with ${config.frameLength} samples per frame`;
    if (this.notCarried !== undefined) return true;
    this.duration90k = aacFrameDuration90k(config);
    this.record = isAdts(record) ? encodeAudioSpecificConfig(config) : Buffer.from(record);
    return true;
  }

  forget(): void {
    this.record = undefined;
  }

  open(body: Buffer): void {
    this.#body = body;
    this.#at = 0;
    this.#isAdts = isAdts(body);
    if (this.#isAdts && this.record === undefined && !this.configure(body)) this.fault = 'bad_configuration';
    else if (this.record === undefined) this.fault = 'no_configuration';
    else if (body.length === (this.#isAdts ? adtsHeaderSize(body, 0) : 0)) this.fault = 'empty_frame';
    else this.fault = undefined;
  }

  next(): boolean {
    if (this.fault !== undefined || this.#at >= this.#body.length) return false;
    return this.#isAdts ? this.#nextAdts() : this.#whole();
  }

  #whole(): boolean {
    this.payload = this.#body;
    this.#at = this.#body.length;
    if (!inspect(this.payload).decodable) this.fault = 'malformed_frame';
    return this.fault === undefined;
  }

  #nextAdts(): boolean {
    const end = this.#at + adtsFrameBytes(this.#body, this.#at);
    this.payload = this.#body.subarray(this.#at + adtsHeaderSize(this.#body, this.#at), end);
    this.#at = end;
    return true;
  }

  #read(record: Buffer): AudioSpecificConfig | undefined {
    try {
      return isAdts(record) ? configOfAdts(decodeAdtsHeader(record)) : decodeAudioSpecificConfig(record);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Whole, but of a kind that is not carried: LD, ELD, USAC and others.
      if (error.code === 'aac.config.object-type') this.notCarried = `AAC ${error.detail}`;
      return undefined;
    }
  }
}
