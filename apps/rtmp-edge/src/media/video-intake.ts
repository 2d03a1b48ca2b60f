// RTMP video messages into frames: FLV 10.1 section E.4.3, Enhanced RTMP v2, ISO/IEC 14496-15 section 5.3.
import { ProtocolError } from '@millrace/protocol/bytes';
import { Codec, FrameFlag } from '@millrace/domain';
import { readVideoTag, VideoFrameType, VideoPacketType } from '@millrace/protocol/flv';
import type { VideoTag } from '@millrace/protocol/flv';
import {
  AccessUnitFlag,
  AccessUnitReader,
  decodeAvcConfiguration,
  encodeAvcConfiguration,
  ParameterSetStore,
  readAvcParameterSets,
  splitAccessUnit,
} from '@millrace/protocol/h264';
import type { NalLengthSize } from '@millrace/protocol/h264';
import type { FrameSequencer } from './frame-sequencer.ts';
import type { IngestCounts } from './ingest-counts.ts';
import type { MediaObserver } from './media-observer.ts';
import type { MediaTimeline } from './media-timeline.ts';
import { PictureAssembler } from './picture-assembler.ts';

/** Presentation further from decoding than this is a mistake: 16 reordered pictures at 2 frames a second are 8 s. */
export const MAX_COMPOSITION_OFFSET_MS = 10_000;

/** A stream that has recovery points for as long as this, and no IDR picture, has none. 10 s. */
export const LONGEST_WITHOUT_IDR_90K = 900_000;

const TICKS_PER_MS = 90;

/** Before anything says otherwise: what nearly all encoders send. */
const USUAL_LENGTH_SIZE: NalLengthSize = 4;

export class VideoIntake {
  readonly #timeline: MediaTimeline;
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  readonly #reader = new AccessUnitReader(USUAL_LENGTH_SIZE);
  readonly #sets = new ParameterSetStore();
  readonly #assembler: PictureAssembler;
  /** The configuration record that the sender gave last. */
  #header: Buffer | undefined;
  /** The length fields that the configuration in force tells of; undefined before there is one. */
  #configuredSize: NalLengthSize | undefined;
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
      if (tag.codec === 'avc' && tag.multitrack === undefined) this.#avc(timestamp, tag, message);
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

  #avc(timestamp: number, tag: VideoTag, message: Buffer): void {
    const body = message.subarray(tag.dataOffset);
    if (tag.frameType === VideoFrameType.command || tag.frameType === VideoFrameType.generated) {
      this.#observer.dropped('video', 'not_carried');
    } else if (tag.packetType === VideoPacketType.sequenceStart) {
      this.#configure(body);
    } else if (tag.packetType === VideoPacketType.codedFrames || tag.packetType === VideoPacketType.codedFramesX) {
      this.#coded(timestamp, tag, body);
    } else if (tag.packetType !== VideoPacketType.sequenceEnd) {
      this.#observer.dropped('video', 'not_carried');
    }
  }

  /** Some encoders repeat the same record each second: that is no event. An empty one says that the sets are in the stream. */
  #configure(record: Buffer): void {
    if (this.#header?.equals(record) === true) return;
    const sets = readAvcParameterSets(record);
    if (sets.sps.length === 0 && sets.pps.length === 0) {
      if (record.length > 0) this.#observer.dropped('video', 'bad_configuration');
      return;
    }
    this.#assembler.flush();
    // A copy, so that a small record does not keep alive the large buffer that it came in.
    this.#header = Buffer.from(record);
    this.#sets.replace(sets);
    this.#reader.lengthSize = sets.nalLengthSize;
    if (this.#sets.isComplete) this.#announce(isInOrder(this.#header) ? this.#header : undefined);
  }

  /** @param record of the sets that are known, where there is one already */
  #announce(record = this.#sets.toRecord(this.#reader.lengthSize)): void {
    const { lengthSize } = this.#reader;
    if (this.#configuredSize !== undefined && this.#configuredSize !== lengthSize) this.#needsRandomAccess = true;
    this.#configuredSize = lengthSize;
    this.#sequencer.videoConfiguration = { codec: Codec.h264, payload: record };
  }

  #coded(timestamp: number, tag: VideoTag, body: Buffer): void {
    if (body.length === 0) return this.#observer.dropped('video', 'empty_frame');
    const accessUnit = this.#reader.read(body);
    if (accessUnit === undefined) return this.#observer.dropped('video', 'malformed_frame');
    this.#assembler.add(timestamp, tag, this.#reader.flags, this.#reader.beginsPicture, accessUnit);
  }

  #picture(timestamp: number, tag: VideoTag, content: number, accessUnit: Buffer): void {
    if ((content & (AccessUnitFlag.sps | AccessUnitFlag.pps)) !== 0) this.#takeSets(accessUnit);
    if (this.#configuredSize === undefined) return this.#observer.dropped('video', 'no_configuration');
    if (this.#configuredSize !== this.#reader.lengthSize) this.#announce();
    const randomAccess = randomAccessOf(content, tag.frameType);
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
    this.#sequencer.video(randomAccess, dts90k, offset90k, accessUnit);
  }

  /** Parameter sets in the stream count like those of a record: most encoders repeat there what the record said. */
  #takeSets(accessUnit: Buffer): void {
    const { version } = this.#sets;
    for (const nalUnit of splitAccessUnit(accessUnit, this.#reader.lengthSize)) this.#sets.add(nalUnit);
    if (this.#sets.version !== version && this.#sets.isComplete) this.#announce();
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
function randomAccessOf(content: number, frameType: number): number {
  if ((content & AccessUnitFlag.idr) !== 0) return FrameFlag.keyframe;
  if ((content & AccessUnitFlag.recoveryPoint) !== 0) return FrameFlag.recoveryPoint;
  const isIntra = (content & AccessUnitFlag.predicted) === 0;
  return isIntra && frameType === VideoFrameType.keyframe ? FrameFlag.recoveryPoint : 0;
}

/** Whether a record is as the standard has it and agrees with its parameter sets: then it is passed on as it came. */
function isInOrder(record: Buffer): boolean {
  try {
    return encodeAvcConfiguration(decodeAvcConfiguration(record)).equals(record);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return false;
  }
}
