// Tracks of a stream: what their configuration frames said last.
import { isConfiguration } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { decodeColorInfo } from '@millrace/protocol/flv';
import type { ColorInfo } from '@millrace/protocol/flv';
import { withColoursBeside } from './codec-rules.ts';
import type { AudioRules, CodecRules, MediaCodec, TrackDescription } from './codec-rules.ts';
import { CODECS, rulesOf } from './codecs.ts';

type RulesOf<C extends MediaCodec> = (typeof CODECS)[C];

interface TrackOf<C extends MediaCodec> {
  /** Its number among the tracks of its kind, as frames carry it. */
  readonly id: number;
  readonly kind: RulesOf<C>['kind'];
  readonly codec: C;
  /** The payload of its configuration frame: two tracks are the same when these are. Undefined for a codec without records. */
  readonly record: Uint8Array | undefined;
  readonly configuration: ReturnType<RulesOf<C>['readConfiguration']>;
  /** What its encoder says of its colours beside the bit stream; undefined while it says nothing. */
  readonly coloursBeside?: ColoursBeside | undefined;
}

interface ColoursBeside {
  readonly payload: Uint8Array;
  readonly info: ColorInfo;
}

export type Track = { readonly [C in MediaCodec]: TrackOf<C> }[MediaCodec];

/** Ordered by kind, then by id. A stream has each pair of these once. */
export type Tracks = readonly Track[];

export const NO_TRACKS: Tracks = [];

/** The track of this kind and number. */
export function findTrack(tracks: Tracks, kind: number, id = 0): Track | undefined {
  for (const track of tracks) if (track.kind === kind && track.id === id) return track;
  return undefined;
}

/** Tracks with this one in its place: instead of the one of its kind and number, or beside the others. */
export function withTrack(tracks: Tracks, track: Track): Tracks {
  const others = tracks.filter((other) => other.kind !== track.kind || other.id !== track.id);
  return [...others, track].sort((a, b) => a.kind - b.kind || a.id - b.id);
}

/**
 * Reads a configuration frame. The payload is copied: it outlives the large buffer that it may be a view of.
 * @param last what was read before of this track; given back when the frame repeats it
 * @returns undefined when no decoder could do anything with it
 */
export function readTrack(frame: Frame, last: Track | undefined): Track | undefined {
  const rules = rulesOf(frame.codec);
  if (rules?.hasRecord !== true || rules.kind !== frame.kind || !isConfiguration(frame)) return undefined;
  if (last?.codec === frame.codec && last.record !== undefined && isSame(last.record, frame.payload)) return last;
  return decodeOrUndefined(
    (record) => trackOf(rules, frame.track ?? 0, record, rules.readConfiguration(record)),
    Buffer.from(frame.payload),
  );
}

/**
 * Reads a frame of colours behind the configuration of its track. The payload is copied.
 * @param track as its configuration says; given back when it had the same colours before
 * @returns undefined when it says nothing that can be understood
 */
export function readColours(frame: Frame, track: Track): Track | undefined {
  if (track.coloursBeside !== undefined && isSame(track.coloursBeside.payload, frame.payload)) return track;
  return decodeOrUndefined((payload) => {
    const info = decodeColorInfo(payload);
    return info && { ...track, coloursBeside: { payload, info } };
  }, Buffer.from(frame.payload));
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

/** The first track of a codec whose frames say all that is to be known; undefined for other codecs. Allocates nothing. */
export const trackWithoutRecord = (codec: number): Track | undefined => WITHOUT_RECORD[codec];

const WITHOUT_RECORD: Readonly<Record<number, Track | undefined>> = Object.fromEntries(
  Object.values<CodecRules>(CODECS)
    .filter(({ hasRecord }) => !hasRecord)
    .map((rules) => [rules.codec, trackOf(rules, 0, undefined, undefined)]),
);

/** The table says of each codec what its configuration is; here that is known of one codec at a time. */
function trackOf(rules: CodecRules, id: number, record: Uint8Array | undefined, configuration: unknown): Track {
  return { id, kind: rules.kind, codec: rules.codec, record, configuration } as Track;
}

/** The name of the track in `CODECS` (RFC 6381). */
export const codecStringOf = (track: Track): string => of(track).codecString(track.configuration);

export function describeTrack(track: Track): TrackDescription {
  const description = of(track).describe(track.configuration);
  return track.coloursBeside === undefined ? description : withColoursBeside(description, track.coloursBeside.info);
}

export interface Silence {
  readonly payload: Uint8Array;
  readonly duration90k: number;
}

/** A frame without sound, and how long it lasts; undefined where the track has none. */
export function silenceOf(track: Track): Silence | undefined {
  const rules = of(track);
  const payload = isAudio(rules) ? rules.silence(track.configuration) : undefined;
  const duration90k = payload && rules.duration90k(payload, track.configuration);
  return payload === undefined || duration90k === undefined ? undefined : { payload, duration90k };
}

const of = (track: Track): CodecRules => CODECS[track.codec];
const isAudio = (rules: CodecRules): rules is AudioRules => 'silence' in rules;
