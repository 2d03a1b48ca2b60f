// RTMP video messages into frames: FLV 10.1 section E.4.3, Enhanced RTMP v2.
import type { FrameSequencer, IngestCounts, MediaObserver } from '@millrace/ingest';
import type { PictureReader, VideoRules } from '@millrace/media';
import { ProtocolError } from '@millrace/protocol/bytes';
import {
  decodeColorInfo,
  readTracks,
  readVideoTag,
  VideoFrameType,
  VideoPacketType,
  videoTagOfTrack,
} from '@millrace/protocol/flv';
import type { VideoTag } from '@millrace/protocol/flv';
import { CarriedTracks, tracksApart } from './carried-tracks.ts';
import type { FurtherTracks } from './carried-tracks.ts';
import type { PublishedCodecs } from './flv-codecs.ts';
import type { MessageTimeline } from './message-timeline.ts';
import { PictureAssembler } from './picture-assembler.ts';
import { PictureFrames } from './picture-frames.ts';
import { TrackAlignment } from './track-alignment.ts';

export class VideoIntake {
  readonly #timeline: MessageTimeline;
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  readonly #codecs: PublishedCodecs;
  readonly #numbers: CarriedTracks;
  readonly #alignment: TrackAlignment;
  readonly #first: VideoTrackIntake;
  /** The first one too, by their numbers in frames. */
  readonly #tracks = new Map<number, VideoTrackIntake>();

  constructor(
    timeline: MessageTimeline,
    sequencer: FrameSequencer,
    counts: IngestCounts,
    observer: MediaObserver,
    codecs: PublishedCodecs,
    further: FurtherTracks,
    segmentTargetMs: number,
  ) {
    this.#codecs = codecs;
    this.#timeline = timeline;
    this.#sequencer = sequencer;
    this.#counts = counts;
    this.#observer = observer;
    this.#alignment = new TrackAlignment(observer, segmentTargetMs);
    this.#numbers = new CarriedTracks('video', further, observer, () => this.#first.restart());
    this.#first = this.#trackOf(0);
  }

  /** Whether a picture waits for the message that says that it is whole. */
  get isWaiting(): boolean {
    for (const { isWaiting } of this.#tracks.values()) if (isWaiting) return true;
    return false;
  }

  /** Sound has come to this time: unsigned 32 bits. */
  timePassed(timestamp: number): void {
    for (const track of this.#tracks.values()) track.timePassed(timestamp);
  }

  /** Nothing more will come. */
  flush(): void {
    for (const track of this.#tracks.values()) track.flush();
  }

  /** @param act called once, when the next keyframe has come and before anything is done with it: it is not taken */
  stopBeforeKeyframe(act: () => void): void {
    this.#first.stopBeforeKeyframe(act);
  }

  /** @param timestamp unsigned 32 bits. @param message an FLV video tag body; becomes the frame's payload, uncopied */
  message(timestamp: number, message: Buffer): void {
    this.#counts.videoBytes += message.length;
    try {
      const tag = readVideoTag(message);
      if (tag.multitrack === undefined) this.#take(0, timestamp, tag, message);
      else {
        for (const track of tracksApart(readTracks(message, tag)))
          this.#take(track.trackId, timestamp, videoTagOfTrack(tag, track), track.body);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#observer.dropped('video', 'malformed_tag');
    }
  }

  /** @param bytes what `tag.dataOffset` is an offset of */
  #take(trackId: number, timestamp: number, tag: VideoTag, bytes: Buffer): void {
    if (tag.codec === 'none') return this.#observer.dropped('video', 'not_carried');
    const number = this.#numbers.numberOf(trackId);
    if (number === undefined) return;
    const rules = this.#codecs.video(tag.codec);
    if (typeof rules !== 'string')
      return this.#trackOf(number).take(rules, timestamp, tag, bytes.subarray(tag.dataOffset));
    if (number !== 0) return this.#numbers.leaveOut(trackId, `unsupported codec ${rules}`);
    this.#observer.unsupported('video', rules);
    // The sound waits for no picture that will not come.
    this.#sequencer.expectVideo(false);
  }

  #trackOf(number: number): VideoTrackIntake {
    const known = this.#tracks.get(number);
    if (known !== undefined) return known;
    const frames = new PictureFrames(
      number,
      this.#timeline,
      this.#sequencer,
      this.#counts,
      this.#observer,
      this.#alignment,
    );
    const made = new VideoTrackIntake(frames, this.#observer, this.#codecs.withColours);
    this.#tracks.set(number, made);
    return made;
  }
}

/** One track of pictures. */
class VideoTrackIntake {
  readonly #observer: MediaObserver;
  readonly #frames: PictureFrames;
  readonly #assembler: PictureAssembler;
  readonly #withColours: boolean;
  /** The codec that comes now, and what reads it; undefined before the first message. */
  #rules: VideoRules | undefined;
  #reader: PictureReader | undefined;

  /** @param withColours whether what encoders say of colours beside the bit stream is carried */
  constructor(frames: PictureFrames, observer: MediaObserver, withColours: boolean) {
    this.#frames = frames;
    this.#observer = observer;
    this.#withColours = withColours;
    this.#assembler = new PictureAssembler(frames);
  }

  get isWaiting(): boolean {
    return this.#assembler.isWaiting;
  }

  timePassed(timestamp: number): void {
    if (this.#assembler.isWaiting) this.#assembler.timePassed(timestamp);
  }

  flush(): void {
    this.#assembler.flush();
  }

  stopBeforeKeyframe(act: () => void): void {
    this.#frames.stopBeforeKeyframe(act);
  }

  /** Other pictures have its place from now on: they need their own configuration, and a place to start. */
  restart(): void {
    this.#reader = undefined;
  }

  take(rules: VideoRules, timestamp: number, tag: VideoTag, body: Buffer): void {
    const reader = this.#readerFor(rules);
    // "ExVideoTagBody does not contain video data": whatever the frame type says.
    if (tag.packetType === VideoPacketType.metadata) return this.#metadata(body);
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

  /** With another codec everything begins anew. */
  #readerFor(rules: VideoRules): PictureReader {
    if (this.#reader !== undefined && this.#rules === rules) return this.#reader;
    this.#assembler.flush();
    const reader = rules.openReader();
    this.#rules = rules;
    this.#reader = reader;
    this.#frames.begin(rules, reader);
    return reader;
  }

  #configure(reader: PictureReader, record: Buffer): void {
    const verdict = reader.judge(record);
    if (verdict === 'unusable') this.#observer.dropped('video', 'bad_configuration');
    if (verdict !== 'new') return;
    this.#assembler.flush();
    reader.configure(record);
    this.#frames.announce(reader);
  }

  /** @throws ProtocolError when it is not AMF0 */
  #metadata(body: Buffer): void {
    const info = decodeColorInfo(body);
    if (info === undefined || !this.#withColours) return this.#observer.dropped('video', 'not_carried');
    // Of what comes from now on: the picture before it is whole.
    this.#assembler.flush();
    this.#frames.colours(info);
  }

  #coded(reader: PictureReader, timestamp: number, tag: VideoTag, body: Buffer): void {
    if (body.length === 0) return this.#observer.dropped('video', 'empty_frame');
    const accessUnit = reader.read(body);
    if (accessUnit === undefined) return this.#observer.dropped('video', 'malformed_frame');
    this.#assembler.add(timestamp, tag, reader.contents, reader.beginsPicture, accessUnit);
  }
}
