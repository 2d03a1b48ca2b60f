import { hex } from '../testing/hex.ts';
import { ProtocolError } from '../bytes/index.ts';
import {
  AAC_HBR,
  AacPayloadReader,
  Ac3PayloadReader,
  Av1PayloadReader,
  decodeRtcp,
  decodeRtpPacket,
  decodeStreamMuxConfig,
  encodeSenderReport,
  H264_PAYLOAD,
  H265_PAYLOAD,
  LatmPayloadReader,
  MpegAudioPayloadReader,
  NalPayloadReader,
  packAacAccessUnit,
  packAc3Frame,
  packAv1TemporalUnit,
  packEac3AccessUnit,
  packMpegAudioFrame,
  packVp9Frame,
  ReorderBuffer,
  Vp9PayloadReader,
  writeRtpHeader,
} from './index.ts';
import type { PutPayload } from './index.ts';

const LIMITS = { maxBytes: 65_536, maxNalUnits: 64 };

/** Packets of a stream, each behind a byte with its length. */
function packetsOf(bytes: Uint8Array): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!)
    packets.push(Buffer.from(bytes.subarray(at + 1, at + 1 + bytes[at]!)));
  return packets;
}

const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => {
    const packet = decodeRtpPacket(bytes);
    if (packet.payload.length > bytes.length) throw new Error('more payload than bytes');
    writeRtpHeader(Buffer.alloc(12), 0, packet);
  },
  (bytes) => {
    for (const report of decodeRtcp(bytes)) if (report.type === 200) encodeSenderReport(report, 'fuzz');
  },
  ...[H264_PAYLOAD, H265_PAYLOAD].map((syntax) => (bytes: Uint8Array) => {
    const reader = new NalPayloadReader(syntax, LIMITS);
    for (const packet of packetsOf(bytes)) reader.push(packet);
    // Each has a length before it, and took a byte at least.
    if (reader.take().length > 5 * bytes.length) throw new Error('more NAL units than bytes');
  }),
  (bytes) => {
    const reader = new AacPayloadReader(AAC_HBR, 8_191);
    for (const packet of packetsOf(bytes)) reader.push(packet);
  },
  (bytes) => {
    const reader = new LatmPayloadReader(decodeStreamMuxConfig(bytes.subarray(0, 6)), 8_191);
    for (const packet of packetsOf(bytes.subarray(6))) reader.push(packet, true);
  },
  (bytes) => {
    const [av1, vp9] = [new Av1PayloadReader(LIMITS.maxBytes), new Vp9PayloadReader(LIMITS.maxBytes)];
    for (const reader of [av1, vp9])
      try {
        for (const packet of packetsOf(bytes)) reader.push(packet);
        if (reader.take().length > 8 * bytes.length) throw new Error('more picture than bytes');
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
  },
  (bytes) => {
    for (const reader of [new MpegAudioPayloadReader(), new Ac3PayloadReader(4_096), new Ac3PayloadReader(4_096, true)])
      try {
        for (const packet of packetsOf(bytes))
          for (const frame of reader.push(packet))
            if (frame.length > bytes.length) throw new Error('more sound than bytes');
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
  },
  (bytes) => {
    const sent: number[] = [];
    const put: PutPayload = (head, body) => void sent.push(head.length + body.length);
    packVp9Frame(bytes, 1, false, 32, put);
    packAc3Frame(bytes, 32, put);
    packEac3AccessUnit(bytes, 32, put);
    packMpegAudioFrame(bytes, 32, put);
    packAacAccessUnit(bytes, 32, put);
    packAv1TemporalUnit(bytes, true, 32, put);
    if (sent.some((length) => length > 32)) throw new Error('a payload that is too long');
  },
  (bytes) => {
    const buffer = new ReorderBuffer<number>({ maxPackets: 4, maxWaitMs: 10 });
    const out: number[] = [];
    const sequences = Buffer.from(bytes);
    for (let at = 0; at + 1 < sequences.length; at += 2) {
      out.push(...buffer.push(sequences.readUInt16BE(at), at, at), ...buffer.expire(at));
      if (buffer.size > 4) throw new Error('more packets wait than may');
    }
    out.push(...buffer.flush());
    if (new Set(out).size !== out.length) throw new Error('a packet that came twice');
  },
];

/** Good inputs. */
export const seeds: readonly Uint8Array[] = [
  hex('00 80e0000100000000 12345678 6588'),
  hex('00 90600001 00000000 12345678 bede0001 10ff0000 6588'),
  hex('01 80c80006 12345678 e0000000 80000000 00000001 00000002 00000003 81ca0002 12345678 00000000'),
  hex('02 02 4188 04 7c 85 11 22 03 7c 45 33 08 18 0002 6742 0001 68'),
  hex('03 04 0201 aabb 05 6201 93 11 22 05 6201 53 33 44'),
  hex('04 06 0010 0010 aabb 09 0020 0008 0008 aa bb 00'),
  hex('05 40002420 3fc0 04 03 aabbcc'),
  hex('06 05 10 0a aabbcc 04 50 32 0102 03 90 0304'),
  hex('06 06 88 8123 820102 04 80 8123 0304'),
  hex('07 06 0001 0b77 0102 04 0102 0b77 04 0302 0102'),
  hex('07 08 00000000 fffb9064'),
  hex('08 0a01aa 3200 320210 00'),
  hex('09 0001 0003 0002 fffe 0004 7530 7531'),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
