// ITU-T H.264 and H.265, annex B: the byte stream format. NAL units behind start codes, as MPEG-TS carries them.

/** Four bytes, so that it serves as the zero_byte that annex B.1.2 asks for before SPS, PPS and the first NAL unit. */
export const START_CODE = Buffer.from([0, 0, 0, 1]);

/** Views of the NAL units in a byte stream, without start codes and trailing zeros. Bytes before the first code are left out. */
export function splitAnnexB(stream: Uint8Array): Buffer[] {
  const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
  const nalUnits: Buffer[] = [];
  let start = nextStartCode(bytes, 0);
  while (start >= 0) {
    const from = start + 3;
    const next = nextStartCode(bytes, from);
    let end = next < 0 ? bytes.length : next;
    while (end > from && bytes[end - 1] === 0) end--;
    if (end > from) nalUnits.push(bytes.subarray(from, end));
    start = next;
  }
  return nalUnits;
}

/** Whether bytes begin as a byte stream does: with any number of zeros, then 000001 (annex B.1.1). */
export function beginsWithStartCode(bytes: Uint8Array): boolean {
  let zeros = 0;
  while (bytes[zeros] === 0) zeros++;
  return zeros >= 2 && bytes[zeros] === 1;
}

/** Where the next 000001 is, or -1. */
function nextStartCode(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(1, from + 2); at >= 0; at = bytes.indexOf(1, at + 1)) {
    if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at - 2;
  }
  return -1;
}

/** The NAL units as one byte stream, each behind a four-byte start code. Copies. */
export function joinAnnexB(nalUnits: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const nalUnit of nalUnits) parts.push(START_CODE, nalUnit);
  return Buffer.concat(parts);
}
