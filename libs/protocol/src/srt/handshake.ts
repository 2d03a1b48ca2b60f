// draft-sharabayko-srt-01 section 3.2.1: the handshake control packet and its extensions.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';
import { MAX_STREAM_ID_BYTES } from './stream-id.ts';
import { ControlType, encodeControlPacket, SRT_HEADER_BYTES } from './packet.ts';

const PLACE = 'srt/handshake';

/** Section 3.2.1, table 4. Values from 1000 on refuse: 1000 and the reason. */
export const HandshakeType = { induction: 1, conclusion: 0xffff_ffff } as const;
const REJECTED = 1_000;
const HIGHEST_REJECTION = 10_000;

/** Sections 4.3.1.1 and 4.3.1.2. */
export const HANDSHAKE_VERSION_4 = 4;
export const HANDSHAKE_VERSION_5 = 5;
/** "SRT magic code": how a listener says that it knows version 5. */
export const MAGIC = 0x4a17;
/** What a caller of version 5 writes there in its induction (UDT_DGRAM). */
export const DATAGRAM_SOCKET = 2;

/** Section 3.2.1, table 3: which extensions follow. */
export const ExtensionFlag = { hsReq: 1, kmReq: 2, config: 4 } as const;

/** Section 3.2.1.1, table 6. */
export const SrtFlag = {
  tsbpdSend: 0x01,
  tsbpdReceive: 0x02,
  crypt: 0x04,
  tooLateDrop: 0x08,
  periodicNak: 0x10,
  retransmitFlag: 0x20,
  /** Buffer mode instead of messages: not live. */
  stream: 0x40,
  packetFilter: 0x80,
} as const;

/** Section 3.2.1, table 5. */
export const ExtensionType = {
  hsReq: 1,
  hsRsp: 2,
  kmReq: 3,
  kmRsp: 4,
  streamId: 5,
  congestion: 6,
  filter: 7,
  group: 8,
} as const;

/** Section 3.2.1.1. */
export interface SrtCapabilities {
  /** `0x010500` is 1.5.0. */
  readonly version: number;
  /** Bits of `SrtFlag`. */
  readonly flags: number;
  readonly receiveDelayMs: number;
  readonly sendDelayMs: number;
}

export interface Handshake {
  readonly version: number;
  readonly encryption: number;
  readonly extension: number;
  readonly initialSequence: number;
  readonly mtu: number;
  readonly flowWindow: number;
  readonly type: number;
  readonly socketId: number;
  readonly cookie: number;
  /** The peer's address as 16 bytes. */
  readonly peerAddress: Buffer;
  readonly capabilities?: SrtCapabilities | undefined;
  /** Of KMREQ or KMRSP. */
  readonly keyMaterial?: Buffer | undefined;
  readonly streamId?: string | undefined;
  readonly congestion?: string | undefined;
  readonly hasFilter?: boolean | undefined;
}

const CAPABILITIES_BYTES = 12;
/** More than there are types: what is sent twice counts once, so a longer list is an attack. */
const MAX_EXTENSIONS = 16;

/** @param packet with its header. Its views are kept. @throws ProtocolError */
export function decodeHandshake(packet: Buffer): Handshake {
  const reader = new ByteReader(packet, PLACE, Math.min(SRT_HEADER_BYTES, packet.length));
  const fixed = {
    version: reader.u32(),
    encryption: reader.u16(),
    extension: reader.u16(),
    initialSequence: reader.u32() & 0x7fff_ffff,
    mtu: reader.u32(),
    flowWindow: reader.u32(),
    type: reader.u32(),
    socketId: reader.u32(),
    cookie: reader.u32(),
    peerAddress: reader.take(16),
  };
  if (fixed.version !== HANDSHAKE_VERSION_5 || fixed.type !== HandshakeType.conclusion) return fixed;
  const extensions: { -readonly [Key in keyof Handshake]?: Handshake[Key] } = {};
  for (let count = 0; reader.remaining > 0; count++) {
    if (count >= MAX_EXTENSIONS) throw new ProtocolError('srt.handshake.extensions', PLACE, 'too many extensions');
    const type = reader.u16();
    const content = reader.take(reader.u16() * 4);
    if (type === ExtensionType.hsReq || type === ExtensionType.hsRsp)
      extensions.capabilities = decodeCapabilities(content);
    else if (type === ExtensionType.kmReq || type === ExtensionType.kmRsp) extensions.keyMaterial = content;
    else if (type === ExtensionType.streamId) extensions.streamId = decodeText(content);
    else if (type === ExtensionType.congestion) extensions.congestion = decodeText(content);
    else if (type === ExtensionType.filter) extensions.hasFilter = true;
  }
  return { ...fixed, ...extensions };
}

/** @param answers whether the extensions are those of an answer: HSRSP and KMRSP */
export function encodeHandshake(
  handshake: Handshake,
  destination: number,
  timestampUs: number,
  answers: boolean,
): Buffer {
  const body = new ByteWriter()
    .u32(handshake.version)
    .u16(handshake.encryption)
    .u16(handshake.extension)
    .u32(handshake.initialSequence)
    .u32(handshake.mtu)
    .u32(handshake.flowWindow)
    .u32(handshake.type)
    .u32(handshake.socketId)
    .u32(handshake.cookie)
    .write(handshake.peerAddress);
  const { capabilities, keyMaterial, streamId, congestion } = handshake;
  if (capabilities !== undefined)
    body
      .u16(answers ? ExtensionType.hsRsp : ExtensionType.hsReq)
      .u16(CAPABILITIES_BYTES / 4)
      .u32(capabilities.version)
      .u32(capabilities.flags)
      .u16(capabilities.receiveDelayMs)
      .u16(capabilities.sendDelayMs);
  if (keyMaterial !== undefined)
    body
      .u16(answers ? ExtensionType.kmRsp : ExtensionType.kmReq)
      .u16(keyMaterial.length / 4)
      .write(keyMaterial);
  if (streamId !== undefined) writeText(body, ExtensionType.streamId, streamId);
  if (congestion !== undefined) writeText(body, ExtensionType.congestion, congestion);
  const bytes = body.toBuffer();
  const packet = encodeControlPacket(ControlType.handshake, 0, 0, timestampUs, destination, bytes.length);
  packet.set(bytes, SRT_HEADER_BYTES);
  return packet;
}

export const rejectionType = (reason: number): number => REJECTED + reason;

/** The reason of a handshake that refuses; undefined for one that does not. */
export const rejectionOf = ({ type }: Handshake): number | undefined =>
  type >= REJECTED && type < HIGHEST_REJECTION ? type - REJECTED : undefined;

function decodeCapabilities(content: Buffer): SrtCapabilities {
  const reader = new ByteReader(content, `${PLACE}/capabilities`);
  return { version: reader.u32(), flags: reader.u32(), receiveDelayMs: reader.u16(), sendDelayMs: reader.u16() };
}

/** Section 3.2.1.3: "stored as 32-bit little endian words". */
function decodeText(content: Buffer): string {
  if (content.length > MAX_STREAM_ID_BYTES)
    throw new ProtocolError('srt.handshake.text', PLACE, 'a text that is too long');
  const bytes = Buffer.from(content).swap32();
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function writeText(body: ByteWriter, type: number, text: string): void {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  bytes.write(text);
  body
    .u16(type)
    .u16(bytes.length / 4)
    .write(bytes.swap32());
}
