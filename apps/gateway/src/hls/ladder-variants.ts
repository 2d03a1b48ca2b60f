// The renditions of a stream in its multivariant playlist: pictures as variants, sound as groups.
import { renditionFile } from '@millrace/live-store';
import type { RenditionDescription } from '@millrace/live-store';
import type { Rendition, Variant } from '@millrace/protocol/hls';

const AUDIO = 'audio';
const FIRST_NAME = 'main';
/** BANDWIDTH must be there (section 4.3.4.2) even before a segment could be measured. */
const UNMEASURED_BITS_PER_SECOND = 1_000_000;

export interface Ladder {
  readonly renditions: readonly Rendition[];
  readonly variants: readonly Variant[];
}

interface AudioGroup {
  readonly groupId: string;
  readonly members: readonly RenditionDescription[];
}

/**
 * What players may choose from when there is more than one track of a kind. Those that have stopped, or whose keyframes do not meet those of
 * the first one, are left out.
 * @returns undefined where there is no choice. @param closedCaptions the group of captions that the pictures carry
 */
export function ladderOf(
  described: readonly RenditionDescription[],
  closedCaptions: string | undefined,
): Ladder | undefined {
  const listed = described.filter(({ state }) => state === 'listed');
  if (listed.every(({ track }) => track === 0)) return undefined;
  const pictures = listed.filter(({ kind }) => kind === 'video');
  const groups = audioGroups(listed.filter(({ kind }) => kind === 'audio'));
  const variants = pictures.flatMap((picture) =>
    groups.length === 0
      ? [variantOf(picture, undefined, closedCaptions)]
      : groups.map((group) => variantOf(picture, group, closedCaptions)),
  );
  if (pictures.length > 0) return { renditions: groups.flatMap(mediaOf), variants: withScores(variants) };
  return {
    renditions: groups.filter(({ members }) => members.length > 1).flatMap(mediaOf),
    variants: groups.map((group) => variantOf(group.members[0]!, group, undefined)),
  };
}

/**
 * Players take every rendition of a group for one that they can decode once they can decode one: each codec has a group of its own. The
 * same sound in two codecs is two variants.
 */
function audioGroups(sounds: readonly RenditionDescription[]): AudioGroup[] {
  const groups = new Map<string, RenditionDescription[]>();
  for (const sound of sounds) {
    const family = familyOf(sound);
    groups.set(family, [...(groups.get(family) ?? []), sound]);
  }
  return [...groups].map(([family, members], index) => ({
    groupId: index === 0 ? AUDIO : `${AUDIO}-${family.toLowerCase()}`,
    members,
  }));
}

/** `mp4a.40` of `mp4a.40.2`: the object type of AAC does not matter here. */
const familyOf = ({ codec }: RenditionDescription): string => codec.replace(/\.\d+$/, '');

const mediaOf = ({ groupId, members }: AudioGroup): Rendition[] =>
  members.map(({ name, track, channels, label, language }, index) => ({
    type: 'AUDIO',
    groupId,
    name: label ?? (track === 0 ? FIRST_NAME : `track ${track}`),
    uri: renditionFile(name),
    isDefault: index === 0,
    autoselect: true,
    forced: false,
    instreamId: undefined,
    language,
    associatedLanguage: undefined,
    characteristics: undefined,
    channels: channels === undefined ? undefined : String(channels),
  }));

function variantOf(
  rendition: RenditionDescription,
  group: AudioGroup | undefined,
  closedCaptions: string | undefined,
): Variant {
  const { name, kind, codec, width, height, frameRate, videoRange } = rendition;
  const members = group?.members ?? [];
  const sounds = kind === 'video' ? members : [];
  // "The largest sum of peak segment bit rates that is produced by any playable combination of Renditions" (section 4.3.4.2).
  const peak = rendition.peakBitsPerSecond + Math.max(0, ...sounds.map((sound) => sound.peakBitsPerSecond));
  const average = rendition.averageBitsPerSecond + Math.max(0, ...sounds.map((sound) => sound.averageBitsPerSecond));
  const hasGroup = members.length > 1 || sounds.length > 0;
  return {
    uri: renditionFile(name),
    bandwidth: Math.ceil(peak) || UNMEASURED_BITS_PER_SECOND,
    averageBandwidth: Math.ceil(average) || undefined,
    codecs: [...new Set([codec, ...members.map((sound) => sound.codec)])],
    resolution: width === undefined || height === undefined ? undefined : { width, height },
    frameRate,
    videoRange,
    hdcpLevel: undefined,
    audio: hasGroup ? group?.groupId : undefined,
    video: undefined,
    subtitles: undefined,
    // NONE would be a promise: pictures may carry captions at any time.
    closedCaptions,
  };
}

/** Where a variant of fewer bits is not the smaller one, as codecs differ, the scores say which is better: pictures by their size and rate. */
function withScores(variants: readonly Variant[]): readonly Variant[] {
  const pixelRate = ({ resolution, frameRate = 0 }: Variant): number =>
    (resolution === undefined ? 0 : resolution.width * resolution.height) * frameRate;
  const byBits = variants.toSorted((a, b) => a.bandwidth - b.bandwidth);
  if (byBits.every((variant, i) => i === 0 || pixelRate(byBits[i - 1]!) <= pixelRate(variant))) return variants;
  return variants.map((variant) => ({ ...variant, score: Math.round(pixelRate(variant) / 1_000) / 1_000 }));
}
