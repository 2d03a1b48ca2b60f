// MPEG-TS segments (RFC 8216 section 3.2): which tracks have a place in them, and their bytes. The state is the next continuity
// counter of each PID (ISO/IEC 13818-1 section 2.4.3.3), which goes on over segments (RFC 8216 section 3).
import { Codec } from '@millrace/domain';
import type { CaptionKind } from '@millrace/live-store';
import type { Track, Tracks } from '@millrace/media';
import { encodeAdtsPrefix } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import { AccessUnitFlag } from '@millrace/protocol/h264';
import { type AudioTrack, INITIAL_CONTINUITY, muxSegment, type VideoTrack } from '@millrace/protocol/mpegts';
import type { Container } from './container.ts';

export const mpegts: Container = {
  name: 'mpegts',
  segments: { extension: 'ts', contentType: 'video/mp2t' },
  initial: { ...INITIAL_CONTINUITY },
  carries,
  mux({ samples, tags }, tracks, state, discontinuity) {
    const { pat = 0, pmt = 0, video = 0, audio = 0, metadata } = state;
    const continuity = { pat, pmt, video, audio, ...(metadata === undefined ? {} : { metadata }) };
    const {
      bytes,
      continuity: next,
      skipped,
      contents,
    } = muxSegment({ ...programOf(tracks), continuity, discontinuity }, samples, tags);
    return { bytes, state: { ...next }, skipped, captions: captionsIn(contents) };
  },
};

function captionsIn(contents: number): CaptionKind[] {
  const kinds: CaptionKind[] = [];
  if ((contents & AccessUnitFlag.cea608) !== 0) kinds.push('cea608');
  if ((contents & AccessUnitFlag.cea708) !== 0) kinds.push('cea708');
  return kinds;
}

/** Whether a track has a form in MPEG-TS. */
function carries(track: Track): boolean {
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
function programOf(tracks: Tracks): Program {
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
