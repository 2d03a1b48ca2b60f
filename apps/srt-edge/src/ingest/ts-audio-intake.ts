// PES packets of one audio stream into frames.
import { Codec } from '@millrace/domain';
import type { DropReason, LivePublisher, MediaObserver } from '@millrace/ingest';
import { CODECS } from '@millrace/media';
import type { SoundReader } from '@millrace/media';
import type { ProtocolError } from '@millrace/protocol/bytes';
import { SoundSplitter } from '@millrace/protocol/mpegts';
import type { PesPacket, TsAudioCodec } from '@millrace/protocol/mpegts';
import { millisecondsOf } from './ts-clock.ts';
import type { TsClock } from './ts-clock.ts';

export class TsAudioIntake {
  readonly codec: TsAudioCodec;
  readonly #codec: Codec;
  readonly #clock: TsClock;
  readonly #publisher: LivePublisher;
  readonly #observer: MediaObserver;
  readonly #reader: SoundReader;
  readonly #splitter: SoundSplitter;
  #announced: Uint8Array | undefined;
  /** Of the next frame, where its packet does not say; undefined before the first one and after a loss. */
  #next90k: number | undefined;

  constructor(
    codec: TsAudioCodec,
    channels: number | undefined,
    clock: TsClock,
    publisher: LivePublisher,
    observer: MediaObserver,
  ) {
    this.codec = codec;
    this.#codec = Codec[codec];
    this.#clock = clock;
    this.#publisher = publisher;
    this.#observer = observer;
    this.#reader = CODECS[Codec[codec]].openReader();
    if (channels !== undefined) this.#reader.arrange?.(channels);
    this.#splitter = new SoundSplitter(codec, {
      frame: (frame, pts) => this.#take(frame, pts),
      lost: (error) => this.#unreadable(error),
    });
  }

  /** Something is missing before the next packet. */
  lose(): void {
    this.#splitter.drop();
    this.#next90k = undefined;
    this.#drop('lost_packets');
  }

  packet({ header, data }: PesPacket): void {
    this.#publisher.counts.audioBytes += data.length;
    this.#splitter.push(data, header.pts);
  }

  #take(frame: Buffer, pts: number | undefined): void {
    if (pts !== undefined) this.#next90k = this.#clock.sinceFirst(pts);
    if (this.#next90k === undefined) return this.#drop('lost_packets');
    // A view would keep all of the packet.
    this.#reader.open(Buffer.from(frame));
    while (this.#reader.fault === undefined && this.#reader.next()) {
      this.#frame(Math.round(this.#next90k), this.#reader.payload);
      this.#next90k += this.#reader.duration90k;
    }
    if (this.#reader.notCarried !== undefined) this.#observer.unsupported('audio', this.#reader.notCarried);
    else if (this.#reader.fault !== undefined) this.#drop(this.#reader.fault);
  }

  #frame(time90k: number, payload: Buffer): void {
    const { sequencer, counts, timeline } = this.#publisher;
    const { record } = this.#reader;
    if (record !== this.#announced) {
      this.#announced = record;
      sequencer.audioConfiguration = record && { codec: this.#codec, payload: record };
    }
    counts.audioFrames++;
    const dts90k = timeline.place('audio', ...millisecondsOf(time90k));
    if (!sequencer.audio(this.#codec, 0, dts90k, payload)) this.#drop('before_keyframe');
  }

  /** The stream type of MP3 is that of every layer of MPEG audio. @returns whether to look further */
  #unreadable(error: ProtocolError): boolean {
    const isOtherLayer = error.code === 'mp3.header.layer' && this.#publisher.counts.audioFrames === 0;
    if (isOtherLayer) this.#observer.unsupported('audio', 'MPEG audio of layer I or II');
    else this.#drop('malformed_frame');
    return !isOtherLayer;
  }

  #drop(reason: DropReason): void {
    this.#observer.dropped('audio', reason);
  }
}
