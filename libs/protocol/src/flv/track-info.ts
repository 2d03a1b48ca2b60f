// Enhanced RTMP v2, "Enhancing onMetaData": what an encoder says of its tracks beyond the first ones.
import { newRecord, propertiesOf } from '../amf0/index.ts';
import type { AmfRecord, AmfValue } from '../amf0/index.ts';
import { AUDIO_BY_FOUR_CC, AudioFourCc, fourCcOf, VIDEO_BY_FOUR_CC, VideoFourCc } from './four-cc.ts';

/** Tracks have a number of eight bits, and 0 is not in the map. */
const MAX_TRACKS = 255;
const MAX_SIDE = 16_384;
const MAX_RATE = 1_000_000;

export interface VideoTrackInfo {
  readonly codec: keyof typeof VideoFourCc | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** Kilobits per second. */
  readonly dataRate: number | undefined;
}

export interface AudioTrackInfo {
  readonly codec: keyof typeof AudioFourCc | undefined;
  readonly channels: number | undefined;
  readonly sampleRate: number | undefined;
  /** Kilobits per second. */
  readonly dataRate: number | undefined;
}

/** Reads `videoTrackIdInfoMap` from what `onMetaData` says; what makes no sense counts as not said. */
export function videoTrackInfo(metadata: Readonly<AmfRecord>): ReadonlyMap<number, VideoTrackInfo> {
  return readMap(metadata['videoTrackIdInfoMap'], (track) => ({
    codec: codecOf(track['videocodecid'], VIDEO_BY_FOUR_CC),
    width: numberOf(track['width'], MAX_SIDE),
    height: numberOf(track['height'], MAX_SIDE),
    dataRate: numberOf(track['videodatarate'], MAX_RATE),
  }));
}

/** Reads `audioTrackIdInfoMap`. */
export function audioTrackInfo(metadata: Readonly<AmfRecord>): ReadonlyMap<number, AudioTrackInfo> {
  return readMap(metadata['audioTrackIdInfoMap'], (track) => ({
    codec: codecOf(track['audiocodecid'], AUDIO_BY_FOUR_CC),
    channels: numberOf(track['channels'], 255),
    sampleRate: numberOf(track['samplerate'], MAX_RATE),
    dataRate: numberOf(track['audiodatarate'], MAX_RATE),
  }));
}

/** The two maps as properties of `onMetaData`. */
export function trackInfoMaps(
  video: ReadonlyMap<number, VideoTrackInfo>,
  audio: ReadonlyMap<number, AudioTrackInfo>,
): AmfRecord {
  return Object.assign(newRecord(), {
    videoTrackIdInfoMap: writeMap(video, ({ codec, width, height, dataRate }) => ({
      width,
      height,
      videodatarate: dataRate,
      videocodecid: codec && fourCcOf(VideoFourCc[codec]),
    })),
    audioTrackIdInfoMap: writeMap(audio, ({ codec, channels, sampleRate, dataRate }) => ({
      channels,
      samplerate: sampleRate,
      audiodatarate: dataRate,
      audiocodecid: codec && fourCcOf(AudioFourCc[codec]),
    })),
  });
}

function readMap<T>(value: AmfValue, read: (track: Readonly<AmfRecord>) => T): ReadonlyMap<number, T> {
  const tracks = new Map<number, T>();
  for (const [key, track] of Object.entries(propertiesOf(value) ?? {})) {
    const id = /^\d{1,3}$/.test(key) ? Number(key) : 0;
    const properties = propertiesOf(track);
    if (id >= 1 && id <= MAX_TRACKS && properties !== undefined) tracks.set(id, read(properties));
  }
  return tracks;
}

function writeMap<T>(
  tracks: ReadonlyMap<number, T>,
  write: (track: T) => Record<string, number | undefined>,
): AmfRecord {
  const map = newRecord();
  for (const [id, track] of tracks) {
    const said = Object.entries(write(track)).filter(([, value]) => value !== undefined);
    map[String(id)] = Object.assign(newRecord(), Object.fromEntries(said));
  }
  return map;
}

function codecOf<Name extends string>(value: AmfValue, names: ReadonlyMap<number, Name>): Name | undefined {
  return typeof value === 'number' ? names.get(value) : undefined;
}

function numberOf(value: AmfValue, maximum: number): number | undefined {
  return typeof value === 'number' && value > 0 && value <= maximum ? value : undefined;
}
