// RTP packets of one video track into frames: pictures by marker and timestamp (RFC 6184 section 5.1, RFC 7798 section 4.1, RFC 9628
// section 4.1, and the payload format of AV1, section 4.2).
import { Codec, FrameFlag, TICKS_PER_MS } from '@millrace/domain';
import { IdrWatch } from '@millrace/ingest';
import type { DropReason, LivePublisher, MediaObserver } from '@millrace/ingest';
import { CODECS, describeTrack, PictureFlag, readTrack } from '@millrace/media';
import type { PictureReader } from '@millrace/media';
import { decodeOrUndefined, ProtocolError } from '@millrace/protocol/bytes';
import { decodeH264Configuration, decodeSps } from '@millrace/protocol/h264';
import { decodeH265Configuration, decodeH265Sps } from '@millrace/protocol/h265';
import { SequenceCounter } from '@millrace/protocol/rtp';
import type { PicturePayloadReader, RtpPacket } from '@millrace/protocol/rtp';
import type { AnnouncedVideo } from './announced-tracks.ts';
import { PictureDecodeTimes } from './picture-decode-times.ts';
import type { TrackClock } from './track-clock.ts';

export class RtpVideoIntake {
  /** Packets that have not come. */
  readonly sequence = new SequenceCounter();
  readonly #track: AnnouncedVideo;
  readonly #clock: TrackClock;
  readonly #publisher: LivePublisher;
  readonly #observer: MediaObserver;
  readonly #payloads: PicturePayloadReader;
  readonly #reader: PictureReader;
  readonly #idrWatch: IdrWatch;
  readonly #decodeTimes = new PictureDecodeTimes();
  /** The record that the sequencer knows of. */
  #announced: Uint8Array | undefined;
  #timestamp: number | undefined;
  /** Whether what is put together now has lost a part. */
  #isBroken = false;
  /** Whether a marker ends an access unit; some senders set it on every NAL unit. */
  #endsAtMarker = true;
  /** Of the access unit that a marker ended last. */
  #ended: number | undefined;
  /** At the beginning, after a loss, and after a change that decoders must start anew for. */
  #needsRandomAccess = true;
  #beforeKeyframe: (() => void) | undefined;

  constructor(
    track: AnnouncedVideo,
    clock: TrackClock,
    publisher: LivePublisher,
    observer: MediaObserver,
    maxBytes: number,
  ) {
    this.#track = track;
    this.#clock = clock;
    this.#publisher = publisher;
    this.#observer = observer;
    this.#idrWatch = new IdrWatch(observer);
    this.#payloads = track.openReader(maxBytes);
    this.#reader = CODECS[track.codec].openReader();
    if (track.record !== undefined && this.#reader.judge(track.record) === 'new') this.#reader.configure(track.record);
  }

  /** @param act called once, when the next keyframe has come and before anything is done with it: it is not taken */
  stopBeforeKeyframe(act: () => void): void {
    this.#beforeKeyframe = act;
  }

  packet({ sequence, timestamp, marker, payload }: RtpPacket): void {
    this.#publisher.counts.videoBytes += payload.length;
    const verdict = this.sequence.next(sequence);
    if (verdict === 'late') return;
    if (verdict !== 'next') this.#lose();
    if (this.#timestamp !== undefined && timestamp !== this.#timestamp) this.#end(this.#timestamp);
    // A marker has ended an access unit that goes on: this sender's markers say nothing.
    if (this.#timestamp === undefined && timestamp === this.#ended) this.#endsAtMarker = false;
    this.#timestamp = timestamp;
    this.#add(payload);
    if (!marker || !this.#endsAtMarker) return;
    this.#ended = timestamp;
    this.#end(timestamp);
  }

  /** Nothing more will come. */
  flush(): void {
    if (this.#timestamp !== undefined) this.#end(this.#timestamp);
  }

  /** Pictures that refer to missing ones cannot be decoded: what follows counts from the next place to start. */
  #lose(): void {
    this.#isBroken = true;
    this.#needsRandomAccess = true;
    this.#payloads.drop();
    this.#decodeTimes.restart();
  }

  #add(payload: Buffer): void {
    if (this.#isBroken) return;
    try {
      this.#payloads.push(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#lose();
      this.#drop('malformed_frame');
    }
  }

  #end(timestamp: number): void {
    this.#timestamp = undefined;
    if (this.#isBroken) {
      this.#isBroken = false;
      this.#payloads.drop();
      return this.#drop('lost_packets');
    }
    if (this.#payloads.isEmpty) return;
    const whole = this.#take();
    if (whole === undefined) return;
    const picture = this.#reader.read(whole);
    if (picture === undefined) return this.#drop('malformed_frame');
    this.#picture(timestamp, picture);
  }

  #take(): Buffer | undefined {
    try {
      return this.#payloads.take();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#lose();
      this.#isBroken = false;
      this.#drop('lost_packets');
      return undefined;
    }
  }

  #picture(timestamp: number, picture: Buffer): void {
    const { contents } = this.#reader;
    this.#reader.settle(picture, contents);
    if ((contents & PictureFlag.picture) === 0) {
      // Some senders send parameter sets as an access unit of their own: nothing is missing.
      if ((contents & PictureFlag.parameters) === 0) this.#drop('empty_frame');
      return;
    }
    if (this.#reader.record === undefined) return this.#drop('no_configuration');
    this.#announce(this.#reader.record);
    const { sequencer, counts, timeline } = this.#publisher;
    const randomAccess = randomAccessOf(contents);
    if ((this.#needsRandomAccess || sequencer.needsRandomAccess) && randomAccess === 0)
      return this.#drop('before_keyframe');
    this.#needsRandomAccess = false;
    if (randomAccess !== 0 && this.#beforeKeyframe !== undefined) return this.#beforeKeyframe();
    const shown90k = Math.round(this.#clock.timeMs(timestamp) * TICKS_PER_MS);
    const decoded90k = this.#decodeTimes.next(shown90k);
    const dts90k = timeline.place('video', ...millisecondsOf(this.#clock.session.sinceFirst(decoded90k)));
    counts.videoFrames++;
    if (randomAccess !== 0) {
      counts.startPoint(dts90k, randomAccess === FrameFlag.keyframe);
      this.#idrWatch.startPoint(randomAccess, dts90k);
    }
    // Where decoding had to be put off, presentation stays where it was.
    const offset90k = shown90k - decoded90k - timeline.delayed90k;
    sequencer.video(this.#track.codec, randomAccess, dts90k, offset90k, picture);
  }

  #announce(record: Uint8Array): void {
    if (record === this.#announced) return;
    this.#announced = record;
    if (this.#reader.takeRestart()) this.#needsRandomAccess = true;
    this.#decodeTimes.configure(...reorderingOf(this.#track.codec, record));
    this.#publisher.sequencer.videoConfiguration = { codec: this.#track.codec, payload: record };
  }

  #drop(reason: DropReason): void {
    this.#observer.dropped('video', reason);
  }
}

function randomAccessOf(contents: number): number {
  if ((contents & PictureFlag.keyframe) !== 0) return FrameFlag.keyframe;
  return (contents & PictureFlag.recoveryPoint) === 0 ? 0 : FrameFlag.recoveryPoint;
}

/** Whole milliseconds, and nanoseconds that give the same tick again when they are rounded down. */
export function millisecondsOf(time90k: number): [ms: number, nanoseconds: number] {
  const ms = Math.floor(time90k / TICKS_PER_MS);
  return [ms, Math.ceil(((time90k - ms * TICKS_PER_MS) * 1_000_000) / TICKS_PER_MS)];
}

/** How many pictures are reordered, as far as the parameter sets say, and how many there are a second. */
function reorderingOf(
  codec: AnnouncedVideo['codec'],
  record: Uint8Array,
): [depth: number, framesPerSecond: number | undefined] {
  const bytes = Buffer.from(record);
  const frame = {
    kind: 1,
    codec,
    flags: FrameFlag.configuration,
    epoch: 0,
    sequence: 0,
    dts90k: 0,
    compositionOffset90k: 0,
  };
  const track = readTrack({ ...frame, payload: bytes }, undefined);
  return [reorderDepthOf(codec, bytes) ?? 0, track && describeTrack(track).frameRate];
}

function reorderDepthOf(codec: AnnouncedVideo['codec'], record: Buffer): number | undefined {
  if (codec === Codec.h264)
    return decodeOrUndefined((sps) => decodeSps(sps).vui?.maxReorderFrames, setOf(decodeH264Configuration, record));
  if (codec === Codec.h265)
    return decodeOrUndefined((sps) => decodeH265Sps(sps).maxReorderPictures, setOf(decodeH265Configuration, record));
  // AV1 and VP9 send what is shown later within the picture before it.
  return 0;
}

const setOf = (decode: (record: Buffer) => { readonly sps: readonly Buffer[] }, record: Buffer): Buffer =>
  decodeOrUndefined(decode, record)?.sps[0] ?? Buffer.alloc(0);
