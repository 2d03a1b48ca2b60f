import type { StreamDescription } from '@millrace/live-store';
import { formatMultivariantPlaylist } from '@millrace/protocol/hls';

export const MEDIA_PLAYLIST_NAME = 'index.m3u8';
/** RFC 8216 section 7: nothing here needs a higher one. */
const VERSION = 3;
/** BANDWIDTH must be there (section 4.3.4.2) even before a segment could be measured. */
const UNMEASURED_BITS_PER_SECOND = 1_000_000;

/** The multivariant playlist of a stream with one rendition: what players want to know before they load anything. */
export function multivariantText(description: StreamDescription): string {
  const { codecs, width, height, frameRate, peakBitsPerSecond, averageBitsPerSecond } = description;
  return formatMultivariantPlaylist({
    version: VERSION,
    independentSegments: false,
    start: undefined,
    renditions: [],
    variants: [
      {
        uri: MEDIA_PLAYLIST_NAME,
        bandwidth: Math.ceil(peakBitsPerSecond) || UNMEASURED_BITS_PER_SECOND,
        averageBandwidth: Math.ceil(averageBitsPerSecond) || undefined,
        codecs: codecs.length === 0 ? undefined : codecs,
        resolution: width === undefined || height === undefined ? undefined : { width, height },
        frameRate,
        hdcpLevel: undefined,
        ...{ audio: undefined, video: undefined, subtitles: undefined, closedCaptions: null },
      },
    ],
    iFrameVariants: [],
    sessionData: [],
    sessionKeys: [],
    otherTags: [],
  });
}
