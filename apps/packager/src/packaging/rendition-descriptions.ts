// What players are told of the renditions of a stream: what they are, what they need, and which of them can be chosen.
import type { AudioTrackName } from '@millrace/domain';
import type {
  LowLatencyWindow,
  RenditionDescription,
  RenditionFacts,
  RenditionState,
  SegmentEntry,
} from '@millrace/live-store';
import { parseRenditionName, renditionNames } from '@millrace/live-store';
import { codecStringOf, describeTrack } from '@millrace/media';
import type { Track, TrackDescription } from '@millrace/media';

/** Without media for as many segments, a rendition has stopped; and as many after it did not meet the first one, it is in line again. */
const JUDGED_SEGMENTS = 3;
const TICKS_PER_SECOND = 90_000;
const TICKS_PER_MS = 90;

/** @param samples how many there are in `ticks` */
export function renditionFacts(track: Track, samples: number, ticks: number): RenditionFacts {
  const { width, height, frameRate, videoRange, channels } = descriptionOf(track);
  const measured = (samples * TICKS_PER_SECOND) / ticks;
  const isVideo = width !== undefined;
  return {
    codec: codecStringOf(track),
    ...(isVideo && { width, height, frameRate: roundRate(frameRate ?? measured) }),
    ...(videoRange !== undefined && { videoRange }),
    ...(channels !== undefined && { channels }),
  };
}

/**
 * Describes the renditions of a list.
 * @param named what the tenant calls its tracks of sound
 */
export function describeRenditions(
  window: LowLatencyWindow,
  targetDurationSeconds: number,
  named: readonly AudioTrackName[] = [],
): RenditionDescription[] {
  const { entries, facts = {} } = window;
  return renditionNames(facts).map((name) => {
    const listed = entries.flatMap(({ renditions }) => {
      const { ticks, bytes = 0 } = renditions[name] ?? { ticks: 0 };
      return ticks === 0 ? [] : [{ bytes, durationMs: ticks / TICKS_PER_MS }];
    });
    return {
      name,
      ...parseRenditionName(name)!,
      ...facts[name]!,
      ...bitratesOf(listed, targetDurationSeconds),
      state: stateOf(window, name),
      ...namesOf(name, named),
    };
  });
}

function namesOf(
  rendition: RenditionDescription['name'],
  named: readonly AudioTrackName[],
): Pick<RenditionDescription, 'label' | 'language'> {
  const { kind, track } = parseRenditionName(rendition)!;
  const { name: label, language } = (kind === 'audio' && named.find((one) => one.track === track)) || NAMELESS;
  return { ...(label !== undefined && { label }), ...(language !== undefined && { language }) };
}

const NAMELESS: Partial<AudioTrackName> = {};

function stateOf({ entries }: LowLatencyWindow, name: RenditionDescription['name']): RenditionState {
  const judged = entries.slice(-JUDGED_SEGMENTS).map(({ renditions }) => renditions[name]);
  if (judged.every((rendition) => rendition === undefined)) return 'stopped';
  return judged.some((rendition) => rendition?.aligned === false) ? 'unaligned' : 'listed';
}

/** Read once per configuration: it is asked for at every segment. */
const descriptions = new WeakMap<Track, TrackDescription>();

export function descriptionOf(track: Track): TrackDescription {
  const known = descriptions.get(track);
  if (known !== undefined) return known;
  const description = describeTrack(track);
  descriptions.set(track, description);
  return description;
}

export const roundRate = (framesPerSecond: number): number => Math.round(framesPerSecond * 1_000) / 1_000;

/**
 * "The largest bit rate of any contiguous set of segments whose total duration is between 0.5 and 1.5 times the target
 * duration" (RFC 8216 section 4.1): of single ones here, which is never less. Stubs shorter than that do not count.
 */
export function bitratesOf(
  listed: readonly Pick<SegmentEntry, 'bytes' | 'mediaBytes' | 'durationMs'>[],
  targetDurationSeconds: number,
): { peakBitsPerSecond: number; averageBitsPerSecond: number } {
  let peak = 0;
  let bytes = 0;
  let durationMs = 0;
  for (const entry of listed) {
    const { mediaBytes = entry.bytes } = entry;
    if (entry.durationMs >= targetDurationSeconds * 500) peak = Math.max(peak, (mediaBytes * 8_000) / entry.durationMs);
    bytes += mediaBytes;
    durationMs += entry.durationMs;
  }
  const average = durationMs === 0 ? 0 : (bytes * 8_000) / durationMs;
  return { peakBitsPerSecond: Math.ceil(Math.max(peak, average)), averageBitsPerSecond: Math.ceil(average) };
}
