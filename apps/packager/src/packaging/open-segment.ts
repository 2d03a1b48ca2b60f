// The segment that is being gathered: its frames, and what decides where it ends.
import { frameCost, FrameKind, isConfiguration, isRandomAccess } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import type { Track } from '@millrace/media';

/** How long the only frame of a track is taken to last: a frame at 30 frames a second. */
const SINGLE_FRAME_TICKS = 3_000;
/** Audio frames further apart have a pause between them. 500 ms. */
const LONGEST_AUDIO_STEP_TICKS = 45_000;

/** A keyframe inside the segment: where it can be split. */
export interface InnerKeyframe {
  /** Index of the first configuration frame right before it, or its own. */
  readonly index: number;
  readonly sequence: number;
  readonly dts90k: number;
}

/** Fields are plain and public to the segmenter: this is written for every frame of every stream. */
export class OpenSegment {
  /** Media and, where they stood, configurations: what reading the segment again would read. */
  frames: Frame[] = [];
  /** Payloads and what frames cost besides. */
  bytes = 0;
  /** Decode time at which it starts, on the clock of its video once it has some. */
  startDts90k = 0;
  hasVideo = false;
  hasAudio = false;
  /** Whether its first picture needs those before it. */
  startsInGroup = false;
  /** Its track that has no configuration record, once it has frames of one. */
  unrecorded: Track | undefined;
  lastVideoDts90k = 0;
  lastAudioDts90k = 0;
  /** How far audio has run since the newest video frame, without pauses in which pictures went on. */
  soundSinceVideo90k = 0;
  /** Decode time of the newest video frame when the newest audio frame came. */
  videoAtAudio90k = 0;
  #inner: InnerKeyframe | undefined;

  get isEmpty(): boolean {
    return !this.hasVideo && !this.hasAudio;
  }

  /** What the segment would hold with this frame. */
  bytesWith(frame: Frame): number {
    return this.bytes + frameCost(frame);
  }

  /** Adds a media frame of this track. */
  add(frame: Frame, track: Track): void {
    const { dts90k } = frame;
    if (frame.kind === FrameKind.video) {
      if (!this.hasVideo) {
        this.hasVideo = true;
        this.startsInGroup = !isRandomAccess(frame);
        this.videoAtAudio90k = dts90k;
        // Audio led so far. Video may run on a clock that is seconds apart: what counts is how long audio has run.
        this.startDts90k = this.hasAudio ? dts90k - (this.lastAudioDts90k - this.startDts90k) : dts90k;
      }
      this.lastVideoDts90k = dts90k;
      this.soundSinceVideo90k = 0;
    } else {
      if (!this.hasAudio) {
        this.hasAudio = true;
        if (!this.hasVideo) this.startDts90k = dts90k;
        this.lastAudioDts90k = dts90k;
      }
      this.soundSinceVideo90k += this.#soundUntil(frame);
      this.lastAudioDts90k = dts90k;
      if (this.hasVideo) this.videoAtAudio90k = this.lastVideoDts90k;
    }
    if (track.record === undefined) this.unrecorded = track;
    this.frames.push(frame);
    this.bytes += frameCost(frame);
  }

  /** Counts what a frame takes that is gathered elsewhere. */
  count(frame: Frame): void {
    this.bytes += frameCost(frame);
  }

  /** Adds timed metadata, which begins and ends nothing; what it takes counts. */
  addData(frame: Frame): void {
    this.frames.push(frame);
    this.bytes += frameCost(frame);
  }

  /** Keeps the configuration frames right before the media frame that is added next. */
  keep(configurations: readonly Frame[]): void {
    for (const frame of configurations) this.frames.push(frame);
  }

  /** Notes that a keyframe, with these configuration frames before it, comes next: the segment can be split there. */
  noteKeyframe(frame: Frame, configurations: readonly Frame[]): void {
    const { sequence } = configurations[0] ?? frame;
    this.#inner = { index: this.frames.length, sequence, dts90k: frame.dts90k };
  }

  /** A split would put a track that joined after the keyframe into a segment that must not gain tracks any more. */
  forgetKeyframe(): void {
    this.#inner = undefined;
  }

  /** The newest keyframe inside. */
  get innerKeyframe(): InnerKeyframe | undefined {
    return this.#inner;
  }

  /** Takes out the frames from the keyframe inside on. */
  dropFrom(keyframe: InnerKeyframe): Frame[] {
    return this.frames.splice(keyframe.index);
  }

  /** Takes out all frames; the next one added starts a new segment. */
  take(): Frame[] {
    const { frames } = this;
    this.frames = [];
    this.bytes = 0;
    this.hasVideo = false;
    this.hasAudio = false;
    this.unrecorded = undefined;
    this.#inner = undefined;
    return frames;
  }

  /** How long the newest group of pictures, or what there is of it, lasts up to this keyframe. */
  groupTicksUntil(keyframe: Frame): number {
    return keyframe.dts90k - (this.#inner?.dts90k ?? this.startDts90k);
  }

  /** How long the segment lasts when `next`, on the same timeline, starts the following one. */
  ticksUntil(next: Frame): number {
    if (next.kind === FrameKind.video) return this.hasVideo ? next.dts90k - this.startDts90k : this.ownTicks();
    if (!this.hasVideo) return next.dts90k - this.startDts90k;
    return this.hasAudio ? this.ticksWithoutVideo(next) : this.ownTicks();
  }

  /** How far audio has run since the segment began, where video has stopped: measured by audio's own clock since then. */
  ticksWithoutVideo(audio: Frame): number {
    return this.lastVideoDts90k - this.startDts90k + this.soundSinceVideo90k + this.#soundUntil(audio);
  }

  /** How long both tracks have paused before this audio frame, by the times of both. */
  pauseOfBoth(audio: Frame): number {
    return audio.dts90k - this.lastAudioDts90k - (this.lastVideoDts90k - this.videoAtAudio90k);
  }

  /** What the step to this audio frame adds to how far audio has run: of a pause, what pictures have paused too. */
  #soundUntil(audio: Frame): number {
    const step = audio.dts90k - this.lastAudioDts90k;
    return Math.max(0, step > LONGEST_AUDIO_STEP_TICKS ? this.pauseOfBoth(audio) : step);
  }

  /** How long the segment lasts by its own frames alone, when nothing follows on its timeline. */
  ownTicks(): number {
    const kind = this.hasVideo ? FrameKind.video : FrameKind.audio;
    let count = 0;
    let first = 0;
    let last = 0;
    for (const frame of this.frames) {
      if (frame.kind !== kind || isConfiguration(frame)) continue;
      if (count === 0) first = frame.dts90k;
      last = frame.dts90k;
      count++;
    }
    const step = count > 1 ? Math.round((last - first) / (count - 1)) : SINGLE_FRAME_TICKS;
    return last + step - this.startDts90k;
  }
}
