// ITU-T H.264 section 7.4.1.1, H.265 section 7.4.2.1: a NAL unit never contains 000000, 000001 or 000002; the encoder puts a 03 in between.

/** Undoes emulation prevention: the raw byte sequence payload after the NAL unit header. Copies only when needed. */
export function removeEmulationPrevention(nalUnit: Uint8Array, headerBytes = 1): Uint8Array {
  const first = indexOfEmulation(nalUnit, headerBytes);
  if (first < 0) return nalUnit.subarray(headerBytes);
  const rbsp = Buffer.allocUnsafe(nalUnit.length);
  let length = 0;
  let from = headerBytes;
  for (let at = first; at >= 0; at = indexOfEmulation(nalUnit, from)) {
    rbsp.set(nalUnit.subarray(from, at), length);
    length += at - from;
    from = at + 1;
  }
  rbsp.set(nalUnit.subarray(from), length);
  return rbsp.subarray(0, length + nalUnit.length - from);
}

/** Where the next emulation prevention byte is: the 03 of a 000003 that begins at or after `from`; -1 for none. */
function indexOfEmulation(bytes: Uint8Array, from: number): number {
  let zeros = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 3 && zeros >= 2) return at;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return -1;
}

/** Builds a NAL unit from the bytes of its header and raw payload, putting in emulation prevention bytes. */
export function addEmulationPrevention(header: number | readonly number[], rbsp: Uint8Array): Buffer {
  const nalUnit: number[] = [header].flat();
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      nalUnit.push(3);
      zeros = 0;
    }
    nalUnit.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  // "When the last byte of the RBSP data is equal to 0x00 ... a final byte equal to 0x03 is appended" (section 7.3.1).
  if (rbsp.length > 0 && rbsp[rbsp.length - 1] === 0) nalUnit.push(3);
  return Buffer.from(nalUnit);
}
