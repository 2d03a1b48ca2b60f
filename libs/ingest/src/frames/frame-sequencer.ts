// Puts frames in their order on the bus: numbered, beginning where a reader can start, with the configuration before each such place.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { AudioKeyframes } from './audio-keyframes.ts';
import { DEFAULT_TRACK_WAIT_90K, HeldFrames } from './held-frames.ts';
import { TrackOrder } from './track-order.ts';
import type { UnplacedFrame } from './track-order.ts';

/** Receives the frames: `FramePublisher` is one. */
export interface FrameSink {
  /** @returns false to request a pause */
  publish(frame: Frame): boolean;
}

const NOTHING = new Uint8Array(0);
/** Where readers may start, and what comes right before: these frames have the encoder's time. */
const DATED = FrameFlag.keyframe | FrameFlag.recoveryPoint | FrameFlag.configuration;

export interface CodecConfiguration {
  readonly codec: Codec;
  readonly payload: Uint8Array;
  /** What the encoder says of colours beside it (`FrameKind.colour`); undefined where it has said nothing. */
  readonly colours?: Uint8Array | undefined;
}

/** A track beside the first one of its kind. */
interface FurtherTrack {
  /** In force. */
  configuration: CodecConfiguration | undefined;
  /** In force from the next place to start of the track on. */
  next: CodecConfiguration | undefined;
  /** At which place to start of the first tracks the configuration was published last. */
  toldAt: number;
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
  /** Codecs of the first tracks; undefined before the first frame of each. */
  videoCodec: number | undefined;
  audioCodec: number | undefined;
  /** The encoder's wall clock at a decode time; undefined while it is not known. */
  encoderTimeAt: ((dts90k: number) => number | undefined) | undefined;
  #epoch: number;
  #sink: FrameSink;
  #audioKeyframes = new AudioKeyframes();
  readonly #trackWait90k: number;
  #held: HeldFrames | undefined;
  /** Whether video will follow, as far as the encoder has said. */
  #isVideoExpected: boolean | undefined;
  #video: CodecConfiguration | undefined;
  #audio: CodecConfiguration | undefined;
  /** Whether the current audio configuration has been published. */
  #audioTold = false;

  /** Groups of pictures that have begun without audio or an audio configuration. Audio may still join the first one. */
  #groupsWithoutSound = 0;
  #hasSound = false;
  /** Decode time of the first audio frame that was left out until the next group. */
  #soundSince90k: number | undefined;
  readonly #further = { video: new Map<number, FurtherTrack>(), audio: new Map<number, FurtherTrack>() };
  #order = new TrackOrder((frame) => this.#putInOrder(frame));
  /** Places to start of the first tracks so far. */
  #starts = 0;

  /** @param trackWait90k how long audio waits for video, and audio that begins late for the next place to start */
  constructor(epoch: number, sink: FrameSink, trackWait90k = DEFAULT_TRACK_WAIT_90K) {
    this.#trackWait90k = trackWait90k;
    this.#held = new HeldFrames(trackWait90k);
    this.#epoch = epoch;
    this.#sink = sink;
  }

  /** Begins another epoch of the same encoder: with its configurations, at its next place to start. */
  restart(epoch: number, sink: FrameSink): void {
    const isAudioAlone = this.#audioKeyframes.isAlone;
    this.#epoch = epoch;
    this.#sink = sink;
    this.accepting = true;
    this.sequence = 0;
    this.#audioKeyframes = new AudioKeyframes();
    this.#held = new HeldFrames(this.#trackWait90k);
    if (this.#video !== undefined && !isAudioAlone) this.#held.expectVideo(true);
    else if (isAudioAlone || this.#isVideoExpected !== undefined)
      this.#held.expectVideo(!isAudioAlone && this.#isVideoExpected === true);
    this.#audioTold = false;
    this.#groupsWithoutSound = 0;
    this.#hasSound = false;
    this.#soundSince90k = undefined;
    this.#order = new TrackOrder((frame) => this.#putInOrder(frame));
    this.#starts = 0;
    for (const tracks of Object.values(this.#further)) for (const state of tracks.values()) state.toldAt = -1;
  }

  /** Whether only a keyframe or recovery point is accepted: at the start, and when video returns to a stream that continued without it. */
  get needsRandomAccess(): boolean {
    return this.#held !== undefined || this.#audioKeyframes.isAlone;
  }

  /** Whether there is more than the first track of a kind. */
  get hasFurtherTracks(): boolean {
    return this.#further.video.size + this.#further.audio.size > 0;
  }

  /** The video configuration, effective from the next keyframe. */
  set videoConfiguration(configuration: CodecConfiguration) {
    this.#video = configuration;
    this.#held?.expectVideo(true);
  }

  /** Whether the encoder announced video: if so, the wait for its first keyframe is longer. */
  expectVideo(isExpected: boolean): void {
    this.#isVideoExpected = isExpected;
    if (this.#video === undefined) this.#held?.expectVideo(isExpected);
  }

  /** The audio configuration, effective from the next audio frame; undefined for a codec that needs none. */
  set audioConfiguration(configuration: CodecConfiguration | undefined) {
    this.#audio = configuration;
    this.#audioTold = false;
  }

  /** @param flags bits of `FrameFlag`; a keyframe contains an IDR picture, a recovery point does not */
  video(codec: Codec, flags: number, dts90k: number, compositionOffset90k: number, payload: Uint8Array): void {
    if (!this.#order.isNeeded || this.#held !== undefined)
      return this.#putPicture(codec, flags, dts90k, compositionOffset90k, payload);
    this.#order.addFirst({ kind: FrameKind.video, codec, flags, dts90k, compositionOffset90k, payload });
  }

  #putPicture(codec: number, flags: number, dts90k: number, compositionOffset90k: number, payload: Uint8Array): void {
    const isRandomAccess = (flags & (FrameFlag.keyframe | FrameFlag.recoveryPoint)) !== 0;
    if (this.needsRandomAccess && !isRandomAccess) return;
    this.videoCodec = codec;
    this.#audioKeyframes.videoSeen();
    if (isRandomAccess) {
      if (this.#soundSince90k !== undefined || this.#audio !== undefined || this.#hasSound)
        this.#groupsWithoutSound = 0;
      else this.#groupsWithoutSound++;
      this.#starts++;
      this.#configure(dts90k, true);
    }
    this.#put(FrameKind.video, codec, flags, dts90k, compositionOffset90k, payload);
    this.#order.passed(dts90k, flags);
    if (this.#held) this.#release(dts90k);
  }

  /** @returns false when the frame is left out: in a stream that began with video alone, audio begins at the next place to start */
  audio(codec: Codec, flags: number, dts90k: number, payload: Uint8Array): boolean {
    if (this.#held) {
      if (this.#held.add({ kind: FrameKind.audio, codec, flags, dts90k, compositionOffset90k: 0, payload }))
        return true;
      this.#release();
    }
    if (this.#groupsWithoutSound > 1) {
      this.#soundSince90k ??= dts90k;
      if (dts90k - this.#soundSince90k < this.#trackWait90k) return false;
    }
    this.#putAudio(codec, flags, dts90k, payload);
    return true;
  }

  /** The configuration of a further track, effective from its next place to start, or from its next frame of sound; undefined for none. */
  configureTrack(kind: 'video' | 'audio', track: number, configuration: CodecConfiguration | undefined): void {
    const state = this.#furtherTrack(kind, track);
    state.next = configuration;
    if (kind === 'video') return;
    state.configuration = configuration;
    state.toldAt = -1;
  }

  /**
   * A frame of a further track.
   * @param flags `FrameFlag.trackStart` where its decoder may start
   * @returns false when it is left out: too much came before the first track began
   */
  further(frame: UnplacedFrame): boolean {
    if (this.#held !== undefined) return this.#held.add(frame);
    if (frame.kind === FrameKind.video) this.#order.addFurther(frame);
    else this.#putFurther(frame);
    return true;
  }

  #furtherTrack(kind: 'video' | 'audio', track: number): FurtherTrack {
    const tracks = this.#further[kind];
    const known = tracks.get(track);
    if (known !== undefined) return known;
    const made: FurtherTrack = { configuration: undefined, next: undefined, toldAt: -1 };
    tracks.set(track, made);
    return made;
  }

  #putInOrder(frame: UnplacedFrame): void {
    const { kind, codec, flags, dts90k, compositionOffset90k, payload, track = 0 } = frame;
    if (kind === FrameKind.video && track === 0) this.#putPicture(codec, flags, dts90k, compositionOffset90k, payload);
    else this.#putFurther(frame);
  }

  /** Its configuration comes before its own places to start, and before its first frame behind each of the first tracks. */
  #putFurther(frame: UnplacedFrame): void {
    const { kind, track = 0, codec, dts90k, flags } = frame;
    const state = this.#furtherTrack(kind === FrameKind.video ? 'video' : 'audio', track);
    const isStart = (flags & FrameFlag.trackStart) !== 0;
    if (isStart) state.configuration = state.next;
    const { configuration } = state;
    if (configuration?.codec === codec && (isStart || state.toldAt !== this.#starts)) {
      const { payload, colours } = configuration;
      const place = { flags: FrameFlag.configuration, dts90k, compositionOffset90k: 0, track };
      this.#place({ ...place, kind, codec, payload });
      if (colours) this.#place({ ...place, kind: FrameKind.colour, codec: Codec.none, payload: colours });
    }
    state.toldAt = this.#starts;
    this.#place(frame);
  }

  /** Timed metadata. It is held like other frames before the first keyframe. */
  data(dts90k: number, payload: Uint8Array): void {
    const compositionOffset90k = 0;
    if (this.#held)
      this.#held.add({ kind: FrameKind.data, codec: Codec.none, flags: 0, dts90k, compositionOffset90k, payload });
    else this.#put(FrameKind.data, Codec.none, 0, dts90k, 0, payload);
  }

  /** The last frame. @param unpublished whether the encoder announced the end */
  end(dts90k: number, unpublished: boolean): void {
    if (this.#held?.hasAudio === true) this.#release();
    this.#order.flush();
    this.#put(FrameKind.end, Codec.none, unpublished ? FrameFlag.unpublished : 0, dts90k, 0, NOTHING);
  }

  #putAudio(codec: number, flags: number, dts90k: number, payload: Uint8Array): void {
    this.#hasSound = true;
    this.audioCodec = codec;
    this.#groupsWithoutSound = 0;
    const isKeyframe = this.#audioKeyframes.audioSeen(dts90k);
    if (isKeyframe) this.#starts++;
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
      if ((frame.track ?? 0) !== 0) this.further(frame);
      else if (frame.kind === FrameKind.audio) this.#putAudio(frame.codec, frame.flags, frame.dts90k, frame.payload);
      else this.#put(frame.kind, frame.codec, frame.flags, frame.dts90k, 0, frame.payload);
    }
  }

  /** @param withVideo false before the first picture, and after video has stopped */
  #configure(dts90k: number, withVideo: boolean): void {
    if (withVideo) this.#putConfiguration(FrameKind.video, this.#video, dts90k);
    this.#putConfiguration(FrameKind.audio, this.#audio, dts90k);
    this.#audioTold = true;
  }

  #putConfiguration(kind: number, configuration: CodecConfiguration | undefined, dts90k: number): void {
    if (configuration === undefined) return;
    const { codec, payload, colours } = configuration;
    this.#put(kind, codec, FrameFlag.configuration, dts90k, 0, payload);
    if (colours) this.#put(FrameKind.colour, Codec.none, FrameFlag.configuration, dts90k, 0, colours);
  }

  #put(
    kind: number,
    codec: number,
    flags: number,
    dts90k: number,
    compositionOffset90k: number,
    payload: Uint8Array,
  ): void {
    const sequence = ++this.sequence;
    const epoch = this.#epoch;
    if (!this.accepting) this.held++;
    const encoderTimeMs = (flags & DATED) === 0 ? undefined : this.encoderTimeAt?.(dts90k);
    const frame = { kind, codec, flags, epoch, sequence, dts90k, compositionOffset90k, payload };
    this.accepting = this.#sink.publish(encoderTimeMs === undefined ? frame : { ...frame, encoderTimeMs });
  }

  #place(frame: UnplacedFrame): void {
    const sequence = ++this.sequence;
    if (!this.accepting) this.held++;
    this.accepting = this.#sink.publish({ ...frame, epoch: this.#epoch, sequence });
  }
}
