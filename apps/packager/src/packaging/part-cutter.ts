// Cuts what a segment holds into parts while it is gathered: one rendition for each track. Decided from the frames alone, as
// segments are: the same frames give the same parts, byte for byte, so a packager that takes over makes those again that are
// committed already. A part ends at the first frame behind a multiple of the part duration, counted from the start of the segment, so
// that segments of whole multiples have no short part at their end; or earlier, when the frame comes that it has no room for.
import { FrameKind, isConfiguration, isKeyframe, isRandomAccess, isTrackStart, TICKS_PER_MS } from '@millrace/domain';
import type { Frame, ResumePoint, SpliceSignal } from '@millrace/domain';
import { partName, renditionName, renditionSegmentName } from '@millrace/live-store';
import type { OfRenditions, RenditionFacts, RenditionKind, RenditionName } from '@millrace/live-store';
import { rulesOf, silenceOf } from '@millrace/media';
import type { Silence, Track } from '@millrace/media';
import { cmafContentType, cmafMapOf, cmafTime, encodeCmafPart } from '../containers/cmaf.ts';
import type { TimedSample } from '../containers/cmaf.ts';
import type { Allocate } from '../containers/container.ts';
import type { SegmentMap } from './finished-segment.ts';
import { renditionFacts } from './rendition-descriptions.ts';
import { spliceSignals } from './splice-signals.ts';
import { timedTags } from './timed-metadata.ts';

/** The language of a track of sound, by its number, of what was sent in an epoch; undefined where nothing says it. */
export type LanguageOf = (epoch: number, track: number) => string | undefined;

/** A part with its bytes. */
export interface FinishedPart {
  /** The state before its segment. */
  readonly before: ResumePoint;
  readonly rendition: RenditionName;
  /** In its segment. */
  readonly index: number;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly ticks: number;
  /** When its first sample is presented, by the time in the files. */
  readonly start90k: number;
  readonly independent: boolean;
  readonly map: SegmentMap;
  /** Of the first sample of its rendition in the segment. */
  readonly programDateTimeMs: number;
  /** What has come of breaks for advertising since its segment began. */
  readonly signals?: readonly SpliceSignal[];
}

/** What a rendition has of a segment that is whole. */
export interface FinishedRendition {
  readonly name: string;
  readonly contentType: string;
  /** Those of its parts, one after another. */
  readonly bytes: Uint8Array;
  readonly ticks: number;
  readonly map: SegmentMap;
  readonly programDateTimeMs: number;
  readonly parts: readonly FinishedPart[];
  /** When its first sample is presented, by the time in its files. */
  readonly start90k: number;
  /** Undefined where its track is not known any more. */
  readonly facts: RenditionFacts | undefined;
  /** Whether decoding can start with it. */
  readonly independent: boolean;
  /** Of a further track of pictures: whether it begins where the first one does, within one of its pictures. */
  readonly aligned?: boolean;
}

export type FinishedRenditions = OfRenditions<FinishedRendition>;

/** A part may be longer than the part duration by this: by the frame in which a multiple of the duration falls. */
const LONGEST_PART = 1.08;
/** RFC 8216bis §4.4.4.9: parts that do not end a segment last at least 85 % of PART-TARGET. */
const SHORTEST_PART = 0.85;

/** @returns the target of parts (PART-TARGET), in milliseconds */
export const partTargetOf = (partDurationMs: number): number => Math.ceil(partDurationMs * LONGEST_PART);

/** How long the only frame of a track is taken to last: a frame at 30 frames a second. */
const SINGLE_FRAME_TICKS = 3_000;
/** RTMP rounds times to milliseconds: the next frame may come as much later than the ones before it let expect. */
const JITTER_TICKS = TICKS_PER_MS;
/** As in segments (fill-silence.ts): sound that is away for less is late. */
const SHORTEST_PAUSE_TICKS = 90_000;
/** Sound is filled up to this before the newest picture: what is late by less still has its place. */
const FILL_BEHIND_TICKS = 90_000;
/** Timed metadata may come as much before or behind the pictures that it belongs to, and is in the part that is open then. 1 s. */
const METADATA_SLACK_TICKS = 90_000;
/** A pause longer than any segment is not filled. 30 s. */
const LONGEST_FILL_TICKS = 2_700_000;

/** The last picture of a further track lasts until the segment ends, unless that is so many times as long as those before it. */
const LONGEST_LAST_STEP = 2;

type OpenSample = Omit<TimedSample, 'ticks'>;

/** One rendition of the segment that is being gathered. */
class OpenRendition {
  readonly parts: FinishedPart[] = [];
  readonly rendition: RenditionName;
  readonly kind: RenditionKind;
  readonly track: Track;
  /** Decode time of the first sample that decoding can start with. */
  startAt90k: number | undefined;
  samples = 0;
  readonly #before: ResumePoint;
  readonly #map: SegmentMap;
  readonly #durationTicks: number;
  readonly #targetTicks: number;
  /** Where the segment begins, by the clock that parts are counted by. */
  readonly #start90k: number;
  readonly #onPart: (part: FinishedPart) => void;
  #samples: OpenSample[] = [];
  #data: Frame[] = [];
  #longestStepOfAll = 0;
  #firstDts90k = 0;
  #lastDts90k = -Infinity;
  /** How long the newest sample lasts; undefined where only the next one tells. */
  #lastTicks: number | undefined;
  /** Between samples of the open part. */
  #shortestStep = Infinity;
  #longestStep = 0;

  constructor(
    rendition: RenditionName,
    track: Track,
    map: SegmentMap,
    before: ResumePoint,
    start90k: number,
    onPart: (part: FinishedPart) => void,
  ) {
    this.rendition = rendition;
    this.kind = track.kind === FrameKind.video ? 'video' : 'audio';
    this.track = track;
    this.#map = map;
    this.#before = before;
    // Without parts, all of the segment is one.
    this.#durationTicks = (before.partDurationMs ?? Infinity) * TICKS_PER_MS;
    this.#targetTicks = partTargetOf(before.partDurationMs ?? Infinity) * TICKS_PER_MS;
    this.#start90k = start90k;
    this.#onPart = onPart;
  }

  /** @param ticks how long it lasts; undefined where only the next one tells */
  add(sample: OpenSample, ticks: number | undefined): void {
    // Each is decoded after the one before it.
    const dts90k = Math.max(sample.dts90k, this.#lastDts90k + 1);
    const placed =
      dts90k === sample.dts90k ? sample : { ...sample, dts90k, cto90k: sample.cto90k + sample.dts90k - dts90k };
    if (this.parts.length === 0 && this.#samples.length === 0) this.#firstDts90k = dts90k;
    else this.#makeRoom(dts90k, ticks);
    this.#samples.push(placed);
    this.samples++;
    if (sample.keyframe) this.startAt90k ??= dts90k;
    this.#lastDts90k = dts90k;
    this.#lastTicks = ticks;
  }

  /** Adds timed metadata to the part that is open. */
  addData(frame: Frame): void {
    this.#data.push(frame);
  }

  /** Decode time of the first sample. */
  get firstDts90k(): number {
    return this.#firstDts90k;
  }

  /** Where the newest sample ends, when the segment ends here: what comes after it may be missing. */
  endBefore(end90k: number): number | undefined {
    const step = end90k - this.#lastDts90k;
    return this.#longestStepOfAll > 0 && step > LONGEST_LAST_STEP * this.#longestStepOfAll ? undefined : end90k;
  }

  /** Ends the open part where the next sample is behind its end, or would make it too long. */
  #makeRoom(dts90k: number, ticks: number | undefined): void {
    const step = dts90k - this.#lastDts90k;
    this.#shortestStep = Math.min(this.#shortestStep, step);
    this.#longestStep = Math.max(this.#longestStep, step);
    this.#longestStepOfAll = Math.max(this.#longestStepOfAll, step);
    if (this.#samples.length === 0) return;
    this.#setLongApart(dts90k);
    const jitter = ticks !== undefined || this.#shortestStep !== this.#longestStep ? JITTER_TICKS : 0;
    const expected = (ticks ?? this.#longestStep) + jitter;
    const first90k = this.#samples[0]!.dts90k;
    if (dts90k + expected - first90k > this.#targetTicks || this.#isBehind(dts90k, first90k, ticks))
      this.#close(dts90k);
  }

  /** Whether a multiple of the part duration lies between the start of the part and this time, and the part is long enough to end. */
  #isBehind(dts90k: number, first90k: number, ticks: number | undefined): boolean {
    if (dts90k - first90k < SHORTEST_PART * this.#targetTicks) return false;
    // Sound has frames of its own length: one that begins just before the pictures of the next segment is not a part by itself.
    const slack = ticks === undefined ? JITTER_TICKS : -ticks / 2;
    const multiple = (time90k: number): number =>
      Math.max(0, Math.floor((time90k + slack - this.#start90k) / this.#durationTicks));
    return multiple(dts90k) > multiple(first90k);
  }

  /** The newest sample is a part of its own where it lasted longer than those before it let expect. */
  #setLongApart(endDts90k: number): void {
    if (this.#samples.length < 2 || endDts90k - this.#samples[0]!.dts90k <= this.#targetTicks) return;
    const last = this.#samples.pop()!;
    this.#close(last.dts90k);
    this.#samples.push(last);
  }

  /**
   * Ends the open part, which has samples.
   * @param longestTicks how long it may be said to last: tracks that are out of step with the pictures may go further than EXTINF allows
   */
  #close(endDts90k: number, longestTicks = Infinity): void {
    const samples = this.#samples;
    const index = this.parts.length;
    const first = samples[0]!;
    const timed = samples.map((sample, i) => ({
      ...sample,
      ticks: (samples[i + 1]?.dts90k ?? endDts90k) - sample.dts90k,
    }));
    const { mediaSequence, epochZeroMs } = this.#before;
    const tags = timedTags(this.#data, first.dts90k, endDts90k - first.dts90k, METADATA_SLACK_TICKS);
    const part: FinishedPart = {
      before: this.#before,
      rendition: this.rendition,
      index,
      name: partName(this.rendition, mediaSequence, index),
      contentType: cmafContentType(this.kind),
      bytes: encodeCmafPart(this.kind, mediaSequence, index, timed, tags, epochZeroMs),
      ticks: Math.min(endDts90k - first.dts90k, longestTicks),
      start90k: cmafTime(first.dts90k + first.cto90k),
      independent: this.kind === 'audio' || first.keyframe,
      map: this.#map,
      programDateTimeMs: epochZeroMs + Math.round(this.#firstDts90k / TICKS_PER_MS),
    };
    this.#samples = [];
    this.#data = [];
    this.#shortestStep = Infinity;
    this.#longestStep = 0;
    this.parts.push(part);
    this.#onPart(part);
  }

  /**
   * @param endDts90k where the last sample ends; undefined when nothing outside of the rendition tells
   * @param longestTicks how long the segment may be said to last
   * @param allocate gives the memory of the segment; parts, which are read once more for it, have memory of their own
   */
  finish(endDts90k: number | undefined, longestTicks: number, allocate: Allocate): FinishedRendition {
    if (this.#samples.length > 0) {
      const lasts = this.#lastTicks ?? (this.#longestStep > 0 ? this.#longestStep : SINGLE_FRAME_TICKS);
      const end = Math.max(endDts90k ?? this.#lastDts90k + Math.round(lasts), this.#lastDts90k + 1);
      this.#setLongApart(end);
      const closedTicks = this.parts.reduce((sum, part) => sum + part.ticks, 0);
      this.#close(end, Math.max(1, longestTicks - closedTicks));
    }
    const { parts } = this;
    const ticks = Math.min(
      parts.reduce((sum, part) => sum + part.ticks, 0),
      longestTicks,
    );
    return {
      name: renditionSegmentName(this.rendition, this.#before.mediaSequence),
      contentType: cmafContentType(this.kind),
      bytes: joined(parts, allocate),
      ticks,
      map: this.#map,
      programDateTimeMs: parts[0]!.programDateTimeMs,
      parts,
      start90k: parts[0]!.start90k,
      facts: renditionFacts(this.track, this.samples, ticks),
      independent: parts[0]!.independent,
    };
  }
}

/** A track of sound in the segment that is gathered, with silence where it pauses (docs/decisions/0013). */
class OpenSound {
  rendition: OpenRendition | undefined;
  /** Where the sound that came ends; undefined before the first of it. */
  heardTo: number | undefined;
  /** Where sound and silence end. */
  filledTo: number | undefined;
  /** How far pictures had come when the newest sound came. */
  videoAtSound90k: number;

  constructor(videoNow90k: number) {
    this.videoAtSound90k = videoNow90k;
  }
}

export class PartCutter {
  /** Sound that came after silence had taken its place. */
  lateFrames = 0;
  readonly #onPart: (part: FinishedPart) => void;
  readonly #allocate: Allocate;
  /** Timed metadata of the open segment. */
  #data: Frame[] = [];
  #video: OpenRendition | undefined;
  #audio: OpenSound | undefined;
  /** Pictures of further tracks, by the numbers of these. */
  readonly #pictures = new Map<number, OpenRendition>();
  /** Sound of further tracks. */
  readonly #sounds = new Map<number, OpenSound>();
  /** Sound whose track is known but of which nothing came yet in this segment. */
  #silentTrack: Track | undefined;
  readonly #languageOf: LanguageOf;
  #before: ResumePoint | undefined;
  /** Of the open segment. */
  #epoch = 0;
  #start90k = 0;
  #videoNow = 0;

  /**
   * @param onPart called with each part as soon as it is finished
   * @param allocate gives the memory of segments
   */
  constructor(onPart: (part: FinishedPart) => void, allocate: Allocate, languageOf: LanguageOf = () => undefined) {
    this.#allocate = allocate;
    this.#languageOf = languageOf;
    this.#onPart = (part) => {
      const signals = spliceSignals(this.#data, part.before.epochZeroMs);
      onPart(signals.length === 0 ? part : { ...part, signals });
    };
  }

  /**
   * Takes a media frame that was added to the open segment.
   * @param before the state before the segment
   * @param sound the track of sound in force, which may have no frames
   */
  add(frame: Frame, track: Track, before: ResumePoint, sound: Track | undefined): void {
    if (isConfiguration(frame)) return;
    this.#before = before;
    this.#epoch = frame.epoch;
    this.#silentTrack = sound;
    if (frame.kind === FrameKind.video) this.#addPicture(frame, track);
    else this.#addSound((this.#audio ??= new OpenSound(this.#start90k)), frame, track);
  }

  /**
   * Takes a media frame of a further track, behind the first frame of the segment.
   * @returns whether it has a place: a track that has changed within the segment has one in the next
   */
  addFurther(frame: Frame, track: Track, before: ResumePoint): boolean {
    this.#before = before;
    this.#epoch = frame.epoch;
    if (frame.kind === FrameKind.audio) {
      let sound = this.#sounds.get(track.id);
      if (sound === undefined) this.#sounds.set(track.id, (sound = new OpenSound(this.#videoNow)));
      if (sound.rendition !== undefined && sound.rendition.track !== track) return false;
      this.#addSound(sound, frame, track);
      return sound.rendition !== undefined;
    }
    const start90k = this.#hasBegun ? this.#start90k : frame.dts90k;
    const open = this.#pictures.get(track.id) ?? this.#open(track, start90k, frame.payload);
    if (open === undefined || open.track !== track) return false;
    this.#pictures.set(track.id, open);
    const { dts90k, compositionOffset90k: cto90k, payload } = frame;
    open.add({ dts90k, cto90k, keyframe: isTrackStart(frame), payload }, undefined);
    return true;
  }

  /** Takes timed metadata of the open segment. It goes beside all pictures, or beside the sound where there are none (yet). */
  addData(frame: Frame): void {
    this.#data.push(frame);
    (this.#video ?? this.#audio?.rendition)?.addData(frame);
    for (const open of this.#pictures.values()) open.addData(frame);
  }

  /**
   * The segment is whole.
   * @param endDts90k where it ends, by the clock of its pictures, or of its sound where it has none
   * @param longestTicks how long it may be said to last
   */
  finish(endDts90k: number, longestTicks: number): FinishedRenditions {
    if (this.#video !== undefined) this.#fillAll(endDts90k, endDts90k, endDts90k);
    const finished: { [Name in RenditionName]?: FinishedRendition } = {};
    const video = this.#video?.finish(endDts90k, longestTicks, this.#allocate);
    if (video !== undefined) finished.video = video;
    for (const open of this.#pictures.values()) {
      const aligned = this.#isAligned(open, endDts90k, video);
      finished[open.rendition] = { ...open.finish(open.endBefore(endDts90k), longestTicks, this.#allocate), aligned };
    }
    const soundEnd90k = video === undefined ? endDts90k : undefined;
    if (this.#audio?.rendition !== undefined)
      finished.audio = this.#audio.rendition.finish(soundEnd90k, longestTicks, this.#allocate);
    for (const { rendition } of this.#sounds.values())
      if (rendition !== undefined)
        finished[rendition.rendition] = rendition.finish(undefined, longestTicks, this.#allocate);
    this.forget();
    return finished;
  }

  /** Drops what is gathered. */
  forget(): void {
    this.#data = [];
    this.#video = undefined;
    this.#audio = undefined;
    this.#pictures.clear();
    this.#sounds.clear();
    this.#before = undefined;
    this.#videoNow = 0;
  }

  get #hasBegun(): boolean {
    return this.#video !== undefined;
  }

  /** Whether pictures begin where those of the first track do, so that players can go from one to the other. */
  #isAligned(open: OpenRendition, endDts90k: number, video: FinishedRendition | undefined): boolean {
    if (video === undefined) return false;
    const frame90k = (endDts90k - this.#start90k) / (this.#video?.samples ?? 1) + JITTER_TICKS;
    // Where the first track goes on without a keyframe, the others may too.
    const at90k = video.independent ? open.startAt90k : open.firstDts90k;
    return at90k !== undefined && Math.abs(at90k - this.#start90k) <= frame90k;
  }

  #addPicture(frame: Frame, track: Track): void {
    const { dts90k, compositionOffset90k: cto90k, payload } = frame;
    if (this.#video === undefined) {
      this.#video = this.#open(track, dts90k, payload);
      this.#start90k = dts90k;
      if (this.#audio !== undefined) this.#audio.videoAtSound90k = dts90k;
      this.#videoNow = dts90k;
    }
    this.#video?.add({ dts90k, cto90k, keyframe: isRandomAccess(frame), payload }, undefined);
    this.#videoNow = Math.max(this.#videoNow, dts90k);
    this.#fillAll(dts90k - FILL_BEHIND_TICKS, dts90k, dts90k);
  }

  #addSound(sound: OpenSound, frame: Frame, track: Track): void {
    const { payload } = frame;
    const ticks = rulesOf(track.codec)?.duration90k(payload, track.configuration);
    const half = (ticks ?? 0) / 2;
    if (sound.filledTo !== undefined && frame.dts90k < sound.filledTo - half) {
      this.lateFrames++;
      return;
    }
    if (this.#video !== undefined) this.#fillTo(sound, track, frame.dts90k - half, frame.dts90k - half, this.#videoNow);
    sound.rendition ??= this.#open(track, this.#hasBegun ? this.#start90k : frame.dts90k, payload);
    sound.rendition?.add({ dts90k: frame.dts90k, cto90k: 0, keyframe: isKeyframe(frame), payload }, ticks);
    sound.heardTo = Math.max(sound.heardTo ?? -Infinity, frame.dts90k + (ticks ?? 0));
    sound.filledTo = undefined;
    sound.videoAtSound90k = this.#videoNow;
  }

  /** The first track of sound begins with silence where nothing comes; a further one that has not come has none. */
  #fillAll(end90k: number, pauseEnd90k: number, videoNow90k: number): void {
    const track = this.#audio?.rendition?.track ?? this.#silentTrack;
    if (track !== undefined) {
      this.#audio ??= new OpenSound(this.#start90k);
      this.#fillTo(this.#audio, track, end90k, pauseEnd90k, videoNow90k);
    }
    for (const sound of this.#sounds.values())
      if (sound.heardTo !== undefined && sound.rendition !== undefined)
        this.#fillTo(sound, sound.rendition.track, end90k, pauseEnd90k, videoNow90k);
  }

  /**
   * Silence where sound has paused.
   * @param end90k how far it goes
   * @param pauseEnd90k how far the pause is known to go
   * @param videoNow90k how far pictures have come
   */
  #fillTo(sound: OpenSound, track: Track, end90k: number, pauseEnd90k: number, videoNow90k: number): void {
    const from = sound.heardTo ?? this.#start90k;
    if (Math.min(pauseEnd90k - from, videoNow90k - sound.videoAtSound90k) < SHORTEST_PAUSE_TICKS) return;
    const silence = silenceOnceOf(track);
    if (silence === undefined) return;
    const { payload, duration90k: step } = silence;
    let time = sound.filledTo ?? sound.heardTo ?? Math.ceil(this.#start90k / step) * step;
    for (const last = Math.min(end90k, from + LONGEST_FILL_TICKS); time < last; time += step) {
      sound.rendition ??= this.#open(track, this.#start90k, payload);
      sound.rendition?.add({ dts90k: Math.round(time), cto90k: 0, keyframe: true, payload }, step);
      sound.filledTo = time + step;
    }
  }

  /** @returns undefined for a track that has no place in CMAF */
  #open(track: Track, start90k: number, first: Uint8Array): OpenRendition | undefined {
    const language = track.kind === FrameKind.audio ? this.#languageOf(this.#epoch, track.id) : undefined;
    const map = cmafMapOf(track, first, language);
    const name = renditionName(track.kind === FrameKind.video ? 'video' : 'audio', track.id);
    return map && new OpenRendition(name, track, map, this.#before!, start90k, this.#onPart);
  }
}

const silences = new WeakMap<Track, { readonly silence: Silence | undefined }>();

/** Made once for a track. */
function silenceOnceOf(track: Track): Silence | undefined {
  const known = silences.get(track);
  if (known !== undefined) return known.silence;
  const silence = silenceOf(track);
  silences.set(track, { silence });
  return silence;
}

/** The bytes of parts, one after another. */
function joined(parts: readonly FinishedPart[], allocate: Allocate): Uint8Array {
  const whole = allocate(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let offset = 0;
  for (const { bytes } of parts) {
    whole.set(bytes, offset);
    offset += bytes.length;
  }
  return whole;
}
