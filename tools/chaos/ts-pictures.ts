// Finds the numbered pictures in an MPEG-TS segment (ISO/IEC 13818-1), on its own: none of the code under test is used here.
import { readNumber } from './numbered-clip.ts';
import type { NumberedPicture } from './numbered-clip.ts';

const PACKET_BYTES = 188;
const SYNC_BYTE = 0x47;
const PAT_PID = 0;
const H264_STREAM = 0x1b;

export interface TsPicture {
  /** Undefined when it carries no number. */
  readonly numbered: NumberedPicture | undefined;
  /** Where its packets are in the segment. */
  readonly packets: readonly number[];
}

/** @throws when this is no transport stream */
export function readPictures(segment: Buffer): TsPicture[] {
  if (segment.length % PACKET_BYTES !== 0) throw new Error(`${segment.length} bytes are not whole packets`);
  const pictures: TsPicture[] = [];
  let pmtPid = -1;
  let videoPid = -1;
  let packets: number[] = [];
  let parts: Buffer[] = [];
  const finish = (): void => {
    if (packets.length > 0) pictures.push({ numbered: readNumber(nalUnitsOf(Buffer.concat(parts))), packets });
    packets = [];
    parts = [];
  };
  for (let at = 0; at < segment.length; at += PACKET_BYTES) {
    const packet = segment.subarray(at, at + PACKET_BYTES);
    if (packet[0] !== SYNC_BYTE) throw new Error(`no sync byte at ${at}`);
    const starts = ((packet[1] ?? 0) & 0x40) !== 0;
    const pid = packet.readUInt16BE(1) & 0x1fff;
    const adaptation = ((packet[3] ?? 0) >> 4) & 3;
    if ((adaptation & 1) === 0) continue;
    const payload = packet.subarray(adaptation === 3 ? 5 + (packet[4] ?? 0) : 4);
    if (pid === PAT_PID) pmtPid = payload.readUInt16BE(1 + (payload[0] ?? 0) + 10) & 0x1fff;
    else if (pid === pmtPid) videoPid = videoPidOf(payload.subarray(1 + (payload[0] ?? 0)));
    else if (pid === videoPid) {
      if (starts) finish();
      packets.push(at);
      // The header of a PES packet is as long as its ninth byte says (§2.4.3.6).
      parts.push(starts ? payload.subarray(9 + (payload[8] ?? 0)) : payload);
    }
  }
  finish();
  return pictures;
}

/** @returns the segment without these packets */
export function removePackets(segment: Buffer, packets: readonly number[]): Buffer {
  const removed = new Set(packets);
  const kept: Buffer[] = [];
  for (let at = 0; at < segment.length; at += PACKET_BYTES)
    if (!removed.has(at)) kept.push(segment.subarray(at, at + PACKET_BYTES));
  return Buffer.concat(kept);
}

/** @returns the segment with these packets once more, at its end */
export function repeatPackets(segment: Buffer, packets: readonly number[]): Buffer {
  return Buffer.concat([segment, ...packets.map((at) => segment.subarray(at, at + PACKET_BYTES))]);
}

function videoPidOf(section: Buffer): number {
  const end = 3 + (section.readUInt16BE(1) & 0xfff) - 4;
  for (let at = 12 + (section.readUInt16BE(10) & 0xfff); at + 5 <= end;) {
    if (section[at] === H264_STREAM) return section.readUInt16BE(at + 1) & 0x1fff;
    at += 5 + (section.readUInt16BE(at + 3) & 0xfff);
  }
  return -1;
}

/** NAL units behind start codes (H.264 annex B). A unit never ends with a zero byte (§7.4.1). */
function nalUnitsOf(bytes: Buffer): Buffer[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf('000001', 0, 'hex'); at >= 0; at = bytes.indexOf('000001', at + 3, 'hex'))
    starts.push(at + 3);
  return starts.map((start, i) => {
    let end = (starts[i + 1] ?? bytes.length + 3) - 3;
    while (end > start && bytes[end - 1] === 0) end--;
    return bytes.subarray(start, end);
  });
}
