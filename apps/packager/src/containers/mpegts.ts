// MPEG-TS segments (RFC 8216 section 3.2): which tracks have a place in them.
import { Codec } from '@millrace/domain';
import type { Track, Tracks } from '@millrace/media';
import { encodeAdtsPrefix } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import type { AudioTrack, VideoTrack } from '@millrace/protocol/mpegts';

/** Whether a track has a form in MPEG-TS. */
export function carries(track: Track): boolean {
  if (track.codec !== Codec.aac) return true;
  try {
    // AAC that has no ADTS form cannot be carried; better no track than no segment.
    encodeAdtsPrefix(track.configuration);
    return true;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return false;
  }
}

interface Program {
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
}

/** The program of a segment with these tracks: one of each kind. */
export function programOf(tracks: Tracks): Program {
  let video: VideoTrack | undefined;
  let audio: AudioTrack | undefined;
  for (const track of tracks) {
    switch (track.codec) {
      case Codec.h264:
        video ??= { codec: 'h264', config: track.configuration };
        break;
      case Codec.aac:
        audio ??= { codec: 'aac', config: track.configuration };
        break;
      case Codec.mp3:
        audio ??= { codec: 'mp3' };
        break;
    }
  }
  return { video, audio };
}
