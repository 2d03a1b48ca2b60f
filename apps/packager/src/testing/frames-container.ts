// A container as docs/extend.md says how to add one: frames one after another, each behind its number and its length. It shows that
// nothing outside such a file knows what a segment is made of.
import { codecStringOf } from '@millrace/media';
import type { Tracks } from '@millrace/media';
import type { Container } from '../containers/container.ts';

export const FRAME_HEADER_BYTES = 8;

export const framesContainer: Container = {
  name: 'frames',
  segments: { extension: 'frames', contentType: 'application/x-frames' },
  maps: { extension: 'names', contentType: 'text/x-names' },
  initial: { written: 0 },
  carries: () => true,
  mux({ samples }, tracks, { written = 0 }) {
    const parts = samples.flatMap(({ payload }, index) => {
      const header = Buffer.alloc(FRAME_HEADER_BYTES);
      header.writeUInt32BE(written + index + 1);
      header.writeUInt32BE(payload.length, 4);
      return [header, payload];
    });
    const state = { written: written + samples.length };
    return { bytes: Buffer.concat(parts), init: namesOf(tracks), state, skipped: 0, captions: [] };
  },
};

/** The initialisation map: what the frames are. */
const namesOf = (tracks: Tracks): Buffer => Buffer.from(`${tracks.map(codecStringOf).join('\n')}\n`);

export interface NumberedFrame {
  readonly number: number;
  readonly payload: Buffer;
}

/** Reads a segment of this container. */
export function readNumberedFrames(bytes: Uint8Array): NumberedFrame[] {
  const buffer = Buffer.from(bytes);
  const frames: NumberedFrame[] = [];
  for (let at = 0; at < buffer.length;) {
    const end = at + FRAME_HEADER_BYTES + buffer.readUInt32BE(at + 4);
    frames.push({ number: buffer.readUInt32BE(at), payload: buffer.subarray(at + FRAME_HEADER_BYTES, end) });
    at = end;
  }
  return frames;
}
