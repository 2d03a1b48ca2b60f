import { hex } from '../testing/hex.ts';
import type { StreamUnit, StunAttribute } from './index.ts';
import {
  AddressErrorCode,
  classify,
  decodeChannelData,
  decodeMessage,
  encodeChannelData,
  ErrorCode,
  Fingerprint,
  hasValidFingerprint,
  MessageBuilder,
  MessageIntegrity,
  MessageIntegritySha256,
  parseIpAddress,
  parseNonceCookie,
  StunFraming,
  stunAttributeOf,
  verifyIntegrity,
} from './index.ts';

const KEY = Buffer.from('key');
const COOKIE = hex('2112a442');
const MAX_UNIT_BYTES = 4096;
/** What is computed, and what holds text: that may be longer when it is read than when it is written. */
const NOT_WRITTEN = new Set<number>(
  [MessageIntegrity, MessageIntegritySha256, Fingerprint, ErrorCode, AddressErrorCode].map((one) => one.type),
);

/** Cookie and length where they belong: without them nothing but the first check would ever run. */
function withHeader(data: Uint8Array): Buffer {
  const bytes = Buffer.from(data.subarray(0, data.length - (data.length % 4)));
  if (bytes.length < 20) return bytes;
  bytes[0] = bytes[0]! & 0x3f;
  bytes.writeUInt16BE(bytes.length - 20, 2);
  bytes.set(COOKIE, 4);
  return bytes;
}

/** Every attribute is read, and what was read can be written and reads as the same. */
function readMessage(data: Uint8Array): void {
  const message = decodeMessage(data);
  const again = new MessageBuilder(message.class, message.method, message.transactionId);
  const read = new Map<StunAttribute<unknown>, unknown>();
  hasValidFingerprint(message);
  verifyIntegrity(message, KEY);
  for (const type of new Set(message.attributeTypes)) {
    const attribute = stunAttributeOf(type);
    if (attribute === undefined) continue;
    const [value] = message.getAll(attribute);
    if (NOT_WRITTEN.has(type) || typeof value === 'string') continue;
    read.set(attribute, value);
    again.add(attribute, value);
  }
  const written = decodeMessage(again.addIntegrity(KEY, 'sha256').addFingerprint().build());
  if (!verifyIntegrity(written, KEY) || !hasValidFingerprint(written)) throw new Error('written, it does not hold');
  for (const [attribute, value] of read) {
    if (text(written.get(attribute)) !== text(value)) throw new Error(`${attribute.name} differs`);
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one));

function cut(stream: Buffer, size: number): { units: StreamUnit[]; fault: unknown } {
  const framing = new StunFraming({ maxUnitBytes: MAX_UNIT_BYTES });
  const units: StreamUnit[] = [];
  try {
    for (let at = 0; at < stream.length; at += size) {
      framing.push(stream.subarray(at, at + size));
      for (let unit = framing.next(); unit !== undefined; unit = framing.next()) units.push(unit);
      if (framing.heldBytes > MAX_UNIT_BYTES) throw new Error('more than a unit is held');
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ProtocolError') throw error;
    return { units, fault: error.message };
  }
  return { units, fault: undefined };
}

const READERS: readonly ((data: Uint8Array) => unknown)[] = [
  readMessage,
  (data) => readMessage(withHeader(data)),
  (data) => {
    const { channel, data: payload } = decodeChannelData(Buffer.from(data));
    const written = encodeChannelData(channel, payload, true);
    if (!decodeChannelData(written).data.equals(payload)) throw new Error('written again, it differs');
    if (classify(data) !== 'channel-data') throw new Error('it was classified as something else');
  },
  (data) => {
    const stream = Buffer.from(data.subarray(1));
    const whole = cut(stream, stream.length + 1);
    const pieces = cut(stream, ((data[0] ?? 0) & 63) + 1);
    if (text(pieces) !== text(whole)) throw new Error('units depend on how the stream is cut');
  },
  (data) => {
    const address = Buffer.from(data).toString('latin1');
    parseNonceCookie(address);
    parseIpAddress(address);
  },
];

const REQUEST = hex(`
  00030058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 00240004 6e0001ff
  80290008 932ff9b151263b36 00060009 6576746a3a68367659 202020
  00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf`);
const TURN = hex(`
  00030070 2112a442 b7e7a701bc34d686fa87dfae 00190004 11000000 000d0004 00000258 00120008 00012142 5e12a443
  00170004 01000000 00180001 80000000 001a0000 00220008 0102030405060708 000c0004 40000000 80020008 0002000000010000
  00030004 00000006 002a0004 00000001`);
const ANSWER = hex(`
  0113003c 2112a442 b7e7a701bc34d686fa87dfae 00090008 00000401 4e6f7065 000a0002 7fff0000
  00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 80010006 02000428 4e6f0000`);
const seed = (choice: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(choice), bytes]);

/** Good inputs, some for each reader. */
export const seeds: readonly Uint8Array[] = [
  seed(0, REQUEST),
  seed(1, REQUEST),
  seed(1, TURN),
  seed(1, ANSWER),
  seed(2, hex('4001 0005 68656c6c6f 000000')),
  seed(3, Buffer.concat([hex('05'), REQUEST, hex('4001 0005 68656c6c6f 000000'), REQUEST, hex('4002 0000')])),
  seed(4, Buffer.from('2001:db8::ffff:192.0.2.1')),
  seed(4, Buffer.from('obMatJos2AAAD')),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
