import type { FlvTag } from './index.ts';
import { encodeFlvHeader, FlvDecoder, readAudioTag, readTracks, readVideoTag } from './index.ts';

/** Enough to gather a few elements and small enough that nothing large is ever promised. */
const MAX_DATA_BYTES = 1 << 16;

/** The first byte chooses between the tag headers and the stream; of the stream it also says the size of the pieces. */
export function fuzz(data: Uint8Array): void {
  const choice = data[0] ?? 0;
  const rest = data.subarray(1);
  if (choice < 64) {
    const tag = readVideoTag(rest);
    if (tag.multitrack !== undefined) readTracks(rest, tag);
    if (tag.dataOffset > rest.length) throw new Error('data begins behind the message');
    return;
  }
  if (choice < 128) {
    const tag = readAudioTag(rest);
    if (tag.multitrack !== undefined) readTracks(rest, tag);
    if (tag.dataOffset > rest.length) throw new Error('data begins behind the message');
    return;
  }
  const stream = (choice & 1) === 0 ? rest : Buffer.concat([encodeFlvHeader({ hasAudio: true, hasVideo: true }), rest]);
  const whole = new FlvDecoder({ maxDataBytes: MAX_DATA_BYTES }).push(stream);
  const decoder = new FlvDecoder({ maxDataBytes: MAX_DATA_BYTES });
  const size = (choice & 63) + 1;
  const pieces: FlvTag[] = [];
  for (let at = 0; at < stream.length; at += size) pieces.push(...decoder.push(stream.subarray(at, at + size)));
  if (JSON.stringify(pieces) !== JSON.stringify(whole)) throw new Error('tags depend on how the stream is cut');
}
