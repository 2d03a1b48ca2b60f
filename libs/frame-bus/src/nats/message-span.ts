// What a message of the log holds, told from its headers alone.
import { FrameFlag } from '@millrace/domain';
import type { FramePosition } from '@millrace/domain';
import { FrameCodecError } from '../wire/frame-codec-error.ts';
import { FrameReader } from '../wire/frame-reader.ts';

/** What marks a place to start. */
const RANDOM_ACCESS = FrameFlag.keyframe | FrameFlag.recoveryPoint;

export interface MessageSpan {
  readonly first: FramePosition;
  readonly last: FramePosition;
}

/** The positions of the first and the last frame of a message; undefined when it holds no frames. */
export function messageSpan(message: Uint8Array): MessageSpan | undefined {
  let first: FramePosition | undefined;
  let last: FramePosition | undefined;
  eachFrame(message, (reader) => {
    last = { epoch: reader.epoch, sequence: reader.sequence };
    first ??= last;
  });
  return first && last && { first, last };
}

/** Follows a run of messages and remembers the place of the newest keyframe, or of the configuration right before it. */
export class KeyframeFinder {
  /** The first of the configuration frames right before the newest keyframe, or that keyframe itself. */
  newest: FramePosition | undefined;
  #run: { start: FramePosition; next: number } | undefined;

  push(message: Uint8Array): void {
    eachFrame(message, (reader) => {
      if (reader.partIndex > 0) return;
      const { epoch, sequence } = reader;
      const continues = this.#run?.start.epoch === epoch && this.#run.next === sequence;
      const start = continues && this.#run ? this.#run.start : { epoch, sequence };
      if ((reader.flags & FrameFlag.configuration) !== 0) {
        this.#run = { start, next: sequence + 1 };
        return;
      }
      this.#run = undefined;
      if ((reader.flags & RANDOM_ACCESS) !== 0) this.newest = start;
    });
  }
}

/** Stops at the first thing that is not a frame: the reader of the frames themselves reports it. */
function eachFrame(message: Uint8Array, visit: (reader: FrameReader) => void): void {
  const reader = new FrameReader(message);
  try {
    while (reader.next()) visit(reader);
  } catch (error) {
    if (!(error instanceof FrameCodecError)) throw error;
  }
}
