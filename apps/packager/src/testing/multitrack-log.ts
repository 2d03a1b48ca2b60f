// The frame log that an edge would publish for media/bbb-multitrack.flv: three sizes of pictures and two tracks of sound, in a loop.
import { readFileSync } from 'node:fs';
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import {
  AudioPacketType,
  audioTagOfTrack,
  FlvDecoder,
  FlvTagType,
  readAudioTag,
  readTracks,
  readVideoTag,
  VideoFrameType,
  VideoPacketType,
  videoTagOfTrack,
} from '@millrace/protocol/flv';
import { LogBuilder } from './log-builder.ts';

const FILE = new URL('../../../../media/bbb-multitrack.flv', import.meta.url).pathname;
export const LOOP_MS = 6_000;

/** What the file has of one track at one time. */
interface Unit {
  readonly kind: typeof FrameKind.video | typeof FrameKind.audio;
  readonly track: number;
  readonly ms: number;
  readonly isRecord: boolean;
  readonly key: boolean;
  readonly offsetMs: number;
  readonly payload: Uint8Array;
}

function unitsOf(path: string): Unit[] {
  const units: Unit[] = [];
  for (const { type, timestampMs: ms, data } of new FlvDecoder().push(readFileSync(path))) {
    if (type === FlvTagType.video) {
      const whole = readVideoTag(data);
      const tracks = whole.multitrack === undefined ? [{ trackId: 0, tag: whole, body: data }] : undefined;
      for (const { trackId, tag, body } of tracks ??
        readTracks(data, whole).map((each) => ({ ...each, tag: videoTagOfTrack(whole, each) }))) {
        const { packetType, frameType, compositionTimeMs: offsetMs } = tag;
        const isRecord = packetType === VideoPacketType.sequenceStart;
        if (!isRecord && packetType !== VideoPacketType.codedFrames && packetType !== VideoPacketType.codedFramesX)
          continue;
        const key = frameType === VideoFrameType.keyframe;
        const payload = body.subarray(tag.dataOffset);
        units.push({ kind: FrameKind.video, track: trackId, ms, isRecord, key, offsetMs, payload });
      }
    } else if (type === FlvTagType.audio) {
      const whole = readAudioTag(data);
      const tracks = whole.multitrack === undefined ? [{ trackId: 0, tag: whole, body: data }] : undefined;
      for (const { trackId, tag, body } of tracks ??
        readTracks(data, whole).map((each) => ({ ...each, tag: audioTagOfTrack(whole, each) }))) {
        const isRecord = tag.packetType === AudioPacketType.sequenceStart;
        if (!isRecord && tag.packetType !== AudioPacketType.codedFrames) continue;
        const payload = body.subarray(tag.dataOffset);
        units.push({ kind: FrameKind.audio, track: trackId, ms, isRecord, key: false, offsetMs: 0, payload });
      }
    }
  }
  return units;
}

export interface MultitrackOptions {
  readonly loops?: number;
  /** Leaves out what an encoder does not send. */
  readonly sends?: (unit: { readonly kind: number; readonly track: number; readonly ms: number }) => boolean;
  /** How much later the pictures of a further track are. */
  readonly delayMs?: (track: number) => number;
}

/** Configurations of further tracks come before their own keyframes, and before their first frame behind each keyframe of the first one. */
export function multitrackLog(
  epoch: number,
  { loops = 2, sends = () => true, delayMs = () => 0 }: MultitrackOptions = {},
): Frame[] {
  const units = unitsOf(FILE);
  const builder = new LogBuilder(epoch);
  const records = new Map<string, Uint8Array>();
  for (const { kind, track, payload } of units.filter(({ isRecord }) => isRecord)) {
    if (track > 0) records.set(`${kind} ${track}`, payload);
    else if (kind === FrameKind.video) builder.videoConfiguration = payload;
    else builder.audioConfiguration = payload;
  }
  const media = units.filter(({ isRecord, kind, ms }) => !isRecord && (kind === FrameKind.video || ms < LOOP_MS - 10));
  const placed = Array.from({ length: loops }, (_, loop) =>
    media.map((unit) => ({
      ...unit,
      ms: unit.ms + loop * LOOP_MS + (unit.kind === FrameKind.video ? delayMs(unit.track) : 0),
    })),
  ).flat();
  placed.sort((a, b) => a.ms - b.ms);
  let starts = 0;
  const told = new Map<string, number>();
  for (const unit of placed) {
    const { kind, track, ms, key, offsetMs, payload } = unit;
    if (!sends(unit)) continue;
    const codec = kind === FrameKind.video ? Codec.h264 : Codec.aac;
    const time = { dts90k: ms * 90, compositionOffset90k: offsetMs * 90 };
    if (track === 0) {
      if (key) starts++;
      builder.media(kind, codec, time.dts90k, payload, key, time.compositionOffset90k);
      continue;
    }
    const name = `${kind} ${track}`;
    if (key || told.get(name) !== starts)
      builder.push({
        kind,
        codec,
        flags: FrameFlag.configuration,
        track,
        ...time,
        compositionOffset90k: 0,
        payload: records.get(name)!,
      });
    told.set(name, starts);
    builder.push({ kind, codec, flags: key ? FrameFlag.trackStart : 0, track, ...time, payload });
  }
  return builder.frames;
}
