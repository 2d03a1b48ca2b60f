// Puts frames in their order on the bus: numbered, beginning where a reader can start, with the configuration before each such place.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { AudioKeyframes } from './audio-keyframes.ts';
import { DEFAULT_TRACK_WAIT_90K, HeldFrames } from './held-frames.ts';

/** Receives the frames: `FramePublisher` is one. */
export interface FrameSink {
  /** @returns false to request a pause */
  publish(frame: Frame): boolean;
}

const NOTHING = new Uint8Array(0);

export interface CodecConfiguration {
  readonly codec: Codec;
  readonly payload: Uint8Array;
}

/**
 * A reader may start at any keyframe or recovery point, so nothing is published before the first one: earlier frames are held, within
 * limits. If no video arrives, audio begins alone, and about one frame per second is marked as a keyframe.
 */
export class FrameSequencer {
  /** False while the bus requests a pause. */
  accepting = true;
  /** Frames that came while the bus wanted no more. */
  held = 0;
  /** Frames published so far. */
  sequence = 0;
  readonly #epoch: number;
  readonly #sink: FrameSink;
  readonly #audioKeyframes = new AudioKeyframes();
  readonly #trackWait90k: number;
  #held: HeldFrames | undefined;
  #video: CodecConfiguration | undefined;
  #audio: CodecConfiguration | undefined;
  /** Whether the current audio configuration has been published. */
  #audioTold = false;

  /** Groups of pictures that have begun without audio or an audio configuration. Audio may still join the first one. */
  #groupsWithoutSound = 0;
  #hasSound = false;
  /** Decode time of the first audio frame that was left out until the next group. */
  #soundSince90k: number | undefined;

  /** @param trackWait90k how long audio waits for video, and audio that begins late for the next place to start */
  constructor(epoch: number, sink: FrameSink, trackWait90k = DEFAULT_TRACK_WAIT_90K) {
    this.#trackWait90k = trackWait90k;
    this.#held = new HeldFrames(trackWait90k);
    this.#epoch = epoch;
    this.#sink = sink;
  }

  /** Whether only a keyframe or recovery point is accepted: at the start, and when video returns to a stream that continued without it. */
  get needsRandomAccess(): boolean {
    return this.#held !== undefined || this.#audioKeyframes.isAlone;
  }

  /** The video configuration, effective from the next keyframe. */
  set videoConfiguration(configuration: CodecConfiguration) {
    this.#video = configuration;
    this.#held?.expectVideo(true);
  }

  /** Whether the encoder announced video: if so, the wait for its first keyframe is longer. */
  expectVideo(isExpected: boolean): void {
    if (this.#video === undefined) this.#held?.expectVideo(isExpected);
  }

  /** The audio configuration, effective from the next audio frame; undefined for a codec that needs none. */
  set audioConfiguration(configuration: CodecConfiguration | undefined) {
    this.#audio = configuration;
    this.#audioTold = false;
  }

  /** @param flags bits of `FrameFlag`; a keyframe contains an IDR picture, a recovery point does not */
  video(codec: Codec, flags: number, dts90k: number, compositionOffset90k: number, payload: Uint8Array): void {
    const isRandomAccess = (flags & (FrameFlag.keyframe | FrameFlag.recoveryPoint)) !== 0;
    if (this.needsRandomAccess && !isRandomAccess) return;
    this.#audioKeyframes.videoSeen();
    if (isRandomAccess) {
      if (this.#soundSince90k !== undefined || this.#audio !== undefined || this.#hasSound)
        this.#groupsWithoutSound = 0;
      else this.#groupsWithoutSound++;
      this.#configure(dts90k, true);
    }
    this.#put(FrameKind.video, codec, flags, dts90k, compositionOffset90k, payload);
    if (this.#held) this.#release(dts90k);
  }

  /** @returns false when the frame is left out: in a stream that began with video alone, audio begins at the next place to start */
  audio(codec: Codec, flags: number, dts90k: number, payload: Uint8Array): boolean {
    if (this.#held) {
      if (this.#held.add({ kind: FrameKind.audio, codec, flags, dts90k, payload })) return true;
      this.#release();
    }
    if (this.#groupsWithoutSound > 1) {
      this.#soundSince90k ??= dts90k;
      if (dts90k - this.#soundSince90k < this.#trackWait90k) return false;
    }
    this.#putAudio(codec, flags, dts90k, payload);
    return true;
  }

  /** Timed metadata. It is held like other frames before the first keyframe. */
  data(dts90k: number, payload: Uint8Array): void {
    if (this.#held) this.#held.add({ kind: FrameKind.data, codec: Codec.none, flags: 0, dts90k, payload });
    else this.#put(FrameKind.data, Codec.none, 0, dts90k, 0, payload);
  }

  /** The last frame. @param unpublished whether the encoder announced the end */
  end(dts90k: number, unpublished: boolean): void {
    if (this.#held?.hasAudio === true) this.#release();
    this.#put(FrameKind.end, Codec.none, unpublished ? FrameFlag.unpublished : 0, dts90k, 0, NOTHING);
  }

  #putAudio(codec: Codec, flags: number, dts90k: number, payload: Uint8Array): void {
    this.#hasSound = true;
    this.#groupsWithoutSound = 0;
    const isKeyframe = this.#audioKeyframes.audioSeen(dts90k);
    if (isKeyframe) this.#configure(dts90k, false);
    else if (!this.#audioTold) this.#putConfiguration(FrameKind.audio, this.#audio, dts90k);
    this.#audioTold = true;
    this.#put(FrameKind.audio, codec, isKeyframe ? flags | FrameFlag.keyframe : flags, dts90k, 0, payload);
  }

  /** @param start90k decode time of the first picture; undefined when there is none */
  #release(start90k?: number): void {
    const held = this.#held;
    this.#held = undefined;
    for (const frame of held?.take(start90k) ?? []) {
      if (frame.kind === FrameKind.audio) this.#putAudio(frame.codec, frame.flags, frame.dts90k, frame.payload);
      else this.#put(frame.kind, frame.codec, frame.flags, frame.dts90k, 0, frame.payload);
    }
  }

  /** @param withVideo false before the first picture, and after video has stopped */
  #configure(dts90k: number, withVideo: boolean): void {
    if (withVideo) this.#putConfiguration(FrameKind.video, this.#video, dts90k);
    this.#putConfiguration(FrameKind.audio, this.#audio, dts90k);
    this.#audioTold = true;
  }

  #putConfiguration(kind: FrameKind, configuration: CodecConfiguration | undefined, dts90k: number): void {
    if (configuration) this.#put(kind, configuration.codec, FrameFlag.configuration, dts90k, 0, configuration.payload);
  }

  #put(
    kind: FrameKind,
    codec: Codec,
    flags: number,
    dts90k: number,
    compositionOffset90k: number,
    payload: Uint8Array,
  ): void {
    const sequence = ++this.sequence;
    const epoch = this.#epoch;
    if (!this.accepting) this.held++;
    this.accepting = this.#sink.publish({
      kind,
      codec,
      flags,
      epoch,
      sequence,
      dts90k,
      compositionOffset90k,
      payload,
    });
  }
}
