// Reads pictures of a codec whose messages are whole: AV1 and VP9. A keyframe says what the record says, and counts where the two differ.
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { PictureFlag } from './codec-rules.ts';
import type { PictureReader } from './codec-rules.ts';

export interface WholePictureCodec {
  /** @throws ProtocolError when no decoder could do anything with it */
  checkRecord(record: Buffer): unknown;
  /** What is in a message as bits of `PictureFlag`, and how many bytes of it are left out. @throws ProtocolError when it cannot be read */
  read(payload: Buffer): { readonly contents: number; readonly skip: number };
  /**
   * The record that a keyframe needs before it.
   * @param given what the encoder sent last
   * @param last what it needed before: returned when that is the same
   * @throws ProtocolError when it cannot be read
   */
  recordFor(keyframe: Buffer, given: Buffer | undefined, last: Buffer | undefined): Buffer | undefined;
}

export class WholePictureReader implements PictureReader {
  contents = 0;
  readonly beginsPicture = true;
  record: Buffer | undefined;
  readonly #codec: WholePictureCodec;
  #given: Buffer | undefined;

  constructor(codec: WholePictureCodec) {
    this.#codec = codec;
  }

  /** FFmpeg sends an empty record first. */
  judge(record: Buffer): 'new' | 'repeated' | 'unusable' {
    if (record.length === 0 || this.#given?.equals(record) === true) return 'repeated';
    return decodeOrUndefined((bytes) => this.#codec.checkRecord(bytes) ?? true, record) === undefined
      ? 'unusable'
      : 'new';
  }

  /** Takes effect with the next keyframe. */
  configure(record: Buffer): void {
    this.#given = Buffer.from(record);
  }

  read(payload: Buffer): Buffer | undefined {
    const read = decodeOrUndefined((bytes) => this.#codec.read(bytes), payload);
    this.contents = read?.contents ?? 0;
    return read && payload.subarray(read.skip);
  }

  settle(picture: Buffer, contents: number): void {
    if ((contents & PictureFlag.keyframe) === 0) return;
    const record = decodeOrUndefined((bytes) => this.#codec.recordFor(bytes, this.#given, this.record), picture);
    if (record !== undefined && this.record?.equals(record) !== true) this.record = Buffer.from(record);
  }

  /** Records change with keyframes only. */
  takeRestart(): boolean {
    return false;
  }
}
