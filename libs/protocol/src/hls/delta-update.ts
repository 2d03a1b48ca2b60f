// draft-pantos-hls-rfc8216bis section 6.2.5.1: playlist delta updates.
import { formatMediaPlaylist } from './format-media-playlist.ts';
import type { InitializationSection, MediaPlaylist } from './media-playlist.ts';
import { parseMediaPlaylist } from './parse-media-playlist.ts';

/** "A Playlist containing EXT-X-SKIP needs version 9" (section 8). */
const SKIP_VERSION = 9;
/** A tag takes less room than this many segments. */
const LEAST_SKIPPED = 2;

/**
 * The playlist without the segments that a player has which loaded it lately.
 * @returns the playlist itself when it does not offer that, or nothing worth it can be left out
 */
export function deltaUpdate(text: string): string {
  const playlist = parseMediaPlaylist(text);
  const skipped = countSkippable(playlist);
  if (skipped < LEAST_SKIPPED) return text;
  return formatMediaPlaylist({
    ...playlist,
    version: Math.max(playlist.version, SKIP_VERSION),
    skip: { skippedSegments: skipped },
    segments: playlist.segments.slice(skipped).map((segment, index) => {
      if (index > 0) return segment;
      // Date ranges are left out only where the player asks for that and the playlist offers it (CAN-SKIP-DATERANGES).
      const dateRanges = playlist.segments.slice(0, skipped + 1).flatMap((one) => one.dateRanges ?? []);
      return { ...segment, map: segment.map ?? mapInForce(playlist, skipped), dateRanges };
    }),
  });
}

/** "further from the last Media Segment than the Skip Boundary": segments that end before it (section 4.4.5.2). */
function countSkippable({ segments, open, serverControl, endList }: MediaPlaylist): number {
  const boundary = serverControl?.canSkipUntil;
  if (boundary === undefined || endList) return 0;
  let behind = (open?.parts ?? []).reduce((sum, { duration }) => sum + duration, 0);
  for (let index = segments.length - 1; index >= 0; index--) {
    if (behind >= boundary) return index + 1;
    behind += segments[index]!.duration;
  }
  return 0;
}

/** Named once more: it is what the segments that are left need. */
function mapInForce({ segments }: MediaPlaylist, before: number): InitializationSection | undefined {
  for (let index = before - 1; index >= 0; index--) if (segments[index]!.map !== undefined) return segments[index]!.map;
  return undefined;
}
