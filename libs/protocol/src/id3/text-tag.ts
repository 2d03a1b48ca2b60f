// ID3v2.4 (id3.org, "ID3 tag version 2.4.0"): a tag with one user-defined text frame (TXXX, section 4.2.6 of the frames).
import { ByteWriter } from '../bytes/index.ts';

const UTF8 = 3;
/** Four bytes of seven bits each. */
const MAX_SYNCHSAFE = 2 ** 28 - 1;
const HEADER_BYTES = 10;

/** @param description what kind of text it is; a zero in it would end it, and is left out @param value the text */
export function encodeId3Text(description: string, value: string): Buffer {
  const content = new ByteWriter();
  content.u8(UTF8).write(Buffer.from(description.replaceAll('\0', ''), 'utf8'));
  content.u8(0).write(Buffer.from(value, 'utf8'));
  const text = content.toBuffer();
  const tag = new ByteWriter();
  tag.write(Buffer.from('ID3\x04\0\0', 'latin1')).u32(synchsafe(HEADER_BYTES + text.length));
  tag.write(Buffer.from('TXXX', 'latin1')).u32(synchsafe(text.length)).u16(0).write(text);
  return tag.toBuffer();
}

function synchsafe(size: number): number {
  if (size > MAX_SYNCHSAFE) throw new RangeError(`a tag of ${size} bytes`);
  return ((size & 0xfe00000) << 3) | ((size & 0x1fc000) << 2) | ((size & 0x3f80) << 1) | (size & 0x7f);
}
