// RTMP video messages into frames: FLV 10.1 section E.4.3, Enhanced RTMP v2.
import type { FrameSequencer, IngestCounts, MediaObserver } from '@millrace/ingest';
import type { PictureReader, VideoRules } from '@millrace/media';
import { ProtocolError } from '@millrace/protocol/bytes';
import { readTracks, readVideoTag, VideoFrameType, VideoPacketType, videoTagOfTrack } from '@millrace/protocol/flv';
import type { VideoTag } from '@millrace/protocol/flv';
import { CarriedTrack } from './carried-track.ts';
import type { PublishedCodecs } from './flv-codecs.ts';
import type { MessageTimeline } from './message-timeline.ts';
import { PictureAssembler } from './picture-assembler.ts';
import { PictureFrames } from './picture-frames.ts';

export class VideoIntake {
  readonly #sequencer: FrameSequencer;
  readonly #counts: IngestCounts;
  readonly #observer: MediaObserver;
  readonly #frames: PictureFrames;
  readonly #assembler: PictureAssembler;
  readonly #tracks: CarriedTrack;
  readonly #codecs: PublishedCodecs;
  /** The codec that comes now, and what reads it; undefined before the first message. */
  #rules: VideoRules | undefined;
  #reader: PictureReader | undefined;

  constructor(
    timeline: MessageTimeline,
    sequencer: FrameSequencer,
    counts: IngestCounts,
    observer: MediaObserver,
    codecs: PublishedCodecs,
  ) {
    this.#codecs = codecs;
    this.#sequencer = sequencer;
    this.#counts = counts;
    this.#observer = observer;
    this.#frames = new PictureFrames(timeline, sequencer, counts, observer);
    this.#assembler = new PictureAssembler(this.#frames);
    // The pictures of another track need their own configuration, and a place to start.
    this.#tracks = new CarriedTrack('video', observer, () => (this.#reader = undefined));
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
    this.#frames.stopBeforeKeyframe(act);
  }

  /** @param timestamp unsigned 32 bits. @param message an FLV video tag body; becomes the frame's payload, uncopied */
  message(timestamp: number, message: Buffer): void {
    this.#counts.videoBytes += message.length;
    try {
      const tag = readVideoTag(message);
      if (tag.multitrack === undefined) this.#track(0, timestamp, tag, message);
      else {
        for (const track of readTracks(message, tag))
          this.#track(track.trackId, timestamp, videoTagOfTrack(tag, track), track.body);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#observer.dropped('video', 'malformed_tag');
    }
  }

  /** @param bytes what `tag.dataOffset` is an offset of */
  #track(trackId: number, timestamp: number, tag: VideoTag, bytes: Buffer): void {
    if (tag.codec === 'none') return this.#observer.dropped('video', 'not_carried');
    if (!this.#tracks.takes(trackId)) return;
    const rules = this.#codecs.video(tag.codec);
    if (typeof rules !== 'string') return this.#take(rules, timestamp, tag, bytes.subarray(tag.dataOffset));
    this.#observer.unsupported('video', rules);
    // The sound waits for no picture that will not come.
    this.#sequencer.expectVideo(false);
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

  #coded(reader: PictureReader, timestamp: number, tag: VideoTag, body: Buffer): void {
    if (body.length === 0) return this.#observer.dropped('video', 'empty_frame');
    const accessUnit = reader.read(body);
    if (accessUnit === undefined) return this.#observer.dropped('video', 'malformed_frame');
    this.#assembler.add(timestamp, tag, reader.contents, reader.beginsPicture, accessUnit);
  }
}
