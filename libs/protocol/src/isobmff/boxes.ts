// ISO/IEC 14496-12 section 4.2: boxes inside boxes, written in one go.
import type { ByteWriter } from '../bytes/index.ts';

/** Writes a box whose content is what `write` writes. @param type four characters */
export function box(out: ByteWriter, type: string, write: () => void): void {
  const at = out.length;
  out.u32(0).utf8(type);
  write();
  out.patchU32(at, out.length - at);
}

/** Writes a box that has a version and flags (section 4.2.2). */
export function fullBox(out: ByteWriter, type: string, version: number, flags: number, write: () => void): void {
  box(out, type, () => {
    out.u8(version).u24(flags);
    write();
  });
}
