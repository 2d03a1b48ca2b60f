// Reads transport streams by ISO/IEC 13818-1 on its own, with none of the code under test, and finds what players trip over.

const PACKET_BYTES = 188;
const PAT_PID = 0;
const MAX_PCR_TICKS = 9_000;

interface Packet {
  readonly pid: number;
  readonly startsUnit: boolean;
  readonly continuity: number;
  readonly hasPayload: boolean;
  readonly discontinuity: boolean;
  readonly pcr90k: number | undefined;
  readonly payload: Buffer;
}

function readPackets(bytes: Uint8Array): Packet[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length % PACKET_BYTES !== 0) throw new Error(`${buffer.length} bytes are no whole packets`);
  const packets: Packet[] = [];
  for (let at = 0; at < buffer.length; at += PACKET_BYTES)
    packets.push(readPacket(buffer.subarray(at, at + PACKET_BYTES)));
  return packets;
}

function readPacket(packet: Buffer): Packet {
  if (packet[0] !== 0x47) throw new Error('no sync byte');
  const control = (packet[3]! >> 4) & 3;
  const fieldBytes = (control & 2) === 0 ? 0 : packet[4]! + 1;
  const flags = fieldBytes > 1 ? packet[5]! : 0;
  return {
    pid: packet.readUInt16BE(1) & 0x1fff,
    startsUnit: (packet[1]! & 0x40) !== 0,
    continuity: packet[3]! & 15,
    hasPayload: (control & 1) !== 0,
    discontinuity: (flags & 0x80) !== 0,
    pcr90k: (flags & 0x10) === 0 ? undefined : packet.readUInt32BE(6) * 2 + (packet[10]! >> 7),
    payload: (control & 1) === 0 ? Buffer.alloc(0) : packet.subarray(4 + fieldBytes),
  };
}

/** The decode times in a segment by PID, in order, as encoded (33 bits). */
export function decodeTimes(bytes: Uint8Array): Map<number, number[]> {
  const times = new Map<number, number[]>();
  for (const { pid, startsUnit, payload } of readPackets(bytes)) {
    if (!startsUnit || payload.readUIntBE(0, 3) !== 1) continue;
    const flags = payload[7]! >> 6;
    if (flags === 0) continue;
    const at = flags === 3 ? 14 : 9;
    const high = (payload[at]! >> 1) & 7;
    const time = high * 2 ** 30 + (payload.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (payload.readUInt16BE(at + 3) >> 1);
    times.set(pid, [...(times.get(pid) ?? []), time]);
  }
  return times;
}

/** How many PES packets a segment has by PID. */
export function countUnits(bytes: Uint8Array): Map<number, number> {
  return new Map([...decodeTimes(bytes)].map(([pid, times]) => [pid, times.length]));
}

/**
 * Checks segments that follow one another: PAT and PMT first in each, continuity counters that go on over all of them,
 * decode times that do not go back and PCRs at most 100 ms apart within each.
 * @returns every fault, as text
 */
export function checkSegments(segments: readonly Uint8Array[]): string[] {
  const faults: string[] = [];
  const counters = new Map<number, number>();
  for (const [index, bytes] of segments.entries()) {
    const report = (fault: string): void => void faults.push(`segment ${index}: ${fault}`);
    const packets = readPackets(bytes);
    if (packets[0]?.pid !== PAT_PID) report('does not start with a PAT');
    const pmtPid = packets[0]!.payload.readUInt16BE(11) & 0x1fff;
    if (packets[1]?.pid !== pmtPid) report('has no PMT behind the PAT');
    for (const packet of packets) {
      if (!packet.hasPayload) continue;
      const last = counters.get(packet.pid);
      if (last !== undefined && packet.continuity !== (last + 1) % 16)
        report(`counter ${packet.continuity} after ${last} on ${packet.pid}`);
      counters.set(packet.pid, packet.continuity);
    }
    checkClock(packets, report);
    for (const [pid, times] of decodeTimes(bytes))
      for (const [i, time] of times.entries())
        if (i > 0 && time < times[i - 1]! && times[i - 1]! - time < 2 ** 32) report(`time goes back on ${pid}`);
  }
  return faults;
}

function checkClock(packets: readonly Packet[], report: (fault: string) => void): void {
  let last: number | undefined;
  for (const { pcr90k } of packets) {
    if (pcr90k === undefined) continue;
    if (last !== undefined) {
      const step = (pcr90k - last + 2 ** 33) % 2 ** 33;
      if (step > MAX_PCR_TICKS) report(`PCR ${step} ticks after the last`);
    }
    last = pcr90k;
  }
  if (last === undefined) report('has no PCR');
}
