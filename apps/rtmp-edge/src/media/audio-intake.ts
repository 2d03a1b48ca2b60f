// RTMP audio messages into frames: FLV 10.1 section E.4.2, Enhanced RTMP v2.
import { FrameKind } from '@millrace/domain';
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
import { CarriedTracks, tracksApart } from './carried-tracks.ts';
import type { FurtherTracks } from './carried-tracks.ts';
import type { PublishedCodecs } from './flv-codecs.ts';
import { INTAKE_LIMITS } from './intake-limits.ts';
import type { MessageTimeline } from './message-timeline.ts';

/** Codecs that need a layout have no order for more. */
const MAX_CHANNELS = 8;

/** What the tracks of a publish have in common. */
interface AudioIntakeContext {
  readonly timeline: MessageTimeline;
  readonly sequencer: FrameSequencer;
  readonly counts: IngestCounts;
  readonly observer: MediaObserver;
}

export class AudioIntake {
  readonly #context: AudioIntakeContext;
  readonly #codecs: PublishedCodecs;
  readonly #numbers: CarriedTracks;
  readonly #tracks = new Map<number, AudioTrackIntake>();

  constructor(
    timeline: MessageTimeline,
    sequencer: FrameSequencer,
    counts: IngestCounts,
    observer: MediaObserver,
    codecs: PublishedCodecs,
    further: FurtherTracks,
  ) {
    this.#context = { timeline, sequencer, counts, observer };
    this.#codecs = codecs;
    this.#numbers = new CarriedTracks('audio', further, observer, () => this.#tracks.get(0)?.restart());
  }

  /** @param timestamp unsigned 32 bits. @param message an FLV audio tag body; becomes the frame's payload, uncopied */
  message(timestamp: number, message: Buffer): void {
    const { counts, observer } = this.#context;
    counts.audioBytes += message.length;
    try {
      const tag = readAudioTag(message);
      if (tag.multitrack === undefined) this.#take(0, timestamp, tag, message);
      else {
        for (const track of tracksApart(readTracks(message, tag)))
          this.#take(track.trackId, timestamp, audioTagOfTrack(tag, track), track.body);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      observer.dropped('audio', 'malformed_tag');
    }
  }

  /** @param bytes what `tag.dataOffset` is an offset of */
  #take(trackId: number, timestamp: number, tag: AudioTag, bytes: Buffer): void {
    const { observer } = this.#context;
    if (tag.codec === 'none') return observer.dropped('audio', 'not_carried');
    const number = this.#numbers.numberOf(trackId);
    if (number === undefined) return;
    const rules = this.#codecs.audio(tag.codec);
    if (typeof rules === 'string') return this.#refuse(number, trackId, rules);
    const track = this.#trackOf(number);
    const notCarried = track.notCarried(rules, tag);
    if (notCarried === undefined) track.take(rules, timestamp, tag, bytes.subarray(tag.dataOffset));
    else this.#refuse(number, trackId, notCarried);
  }

  #refuse(number: number, trackId: number, codec: string): void {
    if (number === 0) this.#context.observer.unsupported('audio', codec);
    else this.#numbers.leaveOut(trackId, `unsupported codec ${codec}`);
  }

  #trackOf(number: number): AudioTrackIntake {
    const known = this.#tracks.get(number);
    if (known !== undefined) return known;
    const made = new AudioTrackIntake(number, this.#context);
    this.#tracks.set(number, made);
    return made;
  }
}

/** One track of sound. */
class AudioTrackIntake {
  /** In frames. */
  readonly #track: number;
  readonly #context: AudioIntakeContext;
  /** One for each codec that has come. */
  readonly #readers = new Map<AudioRules, SoundReader>();
  /** What comes now. */
  #rules: AudioRules | undefined;
  /** The record that the sequencer knows of. */
  #announced: Uint8Array | undefined;

  constructor(track: number, context: AudioIntakeContext) {
    this.#track = track;
    this.#context = context;
  }

  /** Other sound has its place from now on. */
  restart(): void {
    this.#readers.clear();
  }

  /** What no container here has a form for, of a coded frame; undefined for all else. */
  notCarried(rules: AudioRules, { packetType }: AudioTag): string | undefined {
    return packetType === AudioPacketType.codedFrames ? this.#readers.get(rules)?.notCarried : undefined;
  }

  take(rules: AudioRules, timestamp: number, tag: AudioTag, body: Buffer): void {
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
    reader.open(body);
    if (reader.fault !== undefined) return this.#drop(reader.fault);
    if (this.#rules !== rules || this.#announced !== reader.record) this.#announce(rules, reader);
    let dts90k: number | undefined;
    for (let frames = 0; frames < INTAKE_LIMITS.maxFramesPerMessage && reader.next(); frames++) {
      dts90k ??= this.#context.timeline.place('audio', timestamp, tag.nanoOffset, this.#track);
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
    const { sequencer } = this.#context;
    const configuration = reader.record === undefined ? undefined : { codec: rules.codec, payload: reader.record };
    if (this.#track === 0) sequencer.audioConfiguration = configuration;
    else sequencer.configureTrack('audio', this.#track, configuration);
  }

  #frame({ codec }: AudioRules, dts90k: number, payload: Buffer): void {
    const { sequencer, counts } = this.#context;
    const track = this.#track;
    if (track === 0) counts.audioFrames++;
    const isTaken =
      track === 0
        ? sequencer.audio(codec, 0, dts90k, payload)
        : sequencer.further({
            kind: FrameKind.audio,
            track,
            codec,
            flags: 0,
            dts90k,
            compositionOffset90k: 0,
            payload,
          });
    if (!isTaken) this.#drop('before_keyframe');
  }

  #drop(reason: DropReason): void {
    this.#context.observer.dropped('audio', reason);
  }
}
