// The frame log that an edge would publish for an FLV file.
import { readFileSync } from 'node:fs';
import { Codec, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import {
  AudioPacketType,
  FlvDecoder,
  FlvTagType,
  readAudioTag,
  readVideoTag,
  VideoFrameType,
  VideoPacketType,
} from '@millrace/protocol/flv';
import { LogBuilder } from './log-builder.ts';

export const BBB_FLV = new URL('../../../../media/bbb-h264-aac.flv', import.meta.url).pathname;

/**
 * @param epoch of all frames
 * @param offsetMs added to all times: as an encoder that loops the file sends them
 * @param builder to continue; by default a new log
 */
export function flvLog(path: string, epoch: number, offsetMs = 0, builder = new LogBuilder(epoch)): Frame[] {
  for (const tag of new FlvDecoder().push(readFileSync(path))) {
    const dts90k = (tag.timestampMs + offsetMs) * 90;
    if (tag.type === FlvTagType.video) {
      const video = readVideoTag(tag.data);
      const payload = tag.data.subarray(video.dataOffset);
      if (video.packetType === VideoPacketType.sequenceStart) builder.videoConfiguration = payload;
      else if (video.packetType === VideoPacketType.codedFrames) {
        const key = video.frameType === VideoFrameType.keyframe;
        builder.media(FrameKind.video, Codec.h264, dts90k, payload, key, video.compositionTimeMs * 90);
      }
    } else if (tag.type === FlvTagType.audio) {
      const audio = readAudioTag(tag.data);
      const payload = tag.data.subarray(audio.dataOffset);
      if (audio.packetType === AudioPacketType.sequenceStart) builder.audioConfiguration = payload;
      else builder.media(FrameKind.audio, Codec.aac, dts90k, payload, false);
    }
  }
  return builder.frames;
}

/** The same file again and again, as one publisher sends it in a loop. */
export function loopedFlvLog(path: string, epoch: number, loops: number, loopMs: number): Frame[] {
  const builder = new LogBuilder(epoch);
  for (let loop = 0; loop < loops; loop++) flvLog(path, epoch, loop * loopMs, builder);
  return builder.frames;
}
