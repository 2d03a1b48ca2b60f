// ISO/IEC 13818-1: a transport stream taken apart into tables, clock references and PES packets.
import { ByteReader, ProtocolError } from '../../bytes/index.ts';
import { AdaptationFlag, decodeAdaptationField } from '../adaptation-field.ts';
import type { AdaptationField } from '../adaptation-field.ts';
import { AdaptationControl, NULL_PID, SYNC_BYTE, TS_HEADER_BYTES, TS_PACKET_BYTES } from '../packet.ts';
import { decodePat, NETWORK_PROGRAM, PAT_PID } from '../pat.ts';
import type { ElementaryStream, ProgramMap } from '../pmt.ts';
import { decodePmt } from '../pmt.ts';
import type { PesPacket } from './pes-assembler.ts';
import { PesAssembler } from './pes-assembler.ts';
import { SectionAssembler } from './section-assembler.ts';

const PLACE = 'mpegts/demuxer';
const DEFAULT_MAX_PES_BYTES = 16 * 1024 * 1024;
/** PIDs that are followed at once: more programs and streams than anyone sends. */
const MAX_PIDS = 64;
const NONE = Buffer.alloc(0);

export type TsEvent =
  | { readonly type: 'program'; readonly program: ProgramMap }
  | { readonly type: 'pcr'; readonly pid: number; readonly pcr: number; readonly discontinuity: boolean }
  | { readonly type: 'pes'; readonly pid: number; readonly streamType: number; readonly packet: PesPacket }
  /** Packets were lost or repeated; what they were part of is left out. */
  | { readonly type: 'continuity'; readonly pid: number; readonly expected: number; readonly found: number };

export interface TsDemuxerOptions {
  /** How long a PES packet of a stream may be; undefined for a stream that is left out. Absent: all are followed. */
  readonly follow?: (stream: ElementaryStream, program: ProgramMap) => number | undefined;
  /**
   * Told of packets and tables that cannot be read, which are then left out. Absent: they are thrown.
   *
   * @param pid undefined where it cannot be told whose packets are missing
   */
  readonly damaged?: (error: ProtocolError, pid: number | undefined) => void;
  /** Whether clock references are given. */
  readonly clock?: boolean;
}

interface Stream {
  readonly streamType: number;
  readonly assembler: PesAssembler;
  readonly emit: (packet: PesPacket) => void;
}

/** A table that comes again and again. */
interface Table {
  readonly assembler: SectionAssembler;
  last: Buffer;
}

const NOTHING: readonly TsEvent[] = [];

/** Takes a transport stream in pieces of any size. Follows every program of the PAT. */
export class TsDemuxer {
  readonly #options: TsDemuxerOptions;
  #held: Buffer = NONE;
  readonly #pat: Table = { assembler: new SectionAssembler(), last: NONE };
  readonly #maps = new Map<number, Table>();
  readonly #streams = new Map<number, Stream>();
  readonly #counters = new Map<number, number>();
  #events: TsEvent[] | undefined;

  constructor(options: TsDemuxerOptions = {}) {
    this.#options = options;
  }

  /**
   * Takes the next piece and returns what it completed, in the order of the stream.
   * @throws ProtocolError when this is no transport stream or a table is broken, unless `damaged` is told; the demuxer is then done for
   */
  push(piece: Uint8Array): readonly TsEvent[] {
    this.#events = undefined;
    const added = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const bytes = this.#held.length === 0 ? added : Buffer.concat([this.#held, added]);
    let offset = 0;
    while (bytes.length - offset >= TS_PACKET_BYTES) {
      const isPacket = bytes[offset] === SYNC_BYTE;
      try {
        if (!isPacket) throw new ProtocolError('mpegts.packet.sync', PLACE, `no sync byte at ${offset}`);
        this.#packet(bytes, offset);
      } catch (error) {
        this.#damaged(error, isPacket ? pidAt(bytes, offset) : undefined);
      }
      offset = isPacket ? offset + TS_PACKET_BYTES : nextPacket(bytes, offset);
    }
    this.#held = offset === bytes.length ? NONE : Buffer.from(bytes.subarray(offset));
    return this.#events ?? NOTHING;
  }

  /** Bytes before the next piece are missing: what they were part of is left out. */
  interrupt(): void {
    this.#held = NONE;
    this.#counters.clear();
    this.#pat.assembler.drop();
    for (const { assembler } of this.#maps.values()) assembler.drop();
    for (const { assembler } of this.#streams.values()) assembler.drop();
  }

  /**
   * Gives the PES packets that only the end of the stream completes.
   * @throws ProtocolError when the stream ends within a packet, unless `damaged` is told
   */
  end(): readonly TsEvent[] {
    this.#events = undefined;
    try {
      if (this.#held.length > 0)
        throw new ProtocolError('mpegts.packet.cut', PLACE, `${this.#held.length} bytes left over`);
    } catch (error) {
      this.#damaged(error, undefined);
    }
    for (const [pid, { assembler, emit }] of this.#streams)
      try {
        assembler.end(emit);
      } catch (error) {
        this.#damaged(error, pid);
      }
    return this.#events ?? NOTHING;
  }

  #damaged(error: unknown, pid: number | undefined): void {
    const { damaged } = this.#options;
    if (damaged === undefined || !(error instanceof ProtocolError)) throw error;
    damaged(error, pid);
  }

  #emit(event: TsEvent): void {
    (this.#events ??= []).push(event);
  }

  /** Section 2.4.3.2, read in place: nothing is allocated for a packet without an adaptation field. */
  #packet(bytes: Buffer, offset: number): void {
    const second = bytes[offset + 1]!;
    const fourth = bytes[offset + 3]!;
    const pid = pidAt(bytes, offset);
    if (pid === NULL_PID) return;
    const control = (fourth >> 4) & 3;
    if ((second & 0x80) !== 0 || fourth >> 6 !== 0 || control === 0)
      throw new ProtocolError('mpegts.packet.unusable', PLACE, `packet of PID ${pid} is damaged or scrambled`);
    let field: AdaptationField | undefined;
    let at = offset + TS_HEADER_BYTES;
    if ((control & AdaptationControl.adaptation) !== 0) {
      const reader = new ByteReader(bytes, PLACE, at, offset + TS_PACKET_BYTES);
      field = decodeAdaptationField(reader);
      at = reader.offset;
    }
    const discontinuity = ((field?.flags ?? 0) & AdaptationFlag.discontinuity) !== 0;
    if (field?.pcr !== undefined && this.#options.clock !== false)
      this.#emit({ type: 'pcr', pid, pcr: field.pcr, discontinuity });
    if ((control & AdaptationControl.payload) === 0 || !this.#isFollowed(pid)) return;
    const unitStart = (second & 0x40) !== 0;
    const randomAccess = ((field?.flags ?? 0) & AdaptationFlag.randomAccess) !== 0;
    if (this.#isNext(pid, fourth & 15, discontinuity))
      this.#payload(pid, unitStart, randomAccess, bytes.subarray(at, offset + TS_PACKET_BYTES));
  }

  #isFollowed(pid: number): boolean {
    return pid === PAT_PID || this.#maps.has(pid) || this.#streams.has(pid);
  }

  /** Counts the packets of a PID; false for one that was sent twice (section 2.4.3.3 allows that once). */
  #isNext(pid: number, found: number, discontinuity: boolean): boolean {
    const last = this.#counters.get(pid);
    this.#counters.set(pid, found);
    if (last === undefined || discontinuity || found === ((last + 1) & 15)) return true;
    this.#emit({ type: 'continuity', pid, expected: (last + 1) & 15, found });
    if (found === last) return false;
    (this.#streams.get(pid)?.assembler ?? this.#tableOf(pid)?.assembler)?.drop();
    return true;
  }

  #tableOf(pid: number): Table | undefined {
    return pid === PAT_PID ? this.#pat : this.#maps.get(pid);
  }

  #payload(pid: number, unitStart: boolean, randomAccess: boolean, payload: Buffer): void {
    const stream = this.#streams.get(pid);
    if (stream !== undefined) return stream.assembler.push(payload, unitStart, randomAccess, stream.emit);
    const table = this.#tableOf(pid);
    for (const section of table?.assembler.push(payload, unitStart) ?? []) {
      if (table === undefined || section.equals(table.last)) continue;
      if (pid === PAT_PID) this.#association(section);
      else this.#map(section);
      table.last = Buffer.from(section);
    }
  }

  #association(section: Buffer): void {
    for (const { programNumber, pid } of decodePat(section).programs) {
      if (programNumber === NETWORK_PROGRAM || this.#maps.has(pid)) continue;
      if (this.#maps.size >= MAX_PIDS) throw new ProtocolError('mpegts.pat.too-many', PLACE, 'too many programs');
      this.#maps.set(pid, { assembler: new SectionAssembler(), last: NONE });
    }
  }

  #map(section: Buffer): void {
    const program = decodePmt(section);
    const { follow } = this.#options;
    this.#emit({ type: 'program', program });
    for (const elementary of program.streams) {
      const { pid, streamType } = elementary;
      if (this.#streams.get(pid)?.streamType === streamType) continue;
      const maxBytes = follow === undefined ? DEFAULT_MAX_PES_BYTES : follow(elementary, program);
      if (maxBytes === undefined) {
        this.#streams.delete(pid);
        continue;
      }
      if (this.#streams.size >= MAX_PIDS) throw new ProtocolError('mpegts.pmt.too-many', PLACE, 'too many streams');
      const emit = (packet: PesPacket): void => this.#emit({ type: 'pes', pid, streamType, packet });
      this.#streams.set(pid, { streamType, assembler: new PesAssembler(maxBytes), emit });
    }
  }
}

const pidAt = (bytes: Buffer, offset: number): number => ((bytes[offset + 1]! & 0x1f) << 8) | bytes[offset + 2]!;

/** Where packets begin again: at a sync byte with another one a packet later, or at the end of what there is. */
function nextPacket(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(SYNC_BYTE, from + 1); at >= 0; at = bytes.indexOf(SYNC_BYTE, at + 1)) {
    const next = bytes[at + TS_PACKET_BYTES];
    if (next === undefined || next === SYNC_BYTE) return at;
  }
  return bytes.length;
}
