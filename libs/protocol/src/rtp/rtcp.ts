// RFC 3550 section 6: compound RTCP packets, as far as times and the end of a stream are told in them.
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import { RTP_VERSION } from './rtp-packet.ts';

export const RtcpType = { senderReport: 200, receiverReport: 201, sourceDescription: 202, bye: 203 } as const;

export interface RtcpSenderReport {
  readonly type: typeof RtcpType.senderReport;
  readonly ssrc: number;
  /** Milliseconds since 1970 of the sender's wall clock, with a fraction. */
  readonly wallClockMs: number;
  /** The same instant on the clock of the media, 32 bits. */
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

export interface RtcpBye {
  readonly type: typeof RtcpType.bye;
  readonly ssrcs: readonly number[];
}

/** RFC 3550 section 4: NTP time counts from 1900, Unix time from 1970. */
const NTP_OFFSET_S = 2_208_988_800;
const FRACTION = 2 ** 32;
/** A compound packet of more parts than fit a datagram is none. */
const MAX_PARTS = 64;
const HEADER_BYTES = 4;
const SENDER_REPORT_BYTES = 28;
const RECEIVER_REPORT_BYTES = 32;
const CNAME = 1;

/** Packets of other types are passed over. @throws ProtocolError */
export function decodeRtcp(bytes: Uint8Array): (RtcpSenderReport | RtcpBye)[] {
  const parts: (RtcpSenderReport | RtcpBye)[] = [];
  const reader = new ByteReader(bytes, 'rtcp/header');
  for (let count = 0; reader.remaining > 0; count++) {
    if (count >= MAX_PARTS) throw new ProtocolError('rtcp.too-many', 'rtcp', `more than ${MAX_PARTS} packets`);
    const part = decodePart(reader);
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

function decodePart(reader: ByteReader): RtcpSenderReport | RtcpBye | undefined {
  reader.place = 'rtcp/header';
  const first = reader.u8();
  if (first >> 6 !== RTP_VERSION) throw new ProtocolError('rtcp.version', 'rtcp/header', `version ${first >> 6}`);
  const count = first & 0x1f;
  const type = reader.u8();
  const body = reader.take(reader.u16() * 4);
  if (type === RtcpType.senderReport) return decodeSenderReport(body);
  return type === RtcpType.bye ? decodeBye(body, count) : undefined;
}

function decodeSenderReport(body: Buffer): RtcpSenderReport {
  const reader = new ByteReader(body, 'rtcp/sender-report');
  const ssrc = reader.u32();
  const seconds = reader.u32();
  const fraction = reader.u32();
  return {
    type: RtcpType.senderReport,
    ssrc,
    wallClockMs: (seconds - NTP_OFFSET_S + fraction / FRACTION) * 1_000,
    rtpTimestamp: reader.u32(),
    packets: reader.u32(),
    octets: reader.u32(),
  };
}

function decodeBye(body: Buffer, count: number): RtcpBye {
  const reader = new ByteReader(body, 'rtcp/bye');
  return { type: RtcpType.bye, ssrcs: Array.from({ length: count }, () => reader.u32()) };
}

export interface SenderReportToEncode {
  readonly ssrc: number;
  readonly wallClockMs: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** A sender report and the name that "each compound packet MUST" have (section 6.1). */
export function encodeSenderReport(report: SenderReportToEncode, name: string): Buffer {
  const { ssrc, wallClockMs, rtpTimestamp, packets, octets } = report;
  const bytes = Buffer.alloc(SENDER_REPORT_BYTES);
  writeHeader(bytes, 0, RtcpType.senderReport, SENDER_REPORT_BYTES);
  bytes.writeUInt32BE(ssrc >>> 0, 4);
  const seconds = Math.floor(wallClockMs / 1_000);
  // NTP seconds wrap in 2036 (RFC 5905 section 6).
  bytes.writeUInt32BE((seconds + NTP_OFFSET_S) % FRACTION, 8);
  bytes.writeUInt32BE(Math.floor(((wallClockMs - seconds * 1_000) / 1_000) * FRACTION), 12);
  bytes.writeUInt32BE(rtpTimestamp >>> 0, 16);
  bytes.writeUInt32BE(packets % FRACTION, 20);
  bytes.writeUInt32BE(octets % FRACTION, 24);
  return Buffer.concat([bytes, encodeName(ssrc, name)]);
}

/** The last packet of a source: an empty receiver report, since a compound packet begins with one, the name, and BYE (section 6.6). */
export function encodeBye(ssrc: number, name: string): Buffer {
  const report = Buffer.alloc(HEADER_BYTES + 4);
  writeHeader(report, 0, RtcpType.receiverReport, report.length);
  report.writeUInt32BE(ssrc >>> 0, HEADER_BYTES);
  const bye = Buffer.from(report);
  writeHeader(bye, 1, RtcpType.bye, bye.length);
  return Buffer.concat([report, encodeName(ssrc, name), bye]);
}

export interface ReceiverReportToEncode {
  /** Of who reports. */
  readonly ssrc: number;
  /** Of the sender that is reported on. */
  readonly senderSsrc: number;
  /** How many packets have been lost, and the newest sequence number with the count of its wraps above. */
  readonly lost: number;
  readonly highestSequence: number;
}

export function encodeReceiverReport(report: ReceiverReportToEncode, name: string): Buffer {
  const { ssrc, senderSsrc, lost, highestSequence } = report;
  const bytes = Buffer.alloc(RECEIVER_REPORT_BYTES);
  writeHeader(bytes, 1, RtcpType.receiverReport, RECEIVER_REPORT_BYTES);
  bytes.writeUInt32BE(ssrc >>> 0, 4);
  bytes.writeUInt32BE(senderSsrc >>> 0, 8);
  bytes.writeUIntBE(Math.min(lost, 0x7fffff), 13, 3);
  bytes.writeUInt32BE(highestSequence >>> 0, 16);
  return Buffer.concat([bytes, encodeName(ssrc, name)]);
}

/** Section 6.5: one chunk with a CNAME, ended by at least one zero and filled up to 32 bits. */
function encodeName(ssrc: number, name: string): Buffer {
  const text = Buffer.from(name, 'utf8').subarray(0, 255);
  const chunkBytes = Math.ceil((4 + 2 + text.length + 1) / 4) * 4;
  const bytes = Buffer.alloc(HEADER_BYTES + chunkBytes);
  writeHeader(bytes, 1, RtcpType.sourceDescription, bytes.length);
  bytes.writeUInt32BE(ssrc >>> 0, 4);
  bytes[8] = CNAME;
  bytes[9] = text.length;
  text.copy(bytes, 10);
  return bytes;
}

function writeHeader(bytes: Buffer, count: number, type: number, length: number): void {
  bytes[0] = (RTP_VERSION << 6) | count;
  bytes[1] = type;
  bytes.writeUInt16BE(length / 4 - 1, 2);
}
