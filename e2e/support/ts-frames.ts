// Reads the coded frames of MPEG-TS segments (ISO/IEC 13818-1), on its own: none of the code under test is used here.
import { hashOf, isSlice } from './coded-frame.ts';
import type { CodedFrames } from './coded-frame.ts';

const PACKET = 188;
const H264 = 0x1b;
const AAC_ADTS = 0x0f;

interface ElementaryStream {
  readonly type: number;
  pes: Buffer[];
}

export interface TsFrames extends CodedFrames {
  /** What is wrong with the transport stream, if anything. */
  readonly faults: string[];
}

/** Keeps continuity counters over segments, as a player's demultiplexer would. */
export class TsFrameReader {
  readonly #counters = new Map<number, number>();

  /** @param discontinuity whether the playlist announces one before this segment */
  read(segment: Buffer, discontinuity: boolean): TsFrames {
    if (discontinuity) this.#counters.clear();
    const out: TsFrames = { video: [], audio: [], faults: [] };
    const streams = new Map<number, ElementaryStream>();
    let pmtPid = -1;
    if (segment.length === 0 || segment.length % PACKET !== 0)
      out.faults.push(`${segment.length} bytes are not whole packets`);
    for (let at = 0; at + PACKET <= segment.length; at += PACKET) {
      const packet = segment.subarray(at, at + PACKET);
      if (packet[0] !== 0x47) {
        out.faults.push(`no sync byte at ${at}`);
        break;
      }
      const pid = packet.readUInt16BE(1) & 0x1fff;
      const starts = (packet[1]! & 0x40) !== 0;
      const control = (packet[3]! >> 4) & 3;
      if ((control & 1) === 0) continue;
      this.#count(pid, packet[3]! & 15, out.faults);
      const payload = packet.subarray(control === 3 ? 5 + packet[4]! : 4);
      if (pid === 0) {
        pmtPid = payload.readUInt16BE(1 + payload[0]! + 10) & 0x1fff;
      } else if (pid === pmtPid) {
        readPmt(payload.subarray(1 + payload[0]!), streams);
      } else {
        const stream = streams.get(pid);
        if (!stream) out.faults.push(`PID ${pid} is in no program map`);
        else {
          if (starts) finish(stream, out);
          stream.pes.push(payload);
        }
      }
    }
    for (const stream of streams.values()) finish(stream, out);
    return out;
  }

  #count(pid: number, counter: number, faults: string[]): void {
    const last = this.#counters.get(pid);
    if (last !== undefined && counter !== ((last + 1) & 15))
      faults.push(`PID ${pid}: counter ${counter} after ${last}`);
    this.#counters.set(pid, counter);
  }
}

function readPmt(section: Buffer, streams: Map<number, ElementaryStream>): void {
  const end = 3 + (section.readUInt16BE(1) & 0xfff) - 4;
  let at = 12 + (section.readUInt16BE(10) & 0xfff);
  while (at + 5 <= end) {
    const pid = section.readUInt16BE(at + 1) & 0x1fff;
    if (!streams.has(pid)) streams.set(pid, { type: section[at]!, pes: [] });
    at += 5 + (section.readUInt16BE(at + 3) & 0xfff);
  }
}

function finish(stream: ElementaryStream, out: TsFrames): void {
  if (stream.pes.length === 0) return;
  const pes = Buffer.concat(stream.pes);
  stream.pes = [];
  const flags = pes[7]! >> 6;
  const pts90k = timestamp(pes, 9);
  const dts90k = flags === 3 ? timestamp(pes, 14) : pts90k;
  const data = pes.subarray(9 + pes[8]!);
  if (stream.type === H264) {
    out.video.push({ hash: hashOf(...nalUnits(data).filter(isSlice)), dts90k, pts90k });
  } else if (stream.type === AAC_ADTS) {
    readAdts(data, pts90k, out);
  }
}

/** 33 bits in five bytes with marker bits (§2.4.3.7). */
function timestamp(pes: Buffer, at: number): number {
  return ((pes[at]! >> 1) & 7) * 2 ** 30 + (pes.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (pes.readUInt16BE(at + 3) >> 1);
}

const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

function readAdts(data: Buffer, pts90k: number, out: TsFrames): void {
  for (let at = 0, n = 0; at < data.length; n++) {
    if (at + 7 > data.length || data.readUInt16BE(at) >> 4 !== 0xfff) {
      out.faults.push(`no ADTS header at ${at}`);
      return;
    }
    const header = (data[at + 1]! & 1) === 1 ? 7 : 9;
    const length = (data.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    if (length < header || at + length > data.length) {
      out.faults.push(`an ADTS frame of ${length} bytes at ${at} of ${data.length}`);
      return;
    }
    const rate = SAMPLE_RATES[(data[at + 2]! >> 2) & 15] ?? 44100;
    const time = pts90k + Math.round((n * 1024 * 90000) / rate);
    out.audio.push({ hash: hashOf(data.subarray(at + header, at + length)), dts90k: time, pts90k: time });
    at += length;
  }
}

function nalUnits(data: Buffer): Buffer[] {
  const units: Buffer[] = [];
  const starts: number[] = [];
  for (let at = data.indexOf('000001', 0, 'hex'); at >= 0; at = data.indexOf('000001', at + 3, 'hex'))
    starts.push(at + 3);
  starts.forEach((start, i) => {
    let end = i + 1 < starts.length ? starts[i + 1]! - 3 : data.length;
    while (end > start && data[end - 1] === 0) end--;
    units.push(data.subarray(start, end));
  });
  return units;
}
