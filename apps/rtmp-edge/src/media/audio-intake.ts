// RTMP audio messages into frames: FLV 10.1 section E.4.2, Enhanced RTMP v2, ISO/IEC 14496-3 section 1.6.
import {
  aacFrameDuration90k,
  adtsFrameBytes,
  adtsHeaderSize,
  configOfAdts,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  encodeAudioSpecificConfig,
  isAdts,
  MAX_AAC_ACCESS_UNIT_BYTES,
} from '@millrace/protocol/aac';
import type { AudioSpecificConfig } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import { Codec } from '@millrace/domain';
import { AudioPacketType, readAudioTag } from '@millrace/protocol/flv';
import type { AudioTag } from '@millrace/protocol/flv';
import { decodeMp3FrameHeader, mp3FrameDuration90k } from '@millrace/protocol/mp3';
import type { FrameSequencer } from './frame-sequencer.ts';
import type { IngestCounts } from './ingest-counts.ts';
import { INTAKE_LIMITS } from './intake-limits.ts';
import type { DropReason, MediaObserver } from './media-observer.ts';
import type { MediaTimeline } from './media-timeline.ts';

export class AudioIntake {
  readonly #timeline: MediaTimeline;
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  #codec: Codec = Codec.none;
  #configuration: Buffer | undefined;
  /** What is wrong with AAC that MPEG-TS has no form for; undefined for any other. */
  #notCarried: string | undefined;
  #frameDuration90k = 0;

  constructor(timeline: MediaTimeline, sequencer: FrameSequencer, counts: IngestCounts, observer: MediaObserver) {
    this.#timeline = timeline;
    this.#sequencer = sequencer;
    this.#counts = counts;
    this.#observer = observer;
  }

  /** @param timestamp unsigned 32 bits. @param message an FLV audio tag body; becomes the frame's payload, uncopied */
  message(timestamp: number, message: Buffer): void {
    this.#counts.audioBytes += message.length;
    try {
      const tag = readAudioTag(message);
      const isWhole = tag.multitrack === undefined;
      if (tag.codec === 'aac' && isWhole) this.#aac(timestamp, tag, message.subarray(tag.dataOffset));
      else if (tag.codec === 'mp3' && isWhole) this.#mp3(timestamp, tag, message.subarray(tag.dataOffset));
      else if (tag.codec === 'none' || !isWhole) this.#drop('not_carried');
      else this.#observer.unsupported('audio', tag.codec);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#drop('malformed_tag');
    }
  }

  #aac(timestamp: number, tag: AudioTag, body: Buffer): void {
    if (tag.packetType === AudioPacketType.sequenceStart) return this.#configure(body);
    if (tag.packetType === AudioPacketType.sequenceEnd) return;
    if (tag.packetType !== AudioPacketType.codedFrames) return this.#drop('not_carried');
    if (this.#notCarried !== undefined) return this.#observer.unsupported('audio', this.#notCarried);
    if (isAdts(body)) return this.#adts(timestamp, tag, body);
    if (this.#configuration === undefined) return this.#drop('no_configuration');
    if (body.length === 0) return this.#drop('empty_frame');
    if (body.length > MAX_AAC_ACCESS_UNIT_BYTES) return this.#drop('malformed_frame');
    this.#codec = Codec.aac;
    this.#frame(this.#timeline.place('audio', timestamp, tag.nanoOffset), body);
  }

  /** Some encoders send ADTS over RTMP, one frame or several in a message, with a configuration or without. */
  #adts(timestamp: number, tag: AudioTag, body: Buffer): void {
    if (this.#configuration === undefined) this.#configure(body);
    if (this.#configuration === undefined) return this.#drop('no_configuration');
    if (body.length === adtsHeaderSize(body, 0)) return this.#drop('empty_frame');
    let dts90k = this.#timeline.place('audio', timestamp, tag.nanoOffset);
    this.#codec = Codec.aac;
    for (let at = 0, frames = 0; at < body.length && frames < INTAKE_LIMITS.maxFramesPerMessage; frames++) {
      const end = at + adtsFrameBytes(body, at);
      const accessUnit = body.subarray(at + adtsHeaderSize(body, at), end);
      if (accessUnit.length > 0) this.#frame(Math.round(dts90k), accessUnit);
      dts90k += this.#frameDuration90k;
      at = end;
    }
  }

  /** The same record again is no event, a wrong one leaves the old one in force. */
  #configure(record: Buffer): void {
    if (this.#isInForce(record)) return;
    const config = this.#readConfiguration(record);
    if (config === undefined) return;
    this.#notCarried = config.frameLength === 1024 ? undefined : `AAC with ${config.frameLength} samples per frame`;
    if (this.#notCarried !== undefined) return;
    this.#codec = Codec.aac;
    this.#frameDuration90k = aacFrameDuration90k(config);
    this.#configuration = isAdts(record) ? encodeAudioSpecificConfig(config) : Buffer.from(record);
    this.#sequencer.audioConfiguration = { codec: Codec.aac, payload: this.#configuration };
  }

  /** Not while what comes is of a kind that is not carried: then the same record says that it is over. */
  #isInForce(record: Buffer): boolean {
    const isAac = this.#codec === Codec.aac && this.#notCarried === undefined;
    return isAac && this.#configuration?.equals(record) === true;
  }

  #readConfiguration(record: Buffer): AudioSpecificConfig | undefined {
    try {
      const config = isAdts(record) ? configOfAdts(decodeAdtsHeader(record)) : decodeAudioSpecificConfig(record);
      if (config !== undefined) return config;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Whole, but of a kind that is not carried: LD, ELD, USAC and others.
      if (error.code === 'aac.config.object-type') this.#notCarried = `AAC ${error.detail}`;
    }
    this.#drop('bad_configuration');
    return undefined;
  }

  /** A message may hold several frames; each becomes one of ours, a frame's time after the one before. */
  #mp3(timestamp: number, tag: AudioTag, body: Buffer): void {
    if (tag.packetType !== AudioPacketType.codedFrames) return;
    if (body.length === 0) return this.#drop('empty_frame');
    if (this.#codec !== Codec.mp3) {
      this.#codec = Codec.mp3;
      this.#configuration = undefined;
      this.#sequencer.audioConfiguration = undefined;
    }
    let dts90k: number | undefined;
    for (let at = 0, frames = 0; at < body.length && frames < INTAKE_LIMITS.maxFramesPerMessage; frames++) {
      const rest = body.subarray(at);
      const header = decodeFrameHeader(rest);
      if (header === undefined || header.frameBytes > rest.length) return this.#drop('malformed_frame');
      dts90k ??= this.#timeline.place('audio', timestamp, tag.nanoOffset);
      this.#frame(Math.round(dts90k), rest.subarray(0, header.frameBytes));
      dts90k += mp3FrameDuration90k(header);
      at += header.frameBytes;
    }
  }

  #frame(dts90k: number, payload: Buffer): void {
    this.#counts.audioFrames++;
    if (!this.#sequencer.audio(this.#codec, 0, dts90k, payload)) this.#drop('before_keyframe');
  }

  #drop(reason: DropReason): void {
    this.#observer.dropped('audio', reason);
  }
}

function decodeFrameHeader(bytes: Buffer) {
  try {
    return decodeMp3FrameHeader(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}
