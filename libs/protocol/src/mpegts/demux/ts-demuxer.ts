// ISO/IEC 13818-1: a transport stream taken apart into tables, clock references and PES packets.
import { ByteReader, ProtocolError } from '../../bytes/index.ts';
import type { AdaptationField } from '../adaptation-field.ts';
import { AdaptationFlag, decodeAdaptationField } from '../adaptation-field.ts';
import type { TsPacketHeader } from '../packet.ts';
import { AdaptationControl, decodeTsPacketHeader, NULL_PID, TS_HEADER_BYTES, TS_PACKET_BYTES } from '../packet.ts';
import { decodePat, NETWORK_PROGRAM, PAT_PID } from '../pat.ts';
import type { ProgramMap } from '../pmt.ts';
import { decodePmt } from '../pmt.ts';
import type { PesPacket } from './pes-assembler.ts';
import { PesAssembler } from './pes-assembler.ts';
import { SectionAssembler } from './section-assembler.ts';

const PLACE = 'mpegts/demuxer';
const DEFAULT_MAX_PES_BYTES = 16 * 1024 * 1024;
/** PIDs that are followed at once: more programs and streams than anyone sends in HLS. */
const MAX_PIDS = 64;

export type TsEvent =
  | { readonly type: 'program'; readonly program: ProgramMap }
  | { readonly type: 'pcr'; readonly pid: number; readonly pcr: number; readonly discontinuity: boolean }
  | { readonly type: 'pes'; readonly pid: number; readonly streamType: number; readonly packet: PesPacket }
  /** Packets were lost or repeated; what they were part of is left out. */
  | { readonly type: 'continuity'; readonly pid: number; readonly expected: number; readonly found: number };

interface Stream {
  readonly streamType: number;
  readonly assembler: PesAssembler;
}

/** Takes a transport stream in pieces of any size. Follows every program of the PAT. */
export class TsDemuxer {
  readonly #maxPesBytes: number;
  #held: Buffer = Buffer.alloc(0);
  readonly #pat = new SectionAssembler();
  readonly #maps = new Map<number, SectionAssembler>();
  readonly #streams = new Map<number, Stream>();
  readonly #counters = new Map<number, number>();
  #events: TsEvent[] = [];

  constructor(options: { readonly maxPesBytes?: number } = {}) {
    this.#maxPesBytes = options.maxPesBytes ?? DEFAULT_MAX_PES_BYTES;
  }

  /**
   * Takes the next piece and returns what it completed, in the order of the stream.
   * @throws ProtocolError when this is no transport stream or a table is broken; the demuxer is then done for
   */
  push(piece: Uint8Array): TsEvent[] {
    this.#events = [];
    const added = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const bytes = this.#held.length === 0 ? added : Buffer.concat([this.#held, added]);
    let offset = 0;
    for (; bytes.length - offset >= TS_PACKET_BYTES; offset += TS_PACKET_BYTES) this.#packet(bytes, offset);
    this.#held = Buffer.from(bytes.subarray(offset));
    return this.#events;
  }

  /**
   * Gives the PES packets that only the end of the stream completes.
   * @throws ProtocolError when the stream ends within a packet
   */
  end(): TsEvent[] {
    this.#events = [];
    if (this.#held.length > 0)
      throw new ProtocolError('mpegts.packet.cut', PLACE, `${this.#held.length} bytes left over`);
    for (const [pid, stream] of this.#streams) this.#emit(pid, stream, stream.assembler.end());
    return this.#events;
  }

  #packet(bytes: Buffer, offset: number): void {
    const header = decodeTsPacketHeader(bytes, offset);
    if (header.pid === NULL_PID) return;
    if (header.transportError || header.scramblingControl !== 0 || header.adaptationControl === 0) {
      throw new ProtocolError('mpegts.packet.unusable', PLACE, `packet of PID ${header.pid} is damaged or scrambled`);
    }
    const reader = new ByteReader(bytes, PLACE, offset + TS_HEADER_BYTES, offset + TS_PACKET_BYTES);
    const hasField = (header.adaptationControl & AdaptationControl.adaptation) !== 0;
    const field = hasField ? decodeAdaptationField(reader) : undefined;
    const discontinuity = ((field?.flags ?? 0) & AdaptationFlag.discontinuity) !== 0;
    if (field?.pcr !== undefined) this.#events.push({ type: 'pcr', pid: header.pid, pcr: field.pcr, discontinuity });
    if ((header.adaptationControl & AdaptationControl.payload) === 0) return;
    if (this.#isNext(header, discontinuity)) this.#payload(header, field, reader.rest());
  }

  /** Counts the packets of a PID; false for one that was sent twice (section 2.4.3.3 allows that once). */
  #isNext(header: TsPacketHeader, discontinuity: boolean): boolean {
    const last = this.#counters.get(header.pid);
    const found = header.continuityCounter;
    if (this.#counters.size < MAX_PIDS || last !== undefined) this.#counters.set(header.pid, found);
    if (last === undefined || discontinuity || found === ((last + 1) & 15)) return true;
    this.#events.push({ type: 'continuity', pid: header.pid, expected: (last + 1) & 15, found });
    if (found === last) return false;
    this.#assemblerOf(header.pid)?.drop();
    return true;
  }

  #payload(header: TsPacketHeader, field: AdaptationField | undefined, payload: Buffer): void {
    if (header.pid === PAT_PID) {
      for (const section of this.#pat.push(payload, header.payloadUnitStart)) this.#association(section);
      return;
    }
    const map = this.#maps.get(header.pid);
    if (map !== undefined) {
      for (const section of map.push(payload, header.payloadUnitStart)) this.#map(section);
      return;
    }
    const stream = this.#streams.get(header.pid);
    if (stream === undefined) return;
    const randomAccess = ((field?.flags ?? 0) & AdaptationFlag.randomAccess) !== 0;
    this.#emit(header.pid, stream, stream.assembler.push(payload, header.payloadUnitStart, randomAccess));
  }

  #assemblerOf(pid: number): SectionAssembler | PesAssembler | undefined {
    return pid === PAT_PID ? this.#pat : (this.#maps.get(pid) ?? this.#streams.get(pid)?.assembler);
  }

  #association(section: Buffer): void {
    for (const { programNumber, pid } of decodePat(section).programs) {
      if (programNumber === NETWORK_PROGRAM || this.#maps.has(pid)) continue;
      if (this.#maps.size >= MAX_PIDS) throw new ProtocolError('mpegts.pat.too-many', PLACE, 'too many programs');
      this.#maps.set(pid, new SectionAssembler());
    }
  }

  #map(section: Buffer): void {
    const program = decodePmt(section);
    for (const { pid, streamType } of program.streams) {
      if (this.#streams.get(pid)?.streamType === streamType) continue;
      if (this.#streams.size >= MAX_PIDS) throw new ProtocolError('mpegts.pmt.too-many', PLACE, 'too many streams');
      this.#streams.set(pid, { streamType, assembler: new PesAssembler(this.#maxPesBytes) });
    }
    this.#events.push({ type: 'program', program });
  }

  #emit(pid: number, stream: Stream, packets: readonly PesPacket[]): void {
    for (const packet of packets) this.#events.push({ type: 'pes', pid, streamType: stream.streamType, packet });
  }
}
