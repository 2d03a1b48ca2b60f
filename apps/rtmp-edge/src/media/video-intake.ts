// RTMP video messages into frames: FLV 10.1 section E.4.3, Enhanced RTMP v2.
import { FrameFlag, TICKS_PER_MS } from '@millrace/domain';
import type { FrameSequencer, IngestCounts, MediaObserver } from '@millrace/ingest';
import { PictureFlag } from '@millrace/media';
import type { PictureReader, VideoRules } from '@millrace/media';
import { ProtocolError } from '@millrace/protocol/bytes';
import { readVideoTag, VideoFrameType, VideoPacketType } from '@millrace/protocol/flv';
import type { VideoTag } from '@millrace/protocol/flv';
import { VIDEO_RULES } from './flv-codecs.ts';
import type { MessageTimeline } from './message-timeline.ts';
import { PictureAssembler } from './picture-assembler.ts';

/** Presentation further from decoding than this is a mistake: 16 reordered pictures at 2 frames a second are 8 s. */
export const MAX_COMPOSITION_OFFSET_MS = 10_000;

/** A stream that has recovery points for as long as this, and no IDR picture, has none. 10 s. */
export const LONGEST_WITHOUT_IDR_90K = 900_000;

export class VideoIntake {
  readonly #timeline: MessageTimeline;
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  readonly #assembler: PictureAssembler;
  /** The codec that comes now, and what reads it; undefined before the first message. */
  #rules: VideoRules | undefined;
  #reader: PictureReader | undefined;
  /** The record that the sequencer knows of. */
  #announced: Uint8Array | undefined;
  /** Until the first place to start of the epoch, and from a change that decoders must start anew for to the next one. */
  #needsRandomAccess = true;
  /** Decode time of the first recovery point since the newest IDR picture. */
  #withoutIdrSince90k: number | undefined;
  /** Called instead of taking the next keyframe. */
  #beforeKeyframe: (() => void) | undefined;

  constructor(timeline: MessageTimeline, sequencer: FrameSequencer, counts: IngestCounts, observer: MediaObserver) {
    this.#timeline = timeline;
    this.#sequencer = sequencer;
    this.#counts = counts;
    this.#observer = observer;
    this.#assembler = new PictureAssembler(
      (at, tag, flags, payload) => this.#picture(at, tag, flags, payload),
      () => observer.dropped('video', 'empty_frame'),
    );
  }

  /** Whether a picture waits for the message that says that it is whole. */
  get isWaiting(): boolean {
    return this.#assembler.isWaiting;
  }

  /** The other track has come to this time: unsigned 32 bits. */
  timePassed(timestamp: number): void {
    this.#assembler.timePassed(timestamp);
  }

  /** Nothing more will come. */
  flush(): void {
    this.#assembler.flush();
  }

  /** @param act called once, when the next keyframe has come and before anything is done with it: it is not taken */
  stopBeforeKeyframe(act: () => void): void {
    this.#beforeKeyframe = act;
  }

  /** @param timestamp unsigned 32 bits. @param message an FLV video tag body; becomes the frame's payload, uncopied */
  message(timestamp: number, message: Buffer): void {
    this.#counts.videoBytes += message.length;
    try {
      const tag = readVideoTag(message);
      const rules = tag.multitrack === undefined ? VIDEO_RULES[tag.codec] : undefined;
      if (rules !== undefined) this.#take(rules, timestamp, tag, message.subarray(tag.dataOffset));
      else if (tag.codec === 'none' || tag.multitrack !== undefined) this.#observer.dropped('video', 'not_carried');
      else {
        this.#observer.unsupported('video', tag.codec);
        // The sound waits for no picture that will not come.
        this.#sequencer.expectVideo(false);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#observer.dropped('video', 'malformed_tag');
    }
  }

  #take(rules: VideoRules, timestamp: number, tag: VideoTag, body: Buffer): void {
    const reader = this.#readerFor(rules);
    if (tag.frameType === VideoFrameType.command || tag.frameType === VideoFrameType.generated) {
      this.#observer.dropped('video', 'not_carried');
    } else if (tag.packetType === VideoPacketType.sequenceStart) {
      this.#configure(reader, body);
    } else if (tag.packetType === VideoPacketType.codedFrames || tag.packetType === VideoPacketType.codedFramesX) {
      this.#coded(reader, timestamp, tag, body);
    } else if (tag.packetType !== VideoPacketType.sequenceEnd) {
      this.#observer.dropped('video', 'not_carried');
    }
  }

  /** With another codec everything begins anew: its configuration, and a place to start. */
  #readerFor(rules: VideoRules): PictureReader {
    if (this.#reader !== undefined && this.#rules === rules) return this.#reader;
    this.#assembler.flush();
    this.#rules = rules;
    this.#needsRandomAccess = true;
    return (this.#reader = rules.openReader());
  }

  #configure(reader: PictureReader, record: Buffer): void {
    const verdict = reader.judge(record);
    if (verdict === 'unusable') this.#observer.dropped('video', 'bad_configuration');
    if (verdict !== 'new') return;
    this.#assembler.flush();
    reader.configure(record);
    this.#announce(reader);
  }

  #announce(reader: PictureReader): void {
    const { record } = reader;
    if (record === undefined || record === this.#announced || this.#rules === undefined) return;
    this.#announced = record;
    if (reader.takeRestart()) this.#needsRandomAccess = true;
    this.#sequencer.videoConfiguration = { codec: this.#rules.codec, payload: record };
  }

  #coded(reader: PictureReader, timestamp: number, tag: VideoTag, body: Buffer): void {
    if (body.length === 0) return this.#observer.dropped('video', 'empty_frame');
    const accessUnit = reader.read(body);
    if (accessUnit === undefined) return this.#observer.dropped('video', 'malformed_frame');
    this.#assembler.add(timestamp, tag, reader.contents, reader.beginsPicture, accessUnit);
  }

  #picture(timestamp: number, tag: VideoTag, contents: number, accessUnit: Buffer): void {
    const reader = this.#reader;
    const rules = this.#rules;
    if (reader === undefined || rules === undefined) return;
    reader.settle(accessUnit, contents);
    if (reader.record === undefined) return this.#observer.dropped('video', 'no_configuration');
    this.#announce(reader);
    const randomAccess = randomAccessOf(contents, tag.frameType);
    if ((this.#needsRandomAccess || this.#sequencer.needsRandomAccess) && randomAccess === 0)
      return this.#observer.dropped('video', 'before_keyframe');
    this.#needsRandomAccess = false;
    if (randomAccess !== 0 && this.#beforeKeyframe !== undefined) return this.#beforeKeyframe();

    const dts90k = this.#timeline.place('video', timestamp, tag.nanoOffset);
    // Where decoding had to be put off, presentation stays where it was.
    const offset90k = this.#compositionOffset(tag.compositionTimeMs) * TICKS_PER_MS - this.#timeline.delayed90k;
    this.#counts.videoFrames++;
    if (randomAccess === FrameFlag.keyframe) {
      this.#counts.keyframes++;
      this.#counts.keyframeAt90k = dts90k;
    }
    if (randomAccess !== 0) this.#watchForIdr(randomAccess, dts90k);
    this.#sequencer.video(rules.codec, randomAccess, dts90k, offset90k, accessUnit);
  }

  /** Warns of a stream that has recovery points and no IDR pictures beside them. */
  #watchForIdr(randomAccess: number, dts90k: number): void {
    if (randomAccess === FrameFlag.keyframe) this.#withoutIdrSince90k = undefined;
    else {
      this.#withoutIdrSince90k ??= dts90k;
      if (dts90k - this.#withoutIdrSince90k >= LONGEST_WITHOUT_IDR_90K) this.#observer.warn('no_idr', 'video');
    }
  }

  #compositionOffset(offsetMs: number): number {
    if (Math.abs(offsetMs) <= MAX_COMPOSITION_OFFSET_MS) return offsetMs;
    this.#observer.dropped('video', 'bad_composition_offset');
    return 0;
  }
}

/**
 * How a decoder may start with this picture, as a `FrameFlag`; 0 when it may not. What the tag says is not enough, as it says
 * "keyframe" of pictures that are none. An I picture without SEI counts where the tag says so: pictures after others of them refer
 * to what came before.
 */
function randomAccessOf(contents: number, frameType: number): number {
  if ((contents & PictureFlag.keyframe) !== 0) return FrameFlag.keyframe;
  if ((contents & PictureFlag.recoveryPoint) !== 0) return FrameFlag.recoveryPoint;
  const isIntra = (contents & PictureFlag.predicted) === 0;
  return isIntra && frameType === VideoFrameType.keyframe ? FrameFlag.recoveryPoint : 0;
}
