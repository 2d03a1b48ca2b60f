// The second pass over a segment: writes its packets, the pictures and sounds straight from their payloads.
import { AdaptationFlag, STUFFING_BYTE, writeAdaptationField } from '../adaptation-field.ts';
import { wrapTimestamp } from '../clock.ts';
import { AdaptationControl, SYNC_BYTE, TS_HEADER_BYTES, TS_PACKET_BYTES, TS_PAYLOAD_BYTES } from '../packet.ts';
import { PAT_PID } from '../pat.ts';
import { StreamId, writePesHeader } from '../pes.ts';
import { copyBytes, viewOf } from './elementary-stream.ts';
import type { ElementarySink } from './elementary-stream.ts';
import type { PictureWriter } from './pictures.ts';
import type { ProgramTables } from './program-tables.ts';
import { firstFieldBytes, pesBytes } from './schedule.ts';
import type { PacketSink, PesPlan } from './schedule.ts';
import type { SegmentContinuity } from './segment-options.ts';
import { AUDIO_PID, METADATA_PID, PMT_PID, VIDEO_PID } from './segment-options.ts';
import { writeAudio } from './sound.ts';
import type { AudioFraming } from './sound.ts';

export interface PacketWriterOptions {
  readonly tables: ProgramTables;
  readonly continuity: SegmentContinuity;
  readonly discontinuity: boolean;
  readonly timestampOffset90k: number;
  readonly pcrDelay90k: number;
  /** Undefined in a program without video, as `audio` in one without audio. */
  readonly video: PictureWriter | undefined;
  readonly audio: AudioFraming | undefined;
}

const PIDS = { video: VIDEO_PID, audio: AUDIO_PID, metadata: METADATA_PID } as const;

/** Writes into a buffer that the counter has measured. Holds counters and a cursor; one per segment. */
export class PacketWriter implements PacketSink, ElementarySink {
  readonly #out: Buffer;
  readonly #view: DataView;
  readonly #options: PacketWriterOptions;
  /** Next byte to write. */
  #offset = 0;
  /** Behind the last byte of the current packet. */
  #packetEnd = 0;
  /** Bytes of the current PES packet that have no transport packet yet. */
  #remaining = 0;
  #pid = 0;
  #counter = 0;
  #pat: number;
  #pmt: number;
  /** The counter of each stream's next packet. */
  readonly #next: { video: number; audio: number; metadata: number | undefined };
  #discontinuity: boolean;
  readonly #streamIds: { readonly video: number; readonly audio: number; readonly metadata: number };

  constructor(out: Buffer, options: PacketWriterOptions) {
    this.#out = out;
    this.#view = new DataView(out.buffer, out.byteOffset, out.length);
    this.#options = options;
    const { pat, pmt, video, audio, metadata } = options.continuity;
    this.#pat = pat;
    this.#pmt = pmt;
    this.#next = { video, audio, metadata };
    this.#discontinuity = options.discontinuity;
    const { streamId = StreamId.audio } = options.audio ?? {};
    this.#streamIds = { video: StreamId.video, audio: streamId, metadata: StreamId.private1 };
  }

  /** How many bytes were written. */
  get written(): number {
    return this.#offset;
  }

  /** The counters for the segment that follows. */
  get continuity(): SegmentContinuity {
    const { video, audio, metadata } = this.#next;
    return { pat: this.#pat, pmt: this.#pmt, video, audio, ...(metadata === undefined ? {} : { metadata }) };
  }

  tables(): void {
    const { pat, pmt } = this.#options.tables;
    this.#table(PAT_PID, this.#pat, pat);
    this.#pat = (this.#pat + 1) & 15;
    this.#table(PMT_PID, this.#pmt, pmt);
    this.#pmt = (this.#pmt + 1) & 15;
  }

  #table(pid: number, counter: number, section: Uint8Array): void {
    this.#header(pid, true, AdaptationControl.payload, counter);
    this.#out[this.#offset++] = 0; // pointer_field
    this.#out.set(section, this.#offset);
    this.#out.fill(STUFFING_BYTE, this.#offset + section.length, this.#packetEnd);
    this.#offset = this.#packetEnd;
  }

  clock(dts90k: number): void {
    const video = this.#options.video !== undefined;
    // A packet without payload repeats the counter of the one before it (section 2.4.3.3).
    const counter = ((video ? this.#next.video : this.#next.audio) + 15) & 15;
    this.#header(video ? VIDEO_PID : AUDIO_PID, false, AdaptationControl.adaptation, counter);
    this.#field(TS_PAYLOAD_BYTES, AdaptationFlag.pcr, dts90k);
  }

  pes(plan: PesPlan, withPcr: boolean): void {
    const { kind } = plan;
    this.#pid = PIDS[kind];
    this.#counter = this.#next[kind] ?? 0;
    const flags = (plan.randomAccess ? AdaptationFlag.randomAccess : 0) | (withPcr ? AdaptationFlag.pcr : 0);
    this.#remaining = pesBytes(plan);
    this.#nextPacket(true, firstFieldBytes(plan, withPcr), flags, plan.dts90k);
    const dts = this.#timestamp(plan.dts90k);
    const pts = this.#timestamp(plan.pts90k);
    const isAligned = kind === 'metadata';
    const streamId = this.#streamIds[kind];
    this.#offset = writePesHeader(this.#out, this.#offset, streamId, plan.dataBytes, pts, dts, isAligned);
    if (plan.kind === 'video') this.#options.video?.write(plan, this);
    else if (plan.kind === 'metadata') this.append(viewOf(plan.tag), 0, plan.tag.length);
    else if (this.#options.audio !== undefined) writeAudio(plan, this.#options.audio, this);
    this.#next[kind] = this.#counter;
  }

  /** Appends bytes of elementary stream to the current PES packet. */
  append(source: DataView, from: number, to: number): void {
    while (from < to) {
      if (this.#offset === this.#packetEnd) this.#nextPacket(false, 0, 0, 0);
      const count = Math.min(this.#packetEnd - this.#offset, to - from);
      copyBytes(source, from, this.#view, this.#offset, count);
      this.#offset += count;
      from += count;
    }
  }

  /** Appends one byte of elementary stream. */
  appendByte(value: number): void {
    if (this.#offset === this.#packetEnd) this.#nextPacket(false, 0, 0, 0);
    this.#out[this.#offset++] = value;
  }

  /** Starts the next transport packet of the current PES packet; what it does not fill is stuffed before its data. */
  #nextPacket(start: boolean, fieldBytes: number, flags: number, dts90k: number): void {
    const carried = Math.min(this.#remaining, TS_PAYLOAD_BYTES - fieldBytes);
    const fieldSize = TS_PAYLOAD_BYTES - carried;
    this.#remaining -= carried;
    const control = AdaptationControl.payload | (fieldSize > 0 ? AdaptationControl.adaptation : 0);
    this.#header(this.#pid, start, control, this.#counter);
    this.#counter = (this.#counter + 1) & 15;
    if (fieldSize > 0) this.#field(fieldSize, flags, dts90k);
  }

  #header(pid: number, start: boolean, control: number, counter: number): void {
    const out = this.#out;
    const offset = this.#offset;
    out[offset] = SYNC_BYTE;
    out[offset + 1] = (start ? 0x40 : 0) | (pid >> 8);
    out[offset + 2] = pid;
    out[offset + 3] = (control << 4) | counter;
    this.#offset = offset + TS_HEADER_BYTES;
    this.#packetEnd = offset + TS_PACKET_BYTES;
  }

  #field(size: number, flags: number, dts90k: number): void {
    const hasPcr = (flags & AdaptationFlag.pcr) !== 0;
    const all = hasPcr && this.#discontinuity ? flags | AdaptationFlag.discontinuity : flags;
    if (hasPcr) this.#discontinuity = false;
    const pcr = hasPcr ? this.#timestamp(dts90k - this.#options.pcrDelay90k) : 0;
    writeAdaptationField(this.#out, this.#offset, size, all, pcr);
    this.#offset += size;
  }

  #timestamp(ticks90k: number): number {
    return wrapTimestamp(ticks90k + this.#options.timestampOffset90k);
  }
}
