// ISO/IEC 13818-1 section 2.4.4.2: sections in transport packets, behind a pointer_field.
import { ProtocolError } from '../../bytes/index.ts';
import { MAX_SECTION_LENGTH, SECTION_PREFIX_BYTES } from '../section.ts';

const STUFFING_TABLE_ID = 0xff;
const NONE = Buffer.alloc(0);

/** Puts the sections of one PID together. Keeps at most one section. */
export class SectionAssembler {
  #held: Buffer = NONE;
  /** False until the first packet that says where a section begins. */
  #started = false;

  /** Takes the payload of a packet and returns the sections that it completed. */
  push(payload: Buffer, unitStart: boolean): Buffer[] {
    if (!unitStart) return this.#started ? this.#collect(payload) : [];
    const pointer = payload[0] ?? 0;
    if (pointer + 1 > payload.length) throw new ProtocolError('mpegts.section.pointer', 'mpegts/section', `${pointer}`);
    const before = this.#started ? this.#collect(payload.subarray(1, 1 + pointer)) : [];
    this.#started = true;
    this.#held = NONE;
    return [...before, ...this.#collect(payload.subarray(1 + pointer))];
  }

  /** Forgets what is there, up to the next start: something of it was lost. */
  drop(): void {
    this.#held = NONE;
    this.#started = false;
  }

  #collect(bytes: Buffer): Buffer[] {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const sections: Buffer[] = [];
    while (this.#held.length >= SECTION_PREFIX_BYTES && this.#held[0] !== STUFFING_TABLE_ID) {
      const length = this.#held.readUInt16BE(1) & 0xfff;
      if (length > MAX_SECTION_LENGTH) throw new ProtocolError('mpegts.section.length', 'mpegts/section', `${length}`);
      const end = SECTION_PREFIX_BYTES + length;
      if (this.#held.length < end) return sections;
      sections.push(this.#held.subarray(0, end));
      this.#held = this.#held.subarray(end);
    }
    if (this.#held[0] === STUFFING_TABLE_ID) this.#held = NONE;
    return sections;
  }
}
