// The frame log that an edge would publish for an FLV file.
import { readFileSync } from 'node:fs';
import { Codec, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { PictureFlag, rulesOf } from '@millrace/media';
import type { PictureReader, SoundReader } from '@millrace/media';
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

/** The frame log of an encoder that sends the pictures of one FLV file and the sound of another, of any codec. */
export function enhancedLog(
  files: { readonly video?: string; readonly audio?: string },
  epoch: number,
  offsetMs = 0,
  builder = new LogBuilder(epoch),
): Frame[] {
  const tagsOf = (path: string | undefined, type: number) =>
    path === undefined ? [] : new FlvDecoder().push(readFileSync(path)).filter((tag) => tag.type === type);
  const tags = [...tagsOf(files.video, FlvTagType.video), ...tagsOf(files.audio, FlvTagType.audio)];
  const pictures = new Map<string, PictureReader>();
  const sounds = new Map<string, SoundReader>();
  let sound: { readonly codec: Codec; readonly record: Uint8Array } | undefined;
  for (const tag of tags.sort((a, b) => a.timestampMs - b.timestampMs)) {
    const dts90k = (tag.timestampMs + offsetMs) * 90;
    if (tag.type === FlvTagType.video) {
      const { codec: name, packetType, dataOffset, compositionTimeMs } = readVideoTag(tag.data);
      const rules = name === 'none' ? undefined : rulesOf(Codec[name as keyof typeof Codec]);
      if (rules?.kind !== FrameKind.video) continue;
      const reader = pictures.get(name) ?? rules.openReader();
      pictures.set(name, reader);
      const body = tag.data.subarray(dataOffset);
      if (packetType === VideoPacketType.sequenceStart && reader.judge(body) === 'new') reader.configure(body);
      if (packetType !== VideoPacketType.codedFrames && packetType !== VideoPacketType.codedFramesX) continue;
      const payload = reader.read(body)!;
      reader.settle(payload, reader.contents);
      const key = (reader.contents & PictureFlag.keyframe) !== 0;
      if (key) {
        builder.configuration(FrameKind.video, rules.codec, reader.record!, dts90k);
        if (sound !== undefined) builder.configuration(FrameKind.audio, sound.codec, sound.record, dts90k);
      }
      builder.media(FrameKind.video, rules.codec, dts90k, payload, key, compositionTimeMs * 90);
    } else if (tag.type === FlvTagType.audio) {
      const { codec: name, packetType, dataOffset } = readAudioTag(tag.data);
      const rules = name === 'none' ? undefined : rulesOf(Codec[name as keyof typeof Codec]);
      if (rules?.kind !== FrameKind.audio) continue;
      const reader = sounds.get(name) ?? rules.openReader();
      sounds.set(name, reader);
      const body = tag.data.subarray(dataOffset);
      if (packetType === AudioPacketType.sequenceStart) reader.configure(body);
      if (packetType !== AudioPacketType.codedFrames) continue;
      reader.open(body);
      if (reader.record !== undefined && sound?.record !== reader.record) {
        sound = { codec: rules.codec, record: reader.record };
        builder.configuration(FrameKind.audio, rules.codec, reader.record, dts90k);
      }
      const key = files.video === undefined;
      for (let at = dts90k; reader.next(); at += reader.duration90k)
        builder.media(FrameKind.audio, rules.codec, Math.round(at), reader.payload, key);
    }
  }
  return builder.frames;
}
