// RTMP audio messages into frames: FLV 10.1 section E.4.2, Enhanced RTMP v2.
import type { DropReason, FrameSequencer, IngestCounts, MediaObserver } from '@millrace/ingest';
import type { AudioRules, SoundReader } from '@millrace/media';
import { ProtocolError } from '@millrace/protocol/bytes';
import {
  AudioPacketType,
  audioTagOfTrack,
  decodeChannelLayout,
  readAudioTag,
  readTracks,
} from '@millrace/protocol/flv';
import type { AudioTag } from '@millrace/protocol/flv';
import { CarriedTrack } from './carried-track.ts';
import type { PublishedCodecs } from './flv-codecs.ts';
import { INTAKE_LIMITS } from './intake-limits.ts';
import type { MessageTimeline } from './message-timeline.ts';

/** Codecs that need a layout have no order for more. */
const MAX_CHANNELS = 8;

export class AudioIntake {
  readonly #timeline: MessageTimeline;
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  readonly #tracks: CarriedTrack;
  readonly #codecs: PublishedCodecs;
  /** One for each codec that has come. */
  readonly #readers = new Map<AudioRules, SoundReader>();
  /** What comes now. */
  #rules: AudioRules | undefined;
  /** The record that the sequencer knows of. */
  #announced: Uint8Array | undefined;

  constructor(
    timeline: MessageTimeline,
    sequencer: FrameSequencer,
    counts: IngestCounts,
    observer: MediaObserver,
    codecs: PublishedCodecs,
  ) {
    this.#codecs = codecs;
    this.#timeline = timeline;
    this.#sequencer = sequencer;
    this.#counts = counts;
    this.#observer = observer;
    this.#tracks = new CarriedTrack('audio', observer, () => this.#readers.clear());
  }

  /** @param timestamp unsigned 32 bits. @param message an FLV audio tag body; becomes the frame's payload, uncopied */
  message(timestamp: number, message: Buffer): void {
    this.#counts.audioBytes += message.length;
    try {
      const tag = readAudioTag(message);
      if (tag.multitrack === undefined) this.#track(0, timestamp, tag, message);
      else {
        for (const track of readTracks(message, tag))
          this.#track(track.trackId, timestamp, audioTagOfTrack(tag, track), track.body);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#drop('malformed_tag');
    }
  }

  /** @param bytes what `tag.dataOffset` is an offset of */
  #track(trackId: number, timestamp: number, tag: AudioTag, bytes: Buffer): void {
    if (tag.codec === 'none') return this.#drop('not_carried');
    if (!this.#tracks.takes(trackId)) return;
    const rules = this.#codecs.audio(tag.codec);
    if (typeof rules === 'string') this.#observer.unsupported('audio', rules);
    else this.#take(rules, timestamp, tag, bytes.subarray(tag.dataOffset));
  }

  #take(rules: AudioRules, timestamp: number, tag: AudioTag, body: Buffer): void {
    let reader = this.#readers.get(rules);
    if (reader === undefined) this.#readers.set(rules, (reader = rules.openReader()));
    if (tag.packetType === AudioPacketType.codedFrames) this.#coded(rules, reader, timestamp, tag, body);
    else if (tag.packetType === AudioPacketType.sequenceStart) this.#configure(rules, reader, body);
    else if (tag.packetType === AudioPacketType.multichannelConfig) this.#arrange(reader, body);
    else if (tag.packetType !== AudioPacketType.sequenceEnd) this.#drop('not_carried');
  }

  /** Of no effect on a codec whose configuration or frames say it. */
  #arrange(reader: SoundReader, body: Buffer): void {
    const { channelCount } = decodeChannelLayout(body);
    if (channelCount <= MAX_CHANNELS) reader.arrange?.(channelCount);
  }

  #configure(rules: AudioRules, reader: SoundReader, record: Buffer): void {
    const { record: last } = reader;
    if (!reader.configure(record)) this.#drop('bad_configuration');
    else if (reader.record !== last) this.#announce(rules, reader);
  }

  /** A message may hold several frames; each becomes a frame of its own, a frame's duration after the one before. */
  #coded(rules: AudioRules, reader: SoundReader, timestamp: number, tag: AudioTag, body: Buffer): void {
    if (reader.notCarried !== undefined) return this.#observer.unsupported('audio', reader.notCarried);
    reader.open(body);
    if (reader.fault !== undefined) return this.#drop(reader.fault);
    if (this.#rules !== rules || this.#announced !== reader.record) this.#announce(rules, reader);
    let dts90k: number | undefined;
    for (let frames = 0; frames < INTAKE_LIMITS.maxFramesPerMessage && reader.next(); frames++) {
      dts90k ??= this.#timeline.place('audio', timestamp, tag.nanoOffset);
      if (reader.payload.length > 0) this.#frame(rules, Math.round(dts90k), reader.payload);
      dts90k += reader.duration90k;
    }
    if (reader.fault !== undefined) this.#drop(reader.fault);
  }

  /** This codec with this record is what comes now. */
  #announce(rules: AudioRules, reader: SoundReader): void {
    if (this.#rules !== undefined && this.#rules !== rules) this.#readers.get(this.#rules)?.forget();
    this.#rules = rules;
    this.#announced = reader.record;
    this.#sequencer.audioConfiguration =
      reader.record === undefined ? undefined : { codec: rules.codec, payload: reader.record };
  }

  #frame(rules: AudioRules, dts90k: number, payload: Buffer): void {
    this.#counts.audioFrames++;
    if (!this.#sequencer.audio(rules.codec, 0, dts90k, payload)) this.#drop('before_keyframe');
  }

  #drop(reason: DropReason): void {
    this.#observer.dropped('audio', reason);
  }
}
