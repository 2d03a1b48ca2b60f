// RTMP 1.0 section 5.3.1.3: a fmt 3 chunk repeats the extended timestamp of its chunk stream. Not all peers do.

/** A 24-bit timestamp field with this value says that 32 bits follow the message header. */
export const EXTENDED = 0xff_ffff;

/** How a peer writes fmt 3 chunks of a chunk stream with an extended timestamp. */
const Dialect = {
  unknown: 0,
  /** As the specification has it: the field comes again. FFmpeg, OBS since 30.1, Flash. */
  repeats: 1,
  /** Only the first chunk of a message has the field. librtmp and what is built on it. */
  omits: 2,
} as const;
export type Dialect = (typeof Dialect)[keyof typeof Dialect];

/**
 * Finds out once per connection which dialect the peer speaks, and remembers it.
 *
 * The first continuation chunk under an extended timestamp decides: when its first four bytes are the timestamp (or the
 * delta that led to it), the peer repeats the field. A peer that does not, and whose payload happens to hold just these four
 * bytes at its first chunk border, is misread: one chance in 2^32 per connection, and any later coincidence is harmless.
 */
export class ExtendedTimestampDialect {
  dialect: Dialect = Dialect.unknown;

  /**
   * Says how many bytes the extended timestamp of a fmt 3 chunk takes: 4, 0, or -1 when that needs more input. Looks no
   * further than the first byte that differs, so a short last chunk need not wait for what follows it.
   * @param at where the field would begin in `bytes`, of which `end` are there.
   * @param field the field as it came with the last fmt 0, 1 or 2 header; unsigned 32 bits.
   * @param timestamp the timestamp of the message before or around it; some peers repeat this instead of the delta.
   * @param continues whether the chunk goes on with a message. When it begins one, it has the field if it shows it: librtmp
   *   never writes it there, and that proves nothing about the chunks that go on.
   */
  fieldSize(bytes: Uint8Array, at: number, end: number, field: number, timestamp: number, continues: boolean): number {
    if (this.dialect === Dialect.omits) return 0;
    const there = end - at;
    if (this.dialect === Dialect.repeats && continues) return there < 4 ? -1 : 4;
    const checked = Math.min(there, 4);
    let isField = true;
    let isTimestamp = true;
    for (let i = 0; i < checked; i++) {
      const byte = bytes[at + i];
      const shift = 24 - 8 * i;
      isField &&= byte === ((field >>> shift) & 0xff);
      isTimestamp &&= byte === ((timestamp >>> shift) & 0xff);
    }
    if (!isField && !isTimestamp) {
      if (continues) this.dialect = Dialect.omits;
      return 0;
    }
    if (checked < 4) return -1;
    this.dialect = Dialect.repeats;
    return 4;
  }
}
