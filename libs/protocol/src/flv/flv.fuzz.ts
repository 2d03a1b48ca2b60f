import { hex } from '../testing/hex.ts';
import type { FlvTag } from './index.ts';
import {
  audioTagOfTrack,
  decodeChannelLayout,
  decodeColorInfo,
  encodeChannelLayout,
  encodeColorInfo,
  encodeFlvHeader,
  encodeVideoTracks,
  FlvDecoder,
  readAudioTag,
  readTracks,
  readVideoTag,
  videoTagOfTrack,
} from './index.ts';

/** Enough to gather a few elements and small enough that nothing large is ever promised. */
const MAX_DATA_BYTES = 1 << 16;

const TAGS = hex('09 000005 000000 00 000000 1702000000 00000010 08 000003 000017 00 000000 af01ff 0000000e');

export const seeds: readonly Uint8Array[] = [
  hex('00 17 01 000043 00000002 65aa'),
  hex('00 97 02 000064 01 68766331 000021'),
  hex('00 96 21 61763031 00 000001 aa 68766331 01 000004 00002acc'),
  hex('00 97 02 000005 06 21 61763031 00 000001 aa'),
  Buffer.concat([hex('00 d4 61763031'), encodeColorInfo({ hdrCll: { maxCLL: 1000 }, colorConfig: { bitDepth: 10 } })]),
  Buffer.concat([hex('40 94 4f707573'), encodeChannelLayout({ order: 'native', channelCount: 2, mask: 3 })]),
  Buffer.concat([hex('40 94 4f707573'), encodeChannelLayout({ order: 'custom', channelCount: 1, channels: [2] })]),
  hex('40 af 01 2110'),
  hex('40 97 02 000007 05 11 4f707573 00 000001 aa 01 000001 bb'),
  Buffer.concat([hex('80 464c5601 05 00000009 00000000'), TAGS]),
  Buffer.concat([hex('87'), TAGS]),
];

/** The first byte chooses between the tag headers and the stream; of the stream it also says the size of the pieces. */
export function fuzz(data: Uint8Array): void {
  const choice = data[0] ?? 0;
  const rest = data.subarray(1);
  if (choice < 64) {
    const tag = readVideoTag(rest);
    if (tag.packetType === 4) decodeColorInfo(rest.subarray(tag.dataOffset));
    if (tag.multitrack !== undefined) {
      const tracks = readTracks(rest, tag);
      for (const track of tracks) videoTagOfTrack(tag, track);
      const again = encodeVideoTracks({ ...tag, type: tag.multitrack }, tracks);
      if (JSON.stringify(readTracks(again, readVideoTag(again))) !== JSON.stringify(tracks))
        throw new Error('tracks that are not those that were written');
    }
    if (tag.dataOffset > rest.length) throw new Error('data begins behind the message');
    return;
  }
  if (choice < 128) {
    const tag = readAudioTag(rest);
    if (tag.packetType === 4) decodeChannelLayout(rest.subarray(tag.dataOffset));
    if (tag.multitrack !== undefined) for (const track of readTracks(rest, tag)) audioTagOfTrack(tag, track);
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
