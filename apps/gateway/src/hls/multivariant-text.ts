import { renditionFile } from '@millrace/live-store';
import type { CaptionKind, RenditionDescription, RenditionName, StreamDescription } from '@millrace/live-store';
import { formatMultivariantPlaylist } from '@millrace/protocol/hls';
import type { MultivariantPlaylist, Rendition, Variant } from '@millrace/protocol/hls';
import { MP3_CODEC_STRING } from '@millrace/protocol/mp3';
import { ladderOf } from './ladder-variants.ts';

export const MEDIA_PLAYLIST_NAME = 'index.m3u8';
/** RFC 8216 section 7: nothing here needs a higher one. */
const VERSION = 3;
/** BANDWIDTH must be there (section 4.3.4.2) even before a segment could be measured. */
const UNMEASURED_BITS_PER_SECOND = 1_000_000;

const CAPTIONS = 'captions';
const captionRendition = (name: string, instreamId: string, isDefault: boolean): Rendition => ({
  type: 'CLOSED-CAPTIONS',
  groupId: CAPTIONS,
  name,
  instreamId,
  isDefault,
  autoselect: true,
  forced: false,
  uri: undefined,
  language: undefined,
  associatedLanguage: undefined,
  characteristics: undefined,
  channels: undefined,
});
/** The first service of each kind: what encoders use for the one caption track that they have. */
const captionRenditions: Readonly<Record<CaptionKind, Rendition>> = {
  cea608: captionRendition('CC1', 'CC1', true),
  cea708: captionRendition('Service 1', 'SERVICE1', false),
};

const EMPTY: MultivariantPlaylist = {
  version: VERSION,
  independentSegments: false,
  start: undefined,
  renditions: [],
  variants: [],
  iFrameVariants: [],
  sessionData: [],
  sessionKeys: [],
  otherTags: [],
};

const AUDIO = 'audio';
/** The sound inside of MPEG-TS. Players that know it to be there do not take a variant of MPEG-TS for one without sound. */
const MUXED_AUDIO = 'muxed';
/** Of variants that are the same but for their delay, the better one has parts (draft-pantos-hls-rfc8216bis section 4.4.6.2). */
const SCORES = { lowLatency: 2, standard: 1 };

const audioRendition = (groupId: string, uri: string | undefined, { label, language }: Named): Rendition => ({
  type: 'AUDIO',
  groupId,
  name: label ?? 'main',
  uri,
  isDefault: true,
  autoselect: true,
  forced: false,
  instreamId: undefined,
  language,
  associatedLanguage: undefined,
  characteristics: undefined,
  channels: undefined,
});
type Named = Pick<RenditionDescription, 'label' | 'language'>;

/**
 * The multivariant playlist of a stream: what players want to know before they load anything. A stream with low latency is there twice, with
 * parts and as MPEG-TS. Both variants have the same attributes: players take the second for a copy of the first, which they turn to when the
 * first fails, and not for another quality to switch to (docs/decisions/0080). One with a codec that MPEG-TS has no form for is there once,
 * and so is one of several tracks, which is a ladder.
 * @param renditions of a stream that has them: with low latency, or with such a codec. Where they lack a track that MPEG-TS has, or have one that
 *   fewer players take, the stream is offered as MPEG-TS
 */
export function multivariantText(description: StreamDescription, renditions: readonly RenditionName[] = []): string {
  const { codecs, segmentCodecs = codecs, width, height, frameRate, videoRange } = description;
  const { captions = [], peakBitsPerSecond, averageBitsPerSecond } = description;
  const isWholeInSegments = segmentCodecs.length >= codecs.length;
  // Chromium plays MP3 from MPEG-TS, and not from MP4.
  const isBetterInSegments = isWholeInSegments && codecs.includes(MP3_CODEC_STRING);
  const hasRenditions = renditions.length > 0 && renditions.length >= segmentCodecs.length && !isBetterInSegments;
  const hasCopy = hasRenditions && isWholeInSegments;
  const offered = hasRenditions ? codecs : segmentCodecs;
  const standard: Variant = {
    uri: MEDIA_PLAYLIST_NAME,
    bandwidth: Math.ceil(peakBitsPerSecond) || UNMEASURED_BITS_PER_SECOND,
    averageBandwidth: Math.ceil(averageBitsPerSecond) || undefined,
    codecs: offered.length === 0 ? undefined : offered,
    resolution: width === undefined || height === undefined ? undefined : { width, height },
    frameRate,
    videoRange,
    hdcpLevel: undefined,
    audio: undefined,
    video: undefined,
    subtitles: undefined,
    // NONE would be a promise: pictures may carry captions at any time.
    closedCaptions: captions.length === 0 ? undefined : CAPTIONS,
  };
  const sound: Named = description.renditions?.find(({ name }) => name === 'audio') ?? {};
  const hasVideo = renditions.includes('video');
  const hasGroup = hasVideo && renditions.includes('audio');
  const ofRenditions: Variant = {
    ...standard,
    uri: renditionFile(hasVideo ? 'video' : 'audio'),
    score: SCORES.lowLatency,
    audio: hasGroup ? AUDIO : undefined,
  };
  const muxed: Variant = { ...standard, score: SCORES.standard, audio: hasGroup ? MUXED_AUDIO : undefined };
  const ladder = hasRenditions
    ? ladderOf(description.renditions ?? [], standard.closedCaptions ?? undefined)
    : undefined;
  if (ladder !== undefined)
    return formatMultivariantPlaylist({
      ...EMPTY,
      renditions: [...ladder.renditions, ...captions.map((kind) => captionRenditions[kind])],
      variants: ladder.variants,
    });
  return formatMultivariantPlaylist({
    ...EMPTY,
    renditions: [
      ...(hasRenditions && hasGroup ? [audioRendition(AUDIO, renditionFile('audio'), sound)] : []),
      ...(hasCopy && hasGroup ? [audioRendition(MUXED_AUDIO, undefined, sound)] : []),
      ...captions.map((kind) => captionRenditions[kind]),
    ],
    variants: hasRenditions ? [ofRenditions, ...(hasCopy ? [muxed] : [])] : [standard],
  });
}
