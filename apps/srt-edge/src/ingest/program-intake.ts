// A transport stream into frames: its first program, and of that one stream of pictures and one of sound.
import type { LivePublisher, MediaObserver } from '@millrace/ingest';
import { streamFormatOf, TsDemuxer } from '@millrace/protocol/mpegts';
import type { StreamFormat, TsEvent } from '@millrace/protocol/mpegts';
import type { SrtMetrics } from '../metrics.ts';
import { TsAudioIntake } from './ts-audio-intake.ts';
import { TsClock } from './ts-clock.ts';
import { TsVideoIntake } from './ts-video-intake.ts';

/** More than a second of any codec that is carried. */
const MAX_SOUND_BYTES = 256 * 1024;

type Program = Extract<TsEvent, { type: 'program' }>['program'];

export class ProgramIntake {
  readonly #publisher: LivePublisher;
  readonly #observer: MediaObserver;
  readonly #metrics: SrtMetrics;
  readonly #maxPictureBytes: number;
  readonly #clock = new TsClock();
  readonly #demuxer: TsDemuxer;
  #program: Program | undefined;
  #video: { readonly pid: number; readonly intake: TsVideoIntake } | undefined;
  #audio: { readonly pid: number; readonly intake: TsAudioIntake } | undefined;
  #beforeKeyframe: (() => void) | undefined;

  constructor(publisher: LivePublisher, observer: MediaObserver, metrics: SrtMetrics, maxPictureBytes: number) {
    this.#publisher = publisher;
    this.#observer = observer;
    this.#metrics = metrics;
    this.#maxPictureBytes = maxPictureBytes;
    this.#demuxer = new TsDemuxer({
      follow: ({ pid }, program) => this.#follow(pid, program),
      damaged: (_error, pid) => this.#damaged(pid),
      clock: false,
    });
  }

  /** Whether the tables have come. */
  get hasProgram(): boolean {
    return this.#program !== undefined;
  }

  /** Whether pictures come, as far as the tables say. */
  get hasVideo(): boolean {
    return this.#video !== undefined;
  }

  /** @param piece packets of MPEG-TS, as a rule seven */
  push(piece: Buffer): void {
    for (const event of this.#demuxer.push(piece)) this.#take(event);
  }

  /** Pieces before the next one are missing. */
  lose(): void {
    this.#demuxer.interrupt();
    this.#video?.intake.lose();
    this.#audio?.intake.lose();
  }

  /** A part that stands for itself is over, such as a segment: what was begun is whole, and packets are counted anew. */
  endPart(): void {
    this.flush();
    this.#demuxer.interrupt();
  }

  /** Nothing more will come. */
  flush(): void {
    for (const event of this.#demuxer.end()) this.#take(event);
  }

  /** @param act called once, when the next keyframe has come and before anything is done with it: it is not taken */
  stopBeforeKeyframe(act: () => void): void {
    this.#beforeKeyframe = act;
    this.#video?.intake.stopBeforeKeyframe(act);
  }

  #take(event: TsEvent): void {
    if (event.type === 'pes') {
      if (event.pid === this.#video?.pid) this.#video.intake.packet(event.packet);
      else if (event.pid === this.#audio?.pid) this.#audio.intake.packet(event.packet);
    } else if (event.type === 'continuity') {
      this.#metrics.continuityErrors.inc();
      // What came twice was left out, and is not missing.
      if (event.found === ((event.expected + 15) & 15)) return;
      if (event.pid === this.#video?.pid) this.#video.intake.lose();
      else if (event.pid === this.#audio?.pid) this.#audio.intake.lose();
    }
  }

  /** Asked for each stream of a map that is new. */
  #follow(pid: number, program: Program): number | undefined {
    if (this.#program !== undefined && program.programNumber !== this.#program.programNumber) return undefined;
    if (program !== this.#program) this.#choose(program);
    if (pid === this.#video?.pid) return this.#maxPictureBytes;
    return pid === this.#audio?.pid ? MAX_SOUND_BYTES : undefined;
  }

  /** The first stream of each kind whose codec is carried; it stays what it is where the map changes around it. */
  #choose(program: Program): void {
    this.#program = program;
    const formats = program.streams.flatMap((stream) => {
      const format = streamFormatOf(stream);
      return format === undefined ? [] : [{ pid: stream.pid, format }];
    });
    const video = formats.find(({ format }) => format.kind === 'video' && format.codec !== undefined);
    const audio = formats.find(({ format }) => format.kind === 'audio' && format.codec !== undefined);
    this.#video = video && { pid: video.pid, intake: this.#videoIntake(video.format) };
    this.#audio = audio && { pid: audio.pid, intake: this.#audioIntake(audio.format) };
    this.#publisher.sequencer.expectVideo(video !== undefined);
    for (const { pid, format } of formats) {
      if (pid === video?.pid || pid === audio?.pid) continue;
      const { kind } = format;
      const hasOther = (kind === 'video' ? video : audio) !== undefined;
      if (format.codec === undefined && !hasOther) this.#observer.unsupported(kind, format.name);
      else this.#observer.warn('tracks_left_out', kind, `${kind}: not carried: all but the first`);
    }
  }

  #videoIntake(format: StreamFormat): TsVideoIntake {
    const before = this.#video?.intake;
    const codec = format.codec as TsVideoIntake['codec'];
    if (before?.codec === codec) return before;
    const intake = new TsVideoIntake(codec, this.#clock, this.#publisher, this.#observer);
    if (this.#beforeKeyframe !== undefined) intake.stopBeforeKeyframe(this.#beforeKeyframe);
    return intake;
  }

  #audioIntake(format: StreamFormat): TsAudioIntake {
    const before = this.#audio?.intake;
    const codec = format.codec as TsAudioIntake['codec'];
    if (before?.codec === codec) return before;
    const channels = 'channels' in format ? format.channels : undefined;
    return new TsAudioIntake(codec, channels, this.#clock, this.#publisher, this.#observer);
  }

  #damaged(pid: number | undefined): void {
    this.#metrics.damagedPackets.inc();
    if (pid === undefined || pid === this.#video?.pid) this.#video?.intake.lose();
    if (pid === undefined || pid === this.#audio?.pid) this.#audio?.intake.lose();
    // Before there are tables, this is no transport stream at all, as far as has been seen.
    if (this.#program === undefined) this.#observer.dropped('video', 'malformed_tag');
  }
}
