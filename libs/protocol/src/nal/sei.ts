// ITU-T H.264 section 7.3.2.3 and annex D, H.265 section 7.3.2.4 and annex D: what supplemental enhancement information says, as
// far as a server needs it. Both have the same form and the same numbers.
import { AccessUnitFlag } from './access-unit.ts';

/** Decoding can start here, and its pictures are right after some more of them at the latest (H.264 section D.2.8). */
const RECOVERY_POINT = 6;
const REGISTERED_USER_DATA = 4;
/** United States, ATSC, `GA94` and the type of caption data: 8 bytes (ATSC A/53 part 4 section 6.2.3). */
const CAPTION_DATA = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03];
const PROCESS_CC_DATA = 0x40;
const CC_VALID = 0x04;
/** A pair of bytes without anything in it: two zeros with odd parity. */
const NULL_BYTE = 0x80;

/** Reads bytes of a NAL unit with emulation prevention undone (section 7.4.1.1). One is used again and again: no allocation. */
class RbspCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #zeros = 0;

  open(bytes: Uint8Array, from: number, end: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
    this.#zeros = 0;
  }

  /** More than the trailing bits are left: those end with the last byte that is not zero. */
  get hasMore(): boolean {
    return this.#at < this.#end - 1;
  }

  /** @returns -1 at the end */
  next(): number {
    if (this.#zeros >= 2 && this.#bytes[this.#at] === 3) {
      this.#at++;
      this.#zeros = 0;
    }
    if (this.#at >= this.#end) return -1;
    const byte = this.#bytes[this.#at++]!;
    this.#zeros = byte === 0 ? this.#zeros + 1 : 0;
    return byte;
  }

  skip(count: number): void {
    for (let left = count; left > 0 && this.next() >= 0; left--);
  }

  /** ff_byte ... last byte, as payload types and sizes are written. @returns -1 at the end */
  sum(): number {
    let sum = 0;
    for (;;) {
      const byte = this.next();
      if (byte < 0) return -1;
      sum += byte;
      if (byte !== 0xff) return sum;
    }
  }
}

const cursor = new RbspCursor();

/** What an SEI NAL unit at `offset` says, as bits of `AccessUnitFlag`. What makes no sense is nothing. */
export function flagsOfSei(bytes: Uint8Array, offset: number, size: number, headerBytes: number): number {
  cursor.open(bytes, offset + headerBytes, offset + size);
  let flags = 0;
  while (cursor.hasMore) {
    const type = cursor.sum();
    const payloadBytes = cursor.sum();
    if (payloadBytes < 0) break;
    if (type === RECOVERY_POINT) flags |= AccessUnitFlag.recoveryPoint;
    if (type === REGISTERED_USER_DATA) flags |= readUserData(payloadBytes);
    else cursor.skip(payloadBytes);
  }
  return flags;
}

/** Takes exactly `size` bytes. */
function readUserData(size: number): number {
  let left = size;
  for (const expected of CAPTION_DATA) {
    if (left-- <= 0) return 0;
    if (cursor.next() !== expected) {
      cursor.skip(left);
      return 0;
    }
  }
  const head = left-- > 0 ? cursor.next() : 0;
  if (left-- > 0) cursor.next();
  let flags = 0;
  const count = (head & PROCESS_CC_DATA) === 0 ? 0 : Math.min(head & 0x1f, Math.floor(left / 3));
  for (let index = 0; index < count; index++, left -= 3) {
    const marker = cursor.next();
    const first = cursor.next();
    const second = cursor.next();
    if ((marker & CC_VALID) === 0) continue;
    if ((marker & 2) !== 0) flags |= AccessUnitFlag.cea708;
    else if (first !== NULL_BYTE || second !== NULL_BYTE) flags |= AccessUnitFlag.cea608;
  }
  cursor.skip(Math.max(0, left));
  return flags;
}
