// Which tracks have a place in MPEG-TS, and the program that they make.
import { Codec } from '@millrace/domain';
import { encodeAdtsPrefix } from '@millrace/protocol/aac';
import type { AudioSpecificConfig } from '@millrace/protocol/aac';
import { ProtocolError } from '@millrace/protocol/bytes';
import type { AudioTrack, VideoTrack } from '@millrace/protocol/mpegts';
import { opusChannelConfigCode } from '@millrace/protocol/opus';
import type { Track, Tracks } from './track.ts';

/** A track as the segment writer wants it; undefined when MPEG-TS, or the writer, has no form for it. */
export function mpegTsTrackOf(track: Track): AudioTrack | VideoTrack | undefined {
  switch (track.codec) {
    case Codec.h264:
      return { codec: 'h264', config: track.configuration };
    case Codec.h265:
      return { codec: 'h265', config: track.configuration };
    case Codec.aac:
      // AAC that has no ADTS form cannot be carried; better no track than no segment.
      return hasAdtsForm(track.configuration) ? { codec: 'aac', config: track.configuration } : undefined;
    case Codec.mp3:
      return { codec: 'mp3' };
    case Codec.ac3:
      return { codec: 'ac3' };
    case Codec.eac3:
      return { codec: 'eac3' };
    // There is no form for them that players know.
    case Codec.av1:
    case Codec.vp9:
    case Codec.flac:
      return undefined;
    case Codec.opus: {
      const channelConfigCode = opusChannelConfigCode(track.configuration);
      return channelConfigCode === undefined ? undefined : { codec: 'opus', channelConfigCode };
    }
  }
}

function hasAdtsForm(configuration: AudioSpecificConfig): boolean {
  try {
    encodeAdtsPrefix(configuration);
    return true;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return false;
  }
}

const isVideo = (form: AudioTrack | VideoTrack): form is VideoTrack => form.codec === 'h264' || form.codec === 'h265';

export interface MpegTsProgram {
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
}

/** The program with these tracks: one of each kind. */
export function mpegTsProgramOf(tracks: Tracks): MpegTsProgram {
  let video: VideoTrack | undefined;
  let audio: AudioTrack | undefined;
  for (const track of tracks) {
    const form = mpegTsTrackOf(track);
    if (form === undefined) continue;
    if (isVideo(form)) video ??= form;
    else audio ??= form;
  }
  return { video, audio };
}
