// PES packets of one video stream into frames: an access unit in each, as encoders send them.
import { Codec, FrameFlag } from '@millrace/domain';
import { IdrWatch } from '@millrace/ingest';
import type { DropReason, LivePublisher, MediaObserver } from '@millrace/ingest';
import { CODECS, PictureFlag } from '@millrace/media';
import type { PictureReader } from '@millrace/media';
import { isAccessUnitDelimiter } from '@millrace/protocol/h264';
import { isH265AccessUnitDelimiter } from '@millrace/protocol/h265';
import { unwrapTimestamp } from '@millrace/protocol/mpegts';
import type { PesPacket, TsVideoCodec } from '@millrace/protocol/mpegts';
import { joinAccessUnit, MAX_NAL_UNITS, splitAnnexB } from '@millrace/protocol/nal';
import { millisecondsOf } from './ts-clock.ts';
import type { TsClock } from './ts-clock.ts';

/** Presentation further from decoding than this is a mistake: 16 reordered pictures at 2 frames a second are 8 s. */
const MAX_COMPOSITION_OFFSET_90K = 900_000;
/** In frames, whatever the stream itself uses: it has start codes. */
const NAL_LENGTH_SIZE = 4;

export class TsVideoIntake {
  readonly codec: TsVideoCodec;
  readonly #codec: Codec;
  readonly #clock: TsClock;
  readonly #publisher: LivePublisher;
  readonly #observer: MediaObserver;
  readonly #reader: PictureReader;
  readonly #idrWatch: IdrWatch;
  /** The record that the sequencer knows of. */
  #announced: Uint8Array | undefined;
  /** At the beginning, after a loss, and after a change that decoders must start anew for. */
  #needsRandomAccess = true;
  #beforeKeyframe: (() => void) | undefined;

  constructor(codec: TsVideoCodec, clock: TsClock, publisher: LivePublisher, observer: MediaObserver) {
    this.codec = codec;
    this.#codec = Codec[codec];
    this.#clock = clock;
    this.#publisher = publisher;
    this.#observer = observer;
    this.#idrWatch = new IdrWatch(observer);
    this.#reader = CODECS[Codec[codec]].openReader();
  }

  /** @param act called once, when the next keyframe has come and before anything is done with it: it is not taken */
  stopBeforeKeyframe(act: () => void): void {
    this.#beforeKeyframe = act;
  }

  /** A picture is missing, or a part of it: what follows counts from the next place to start. */
  lose(): void {
    this.#needsRandomAccess = true;
    this.#drop('lost_packets');
  }

  packet({ header, data, randomAccess }: PesPacket): void {
    this.#publisher.counts.videoBytes += data.length;
    const { pts, dts = pts } = header;
    if (pts === undefined || dts === undefined) return this.#drop('malformed_frame');
    const dts90k = this.#clock.sinceFirst(dts);
    const offset90k = this.#offset(unwrapTimestamp(pts, dts) - dts);
    // Access unit delimiters are of the byte stream; containers write their own where they need them.
    const isDelimiter = this.codec === 'h264' ? isAccessUnitDelimiter : isH265AccessUnitDelimiter;
    const nalUnits = splitAnnexB(data).filter((nalUnit) => !isDelimiter(nalUnit[0]!));
    if (nalUnits.length === 0 || nalUnits.length > MAX_NAL_UNITS) return this.#drop('malformed_frame');
    const accessUnit = this.#reader.read(joinAccessUnit(nalUnits, NAL_LENGTH_SIZE));
    if (accessUnit === undefined) return this.#drop('malformed_frame');
    this.#picture(dts90k, offset90k, randomAccess, accessUnit);
  }

  #picture(raw90k: number, offset90k: number, isMarked: boolean, accessUnit: Buffer): void {
    const { contents } = this.#reader;
    this.#reader.settle(accessUnit, contents);
    if ((contents & PictureFlag.picture) === 0) {
      if ((contents & PictureFlag.parameters) === 0) this.#drop('empty_frame');
      return;
    }
    if (this.#reader.record === undefined) return this.#drop('no_configuration');
    this.#announce(this.#reader.record);
    const { sequencer, counts, timeline } = this.#publisher;
    const randomAccess = randomAccessOf(contents, isMarked);
    if ((this.#needsRandomAccess || sequencer.needsRandomAccess) && randomAccess === 0)
      return this.#drop('before_keyframe');
    this.#needsRandomAccess = false;
    if (randomAccess !== 0 && this.#beforeKeyframe !== undefined) return this.#beforeKeyframe();
    const dts90k = timeline.place('video', ...millisecondsOf(raw90k));
    counts.videoFrames++;
    if (randomAccess !== 0) {
      counts.startPoint(dts90k, randomAccess === FrameFlag.keyframe);
      this.#idrWatch.startPoint(randomAccess, dts90k);
    }
    // Where decoding had to be put off, presentation stays where it was.
    sequencer.video(this.#codec, randomAccess, dts90k, offset90k - timeline.delayed90k, accessUnit);
  }

  #announce(record: Uint8Array): void {
    if (record === this.#announced) return;
    this.#announced = record;
    if (this.#reader.takeRestart()) this.#needsRandomAccess = true;
    this.#publisher.sequencer.videoConfiguration = { codec: this.#codec, payload: record };
  }

  #offset(offset90k: number): number {
    if (Math.abs(offset90k) <= MAX_COMPOSITION_OFFSET_90K) return offset90k;
    this.#drop('bad_composition_offset');
    return 0;
  }

  #drop(reason: DropReason): void {
    this.#observer.dropped('video', reason);
  }
}

/** An I picture without SEI counts where its packet is marked: pictures after others of them refer to what came before. */
function randomAccessOf(contents: number, isMarked: boolean): number {
  if ((contents & PictureFlag.keyframe) !== 0) return FrameFlag.keyframe;
  if ((contents & PictureFlag.recoveryPoint) !== 0) return FrameFlag.recoveryPoint;
  return isMarked && (contents & PictureFlag.predicted) === 0 ? FrameFlag.recoveryPoint : 0;
}
