// The digest handshake, which the specification leaves out: C1 and S1 carry an HMAC-SHA256 of themselves at a place that
// four of their own bytes choose, in one of two schemes; C2 and S2 end with an HMAC keyed by the digest they answer.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PACKET_BYTES } from './handshake-packet.ts';

const DIGEST_BYTES = 32;

/** Scheme 0 has the digest in the second half of the packet, scheme 1 in the first. */
export type DigestScheme = 0 | 1;

/** Where each scheme's four choosing bytes are; the digest's place counts from the byte behind them. */
const CHOOSING_AT = { 0: 772, 1: 8 } as const;
/** Half a packet is 764 bytes: four choose, 32 are the digest. */
const PLACES = 764 - 4 - DIGEST_BYTES;

const COMMON_KEY = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');

/** What one side signs with: the name alone for its own packet, name and common key for its answer. */
export interface SigningKey {
  readonly packet: Buffer;
  readonly answer: Buffer;
}

function signingKey(name: string): SigningKey {
  const packet = Buffer.from(name, 'ascii');
  return { packet, answer: Buffer.concat([packet, COMMON_KEY]) };
}

export const CLIENT_KEY = signingKey('Genuine Adobe Flash Player 001');
export const SERVER_KEY = signingKey('Genuine Adobe Flash Media Server 001');

/** Where the digest of a packet is. */
export function digestOffset(packet: Buffer, scheme: DigestScheme): number {
  const at = CHOOSING_AT[scheme];
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += packet.readUInt8(at + i);
  return (sum % PLACES) + at + 4;
}

/** The digest of all of a packet but the 32 bytes where the digest goes. */
function packetDigest(packet: Buffer, offset: number, key: SigningKey): Buffer {
  return createHmac('sha256', key.packet)
    .update(packet.subarray(0, offset))
    .update(packet.subarray(offset + DIGEST_BYTES))
    .digest();
}

export interface FoundDigest {
  readonly scheme: DigestScheme;
  readonly digest: Buffer;
}

/** Finds the digest of a peer's C1 or S1, in whichever scheme it is; undefined when neither place holds the right one. */
export function findDigest(packet: Buffer, key: SigningKey): FoundDigest | undefined {
  for (const scheme of [0, 1] as const) {
    const offset = digestOffset(packet, scheme);
    const digest = packetDigest(packet, offset, key);
    if (timingSafeEqual(digest, packet.subarray(offset, offset + DIGEST_BYTES))) return { scheme, digest };
  }
  return undefined;
}

/** Writes the digest into one's own C1 or S1, and returns it. */
export function placeDigest(packet: Buffer, scheme: DigestScheme, key: SigningKey): Buffer {
  const offset = digestOffset(packet, scheme);
  const digest = packetDigest(packet, offset, key);
  digest.copy(packet, offset);
  return digest;
}

/** The last 32 bytes of C2 or S2. */
function answerDigest(answer: Buffer, peerDigest: Buffer, key: SigningKey): Buffer {
  const answerKey = createHmac('sha256', key.answer).update(peerDigest).digest();
  return createHmac('sha256', answerKey)
    .update(answer.subarray(0, PACKET_BYTES - DIGEST_BYTES))
    .digest();
}

/** Signs one's own C2 or S2, which is random otherwise, as an answer to the packet with `peerDigest`. */
export function signAnswer(answer: Buffer, peerDigest: Buffer, key: SigningKey): void {
  answerDigest(answer, peerDigest, key).copy(answer, PACKET_BYTES - DIGEST_BYTES);
}

/** Whether the peer's C2 or S2 answers one's own packet with `ownDigest`. */
export function isSignedAnswer(answer: Buffer, ownDigest: Buffer, key: SigningKey): boolean {
  return timingSafeEqual(answerDigest(answer, ownDigest, key), answer.subarray(PACKET_BYTES - DIGEST_BYTES));
}
