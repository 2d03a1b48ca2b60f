// Frames of sound out of PES packets, which may begin and end within frames (ISO/IEC 13818-1 section 2.4.3.7).
import { ENDED_EARLY, ProtocolError } from '../../bytes/index.ts';
import type { TsAudioCodec } from './stream-format.ts';
import { SOUND_UNITS } from './sound-unit.ts';

export interface SoundFrames {
  /** @param pts of the packet for the first frame that begins in it; undefined for those that follow the frame before them */
  frame(frame: Buffer, pts: number | undefined): void;
  /** Bytes that are no frame are left out. @param error why. @returns whether a frame is looked for in the rest of the packet */
  lost(error: ProtocolError): boolean;
}

/** The first byte of a frame, or of what is before it. */
const FIRST_BYTE: Readonly<Record<TsAudioCodec, number>> = { aac: 0xff, mp3: 0xff, ac3: 0x0b, eac3: 0x0b, opus: 0x7f };
/** How often a frame is looked for in the bytes of one packet. */
const MAX_SEARCHES = 16;
/** The longest part of a frame that is kept for the next packet. */
const MAX_HELD_BYTES = 64 * 1024;
const NONE = Buffer.alloc(0);

export class SoundSplitter {
  readonly #codec: TsAudioCodec;
  readonly #into: SoundFrames;
  /** The beginning of a frame whose end has not come. */
  #held: Buffer = NONE;
  #heldPts: number | undefined;

  constructor(codec: TsAudioCodec, into: SoundFrames) {
    this.#codec = codec;
    this.#into = into;
  }

  /** Something is missing between the packet before and the next one. */
  drop(): void {
    this.#held = NONE;
  }

  /** @param data of one PES packet; frames are views of it */
  push(data: Buffer, pts: number | undefined): void {
    const begunBefore = this.#held.length;
    const bytes = begunBefore === 0 ? data : Buffer.concat([this.#held, data]);
    this.#held = NONE;
    let ownPts = begunBefore === 0 ? pts : this.#heldPts;
    let nextPts = begunBefore === 0 ? undefined : pts;
    let searches = 0;
    for (let at = 0; at < bytes.length;) {
      try {
        const rest = bytes.subarray(at);
        const { headerBytes, frameBytes } = SOUND_UNITS[this.#codec](rest);
        const end = headerBytes + frameBytes;
        if (end > rest.length) return this.#hold(rest, ownPts);
        this.#into.frame(rest.subarray(headerBytes, end), ownPts);
        at += end;
        ownPts = at >= begunBefore ? nextPts : undefined;
        if (at >= begunBefore) nextPts = undefined;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        if (error.code === ENDED_EARLY) return this.#hold(bytes.subarray(at), ownPts);
        if (searches++ === 0 && !this.#into.lost(error)) return;
        const next = searches > MAX_SEARCHES ? -1 : bytes.indexOf(FIRST_BYTE[this.#codec], at + 1);
        at = next < 0 ? bytes.length : next;
      }
    }
  }

  #hold(rest: Buffer, pts: number | undefined): void {
    if (rest.length > MAX_HELD_BYTES) return;
    this.#held = Buffer.from(rest);
    this.#heldPts = pts;
  }
}
