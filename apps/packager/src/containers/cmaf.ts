// CMAF (ISO/IEC 23000-19): one track a file, cut into parts. Beside the container of a stream's segments, for those with low latency.
// It keeps no state: what a part is called and when it is decoded follow from its segment and its frames.
import { createHash } from 'node:crypto';
import { Codec, TICKS_PER_MS } from '@millrace/domain';
import type { InitialisationMap, RenditionKind } from '@millrace/live-store';
import { describeTrack } from '@millrace/media';
import type { Track } from '@millrace/media';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import {
  encodeCmafFragment,
  encodeCmafHeader,
  encodeEventMessage,
  encodeProducerReferenceTime,
  encodeSegmentType,
  ID3_EVENT_SCHEME,
} from '@millrace/protocol/isobmff';
import type { CmafTrack } from '@millrace/protocol/isobmff';
import { decodeMp3FrameHeader } from '@millrace/protocol/mp3';
import { OPUS_SAMPLING_FREQUENCY } from '@millrace/protocol/opus';
import type { Sample, TimedMetadataTag } from './container.ts';

const TIMESCALE = 90_000;
/** Decode times of an epoch may begin below zero, those of a file may not: all are moved by as much. 10 s, as in MPEG-TS. */
const ORIGIN_TICKS = 900_000;
/** Fragments are numbered through all segments: a segment has fewer parts than this. */
const FRAGMENTS_OF_SEGMENT = 1_024;
/** What a field of a fragment can hold. */
const MAX_OFFSET_TICKS = 2 ** 31 - 1;

const MAP_EXTENSION = 'mp4';
const CONTENT_TYPE: Readonly<Record<RenditionKind, string>> = { video: 'video/mp4', audio: 'audio/mp4' };
const MAP_NAME_DIGITS = 16;

/** An initialisation map with its bytes. */
export interface CmafMap extends InitialisationMap {
  readonly bytes: Uint8Array;
}

/** A sample and how long it lasts. */
export interface TimedSample extends Omit<Sample, 'kind'> {
  readonly ticks: number;
}

export const cmafContentType = (kind: RenditionKind): string => CONTENT_TYPE[kind];

/** Where a time of the epoch is in the files. */
export const cmafTime = (time90k: number): number => Math.max(0, time90k + ORIGIN_TICKS);
/** Wall-clock time that belongs to time 0 of the files. @param epochZeroMs to that of the epoch */
export const cmafZeroMs = (epochZeroMs: number): number => epochZeroMs - ORIGIN_TICKS / TICKS_PER_MS;

/** The newest of each track, with its language. */
const maps = new WeakMap<Track, { readonly language: string | undefined; readonly map: CmafMap }>();

/** Whether there is a place for a track in CMAF. */
export const isCarriedInCmaf = (track: Track): boolean => track.codec === Codec.mp3 || formOf(track) !== undefined;

/**
 * The initialisation map of a track, named after its bytes; undefined when there is no place for the track in CMAF.
 * @param first the first frame behind it: what tells the rate and the channels of a codec without configuration records
 * @param language of sound, as BCP 47 has them
 */
export function cmafMapOf(track: Track, first: Uint8Array, language?: string): CmafMap | undefined {
  if (track.codec === Codec.mp3) return mp3MapOf(first, language);
  const known = maps.get(track);
  if (known !== undefined && known.language === language) return known.map;
  const form = formOf(track);
  if (form === undefined) return undefined;
  const map = mapOf(form.kind === 'audio' ? { ...form, language } : form);
  maps.set(track, { language, map });
  return map;
}

/** By rate and channels, of which there are few. Those of a language are made again. */
const mp3Maps = new Map<string, CmafMap>();

function mp3MapOf(first: Uint8Array, language: string | undefined): CmafMap | undefined {
  const header = decodeOrUndefined(decodeMp3FrameHeader, first);
  if (header === undefined) return undefined;
  const { samplingFrequency: sampleRate, channels } = header;
  const form = { ...SOUND, codec: 'mp3', record: NOTHING, sampleRate, channels, language } as const;
  if (language !== undefined) return mapOf(form);
  const key = `${sampleRate} ${channels}`;
  const map = mp3Maps.get(key) ?? mapOf(form);
  mp3Maps.set(key, map);
  return map;
}

function mapOf(form: CmafTrack): CmafMap {
  const bytes = encodeCmafHeader(form, TIMESCALE);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, MAP_NAME_DIGITS);
  return { name: `map-${hash}.${MAP_EXTENSION}`, contentType: CONTENT_TYPE[form.kind], bytes };
}

const PICTURES = {
  [Codec.h264]: 'h264',
  [Codec.h265]: 'h265',
  [Codec.av1]: 'av1',
  [Codec.vp9]: 'vp9',
} as const;
const SOUND = { kind: 'audio' } as const;
const NOTHING = Buffer.alloc(0);

function formOf(track: Track): CmafTrack | undefined {
  switch (track.codec) {
    case Codec.h264:
    case Codec.h265:
    case Codec.av1:
    case Codec.vp9: {
      const { width = 0, height = 0, colour, masteringDisplay, contentLight } = describeTrack(track);
      const { record } = track;
      const colours = { colour, masteringDisplay, contentLight };
      return record && { kind: 'video', codec: PICTURES[track.codec], record, width, height, ...colours };
    }
    case Codec.opus: {
      const { channels } = track.configuration;
      return (
        track.record && { ...SOUND, codec: 'opus', record: track.record, sampleRate: OPUS_SAMPLING_FREQUENCY, channels }
      );
    }
    case Codec.flac: {
      const { sampleRate, channels } = track.configuration;
      return track.record && { ...SOUND, codec: 'flac', record: track.record, sampleRate, channels };
    }
    case Codec.ac3:
    case Codec.eac3: {
      const { samplingFrequency: sampleRate, channels } = track.configuration;
      const codec = track.codec === Codec.ac3 ? 'ac3' : 'eac3';
      return track.record && { ...SOUND, codec, record: track.record, sampleRate, channels };
    }
    case Codec.aac: {
      const { samplingFrequency: sampleRate, channels } = track.configuration;
      return track.record && { ...SOUND, codec: 'aac', record: track.record, sampleRate, channels };
    }
    // Its frames tell.
    case Codec.mp3:
      return undefined;
  }
}

const SEGMENT_TYPE = encodeSegmentType();

/** "0xffffffff" is a duration that is not known (ISO/IEC 23009-1 section 5.10.3.3). */
const UNKNOWN_DURATION = 0xffff_ffff;

const encodeTag = ({ pts90k, id, tag }: TimedMetadataTag): Uint8Array =>
  encodeEventMessage({
    schemeIdUri: ID3_EVENT_SCHEME,
    value: '',
    timescale: TIMESCALE,
    presentationTime: cmafTime(pts90k),
    duration: UNKNOWN_DURATION,
    id,
    message: tag,
  });

/**
 * The bytes of a part. The same samples, tags and zero give the same bytes.
 *
 * @param index of the part in its segment
 * @param epochZeroMs wall-clock time that belongs to decode time 0 of the epoch
 */
export function encodeCmafPart(
  kind: RenditionKind,
  mediaSequence: number,
  index: number,
  samples: readonly TimedSample[],
  tags: readonly TimedMetadataTag[],
  epochZeroMs: number,
): Uint8Array {
  const first90k = samples[0]?.dts90k ?? 0;
  const wallMs = epochZeroMs + first90k / TICKS_PER_MS;
  // ISO/IEC 23000-19 section 7.3.2.3: "prft" comes before "emsg".
  const before = [encodeProducerReferenceTime({ wallMs, mediaTime: cmafTime(first90k) }), ...tags.map(encodeTag)];
  return encodeCmafFragment(
    {
      kind,
      sequenceNumber: mediaSequence * FRAGMENTS_OF_SEGMENT + index + 1,
      baseMediaDecodeTime: cmafTime(first90k),
      samples: samples.map(({ ticks, cto90k, keyframe, payload }) => ({
        duration: Math.min(Math.max(ticks, 0), MAX_OFFSET_TICKS),
        compositionOffset: Math.min(Math.max(cto90k, -MAX_OFFSET_TICKS), MAX_OFFSET_TICKS),
        sync: keyframe,
        payload,
      })),
    },
    index === 0 ? [SEGMENT_TYPE, ...before] : before,
  );
}
