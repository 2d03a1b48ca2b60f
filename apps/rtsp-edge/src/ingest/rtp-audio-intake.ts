// RTP packets of one audio track into frames: AAC (RFC 3640, RFC 6416), Opus (RFC 7587), MP3 (RFC 2250), AC-3 (RFC 4184, RFC 4598).
import { TICKS_PER_MS } from '@millrace/domain';
import type { DropReason, LivePublisher, MediaObserver } from '@millrace/ingest';
import { CODECS } from '@millrace/media';
import type { SoundReader } from '@millrace/media';
import { ProtocolError } from '@millrace/protocol/bytes';
import { SequenceCounter } from '@millrace/protocol/rtp';
import type { RtpPacket } from '@millrace/protocol/rtp';
import type { AnnouncedAudio, SoundPayloadReader } from './announced-tracks.ts';
import type { TrackClock } from './track-clock.ts';
import { millisecondsOf } from './rtp-video-intake.ts';

export class RtpAudioIntake {
  readonly sequence = new SequenceCounter();
  readonly #track: AnnouncedAudio;
  readonly #clock: TrackClock;
  readonly #publisher: LivePublisher;
  readonly #observer: MediaObserver;
  readonly #reader: SoundReader;
  readonly #units: SoundPayloadReader | undefined;
  readonly #isConfigured: boolean;
  #announced: Uint8Array | undefined;

  constructor(track: AnnouncedAudio, clock: TrackClock, publisher: LivePublisher, observer: MediaObserver) {
    this.#track = track;
    this.#clock = clock;
    this.#publisher = publisher;
    this.#observer = observer;
    this.#reader = CODECS[track.codec].openReader();
    this.#units = track.openReader?.();
    this.#isConfigured = track.record === undefined || this.#reader.configure(track.record);
  }

  packet({ sequence, timestamp, marker, payload }: RtpPacket): void {
    this.#publisher.counts.audioBytes += payload.length;
    if (!this.#isConfigured) return this.#drop('bad_configuration');
    if (this.#reader.notCarried !== undefined) return this.#observer.unsupported('audio', this.#reader.notCarried);
    const verdict = this.sequence.next(sequence);
    if (verdict === 'late') return;
    if (verdict !== 'next') {
      this.#units?.drop();
      this.#drop('lost_packets');
    }
    const units = this.#unitsOf(payload, marker);
    if (units.length > 0) this.#take(timestamp, units);
  }

  #unitsOf(payload: Buffer, marker: boolean): Buffer[] {
    if (this.#units === undefined) return [payload];
    try {
      return this.#units.push(payload, marker);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#units.drop();
      // The encoding MPA is that of every layer of MPEG audio.
      const isOtherLayer = error.code === 'mp3.header.layer' && this.#publisher.counts.audioFrames === 0;
      if (isOtherLayer) this.#observer.unsupported('audio', 'MPEG audio of layer I or II');
      else this.#drop('malformed_frame');
      return [];
    }
  }

  /** "The RTP timestamp corresponds to the sampling instant of the first access unit" (RFC 3640 section 3.1). */
  #take(timestamp: number, units: readonly Buffer[]): void {
    let due90k = this.#clock.timeMs(timestamp) * TICKS_PER_MS;
    for (const unit of units) {
      // Views of what was read from the socket would keep all of it.
      this.#reader.open(Buffer.from(unit));
      while (this.#reader.next()) {
        this.#frame(Math.round(due90k), this.#reader.payload);
        due90k += this.#reader.duration90k;
      }
      if (this.#reader.fault !== undefined) this.#drop(this.#reader.fault);
    }
  }

  #frame(time90k: number, payload: Buffer): void {
    const { sequencer, counts, timeline } = this.#publisher;
    const { record } = this.#reader;
    if (record !== this.#announced) {
      this.#announced = record;
      sequencer.audioConfiguration = record && { codec: this.#track.codec, payload: record };
    }
    counts.audioFrames++;
    const dts90k = timeline.place('audio', ...millisecondsOf(this.#clock.session.sinceFirst(time90k)));
    if (!sequencer.audio(this.#track.codec, 0, dts90k, payload)) this.#drop('before_keyframe');
  }

  #drop(reason: DropReason): void {
    this.#observer.dropped('audio', reason);
  }
}
