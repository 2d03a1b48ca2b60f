// RTMP video messages into frames: FLV 10.1 section E.4.3, Enhanced RTMP v2, ISO/IEC 14496-15 section 5.3.
import { ProtocolError } from '@millrace/protocol/bytes';
import { Codec, FrameFlag } from '@millrace/domain';
import { readVideoTag, VideoFrameType, VideoPacketType } from '@millrace/protocol/flv';
import type { VideoTag } from '@millrace/protocol/flv';
import { AccessUnitFlag, classifyAccessUnit, decodeAvcConfiguration } from '@millrace/protocol/h264';
import type { NalLengthSize } from '@millrace/protocol/h264';
import type { FrameSequencer } from './frame-sequencer.ts';
import type { IngestCounts } from './ingest-counts.ts';
import type { MediaObserver } from './media-observer.ts';
import type { MediaTimeline } from './media-timeline.ts';

/** Presentation further from decoding than this is a mistake: 16 reordered pictures at 2 frames a second are 8 s. */
export const MAX_COMPOSITION_OFFSET_MS = 10_000;

/** A stream that has recovery points for as long as this, and no IDR picture, has none. 10 s. */
export const LONGEST_WITHOUT_IDR_90K = 900_000;

const TICKS_PER_MS = 90;

/** The configuration record that the sender gave last. */
interface Configuration {
  readonly record: Buffer;
  readonly nalLengthSize: NalLengthSize;
}

export class VideoIntake {
  readonly #timeline: MediaTimeline;
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  #configuration: Configuration | undefined;
  /** Until the first place to start of the epoch, and from a change of the length fields to the next one. */
  #needsRandomAccess = true;
  /** Decode time of the first recovery point since the newest IDR picture. */
  #withoutIdrSince90k: number | undefined;
  /** Called instead of taking the next keyframe. */
  #beforeKeyframe: (() => void) | undefined;

  constructor(timeline: MediaTimeline, sequencer: FrameSequencer, counts: IngestCounts, observer: MediaObserver) {
    this.#timeline = timeline;
    this.#sequencer = sequencer;
    this.#counts = counts;
    this.#observer = observer;
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
      if (tag.codec === 'avc' && tag.multitrack === undefined) this.#avc(timestamp, tag, message);
      else if (tag.codec === 'none' || tag.multitrack !== undefined) this.#observer.dropped('video', 'not_carried');
      else this.#observer.unsupported('video', tag.codec);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#observer.dropped('video', 'malformed_tag');
    }
  }

  #avc(timestamp: number, tag: VideoTag, message: Buffer): void {
    const body = message.subarray(tag.dataOffset);
    if (tag.frameType === VideoFrameType.command || tag.frameType === VideoFrameType.generated) {
      this.#observer.dropped('video', 'not_carried');
    } else if (tag.packetType === VideoPacketType.sequenceStart) {
      this.#configure(body);
    } else if (tag.packetType === VideoPacketType.codedFrames || tag.packetType === VideoPacketType.codedFramesX) {
      this.#frame(timestamp, tag, body);
    } else if (tag.packetType !== VideoPacketType.sequenceEnd) {
      this.#observer.dropped('video', 'not_carried');
    }
  }

  /** Some encoders repeat the same record each second: that is no event. */
  #configure(record: Buffer): void {
    const old = this.#configuration;
    if (old?.record.equals(record) === true) return;
    const nalLengthSize = this.#nalLengthSizeOf(record);
    if (nalLengthSize === undefined) return;
    // A copy, so that a small record does not keep alive the large buffer that it came in.
    const copy = Buffer.from(record);
    if (old && old.nalLengthSize !== nalLengthSize) this.#needsRandomAccess = true;
    this.#configuration = { record: copy, nalLengthSize };
    this.#sequencer.videoConfiguration = { codec: Codec.h264, payload: copy };
  }

  #nalLengthSizeOf(record: Buffer): NalLengthSize | undefined {
    try {
      return decodeAvcConfiguration(record).nalLengthSize;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#observer.dropped('video', 'bad_configuration');
      return undefined;
    }
  }

  #frame(timestamp: number, tag: VideoTag, accessUnit: Buffer): void {
    if (this.#configuration === undefined) return this.#observer.dropped('video', 'no_configuration');
    const content = this.#classify(accessUnit, this.#configuration.nalLengthSize);
    if (content === undefined) return this.#observer.dropped('video', 'malformed_frame');
    if ((content & AccessUnitFlag.slice) === 0) return this.#observer.dropped('video', 'empty_frame');
    const randomAccess = randomAccessOf(content, tag.frameType);
    if ((this.#needsRandomAccess || this.#sequencer.needsRandomAccess) && randomAccess === 0)
      return this.#observer.dropped('video', 'before_keyframe');
    this.#needsRandomAccess = false;
    if (randomAccess !== 0 && this.#beforeKeyframe !== undefined) return this.#beforeKeyframe();

    const dts90k = this.#timeline.place('video', timestamp, tag.nanoOffset);
    // Where decoding had to be put off, presentation stays where it was.
    const offset90k = this.#compositionOffset(tag.compositionTimeMs) * TICKS_PER_MS - this.#timeline.delayed90k;
    this.#counts.videoFrames++;
    if (randomAccess === FrameFlag.keyframe) this.#counts.keyframes++;
    if (randomAccess !== 0) this.#watchForIdr(randomAccess, dts90k);
    this.#sequencer.video(randomAccess, dts90k, offset90k, accessUnit);
  }

  /** Warns of a stream that has recovery points and no IDR pictures beside them. */
  #watchForIdr(randomAccess: number, dts90k: number): void {
    if (randomAccess === FrameFlag.keyframe) this.#withoutIdrSince90k = undefined;
    else {
      this.#withoutIdrSince90k ??= dts90k;
      if (dts90k - this.#withoutIdrSince90k >= LONGEST_WITHOUT_IDR_90K) this.#observer.warn('no_idr', 'video');
    }
  }

  #classify(accessUnit: Buffer, nalLengthSize: NalLengthSize): number | undefined {
    try {
      return classifyAccessUnit(accessUnit, nalLengthSize);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return undefined;
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
function randomAccessOf(content: number, frameType: number): number {
  if ((content & AccessUnitFlag.idr) !== 0) return FrameFlag.keyframe;
  if ((content & AccessUnitFlag.recoveryPoint) !== 0) return FrameFlag.recoveryPoint;
  const isIntra = (content & AccessUnitFlag.predicted) === 0;
  return isIntra && frameType === VideoFrameType.keyframe ? FrameFlag.recoveryPoint : 0;
}
