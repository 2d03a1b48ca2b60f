// RFC 8489 section 6.3: what a message must fulfil before its attributes are read.
import { ENDED_EARLY, ProtocolError } from '../bytes/index.ts';
import { FINGERPRINT, MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256 } from './attribute-type.ts';
import {
  ATTRIBUTE_HEADER_BYTES,
  COOKIE_OFFSET,
  LENGTH_OFFSET,
  MAGIC_COOKIE,
  paddedLength,
  STUN_HEADER_BYTES,
} from './header.ts';
import { StunMessage } from './message.ts';

const PLACE = 'stun/message';
/** The code of a message that is well-formed as far as it was read. */
export const TOO_MANY_ATTRIBUTES = 'stun.message.attributes';
/** A CreatePermission for as many peers as a server may allow has twice less. */
export const MAX_STUN_ATTRIBUTES = 512;

/** How far the integrity attributes have closed the message for what follows them. */
const Closed = { no: 0, byIntegrity: 1, bySha256: 2 } as const;

/**
 * Reads one whole message: a datagram, or what `StunFraming` cut out of a stream. Section 6.3 has what this refuses dropped
 * without an answer.
 *
 * A message of RFC 3489 has no magic cookie and is refused as `stun.message.classic`: its clients get no answer, since they
 * would take MAPPED-ADDRESS only, and since an answer to anything without the cookie serves reflection more than clients.
 *
 * @throws ProtocolError
 */
export function decodeMessage(input: Uint8Array): StunMessage {
  const bytes = Buffer.isBuffer(input) ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  checkHeader(bytes);
  return new StunMessage(bytes, attributeOffsets(bytes));
}

/**
 * Reads the header alone, of a message whose attributes are too many: enough to say so to its sender.
 *
 * @throws ProtocolError
 */
export function decodeHeader(input: Uint8Array): StunMessage {
  const bytes = Buffer.isBuffer(input) ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  checkHeader(bytes);
  return new StunMessage(bytes, []);
}

function checkHeader(bytes: Buffer): void {
  if (bytes.length < STUN_HEADER_BYTES) {
    throw new ProtocolError(ENDED_EARLY, PLACE, `${bytes.length} bytes are no header`);
  }
  if (bytes[0]! >= 0x40) throw new ProtocolError('stun.message.first-bits', PLACE, 'the first two bits are not zero');
  const length = bytes.readUInt16BE(LENGTH_OFFSET);
  if (bytes.readUInt32BE(COOKIE_OFFSET) !== MAGIC_COOKIE) {
    const classic = length === bytes.length - STUN_HEADER_BYTES && length % 4 === 0;
    throw new ProtocolError(classic ? 'stun.message.classic' : 'stun.message.magic-cookie', PLACE, 'no magic cookie');
  }
  // Section 5: attributes are padded to four bytes, so the last two bits of the length are always zero.
  if (length % 4 !== 0) throw new ProtocolError('stun.message.length', PLACE, `${length} is no multiple of four`);
  if (length > bytes.length - STUN_HEADER_BYTES) {
    throw new ProtocolError(ENDED_EARLY, PLACE, `needs ${length} bytes, has ${bytes.length - STUN_HEADER_BYTES}`);
  }
  if (length < bytes.length - STUN_HEADER_BYTES) {
    throw new ProtocolError(
      'stun.message.length',
      PLACE,
      `${bytes.length - STUN_HEADER_BYTES - length} bytes behind it`,
    );
  }
}

/** Where the attributes begin that count. */
function attributeOffsets(bytes: Buffer): number[] {
  const offsets: number[] = [];
  let closed: number = Closed.no;
  let count = 0;
  for (let at = STUN_HEADER_BYTES; at < bytes.length; count++) {
    if (count === MAX_STUN_ATTRIBUTES) {
      throw new ProtocolError(TOO_MANY_ATTRIBUTES, PLACE, `more than ${MAX_STUN_ATTRIBUTES} attributes`);
    }
    const type = bytes.readUInt16BE(at);
    const next = at + ATTRIBUTE_HEADER_BYTES + paddedLength(bytes.readUInt16BE(at + 2));
    if (next > bytes.length) {
      throw new ProtocolError(ENDED_EARLY, 'stun/attribute', `ends ${next - bytes.length} bytes behind the message`);
    }
    if (type === FINGERPRINT) {
      // Section 14.7: "When present, the FINGERPRINT attribute MUST be the last attribute in the message".
      if (next < bytes.length) throw new ProtocolError('stun.fingerprint.not-last', PLACE, 'attributes follow it');
      offsets.push(at);
    } else if (type === MESSAGE_INTEGRITY_SHA256 && closed < Closed.bySha256) {
      offsets.push(at);
      closed = Closed.bySha256;
    } else if (closed === Closed.no) {
      // Section 9: "agents MUST ignore all attributes that follow MESSAGE-INTEGRITY", save for these two.
      offsets.push(at);
      if (type === MESSAGE_INTEGRITY) closed = Closed.byIntegrity;
    }
    at = next;
  }
  return offsets;
}
