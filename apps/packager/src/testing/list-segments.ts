// The playlists that viewers see one after another while segments are committed one by one.
import type { MediaPlaylist } from '@millrace/protocol/hls';
import { parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import type { FinishedSegment } from '../packaging/finished-segment.ts';
import { appendSegment, emptyWindow, formatWindow } from '../packaging/playlist-window.ts';

export function listSegments(segments: readonly FinishedSegment[], windowMs: number): MediaPlaylist[] {
  let window = emptyWindow(segments[0]?.before.sessionId ?? '');
  return segments.map((segment) => {
    window = appendSegment(window, segment, windowMs);
    return parseMediaPlaylist(formatWindow(window, segment.after, false));
  });
}
