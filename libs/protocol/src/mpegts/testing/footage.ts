import { readFileSync } from 'node:fs';
import { decodeAudioSpecificConfig } from '../../aac/index.ts';
import {
  AudioPacketType,
  FlvDecoder,
  FlvTagType,
  readAudioTag,
  readVideoTag,
  VideoPacketType,
} from '../../flv/index.ts';
import { decodeH264Configuration, H264_SYNTAX } from '../../h264/index.ts';
import { AccessUnitFlag, classifyAccessUnit } from '../../nal/index.ts';
import type { AccessUnit, AudioTrack, VideoTrack } from '../index.ts';

export interface Footage {
  readonly video: VideoTrack;
  readonly audio: AudioTrack;
  readonly units: readonly AccessUnit[];
}

/** The access units of an FLV file with H.264 and AAC. For tests. */
function readFootage(file: URL): Footage {
  const units: AccessUnit[] = [];
  let video: VideoTrack | undefined;
  let audio: AudioTrack | undefined;
  for (const tag of new FlvDecoder().push(readFileSync(file))) {
    const dts90k = tag.timestampMs * 90;
    if (tag.type === FlvTagType.video) {
      const { packetType, dataOffset, compositionTimeMs } = readVideoTag(tag.data);
      const payload = tag.data.subarray(dataOffset);
      if (packetType === VideoPacketType.sequenceStart)
        video = { codec: 'h264', config: decodeH264Configuration(payload) };
      if (packetType !== VideoPacketType.codedFrames) continue;
      const keyframe = (classifyAccessUnit(payload, 4, H264_SYNTAX) & AccessUnitFlag.idr) !== 0;
      units.push({ kind: 'video', dts90k, cto90k: compositionTimeMs * 90, keyframe, payload });
    } else if (tag.type === FlvTagType.audio) {
      const { packetType, dataOffset } = readAudioTag(tag.data);
      const payload = tag.data.subarray(dataOffset);
      if (packetType === 0) audio = { codec: 'aac', config: decodeAudioSpecificConfig(payload) };
      else units.push({ kind: 'audio', dts90k, cto90k: 0, keyframe: false, payload });
    }
  }
  if (video === undefined || audio === undefined) throw new Error('the footage lacks a track');
  return { video, audio, units };
}

/** Big Buck Bunny with H.264 and AAC, 30 s. */
export const bunny = (): Footage => readFootage(new URL('../../../../../media/bbb-h264-aac.flv', import.meta.url));

/** The sound of an FLV file of Enhanced RTMP: the bodies of its messages. */
export function soundsOf(name: string): AccessUnit[] {
  const file = readFileSync(new URL(`../../../../../media/${name}`, import.meta.url));
  const units: AccessUnit[] = [];
  for (const tag of new FlvDecoder().push(file)) {
    if (tag.type !== FlvTagType.audio) continue;
    const { packetType, dataOffset } = readAudioTag(tag.data);
    const payload = tag.data.subarray(dataOffset);
    if (packetType === AudioPacketType.codedFrames)
      units.push({ kind: 'audio', dts90k: tag.timestampMs * 90, cto90k: 0, keyframe: false, payload });
  }
  return units;
}

/** Cuts units before each keyframe; what comes before the first one goes with it. */
export function cutAtKeyframes(units: readonly AccessUnit[]): AccessUnit[][] {
  const segments: AccessUnit[][] = [[]];
  let started = false;
  for (const unit of units) {
    if (unit.kind === 'video' && unit.keyframe) {
      if (started) segments.push([]);
      started = true;
    }
    segments.at(-1)?.push(unit);
  }
  return segments;
}
