// Whole pictures into frames: with their configuration, from a place to start on, each on the timeline of the stream.
import { FrameFlag, FrameKind, TICKS_PER_MS } from '@millrace/domain';
import type { Codec } from '@millrace/domain';
import { IdrWatch } from '@millrace/ingest';
import type { FrameSequencer, IngestCounts, MediaObserver } from '@millrace/ingest';
import { PictureFlag } from '@millrace/media';
import type { PictureReader, VideoRules } from '@millrace/media';
import { encodeColorInfo, VideoFrameType } from '@millrace/protocol/flv';
import type { ColorInfo, VideoTag } from '@millrace/protocol/flv';
import type { MessageTimeline } from './message-timeline.ts';
import type { TrackAlignment } from './track-alignment.ts';

/** Presentation further from decoding than this is a mistake: 16 reordered pictures at 2 frames a second are 8 s. */
export const MAX_COMPOSITION_OFFSET_MS = 10_000;

export class PictureFrames {
  /** The number of the track in frames. */
  readonly #track: number;
  readonly #timeline: MessageTimeline;
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  readonly #alignment: TrackAlignment;
  readonly #idrWatch: IdrWatch;
  /** The codec that comes now, and what reads it; undefined before the first message. */
  #rules: VideoRules | undefined;
  #reader: PictureReader | undefined;
  /** The record that the sequencer knows of. */
  #announced: Uint8Array | undefined;
  /** What the encoder says of colours beside the bit stream. */
  #colours: Buffer | undefined;
  /** Until the first place to start of the epoch, and from a change that decoders must start anew for to the next one. */
  #needsRandomAccess = true;
  /** Called instead of taking the next keyframe. */
  #beforeKeyframe: (() => void) | undefined;

  constructor(
    track: number,
    timeline: MessageTimeline,
    sequencer: FrameSequencer,
    counts: IngestCounts,
    observer: MediaObserver,
    alignment: TrackAlignment,
  ) {
    this.#track = track;
    this.#timeline = timeline;
    this.#sequencer = sequencer;
    this.#counts = counts;
    this.#observer = observer;
    this.#alignment = alignment;
    this.#idrWatch = new IdrWatch(observer);
  }

  /** @param act called once, when the next keyframe has come and before anything is done with it: it is not taken */
  stopBeforeKeyframe(act: () => void): void {
    this.#beforeKeyframe = act;
  }

  /** With another codec everything begins anew: its configuration, and a place to start. */
  begin(rules: VideoRules, reader: PictureReader): void {
    this.#rules = rules;
    this.#reader = reader;
    this.#needsRandomAccess = true;
  }

  /** The configuration that the reader has now is in force from the next place to start on. */
  announce(reader: PictureReader): void {
    const { record } = reader;
    if (record === undefined || record === this.#announced || this.#rules === undefined) return;
    this.#announced = record;
    if (reader.takeRestart()) this.#needsRandomAccess = true;
    const configuration = { codec: this.#rules.codec, payload: record, colours: this.#colours };
    if (this.#track === 0) this.#sequencer.videoConfiguration = configuration;
    else this.#sequencer.configureTrack('video', this.#track, configuration);
  }

  /** What the encoder says of colours from the next place to start on; nothing where it takes back what it said. */
  colours(info: ColorInfo): void {
    const colours = encodeColorInfo(info);
    // One that has never said anything has nothing to take back.
    if (this.#colours?.equals(colours) ?? Object.keys(info).length === 0) return;
    this.#colours = colours;
    this.#announced = undefined;
  }

  /** A message without a picture that no picture follows. */
  empty(): void {
    this.#observer.dropped('video', 'empty_frame');
  }

  /** A whole picture. @param contents bits of `PictureFlag`. @param accessUnit length-prefixed NAL units */
  picture(timestamp: number, tag: VideoTag, contents: number, accessUnit: Buffer): void {
    const reader = this.#reader;
    const rules = this.#rules;
    if (reader === undefined || rules === undefined) return;
    reader.settle(accessUnit, contents);
    if (reader.record === undefined) return this.#observer.dropped('video', 'no_configuration');
    this.announce(reader);
    const randomAccess = randomAccessOf(contents, tag.frameType);
    const isFirst = this.#track === 0;
    if ((this.#needsRandomAccess || (isFirst && this.#sequencer.needsRandomAccess)) && randomAccess === 0)
      return this.#observer.dropped('video', 'before_keyframe');
    this.#needsRandomAccess = false;
    if (randomAccess !== 0 && this.#beforeKeyframe !== undefined) return this.#beforeKeyframe();

    const dts90k = this.#timeline.place('video', timestamp, tag.nanoOffset, this.#track);
    // Where decoding had to be put off, presentation stays where it was.
    const offset90k = this.#compositionOffset(tag.compositionTimeMs) * TICKS_PER_MS - this.#timeline.delayed90k;
    if (!isFirst) return this.#further(rules.codec, randomAccess, dts90k, offset90k, accessUnit);
    this.#alignment.first(dts90k, randomAccess !== 0);
    this.#counts.videoFrames++;
    if (randomAccess !== 0) {
      this.#counts.startPoint(dts90k, randomAccess === FrameFlag.keyframe);
      this.#idrWatch.startPoint(randomAccess, dts90k);
    }
    this.#sequencer.video(rules.codec, randomAccess, dts90k, offset90k, accessUnit);
  }

  #further(codec: Codec, randomAccess: number, dts90k: number, compositionOffset90k: number, payload: Buffer): void {
    this.#alignment.further(this.#track, dts90k, randomAccess !== 0);
    const flags = randomAccess === 0 ? 0 : FrameFlag.trackStart;
    const frame = { kind: FrameKind.video, track: this.#track, codec, flags, dts90k, compositionOffset90k, payload };
    if (this.#sequencer.further(frame)) return;
    this.#needsRandomAccess = true;
    this.#observer.dropped('video', 'before_keyframe');
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
